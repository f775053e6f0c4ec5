import type { CallOptions, SessionCaller } from '../bunq/bank.ts';
import { createOAuthClient, listOAuthClients, readOAuthClient } from '../bunq/oauth-client.ts';
import type { Sealed } from '../sealing/sealed.ts';
import { type Attempt, activity, type Looked, type SealedSession } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export interface OAuthClientInput {
  session: SealedSession;
  userId: number;
}

export interface OAuthClientRead {
  status: string;
  clientId: string | null;
  clientSecret: Sealed<'client-secret'> | null;
  callbackUrls: { id: number; url: string }[];
}

export const oauthClientActivities = (dependencies: Dependencies) => ({
  findOAuthClients: activity(
    dependencies,
    async ({ bank, openSession }, { session, userId }: OAuthClientInput): Promise<{ oauthClientId: number; status: string }[]> => {
      const found = await listOAuthClients(bank, await openSession(session), { userId });
      return found.map(({ oauthClientId, status }) => ({ oauthClientId, status }));
    },
  ),

  /** Twice: a second OAuth client, which may never be; so it has one attempt, and only the workflow may try again. */
  createOAuthClient: activity(
    dependencies,
    async (
      { bank, fencedAlone, closeAfterLook, openSession },
      { session, userId, lookedAtMs }: OAuthClientInput & Looked,
    ): Promise<{ oauthClientId: number }> => {
      const options = closeAfterLook(fencedAlone, lookedAtMs);
      const { oauthClientId } = await createOAuthClient(bank, await openSession(session), { userId }, options);
      return { oauthClientId };
    },
  ),

  readOAuthClient: activity(
    dependencies,
    async (attempt, { session, userId, oauthClientId }: OAuthClientInput & { oauthClientId: number }): Promise<OAuthClientRead> =>
      readSealedOAuthClient(attempt, await attempt.openSession(session), { userId, oauthClientId }),
  ),
});

export async function readSealedOAuthClient(
  { bank, seal }: Attempt,
  caller: SessionCaller,
  { userId, oauthClientId }: { userId: number; oauthClientId: number },
  options?: CallOptions,
): Promise<OAuthClientRead> {
  const { status, clientId, clientSecret, callbackUrls } = await readOAuthClient(bank, caller, { userId, oauthClientId }, options);
  return {
    status,
    clientId,
    clientSecret: clientSecret && (await seal('client-secret', clientSecret)),
    callbackUrls: callbackUrls.map(({ id, url }) => ({ id, url })),
  };
}
