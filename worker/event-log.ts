import type { InjectedSinks } from '@temporalio/worker';
import type pino from 'pino';
import type { KeeperSinks } from '../workflows/events.ts';
import type { ConnectionStatus } from '../workflows/messages.ts';
import type { LifecycleState } from '../workflows/state.ts';

const LEVEL: Record<LifecycleState, 'info' | 'warn' | 'error'> = {
  ONBOARDING: 'info',
  ACTIVE: 'info',
  RENEWING: 'info',
  DEGRADED: 'warn',
  LAPSED: 'error',
  ACTION_REQUIRED: 'error',
  DISCONNECTED: 'info',
};

/** Every change of a connection's state is one line: what it was and is, what was seen, and what a person is to do. */
export const eventLog = (log: Pick<pino.Logger, 'info' | 'warn' | 'error'>): InjectedSinks<KeeperSinks> => ({
  keeper: {
    stateChanged: {
      fn: (_info, status, { from, recovered }) => {
        const { state, action, lastError } = status;
        const facts = { event: 'state changed', ...who(status), from, to: state, action, lastError, ...(recovered && { recovered }) };
        log[LEVEL[state]](facts, sentence(status, from, recovered !== null));
      },
      callDuringReplay: false,
    },
    sessionServed: {
      fn: (_info, status, sessionId) => {
        const { session } = status;
        log.info(
          { event: 'session served', ...who(status), sessionId, session },
          sessionId === null ? 'no session is served' : 'a new session is served',
        );
      },
      callDuringReplay: false,
    },
  },
});

const who = ({ name, environment, egress, workflowId, runId }: ConnectionStatus) => ({
  connection: name,
  environment,
  egress,
  workflowId,
  runId,
});

function sentence({ name, state, action }: ConnectionStatus, from: LifecycleState, isRecovered: boolean): string {
  if (action) return `${name} waits for a person: ${action.code}: ${action.remedy}`;
  return isRecovered ? `${name} has recovered` : `${name} is ${state}, was ${from}`;
}
