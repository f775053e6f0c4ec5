import type { InstallationCaller } from '../bunq/bank.ts';
import { deleteSession } from '../bunq/session.ts';
import { createSessionServer, type OpenedSession as OpenedAtBank } from '../bunq/session-server.ts';
import { type BunqUser, readUser } from '../bunq/user.ts';
import type { Sealed } from '../sealing/sealed.ts';
import type { GivenBack } from '../workflows/slots.ts';
import type { ApiKey } from '../workflows/state.ts';
import { type Attempt, activity, type SealedInstallation, type SealedSession } from './context.ts';
import type { Dependencies } from './dependencies.ts';
import { slotOutcomeOf } from './gate.ts';
import { type OAuthClientRead, readSealedOAuthClient } from './oauth-client.ts';

export interface OpenedSession {
  sessionId: number;
  sessionToken: Sealed<'session-token'>;
  user: BunqUser;
  /** By the bank's own clock. */
  lifetimeMs: number;
  /** False: the gate is still to be told that its slot is free. */
  gaveBack: boolean;
  /** A reading on it passed, and told the same user; else the proof is still to be had. */
  isProven: boolean;
  /** As it was read together with the proof; null: it is still to be read. */
  oauthClient: OAuthClientRead | null;
}

/** The slot that a session is opened in. */
export interface Slot {
  egress: string;
  requestId: string;
}

export const sessionActivities = (dependencies: Dependencies) => ({
  /**
   * Twice: one unused session more, and one of the address's slots; so it has one attempt. The gate hears of the outcome as soon as
   * the bank has answered: the gap to the next session counts from then. Its proof rides along where it comes at once, and with it
   * client id and secret: neither ever costs the session.
   */
  openSession: activity(
    dependencies,
    async (
      attempt,
      input: { installation: SealedInstallation; apiKey: ApiKey['apiKey']; slot: Slot; oauthClientId?: number },
    ): Promise<OpenedSession> => {
      const { bank, fencedOnce, open, seal, openInstallation } = attempt;
      const apiKey = await open('api-key', input.apiKey);
      const caller = await openInstallation(input.installation);
      const session = await createSessionServer(bank, caller, { apiKey }, fencedOnce).catch(async (error: unknown) => {
        const outcome = slotOutcomeOf(error);
        if (outcome) await giveBack(attempt, input.slot, outcome);
        throw error;
      });
      const { sessionId, sessionToken, user, lifetimeMs } = session;
      const [gaveBack, proof] = await Promise.all([
        giveBack(attempt, input.slot, { outcome: 'opened' }),
        proveSoon(attempt, session, caller, input.oauthClientId),
      ]);
      return { sessionId, sessionToken: await seal('session-token', sessionToken), user, lifetimeMs, gaveBack, ...proof };
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

const giveBack = ({ gate, connection }: Attempt, { egress, requestId }: Slot, outcome: Pick<GivenBack, 'outcome' | 'gapMs'>) =>
  gate.giveBack(egress, { workflowId: connection.workflowId, requestId, sent: true, ...outcome });

/** With the 5 s of the opening under the 8 s of the attempt. */
const PROVEN_WITHIN_MS = 2000;

/** What is wrong with either shows when it is read by itself. */
async function proveSoon(
  attempt: Attempt,
  { sessionToken, user }: OpenedAtBank,
  { serverPublicKeyPem }: InstallationCaller,
  oauthClientId: number | undefined,
): Promise<Pick<OpenedSession, 'isProven' | 'oauthClient'>> {
  const { bank, clock } = attempt;
  const caller = { sessionToken, serverPublicKeyPem };
  const options = { signal: clock.deadline(PROVEN_WITHIN_MS) };
  const [isProven, oauthClient] = await Promise.all([
    readUser(bank, caller, options).then(
      (read) => read.id === user.id && read.kind === user.kind,
      () => false,
    ),
    oauthClientId === undefined
      ? null
      : readSealedOAuthClient(attempt, caller, { userId: user.id, oauthClientId }, options).catch(() => null),
  ]);
  return { isProven, oauthClient: isProven ? oauthClient : null };
}
