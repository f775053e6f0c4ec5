/** Where bunq's OpenAPI file is known to be wrong or silent: what the bank answers instead, and how that is known. */

const SDKS = "bunq's SDKs read it";
const RECORDED = 'recorded by a production integration';
const WRAPPED = 'an object stands under the name of its type, which is not always that of its call';
const SILENT = 'every object of the bank shows them; the file leaves them out of some';
const NULL = 'the file marks nothing nullable';

interface Mistake {
  readonly why: string;
  readonly source: string;
}

const mistake = (why: string, source: string): Mistake => ({ why, source });

/** By what `answerDifferences` says of it. */
export const ANSWER_MISTAKES: Record<string, Mistake> = {
  'POST /payment-service-provider-credential answers CredentialPasswordIp instead of Id': mistake(WRAPPED, `${SDKS}; ${RECORDED}`),
  'GET /payment-service-provider-credential/{itemId} answers CredentialPasswordIp instead of PaymentServiceProviderCredential': mistake(
    WRAPPED,
    SDKS,
  ),
  'POST /sandbox-user-person answers ApiKey instead of Id': mistake('the API key is all that the call is for', SDKS),
  'POST /sandbox-user-company answers ApiKey instead of Id': mistake('the API key is all that the call is for', SDKS),
  'POST /device-server answers Id instead of DeviceServer': mistake(WRAPPED, `${SDKS}; ${RECORDED}`),
  'GET /installation answers Id instead of Installation': mistake(WRAPPED, SDKS),
  'GET /installation/{itemId} answers Id instead of Installation': mistake(WRAPPED, SDKS),
  'GET /installation/{installationID}/server-public-key answers ServerPublicKey instead of InstallationServerPublicKey': mistake(
    WRAPPED,
    'as POST /installation, in the file itself',
  ),
  'SessionServerToken.created is not in the file': mistake(SILENT, `${SDKS}; ${RECORDED}`),
  'SessionServerToken.updated is not in the file': mistake(SILENT, `${SDKS}; ${RECORDED}`),
  'OauthCallbackUrl.id is not in the file': mistake('it is changed and removed by its id', RECORDED),
  'OauthCallbackUrl.created is not in the file': mistake(SILENT, RECORDED),
  'OauthCallbackUrl.updated is not in the file': mistake(SILENT, RECORDED),
  'OauthClient.callback_url[].id is not in the file': mistake('it is changed and removed by its id', RECORDED),
  'OauthClient.callback_url[].created is not in the file': mistake(SILENT, RECORDED),
  'OauthClient.callback_url[].updated is not in the file': mistake(SILENT, RECORDED),
  'OauthClient.created is not in the file': mistake(SILENT, 'assumed'),
  'OauthClient.updated is not in the file': mistake(SILENT, 'assumed'),
  'CredentialPasswordIp.permitted_device is null': mistake(`${NULL}; until it is bound there is no device`, RECORDED),
  'CredentialPasswordIp.expiry_time is null': mistake(`${NULL}; bound, it does not expire`, 'assumed'),
  'CredentialPasswordIp.token_value is null': mistake(`${NULL}; it is shown once`, 'assumed'),
  'MonetaryAccountBank.monetary_account_profile is null': mistake(NULL, "an example in the Python SDK's tests"),
  'MonetaryAccountBank.reason is null': mistake(`${NULL}; an account that is open has none`, 'assumed'),
  'MonetaryAccountBank.reason_description is null': mistake(`${NULL}; an account that is open has none`, 'assumed'),
  'MonetaryAccountBank.setting.icon is null': mistake(NULL, RECORDED),
  'UserPerson.nationality is null': mistake(`${NULL}; who may not read the nationality does not see it`, 'assumed'),
  'MonetaryAccountBank.balance is null': mistake(`${NULL}; who may not read the balance does not see it`, 'assumed'),
};

/** Calls for which the file demands a token, and there can be none. */
export const TOKEN_MISTAKES: Record<string, Mistake> = {
  'POST /installation': mistake('it makes the first token', "the file's own text of X-Bunq-Client-Authentication"),
  'POST /sandbox-user-person': mistake('it is called before any installation', SDKS),
  'POST /sandbox-user-company': mistake('it is called before any installation', SDKS),
};

const ACCOUNT = '/user/{userID}/monetary-account/{monetary-accountID}';
const PROVIDER_DRAFT = '/user/{userID}/payment-service-provider-draft-payment';

/** What the simulator has and the file's excerpt has not, and why. */
export const ADDITIONS: Record<string, string> = {
  'POST /token': "of bunq's OAuth service, which the file does not describe",
  'POST /user/{userID}/notification-filter-url': 'asks for the notification of a connection that was taken back',
  'GET /user/{userID}/notification-filter-url': 'as its POST',
  'GET /user/{userID}/notification-filter-url/{itemId}': 'as its POST',
  [`POST ${ACCOUNT}/payment`]: 'what no role allows, and the signature that payments demand',
  [`GET ${ACCOUNT}/payment`]: 'what an AISP may read',
  [`GET ${ACCOUNT}/payment/{itemId}`]: 'as the list',
  [`POST ${ACCOUNT}/draft-payment`]: 'what a PISP may do',
  [`GET ${ACCOUNT}/draft-payment`]: 'what a PISP may read',
  [`GET ${ACCOUNT}/draft-payment/{itemId}`]: 'as the list',
  [`PUT ${ACCOUNT}/draft-payment/{itemId}`]: 'without it none would ever be accepted',
  [`POST ${PROVIDER_DRAFT}`]: 'what a PISP may do before anybody has granted it anything',
  [`GET ${PROVIDER_DRAFT}`]: 'what a PISP may read',
  [`GET ${PROVIDER_DRAFT}/{itemId}`]: 'as the list',
  [`PUT ${PROVIDER_DRAFT}/{itemId}`]: 'takes it back',
  'POST /user/{userID}/confirmation-of-funds': 'what a PISP and a CBPII may ask',
  [`POST ${ACCOUNT}/request-inquiry`]: 'how users of the sandbox come to money',
  'GET /user/{userID}/card': 'what an AISP and a CBPII may read',
  'GET /user/{userID}/card/{itemId}': 'as the list',
};
