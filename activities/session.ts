import { deleteSession } from '../bunq/session.ts';
import { createSessionServer } from '../bunq/session-server.ts';
import { type BunqUser, readUser } from '../bunq/user.ts';
import type { Sealed } from '../sealing/sealed.ts';
import type { ApiKey } from '../workflows/state.ts';
import { activity, type SealedInstallation, type SealedSession } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export interface OpenedSession {
  sessionId: number;
  sessionToken: Sealed<'session-token'>;
  user: BunqUser;
  /** By the bank's own clock. */
  lifetimeMs: number;
}

export const sessionActivities = (dependencies: Dependencies) => ({
  /** Twice: one unused session more, and one of the address's slots; so it has one attempt. */
  openSession: activity(
    dependencies,
    async (
      { bank, fencedAlone, open, seal, openInstallation },
      input: { installation: SealedInstallation; apiKey: ApiKey['apiKey'] },
    ): Promise<OpenedSession> => {
      const apiKey = await open('api-key', input.apiKey);
      const session = await createSessionServer(bank, await openInstallation(input.installation), { apiKey }, fencedAlone);
      const { sessionId, sessionToken, user, lifetimeMs } = session;
      return { sessionId, sessionToken: await seal('session-token', sessionToken), user, lifetimeMs };
    },
  ),

  /** Whom the bank says we are: the proof of a session. */
  readUser: activity(dependencies, async ({ bank, openSession }, session: SealedSession): Promise<BunqUser> => {
    return readUser(bank, await openSession(session));
  }),

  /** Twice: it is closed already, which the bank tells as a rejected token. */
  closeSession: activity(
    dependencies,
    async ({ bank, openSession }, input: { session: SealedSession; sessionId: number }): Promise<void> => {
      await deleteSession(bank, await openSession(input.session), { sessionId: input.sessionId });
    },
  ),
});
