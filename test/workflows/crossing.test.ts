import { slotsQuery } from '../../workflows/gate-messages.ts';
import {
  type ConnectionInput,
  type RefusalAnswer,
  reportRefusedUpdate,
  setCallbackUrlsUpdate,
  stateQuery,
} from '../../workflows/messages.ts';
import { sessionGateWorkflowId } from '../../workflows/names.ts';
import type { ConnectionState } from '../../workflows/state.ts';
import type { TestConnection } from '../support/connection.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, MINUTE } from '../support/virtual-time.ts';

/** Going on in a new run: nothing is lost, nobody is left without an answer, and what crosses does not grow. */

const ENVIRONMENT = 'test';
const keeper = await startKeeper(ENVIRONMENT);

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';
const RENEWALS_A_RUN = 25;
const BY = 'ada@test';

/** What each run but the first was started with. */
async function crossed(connection: TestConnection): Promise<ConnectionState[]> {
  const [, ...later] = await connection.histories();
  return later.map(({ events }) => {
    const [input] = connection.decoded<ConnectionInput>(events![0]!.workflowExecutionStartedEventAttributes!.input);
    if (!('state' in input!)) throw new Error('A new run was not started from a state.');
    return input.state;
  });
}

/** A user whose session is renewed every 5 days; just before the renewal after which it moves. */
async function beforeTheLastRenewal(name: string): Promise<TestConnection> {
  const ada = await keeper.connection(name, { allowSecondOAuthClient: true });
  await ada.onboard({ credential: { type: 'sandbox-user' }, callbackUrls: [URL] });
  await ada.becomes('ACTIVE');
  for (let renewals = 0; renewals < RENEWALS_A_RUN - 1; renewals++) {
    const { session } = await ada.status();
    await ada.passUntil(session!.renewAt);
    await ada.until('is renewed', (now) => now.session!.openedAt !== session!.openedAt);
  }
  await ada.becomes('ACTIVE');
  await keeper.time.pass(10 * MINUTE);
  return ada;
}

test('before is after: state, OAuth client and memo, over several runs; and what crosses does not grow', async () => {
  const ada = await keeper.connection('ada', { allowSecondOAuthClient: true });
  await ada.onboard({ credential: { type: 'sandbox-user' }, callbackUrls: [URL] });
  const { oauthClient } = await ada.becomes('ACTIVE');
  await keeper.time.pass(4 * 121 * DAY);
  const status = await ada.becomes('ACTIVE');
  expect(status.oauthClient).toEqual(oauthClient);
  const states = await crossed(ada);
  expect(states.length).toBeGreaterThanOrEqual(3);
  const bytes = states.map((state) => Buffer.byteLength(JSON.stringify(state)));
  for (const size of bytes) {
    expect(size).toBeLessThan(12_000);
    expect(Math.abs(size - bytes[0]!)).toBeLessThan(1000); // one former session more or less
  }
  for (const [index, state] of states.entries()) {
    expect(state).toMatchObject({ version: 1, name: 'ada', slot: null, candidate: null, troubles: {}, repairs: [] });
    expect(state.counts.renewals).toBe(RENEWALS_A_RUN * (index + 1));
  }
  const runs = await ada.histories();
  for (const [index, state] of states.entries()) {
    const runId = runs[index + 1]!.events![0]!.workflowExecutionStartedEventAttributes!.continuedExecutionRunId!;
    const last = await ada.client.workflow.getHandle(ada.workflowId, runId).query(stateQuery);
    expect({ ...last, startedAtMs: state.startedAtMs }).toEqual(state); // a closed run is replayed, and its first task told another time
  }
});

test('a report that is being answered when it is time to move is answered, and then it moves', async () => {
  const ada = await beforeTheLastRenewal('eve');
  const { runId } = await ada.status();
  const { sessionId } = (await ada.session())!;
  ada.simulator.expireSession(sessionId);
  // The report makes the last renewal itself: it is in flight when the loop wants to move.
  const report: Promise<RefusalAnswer> = ada.handle.executeUpdate(reportRefusedUpdate, { args: [{ by: BY, sessionId }] });
  const [answer] = await Promise.all([report, keeper.time.pass(2 * MINUTE)]);
  expect(answer).toMatchObject({ outcome: 'replaced' });
  expect(answer.session!.sessionId).not.toBe(sessionId);
  const status = await ada.until('moved', (now) => now.runId !== runId && now.state === 'ACTIVE', 10 * MINUTE);
  expect(status.lastError).toBeNull();
  const [state] = await crossed(ada);
  expect(state).toMatchObject({ slot: null, counts: { renewals: RENEWALS_A_RUN } });
  expect(ada.requests('POST /session-server')).toHaveLength(RENEWALS_A_RUN + 1);
});

test('updates that arrive while it moves are all answered, and what they wish is done by one run or the other', async () => {
  const ada = await beforeTheLastRenewal('bob');
  const { runId, session } = await ada.status();
  const urls = Array.from({ length: 8 }, (_, index) => `${URL}/${index}`);
  await ada.passUntil(session!.renewAt);
  for (const [index] of urls.entries()) {
    const wanted = [URL, ...urls.slice(0, index + 1)];
    await ada.handle.executeUpdate(setCallbackUrlsUpdate, { args: [{ by: BY, wanted, unwanted: [], prune: false }] });
  }
  await ada.until('moved', (now) => now.runId !== runId && now.state === 'ACTIVE', 30 * MINUTE);
  await ada.until('every wish is fulfilled', () => ada.bankHolds().callbackUrls.length === urls.length + 1, 10 * MINUTE);
  const [former] = await ada.histories();
  const count = (kind: 'workflowExecutionUpdateAcceptedEventAttributes' | 'workflowExecutionUpdateCompletedEventAttributes') =>
    former!.events!.filter((event) => event[kind]).length;
  expect(count('workflowExecutionUpdateCompletedEventAttributes')).toBe(count('workflowExecutionUpdateAcceptedEventAttributes'));
});

test('it never moves with a slot: the gate knows of none that is out or waited for when the new run begins', async () => {
  const ada = await beforeTheLastRenewal('kim');
  const { runId, session } = await ada.status();
  await ada.passUntil(session!.renewAt);
  await ada.until('moved', (now) => now.runId !== runId && now.state === 'ACTIVE', 10 * MINUTE);
  const slots = await ada.client.workflow.getHandle(sessionGateWorkflowId(ENVIRONMENT, ada.egress)).query(slotsQuery);
  expect(slots).toMatchObject({ out: null, queue: [] });
  const [state] = await crossed(ada);
  expect(state!.slot).toBeNull();
});
