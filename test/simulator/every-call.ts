import type { Simulator } from '../../simulator/index.ts';
import { pseudoCertificate } from './certificates.ts';
import { credentialBody, type LoggedIn, logInUser, newKeyPair, qsealTextOf, type Received, responseId, type Sent, send } from './client.ts';
import { connect, providerWithClient } from './oauth.ts';

/** One call of an endpoint, and a way to make it again. */
export interface Spoken {
  /** `POST /session-server` */
  readonly endpoint: string;
  readonly body: Record<string, unknown> | undefined;
  readonly received: Received;
  again(sent: Sent): Promise<Received>;
}

type Call = (method: string, path: string, sent?: Sent) => Promise<Received>;
type Ids = Record<string, number | string>;

/** Notes what is said. */
class Talk {
  readonly spoken: Spoken[] = [];

  async say(call: Call, endpoint: string, ids: Ids = {}, body?: Record<string, unknown>): Promise<Received> {
    const [method = '', template = ''] = endpoint.split(' ');
    const path = template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => String(ids[name]));
    const again = (sent: Sent) => call(method, path, sent);
    const received = await again(body === undefined ? {} : { body });
    this.spoken.push({ endpoint, body, received, again });
    return received;
  }
}

const certified = pseudoCertificate();
const keys = newKeyPair();

/** Calls every endpoint of bunq's OpenAPI file once for each kind of user that it answers differently, with every member that it may be given. */
export async function everyCall(simulator: Simulator): Promise<Spoken[]> {
  const talk = new Talk();
  const { apiUrl } = simulator;
  const anonymous: Call = (method, path, sent) => send(apiUrl, method, path, sent);
  const client = await providerWithClient(apiUrl);
  const person = await logInUser(apiUrl);
  const company = await logInUser(apiUrl, 'company');
  const { session: granted } = await connect(simulator, apiUrl, client, { user: person.userId });
  const payments = await providerWithClient(apiUrl, pseudoCertificate('Payments PISP'));
  const { session: grantedForPayments } = await connect(simulator, apiUrl, payments, { user: person.userId });

  await talk.say(anonymous, 'POST /installation', {}, { client_public_key: keys.publicKeyPem });
  await talk.say(anonymous, 'POST /sandbox-user-person');
  await talk.say(anonymous, 'POST /sandbox-user-company');
  await onboarding(talk, client.provider);
  for (const user of [client.provider, person, company, granted, grantedForPayments]) await users(talk, user);
  for (const user of [person, granted, grantedForPayments]) await accounts(talk, user);
  await oauthClients(talk, company);
  const leaving = await logInUser(apiUrl);
  await talk.say(leaving.call, 'DELETE /session/{itemId}', { itemId: leaving.sessionId });
  return talk.spoken;
}

async function onboarding(talk: Talk, provider: LoggedIn): Promise<void> {
  const { installed, call } = provider;
  const body = credentialBody(certified, qsealTextOf(installed));
  const created = await talk.say(installed.call, 'POST /payment-service-provider-credential', {}, body);
  const { id, token_value: secret } = created.json.Response[0].CredentialPasswordIp;
  const read = 'GET /payment-service-provider-credential/{itemId}';
  await talk.say(call, read, { itemId: id });
  const device = { description: 'test', secret, permitted_ips: ['127.0.0.1', '*'] };
  const itemId = responseId(await talk.say(installed.call, 'POST /device-server', {}, device));
  await talk.say(call, read, { itemId: id }); // as it is once it is bound
  await talk.say(call, 'GET /device-server');
  await talk.say(call, 'GET /device-server/{itemId}', { itemId });
  await talk.say(installed.call, 'POST /session-server', {}, { secret });
  await talk.say(call, 'GET /installation');
  await talk.say(call, 'GET /installation/{itemId}', { itemId: installed.id });
  await talk.say(call, 'GET /installation/{installationID}/server-public-key', { installationID: installed.id });
  await talk.say(call, 'GET /user-payment-service-provider/{itemId}', { itemId: provider.userId });
}

async function users(talk: Talk, { call, userId, installed, apiKey }: LoggedIn): Promise<void> {
  await talk.say(call, 'GET /user');
  await talk.say(call, 'GET /user/{itemId}', { itemId: userId });
  await talk.say(installed.call, 'POST /session-server', {}, { secret: apiKey });
}

async function accounts(talk: Talk, { call, userId: userID }: LoggedIn): Promise<void> {
  for (const path of ['/user/{userID}/monetary-account', '/user/{userID}/monetary-account-bank']) {
    const { json } = await talk.say(call, `GET ${path}`, { userID });
    await talk.say(call, `GET ${path}/{itemId}`, { userID, itemId: json.Response[0].MonetaryAccountBank.id });
  }
}

async function oauthClients(talk: Talk, { call, userId: userID }: LoggedIn): Promise<void> {
  const clients = '/user/{userID}/oauth-client';
  const clientId = responseId(await talk.say(call, `POST ${clients}`, { userID }, { status: 'ACTIVE' }));
  const urls = `${clients}/{oauth-clientID}/callback-url`;
  const ids = { userID, 'oauth-clientID': clientId };
  const itemId = responseId(await talk.say(call, `POST ${urls}`, ids, { url: 'https://app.example/callback' }));
  await talk.say(call, `GET ${urls}`, ids);
  await talk.say(call, `GET ${urls}/{itemId}`, { ...ids, itemId });
  await talk.say(call, `PUT ${urls}/{itemId}`, { ...ids, itemId }, { url: 'https://app.example/other' });
  await talk.say(call, `GET ${clients}`, { userID });
  await talk.say(call, `GET ${clients}/{itemId}`, { userID, itemId: clientId });
  const second = responseId(
    await call('POST', `/user/${userID}/oauth-client/${clientId}/callback-url`, { body: { url: 'https://app.example/' } }),
  );
  await talk.say(call, `DELETE ${urls}/{itemId}`, { ...ids, itemId: second });
  await talk.say(call, `PUT ${clients}/{itemId}`, { userID, itemId: clientId }, { status: 'CANCELLED' });
}
