import { deleteSession } from '../bunq/session.ts';
import { createSessionServer } from '../bunq/session-server.ts';
import { type BunqUser, readUser } from '../bunq/user.ts';
import type { Sealed } from '../sealing/sealed.ts';
import type { GivenBack } from '../workflows/slots.ts';
import type { ApiKey } from '../workflows/state.ts';
import { type Attempt, activity, type SealedInstallation, type SealedSession } from './context.ts';
import type { Dependencies } from './dependencies.ts';
import { NotSentError } from './fence.ts';
import { slotOutcomeOf } from './gate.ts';

export interface OpenedSession {
  sessionId: number;
  sessionToken: Sealed<'session-token'>;
  user: BunqUser;
  /** By the bank's own clock. */
  lifetimeMs: number;
  /** False: the gate is still to be told that its slot is free. */
  gaveBack: boolean;
}

/** The slot that a session is opened in. */
export interface Slot {
  egress: string;
  requestId: string;
}

export const sessionActivities = (dependencies: Dependencies) => ({
  /**
   * Twice: one unused session more, and one of the address's slots; so it has one attempt. The gate hears of the outcome as soon as
   * the bank has answered: the gap to the next session counts from then.
   */
  openSession: activity(
    dependencies,
    async (attempt, input: { installation: SealedInstallation; apiKey: ApiKey['apiKey']; slot: Slot }): Promise<OpenedSession> => {
      const { bank, fencedAlone, open, seal, openInstallation, number } = attempt;
      if (number > 1) throw new NotSentError('Not sent: the slot was for the first attempt; an operator let this one have another.');
      const apiKey = await open('api-key', input.apiKey);
      const caller = await openInstallation(input.installation);
      const session = await createSessionServer(bank, caller, { apiKey }, fencedAlone).catch(async (error: unknown) => {
        const outcome = slotOutcomeOf(error);
        if (outcome) await giveBack(attempt, input.slot, outcome);
        throw error;
      });
      const { sessionId, sessionToken, user, lifetimeMs } = session;
      const gaveBack = await giveBack(attempt, input.slot, { outcome: 'opened' });
      return { sessionId, sessionToken: await seal('session-token', sessionToken), user, lifetimeMs, gaveBack };
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
