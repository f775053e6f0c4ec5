import type pino from 'pino';
import type { ConnectionStatus } from '../workflows/messages.ts';
import type { LifecycleChange, LifecycleState } from '../workflows/state.ts';
import type { EventListener } from './events.ts';

const LEVEL: Record<LifecycleState, 'info' | 'warn' | 'error'> = {
  ONBOARDING: 'info',
  ACTIVE: 'info',
  RENEWING: 'info',
  DEGRADED: 'warn',
  LAPSED: 'error',
  ACTION_REQUIRED: 'error',
  AWAITING_AUTHORIZATION: 'info',
  REVOKED: 'warn',
  DISCONNECTED: 'info',
};

/** Every change of a connection's state, or of its reason, is one line: what it was and is, what was seen, and what a person is to do. */
export const eventLog = (log: Pick<pino.Logger, 'info' | 'warn' | 'error'>): EventListener => ({
  stateChanged(status, change) {
    const { state, action, lastError } = status;
    const recovered = change.recovered && status.recovered;
    const facts = { event: 'state changed', ...who(status), from: change.from, to: state, action, lastError };
    log[LEVEL[state]]({ ...facts, ...(recovered && { recovered }) }, sentence(status, change));
  },
  sessionServed(status, sessionId) {
    const { session } = status;
    log.info(
      { event: 'session served', ...who(status), sessionId, session },
      sessionId === null ? 'no session is served' : 'a new session is served',
    );
  },
  grantRevoked(status) {
    const { revoked, consentedAt, lastError } = status;
    log.warn(
      { event: 'grant revoked', ...who(status), revoked, consentedAt, lastError },
      `${status.name} has revoked its access: the bank refused it twice, an hour apart`,
    );
  },
  certificateExpiring(status, { daysLeft, remedy }) {
    const { expiresAt, subject } = status.certificate!;
    const facts = { event: 'certificate expiring', ...who(status), daysLeft, expiresAt, subject };
    log[daysLeft <= 1 ? 'error' : 'warn'](facts, `${status.name}: ${remedy}`);
  },
  eventUndelivered(status, { againAtMs, ...event }) {
    const againAt = againAtMs === null ? null : new Date(againAtMs).toISOString();
    const what = againAt === null ? 'it is given up' : `it is tried again at ${againAt}`;
    log[againAt === null ? 'error' : 'warn'](
      { event: 'webhook failed', ...who(status), webhookId: event.id, webhookType: event.type, why: event.why, againAt },
      `${event.type} of ${status.name} was not taken by the webhook's receiver: ${event.why}; ${what}`,
    );
  },
});

const who = ({ name, environment, egress, workflowId, runId }: ConnectionStatus) => ({
  connection: name,
  environment,
  egress,
  workflowId,
  runId,
});

function sentence({ name, state, action, lastError }: ConnectionStatus, { from, recovered }: LifecycleChange): string {
  if (action) return `${name} waits for a person: ${action.code}: ${action.remedy}`;
  if (recovered) return `${name} has recovered from ${recovered.from}${recovered.code ? ` (${recovered.code})` : ''}`;
  return `${name} is ${state}, was ${from}${lastError ? `: ${lastError.code}` : ''}`;
}
