import { inspect } from 'node:util';
import { type FaultOptions, type Simulator, startSimulator } from '../../simulator/index.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { Ended, KeeperProcess } from '../support/process.ts';
import { type Haystack, type Secret, searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { Consents, onboardProvider, PROVIDER } from './support/consents.ts';
import { leakOnPurpose } from './support/leak.ts';
import { watchProcessArguments } from './support/process-arguments.ts';
import { type Scene, scene } from './support/scene.ts';

/** What end users' connections leave behind, above all those whose exchange of the code fails: nothing secret is in it. */

/** One user for each: what the bank does with the code. */
const EXCHANGES: readonly { readonly user: string; readonly fault: Omit<FaultOptions, 'endpoint'> | null }[] = [
  { user: 'taken', fault: null },
  { user: 'refused', fault: { kind: 'status', status: 400 } },
  { user: 'unauthorized', fault: { kind: 'status', status: 401 } },
  { user: 'failing', fault: { kind: 'status', status: 500 } },
  { user: 'html', fault: { kind: 'status', status: 502, html: true } },
  { user: 'silent', fault: { kind: 'hold-answer', holdMs: 6000 } },
  { user: 'cut', fault: { kind: 'lose-answer-after-effect' } },
  { user: 'half', fault: { kind: 'truncated' } },
  { user: 'garbage', fault: { kind: 'garbage' } },
];

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;
let consents: Consents;
let processArguments: () => string;
let callbackServer: string;
/** Of links: the bank does not keep them. */
const states: string[] = [];
/** What commands, the library's errors and the page said; but for the link itself, which is meant for the end user. */
const told: Haystack[] = [];

beforeAll(async () => {
  processArguments = watchProcessArguments();
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  worker = await here.startWorker({ KEEPER_CALLBACK_ADDRESS: '127.0.0.1:0' });
  callbackServer = (await worker.waitForLine(/"callbackUrl":"([^"]+)"/))[1]!;
  consents = new Consents(here, bank);
  await onboardProvider(here, bank);
});
afterAll(() => bank.close());

async function redirectOf(user: string): Promise<string> {
  const redirect = await consents.consent(user);
  states.push(new URL(redirect).searchParams.get('state')!);
  return redirect;
}

async function complete(user: string, redirect: string, ...more: string[]): Promise<Ended> {
  const ended = await here.runWith(redirect, 'complete-user', PROVIDER, user, '--redirect-url-file', '-', ...more);
  told.push({ name: `complete-user ${user}`, bytes: ended.stdout + ended.stderr });
  return ended;
}

test('codes are brought by command, page and library, and one exchange after the other fails in its own way', async () => {
  for (const { user, fault } of EXCHANGES) {
    const redirect = await redirectOf(user);
    if (fault) bank.fault({ endpoint: 'POST /token', ...fault });
    const { outcome } = await here.keeper.completeAuthorization(redirect);
    expect(outcome).toMatch(fault ? /failed|pending/ : /connected|pending/); // a busy machine takes its time
    const status = await (fault ? consents.untilFailed(user) : consents.untilActive(user));
    told.push({ name: `status of ${user}`, bytes: JSON.stringify(status) });
  }
  bank.clearFaults();
});

test('a code that was echoed by the bank, a wrong command, and a page are told of without it', async () => {
  const echoed = await redirectOf('echoed');
  const { code } = Object.fromEntries(new URL(echoed).searchParams);
  const secret = bank.secrets().find(({ kind }) => kind === 'client-secret')!.value;
  const description = `The code ${code} of the client with ${secret} is not good.`;
  bank.fault({ endpoint: 'POST /token', kind: 'status', status: 400, description });
  expect(await complete('echoed', echoed)).toMatchObject({ code: 1 });
  const { lastError } = await here.keeper.status(`${PROVIDER}/echoed`);
  expect(lastError).toMatchObject({ text: expect.stringContaining('The code [redacted] of the client with [redacted] is not good') });
  const mistaken = await redirectOf('mistaken');
  expect(await complete('echoed', mistaken)).toMatchObject({ code: 2 });
  expect(await complete('mistaken', `${mistaken} `, '--json')).toMatchObject({ code: 0 });
  const [, more] = (await redirectOf('page')).split('?');
  const page = await fetch(`${callbackServer}callback?${more}`);
  expect(page.status).toBe(200);
  told.push({ name: 'page', bytes: `${inspect(page.headers)} ${await page.text()}` });
  const refused = await here.keeper.completeAuthorization(mistaken, `${PROVIDER}/page`).catch((error: unknown) => error);
  const unreadable = await here.runWith(`<${mistaken}>`, 'complete-user', PROVIDER, 'page', '--redirect-url-file', '-');
  expect(unreadable.code).toBe(2);
  told.push({ name: 'errors', bytes: inspect(refused, { depth: 9 }) + unreadable.stdout + unreadable.stderr });
});

test('the workflows’ details, as the Temporal UI shows them, are searched as well', async () => {
  for (const workflowId of userWorkflowIds()) {
    const { currentDetails } = await temporal.client.workflow
      .getHandle(workflowId)
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    told.push({ name: `details of ${workflowId}`, bytes: currentDetails });
  }
});

const userWorkflowIds = () =>
  [...EXCHANGES.map(({ user }) => user), 'echoed', 'mistaken', 'page'].map((user) => `user.${here.environment}.${PROVIDER}.${user}`);

/** Everything that is left behind and that others may read. */
const leftBehind = async (workflowIds: string[], logs: string): Promise<Haystack[]> => [
  { path: temporal.dbFile },
  { path: temporal.logFile },
  ...(await decodedPayloads(temporal.client, workflowIds)),
  { name: 'worker', bytes: worker.stdout + worker.stderr },
  { name: 'process arguments', bytes: processArguments() },
  { name: 'logs', bytes: logs },
  ...told,
];

function everySecret(): Secret[] {
  const ofTheBank = bank.secrets().map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value }));
  return [...ofTheBank, ...states.map((state, index) => ({ label: `state ${index}`, value: state.split('.')[0]! }))]; // the rest is the name
}

test('no code, access token, state or client secret is anywhere; what is sent through on purpose is found everywhere', async () => {
  const secrets = everySecret();
  const kinds = (labels: readonly { readonly label: string }[]) => new Set(labels.map(({ label }) => label.split(' ')[0]));
  const wanted = ['authorization-code', 'access-token', 'state', 'client-secret'];
  expect(kinds(secrets)).toEqual(expect.objectContaining(new Set(wanted)));
  expect(processArguments()).toContain('complete-user acme echoed');
  expect(worker.stderr).toContain('BUNQ_ANSWER_LOST');
  const providerId = `provider.${here.environment}.${PROVIDER}`;
  expect(searchForSecrets(secrets, await leftBehind([providerId, ...userWorkflowIds()], ''))).toEqual([]);

  const spilt = wanted.map((kind) => secrets.find(({ label }) => label.startsWith(kind))!);
  const leaked = await leakOnPurpose(temporal, spilt.map(({ value }) => value).join(' '));
  const findings = searchForSecrets(secrets, await leftBehind([leaked.workflowId], leaked.log));
  for (const place of [/activityTaskCompleted.*result/, /activityTaskFailed.*message/, /upsertedMemo/, /^logs$/, /temporal\.db/]) {
    const there = findings.filter(({ haystack }) => place.test(haystack));
    for (const { label } of spilt) expect([place, there.map((found) => found.label)]).toEqual([place, expect.arrayContaining([label])]);
  }
});
