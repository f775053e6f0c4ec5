import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type Aftermath, aftermathAt, oneOfEach } from './support/aftermath.ts';
import { BankProcess } from './support/bank-process.ts';
import { inTurns } from './support/in-turns.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** The Temporal server, and the bank, are killed while a bank call's effect is done and its answer is on the way. */

const CALLBACKS = ['https://acme.example/callback', 'http://localhost:8080/return/'];
const NAME = 'acme';
/** Longer than all time-outs of a bank call, and shorter than the default of a minute. */
const SETTLE = { KEEPER_SETTLE: '12s' };

interface Step {
  readonly endpoint: string;
  readonly leaves?: keyof Pick<Aftermath, 'installations' | 'apiKeys' | 'sessions'>;
}

const STEPS: readonly Step[] = [
  { endpoint: 'POST /payment-service-provider-credential', leaves: 'apiKeys' },
  { endpoint: 'POST /session-server', leaves: 'sessions' },
  { endpoint: 'POST /user/{userID}/oauth-client' },
  { endpoint: 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url' },
];

const titled = STEPS.map((step) => [step.endpoint, step] as const);

async function untilActive({ keeper }: Scene, seen: () => unknown): Promise<number> {
  await until('it is ACTIVE', async () => (await keeper.status(NAME)).state === 'ACTIVE', { everyMs: 1000, seen });
  return (await keeper.session(NAME))!.sessionId;
}

describe('the Temporal server is killed and restarted, and a provider is ACTIVE with one of each:', () => {
  let temporal: TestTemporal;
  const connections = new Map<Step, { bank: Simulator; active: Promise<number> }>();

  beforeAll(async () => {
    temporal = await temporalServer({ registered: true });
    const begun = await Promise.all(STEPS.map(begin));
    await temporal.kill();
    for (const { bank } of begun) bank.releaseFaults();
    await temporal.restart();
    for (const { step, bank, here, log } of begun) connections.set(step, { bank, active: untilActive(here, log) });
    for (const { active } of connections.values()) active.catch(() => {});
  });
  afterAll(() => Promise.all([...connections.values()].map(({ bank }) => bank.close())));

  async function begin(step: Step) {
    const bank = await startSimulator({ allowSecondOAuthClient: true });
    bank.fault({ endpoint: step.endpoint, kind: 'hold-answer' });
    const here = scene(temporal, bank, SETTLE);
    const worker = await here.startWorker();
    await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
    await until(`the bank holds the answer to ${step.endpoint}`, () => bank.faults()[0]?.held === 1, { everyMs: 20 });
    return { step, bank, here, log: () => worker.stderr.slice(-2000) };
  }

  test.each(titled)('in the middle of %s', async (_endpoint, step) => {
    const { bank, active } = connections.get(step)!;
    const sessionId = await active;
    const spare = oneOfEach(CALLBACKS, step.leaves && { [step.leaves]: 1 });
    // the answer got through to the server that came back, or was lost with the one that was killed
    expect([oneOfEach(CALLBACKS), spare]).toContainEqual(aftermathAt(bank.state(), sessionId));
  });
});

describe('the bank is killed and comes back, and a provider is ACTIVE with one of each:', () => {
  let temporal: TestTemporal;
  let outcomes: Map<Step, Promise<{ aftermath: Aftermath; unanswered: number }>>;

  beforeAll(async () => {
    temporal = await temporalServer({ registered: true });
    outcomes = inTurns(STEPS, STEPS.length, killTheBank);
  });

  async function killTheBank({ endpoint }: Step) {
    const bank = await BankProcess.start('--state-file', join(temporaryFolder(), 'bank.json'));
    await bank.changeSettings({ allowSecondOAuthClient: true });
    await bank.fault({ endpoint, kind: 'hold-answer' });
    const here = scene(temporal, bank, SETTLE);
    const worker = await here.startWorker();
    await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
    await until(`the bank holds the answer to ${endpoint}`, async () => (await bank.faults())[0]?.held === 1, { everyMs: 50 });
    await bank.kill();
    await bank.restart();
    await bank.changeSettings({ allowSecondOAuthClient: true });
    const sessionId = await untilActive(here, () => worker.stderr.slice(-2000));
    const unanswered = (await bank.requests()).filter((request) => request.endpoint === endpoint && request.outcome === 'unanswered');
    return { aftermath: aftermathAt(await bank.state(), sessionId), unanswered: unanswered.length };
  }

  test.each(titled)('in the middle of %s', async (_endpoint, step) => {
    const { aftermath, unanswered } = await outcomes.get(step)!;
    expect(unanswered).toBe(1);
    expect(aftermath).toEqual(oneOfEach(CALLBACKS, step.leaves && { [step.leaves]: 1 }));
  });
});
