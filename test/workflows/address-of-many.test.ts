import { inTurns } from '../../client/in-turns.ts';
import { type ConnectionInput, stateQuery } from '../../workflows/messages.ts';
import { connectionWorkflowId, workflowTaskQueue } from '../../workflows/names.ts';
import { type ConnectionState, isServingValid } from '../../workflows/state.ts';
import { sealingKeys } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { servedUsers } from '../support/served-users.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';

/** An address that changes under a thousand end users of two providers, a renewal due each minute: nothing is given up for it. */

const ENVIRONMENT = 'test';
const USERS = 1000;
const NAMES = Array.from({ length: USERS }, (_, index) => `${index % 10 === 9 ? 'small' : 'big'}/user-${index}`);
const OUTAGE = 3 * HOUR;

const keeper = await startKeeper(ENVIRONMENT);

test(`the bank refuses all ${USERS} for three hours: it is tried once in 5 minutes, nobody is REVOKED, nothing is made anew, and all go on by themselves`, async () => {
  const { client, egress, simulator } = await keeper.connection('acme');
  await keeper.time.pull();
  const startedAtMs = await keeper.time.nowMs();
  const openedAtMs = startedAtMs - 4 * DAY;
  const served = { environment: ENVIRONMENT, egress, keys: sealingKeys, openedAtMs };
  const expiresAtMs = (index: number) => openedAtMs + (4 * DAY + index * MINUTE) * 1.5; // due at two thirds of it
  const states = await servedUsers(simulator, NAMES, { ...served, expiresAtMs });
  const before = simulator.state();
  simulator.fault({ endpoint: '*', kind: 'status', status: 400, forMs: OUTAGE });
  const handle = (name: string) => client.workflow.getHandle(connectionWorkflowId(ENVIRONMENT, name));
  await inTurns(states, (state) =>
    client.workflow.start('userConnection', {
      workflowId: connectionWorkflowId(ENVIRONMENT, state.name),
      taskQueue: workflowTaskQueue(ENVIRONMENT),
      args: [{ state } satisfies ConnectionInput],
    }),
  );
  const all = (): Promise<ConnectionState[]> => inTurns(NAMES, (name) => handle(name).query(stateQuery));
  const nothingIsGivenUp = async () => {
    const nowMs = await keeper.time.nowMs();
    const present = await all();
    expect(present.filter((state) => state.revoked || !isServingValid(state, nowMs))).toEqual([]);
    expect(new Set(present.map(({ counts }) => counts.repairs))).toEqual(new Set([0]));
    const { credentials, installations } = simulator.state();
    expect(credentials).toEqual(before.credentials);
    expect(installations.map(({ id }) => id)).toEqual(before.installations.map(({ id }) => id));
    return present;
  };

  await keeper.time.pass(OUTAGE - MINUTE);
  const during = await nothingIsGivenUp();
  const triedAtMs = simulator.requests().flatMap(({ endpoint, at }) => (endpoint === 'POST /session-server' ? [at] : []));
  const again = during.filter(({ troubles }) => (troubles.session?.failures ?? 0) > 1).length;
  const waiting = during.filter(({ lifecycle }) => lifecycle.state !== 'ACTIVE').length;
  process.stderr.write(`address: ${triedAtMs.length} tries in three hours; ${again} were refused more than once; ${waiting} waited then\n`);
  const suspected = triedAtMs.filter((atMs) => atMs > startedAtMs + OUTAGE / 3);
  expect(suspected.slice(1).filter((atMs, index) => atMs - suspected[index]! < 5 * MINUTE)).toEqual([]);
  expect(again).toBeGreaterThan(0); // it is a second refusal that a key is given up for

  await keeper.time.pass(4 * HOUR);
  const after = await nothingIsGivenUp();
  const renewed = simulator.state().sessions.length - before.sessions.length;
  process.stderr.write(`address: ${renewed} sessions opened in the four hours after\n`);
  expect(renewed).toBeGreaterThan(waiting);
  expect(after.filter(({ troubles }) => Object.keys(troubles).length > 0)).toEqual([]);
});
