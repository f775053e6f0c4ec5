import type { ActionCode, FailureCode, StepName } from './codes.ts';
import type { QsealDigest, WantedCredential } from './state.ts';

/** Which of them a parking failure is. */
export function actionFor(step: StepName, code: FailureCode): ActionCode {
  if (code === 'SIGNER_REFUSED' || code === 'SEALED_VALUE_REJECTED' || code === 'DIFFERENT_USER' || code === 'CERTIFICATE_EXPIRED')
    return code;
  if (step === 'api-key') return 'CREDENTIAL_REFUSED';
  if (step === 'oauth-client') return 'OAUTH_CLIENT_REFUSED';
  if (step === 'callback-urls') return 'CALLBACK_URL_REFUSED';
  return 'BANK_REFUSED';
}

export interface RemedyFacts {
  name: string;
  credential: WantedCredential['type'];
  permittedIps: readonly string[];
  /** Where a person may sign in the signer's place: what is to be signed. */
  qsealDigest?: QsealDigest | undefined;
}

/** @param name PROVIDER/USER */
export const connectUser = (name: string) => `bunq-keeper connect-user ${name.replace('/', ' ')}`;

export const newCertificate = (name: string) => `bunq-keeper resume ${name} --certificate F --chain F --signer S`;

const addresses = (permittedIps: readonly string[]) =>
  permittedIps.length === 0
    ? 'the calling address'
    : permittedIps.map((address) => (address === 'any' ? 'any address' : address)).join(', ');

const REMEDIES: Record<ActionCode, (facts: RemedyFacts) => string> = {
  API_KEY_REJECTED: ({ name, permittedIps, credential }) =>
    `The bank refuses the API key from this address (bound for: ${addresses(permittedIps)}). ` +
    (credential === 'sandbox-user'
      ? `Where the egress still has that address the sandbox user's key is dead, and nobody can give it another: disconnect, and onboard a new user: bunq-keeper disconnect ${name}`
      : 'Check that the key is active and that the egress still has that address, then: ' +
        (credential === 'api-key' ? `bunq-keeper resume ${name} --api-key-file F` : `bunq-keeper resume ${name}`)),
  BANK_REFUSED: ({ name }) =>
    `The bank refused the request for a reason of its own: ask bunq, quoting the response id, then: bunq-keeper resume ${name}`,
  CALLBACK_URL_REFUSED: ({ name }) => `The bank does not take a callback URL. Give others: bunq-keeper callback-urls ${name} set U …`,
  CERTIFICATE_EXPIRED: ({ name }) => `The certificate has expired and a new API key is needed. Give a new one: ${newCertificate(name)}`,
  CREDENTIAL_REFUSED: ({ name }) =>
    `The bank does not take the certificate or its signature. Check it (bunq-keeper certificate inspect F), then: ${newCertificate(name)}`,
  DIFFERENT_USER: ({ name, credential }) =>
    credential === 'oauth-grant'
      ? `The access was granted by another bunq user; the former goes on being served. Use another name for another user, or let the former grant it: ${connectUser(name)}`
      : `The new session belongs to another bunq user; the former goes on being served. Give the former user's credential, then: bunq-keeper resume ${name}`,
  OAUTH_CLIENT_REFUSED: ({ name }) =>
    `The bank refuses an OAuth client to this user: ask bunq, quoting the response id, then: bunq-keeper resume ${name}`,
  REPAIR_LOOP: ({ name }) =>
    `New installations or credentials were made and refused again, more often than an hour or a day allows. Find out why the bank refuses them (bunq-keeper doctor ${name}), then: bunq-keeper resume ${name}`,
  SEALED_VALUE_REJECTED: ({ name }) =>
    `A stored secret does not open with its sealing key. Give the worker the sealing keys that this connection was made with, then: bunq-keeper resume ${name}`,
  SIGNER_REFUSED: ({ name }) =>
    `The signer cannot seal for this certificate: it does not serve this connection, or its key is another one. Mend it, then: bunq-keeper resume ${name}`,
  SIGNER_UNREACHABLE: ({ name, qsealDigest }) =>
    `The signer has not been reachable for an hour, and goes on being asked. Mend it (bunq-keeper doctor ${name}); or sign the SHA-256 digest ${qsealDigest?.sha256Hex ?? ''} with the QSEAL's key yourself: ` +
    `echo ${qsealDigest?.sha256Base64 ?? 'DIGEST'} | openssl base64 -d -A | openssl pkeyutl -sign -inkey key.pem -pkeyopt digest:sha256 | openssl base64 -A > F, then: bunq-keeper resume ${name} --signature F`,
};

/** The one thing to do, as a sentence that ends in a command. */
export const remedyFor = (code: ActionCode, facts: RemedyFacts): string => REMEDIES[code](facts);
