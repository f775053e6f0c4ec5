import pino from 'pino';
import { eventLog } from '../../../worker/event-log.ts';
import { changeLifecycle, lifecycleState } from '../../../workflows/state.ts';
import { statusOf } from '../../../workflows/status.ts';
import { MINUTE, onboarded, SECOND, T0, trouble } from '../workflows/states.ts';

const RUN = { workflowId: 'provider.sandbox.acme', runId: 'run', running: null };

function logged() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const { stateChanged, sessionServed, certificateExpiring } = eventLog(log);
  return { lines, changed: stateChanged!, served: sessionServed!, expiring: certificateExpiring! };
}

test('what waits for a person is one line with what was seen and the command to copy, and its recovery is another', () => {
  const { lines, changed } = logged();
  const error = {
    code: 'BUNQ_BAD_REQUEST' as const,
    endpoint: 'POST /v1/user/5/oauth-client/6/callback-url',
    status: 400,
    text: 'Not a URL.',
    responseId: 'response-1',
    atMs: T0,
  };
  const state = onboarded({ troubles: { 'callback-urls': trouble({ action: 'CALLBACK_URL_REFUSED', error }) } });
  const parked = changeLifecycle(state, lifecycleState(state, T0 + SECOND), T0 + SECOND)!;
  changed(statusOf(state, RUN, T0 + SECOND), parked);
  state.troubles = {};
  const well = changeLifecycle(state, lifecycleState(state, T0 + MINUTE), T0 + MINUTE)!;
  changed(statusOf(state, RUN, T0 + MINUTE), well);
  expect(lines).toEqual([
    expect.objectContaining({
      level: 50,
      event: 'state changed',
      connection: 'acme',
      from: 'ACTIVE',
      to: 'ACTION_REQUIRED',
      action: expect.objectContaining({
        code: 'CALLBACK_URL_REFUSED',
        remedy: expect.stringContaining('bunq-keeper callback-urls acme set U'),
        seen: expect.objectContaining({ status: 400, text: 'Not a URL.', responseId: 'response-1' }),
      }),
      msg: expect.stringContaining('CALLBACK_URL_REFUSED'),
    }),
    expect.objectContaining({
      level: 30,
      event: 'state changed',
      from: 'ACTION_REQUIRED',
      to: 'ACTIVE',
      msg: expect.stringContaining('recovered'),
    }),
  ]);
});

test('a session that is served is a line, and so is none', () => {
  const { lines, served } = logged();
  served(statusOf(onboarded(), RUN, T0), 4);
  served(statusOf(onboarded({ serving: null }), RUN, T0), null);
  expect(lines).toEqual([
    expect.objectContaining({ event: 'session served', connection: 'acme', sessionId: 4 }),
    expect.objectContaining({ event: 'session served', connection: 'acme', sessionId: null }),
  ]);
});

test('a certificate that ends soon is a warning with the command to copy, and an error from the last day on', () => {
  const { lines, expiring } = logged();
  const remedy = 'It expires. Give the next one: bunq-keeper resume acme --certificate F --chain F --signer S';
  for (const daysLeft of [90, 7, 1, 0, -3]) expiring(statusOf(onboarded(), RUN, T0), { daysLeft, remedy });
  expect(lines.map(({ level, daysLeft }) => [level, daysLeft])).toEqual([
    [40, 90],
    [40, 7],
    [50, 1],
    [50, 0],
    [50, -3],
  ]);
  expect(lines[0]).toMatchObject({
    event: 'certificate expiring',
    connection: 'acme',
    expiresAt: '2028-01-01T00:00:00.000Z',
    subject: '/CN=Acme PISP AISP/C=NL',
    msg: `acme: ${remedy}`,
  });
});
