import type { Simulator } from '../../simulator/index.ts';
import type { Certified, LoggedIn, Received } from './client.ts';
import { bind, install, logInProvider, openSession, responseId, send } from './client.ts';

export const CALLBACK_URL = 'https://app.example/callback';

export interface ProviderWithClient {
  readonly provider: LoggedIn;
  readonly oauthClientId: number;
  /** The long one, hex. */
  readonly clientId: string;
  readonly secret: string;
}

/** A provider with an OAuth client and one callback URL. */
export async function providerWithClient(apiUrl: string, certified?: Certified, url = CALLBACK_URL): Promise<ProviderWithClient> {
  const provider = await logInProvider(apiUrl, certified);
  const path = `/user/${provider.userId}/oauth-client`;
  const oauthClientId = responseId(await provider.call('POST', path, { body: { status: 'ACTIVE' } }));
  await provider.call('POST', `${path}/${oauthClientId}/callback-url`, { body: { url } });
  const { OauthClient } = (await provider.call('GET', `${path}/${oauthClientId}`)).json.Response[0];
  return { provider, oauthClientId, clientId: OauthClient.client_id, secret: OauthClient.secret };
}

/** The code of a user's consent. */
export function consent(simulator: Simulator, { clientId }: ProviderWithClient, options: { user?: number; state?: string } = {}): string {
  const url = simulator.authorize({ clientId, redirectUri: CALLBACK_URL, ...options });
  return new URL(url).searchParams.get('code') ?? '';
}

/** `POST /token`; `change` replaces single parameters, undefined leaves one out. */
export function exchange(
  apiUrl: string,
  { clientId, secret }: ProviderWithClient,
  code: string,
  change: Record<string, string | undefined> = {},
): Promise<Received> {
  const parameters = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK_URL,
    client_id: clientId,
    client_secret: secret,
    ...change,
  };
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return send(apiUrl, 'POST', `/token?${new URLSearchParams(given)}`);
}

export interface Connected {
  readonly accessToken: string;
  readonly userApiKeyId: number;
  /** The user object of its session. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
  readonly user: any;
  readonly session: LoggedIn;
}

/** A user's consent, all the way to a session on an installation of its own. */
export async function connect(
  simulator: Simulator,
  apiUrl: string,
  client: ProviderWithClient,
  options: { user?: number } = {},
): Promise<Connected> {
  const { json } = await exchange(apiUrl, client, consent(simulator, client, options));
  const installed = await install(apiUrl);
  await bind(installed, json.access_token);
  const opened = await openSession(installed, json.access_token);
  const user = opened.json.Response[2].UserApiKey;
  const token: string = opened.json.Response[1].Token.token;
  const session: LoggedIn = {
    installed,
    token,
    apiKey: json.access_token,
    sessionId: opened.json.Response[0].Id.id,
    userId: user.id,
    call: (method, path, sent = {}) => send(apiUrl, method, path, { token, key: installed.keys.privateKey, ...sent }),
  };
  return { accessToken: json.access_token, userApiKeyId: user.id, user, session };
}
