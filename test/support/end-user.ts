import { authorizationUrl } from '../../bunq/authorization.ts';
import { type CompletedAuthorization, completeAuthorization, newState, stateSha256 } from '../../client/authorizations.ts';
import type { UserInstallation } from '../../client/settings.ts';
import { askAuthorizationUpdate } from '../../workflows/messages.ts';
import type { TestConnection } from './connection.ts';
import { sealingKeys } from './credentials.ts';
import { HOUR } from './virtual-time.ts';

/** An end user in a test: gets links, and comes back from the bank. */

const BY = 'ada@test';

export interface Link {
  readonly name: string;
  readonly url: URL;
  readonly state: string;
}

/** A new link for the user's connection, which is started with it where there is none. */
export async function askForConsent(
  provider: TestConnection,
  user: TestConnection,
  validForMs = HOUR,
  installation: UserInstallation = 'own',
): Promise<Link> {
  const { clientId, clientSecret, callbackUrls } = (await provider.oauthClient())!;
  const state = newState(user.name);
  const redirectUrl = callbackUrls[0]!;
  const authorization = { stateSha256: stateSha256(state), redirectUrl, clientId: clientId!, clientSecret: clientSecret!, validForMs };
  const { environment, egress } = await provider.status();
  const isThere = await user.handle.describe().then(
    ({ status }) => status.name === 'RUNNING',
    () => false,
  );
  if (isThere) await user.handle.executeUpdate(askAuthorizationUpdate, { args: [{ by: BY, ...authorization }] });
  else
    await user.start({
      request: {
        version: 1,
        name: user.name,
        environment,
        egress,
        credential: { type: 'oauth-grant' },
        callbackUrls: [],
        permittedIps: [],
        authorization,
        ...(installation === 'provider' && { providerInstallation: await installationOf(provider) }),
      },
    });
  const url = new URL(authorizationUrl(new URL('/auth', provider.simulator.apiUrl).href, { clientId: clientId!, redirectUrl, state }));
  return { name: user.name, url, state };
}

async function installationOf(provider: TestConnection) {
  const { keyPair, installation } = (await provider.state()).serving!;
  return { keyPair, installation };
}

/** The keeper is told of the URL that the bank sent the end user back to. */
export function comeBack(user: TestConnection, redirect: string | URL, environment: string): Promise<CompletedAuthorization> {
  return completeAuthorization(new URL(redirect), { client: user.client, environment, sealingKeys: () => sealingKeys, by: BY });
}
