import { randomBytes } from 'node:crypto';
import { pseudoCertificate } from '../simulator/certificates.ts';
import {
  bind,
  type Certified,
  createCredential,
  type Installed,
  type LoggedIn,
  loggedIn,
  openSession,
  type Received,
} from '../simulator/client.ts';
import type { ContractBank } from './bank.ts';
import { itemOf, NotTried, needed } from './case.ts';

/** Who acts in the cases. A session costs half a minute: what can be shared is. */

export const CALLBACK_URL = 'https://contract.example/callback';

const CERTIFICATE_DAYS: [number, number] = [-1, 300];

export interface Party {
  readonly installed: Installed;
  readonly apiKey: string;
  readonly bound: Received;
  readonly opened: Received;
  readonly session: LoggedIn;
}

/** Binds the API key to an installation and opens a session on it. */
export async function logIn(bank: ContractBank, apiKey: string, given?: Installed): Promise<Party> {
  const installed = given ?? (await bank.install());
  const bound = needed(await bind(installed, apiKey), 'device-server');
  const opened = needed(await openSession(installed, apiKey), 'session-server');
  return { installed, apiKey, bound, opened, session: loggedIn(bank.send, installed, apiKey, opened) };
}

export const newSandboxUser = async (bank: ContractBank, type: 'person' | 'company' = 'person'): Promise<string> =>
  itemOf(needed(await bank.send('POST', `/sandbox-user-${type}`, { body: {} }), 'a sandbox user')).api_key;

/** An ordinary user: the one whose API key was given, or a new one. */
export const user = (bank: ContractBank): Promise<Party> =>
  bank.once('user', async () => logIn(bank, bank.target.apiKey ?? (await newSandboxUser(bank))));

/** Of a provider that nobody else is: in the sandbox the same distinguished name is the same user, whoever has it. */
export const newCertificate = (roles = 'PISP AISP'): Certified =>
  pseudoCertificate(`Contract ${randomBytes(6).toString('hex')} ${roles}`, CERTIFICATE_DAYS);

export interface Provider extends Party {
  readonly certified: Certified;
  readonly created: Received;
}

/** A provider on its first session. */
export const provider = (bank: ContractBank): Promise<Provider> =>
  bank.once('provider', async () => registerProvider(bank, newCertificate()));

/** The same provider, registered again with an API key and an installation of its own, on a later session. */
export const providerAgain = (bank: ContractBank): Promise<Provider> =>
  bank.once('provider again', async () => registerProvider(bank, (await provider(bank)).certified));

async function registerProvider(bank: ContractBank, certified: Certified): Promise<Provider> {
  const installed = await bank.install();
  const created = needed(await createCredential(installed, certified), 'payment-service-provider-credential');
  return { certified, created, ...(await logIn(bank, itemOf(created).token_value, installed)) };
}

export interface Client {
  readonly created: Received;
  readonly provider: Provider;
  /** `/user/53843/oauth-client/97` */
  readonly path: string;
  /** `/user/53843/oauth-client/97/callback-url` */
  readonly urls: string;
}

/** The provider's OAuth client. */
export const oauthClient = (bank: ContractBank): Promise<Client> =>
  bank.once('OAuth client', async () => {
    const owner = await provider(bank);
    const path = `/user/${owner.session.userId}/oauth-client`;
    const created = needed(await owner.session.call('POST', path, { body: { status: 'ACTIVE' } }), 'oauth-client');
    const own = `${path}/${itemOf(created).id}`;
    return { created, provider: owner, path: own, urls: `${own}/callback-url` };
  });

/** `POST /token`: URL parameters, no body, and neither token nor signature. */
export async function exchange(bank: ContractBank, code: string, change: Record<string, string> = {}): Promise<Received> {
  const { provider: owner, path } = await oauthClient(bank);
  const { client_id, secret } = itemOf(needed(await owner.session.call('GET', path), 'the OAuth client'));
  const parameters = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK_URL, client_id, client_secret: secret, ...change };
  return bank.send('POST', `${bank.target.tokenUrl}?${new URLSearchParams(parameters)}`);
}

/** The code of an end user's consent to the provider. @throws Error with the page's words where it shows none */
export async function consent(bank: ContractBank, redirectUri = CALLBACK_URL): Promise<string> {
  if (bank.target.consent === null) throw new NotTried('an end user has to consent in a browser');
  const { provider: owner, path, urls } = await oauthClient(bank);
  await bank.once('callback URL', async () =>
    needed(await owner.session.call('POST', urls, { body: { url: CALLBACK_URL } }), 'callback-url'),
  );
  const { client_id } = itemOf(await owner.session.call('GET', path));
  return bank.target.consent({ clientId: client_id, redirectUri });
}

/** Somebody who consented, on an installation of its own: by the access token that was given, or by a consent here and now. */
export const endUser = (bank: ContractBank): Promise<Party> =>
  bank.once('end user', async () => logIn(bank, bank.target.accessToken ?? (await newAccessToken(bank))));

export async function newAccessToken(bank: ContractBank): Promise<string> {
  if (bank.target.consent === null) throw new NotTried('an end user has to consent: give its access token with --access-token-file');
  return needed(await exchange(bank, await consent(bank)), 'token').json.access_token;
}
