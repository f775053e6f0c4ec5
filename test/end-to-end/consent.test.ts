import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { UserLink } from '../../client/index.ts';
import { findBrowser, startBrowser } from '../support/browser.ts';
import type { KeeperProcess } from '../support/process.ts';
import { type Haystack, searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { BankProcess } from './support/bank-process.ts';
import { EndUser, read } from './support/end-user-browser.ts';
import { certificateOfTheGuide, type Scene, scene } from './support/scene.ts';

/** End users in a real browser: from the provider's link over the bank's page to the worker's, without JavaScript. */

const chromium = findBrowser();
const inBrowser = chromium === null ? test.skip : test;

/** To look at the pages: `SCREENSHOTS=folder`. */
const { SCREENSHOTS } = process.env;

let temporal: TestTemporal;
let bank: BankProcess;
let here: Scene;
let worker: KeeperProcess;
let browser: Browser;
let callbackServer: string;
const workers: KeeperProcess[] = [];
/** Every `state` of a link, and every code that the bank sent back. */
const states: string[] = [];
const codes = new Set<string>();

async function startWorker(callbackAddress: string): Promise<KeeperProcess> {
  const started = await here.startWorker({ KEEPER_CALLBACK_ADDRESS: callbackAddress });
  workers.push(started);
  return started;
}

beforeAll(async () => {
  if (chromium === null) return;
  [temporal, bank] = await Promise.all([temporalServer(), BankProcess.start('--no-rate-limits', '--session-gap', '1s')]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s', KEEPER_CALL_LIMITS: 'off' });
  [worker, browser] = await Promise.all([startWorker('127.0.0.1:0'), startBrowser(chromium)]);
  callbackServer = (await worker.waitForLine(/"callbackUrl":"([^"]+)"/))[1]!;
  const { certificate, signer } = certificateOfTheGuide(here.folder);
  const callbackUrl = `${callbackServer}bunq/callback`;
  const onboarded = await here.run('onboard', 'acme', '--certificate', certificate, '--signer', signer, '--callback-url', callbackUrl);
  expect(onboarded).toMatchObject({ code: 0 });
});

/** Everything that is true of every visit. */
afterEach(async () => {
  for (const endUser of endUsers.splice(0)) {
    const origins = new Set(endUser.requested.map(({ origin }) => origin));
    expect([...origins].filter((origin) => !ours().includes(origin))).toEqual([]);
    expect(await endUser.cookies()).toBe(0);
  }
});

const endUsers: EndUser[] = [];
const ours = () => [new URL(bank.apiUrl).origin, new URL(callbackServer).origin];

async function endUser(colorScheme?: 'light' | 'dark'): Promise<EndUser> {
  const person = await EndUser.sitDown(browser, colorScheme);
  endUsers.push(person);
  return person;
}

async function linkFor(user: string, validForMs?: number): Promise<UserLink> {
  const link = await here.keeper.connectUser('acme', user, { validForMs });
  states.push(stateOf(link));
  return link;
}

const stateOf = ({ authorizationUrl }: UserLink) => new URL(authorizationUrl).searchParams.get('state')!;

/** What the bank's page does when its button is clicked; the worker's answer may take a while. */
async function decide(tab: Page, decision: 'Accept' | 'Deny'): Promise<void> {
  const redirected = tab.waitForRequest((request) => request.url().startsWith(callbackServer));
  await tab.getByRole('button', { name: decision }).click({ noWaitAfter: true });
  const { searchParams } = new URL((await redirected).url());
  if (searchParams.has('code')) codes.add(searchParams.get('code')!);
}

/** The address is clean, and so is what the back button would lead to on this server. */
async function expectOutcome(person: EndUser, tab: Page, outcome: string): Promise<void> {
  await tab.waitForURL(`${callbackServer}bunq/callback?outcome=${outcome}`);
  const visited = (await person.history(tab)).filter(({ href }) => href.startsWith(callbackServer));
  expect(visited.map(({ search }) => search)).toEqual(visited.map(() => expect.stringMatching(/^\?outcome=[a-z-]+$/)));
  await shoot(tab, outcome);
}

async function shoot(tab: Page, name: string): Promise<void> {
  const path = join(SCREENSHOTS ?? '', `${name}.png`);
  if (SCREENSHOTS !== undefined && !existsSync(path)) await tab.screenshot({ path });
}

const redirectsSent = ({ requested }: EndUser) =>
  requested.filter(({ href, searchParams }) => href.startsWith(callbackServer) && (searchParams.has('code') || searchParams.has('error')));

/** Accepts, and stops in the middle of the exchange. */
async function holdExchange(tab: Page): Promise<() => Promise<unknown>> {
  await bank.fault({ kind: 'hold-answer', endpoint: 'POST /token' });
  await decide(tab, 'Accept');
  await until('the bank holds its answer', async () => (await bank.faults()).some(({ held }) => held > 0));
  return () => bank.release();
}

const authorizationOf = async (name: string) => (await here.keeper.status(name)).authorization?.status;

inBrowser('who accepts reads that the account is connected, and it is', async () => {
  const { authorizationUrl } = await linkFor('alice');
  const alice = await endUser();
  const tab = await alice.newTab();
  await tab.goto(authorizationUrl);
  expect((await read(tab)).text).toContain('My App PISP AISP asks for access to your accounts');
  await decide(tab, 'Accept');
  await expectOutcome(alice, tab, 'connected');
  const page = await read(tab);
  expect(page.title).toBe('Your account is connected');
  expect(page.text).toMatch(/Your account is connected\s+The bank has confirmed .+ nothing more to do\.\s+You can close this page\./);
  await until('alice is ACTIVE', async () => (await here.keeper.status('acme/alice')).state === 'ACTIVE');

  await tab.reload(); // sends no code again
  await expectOutcome(alice, tab, 'connected');
  expect(redirectsSent(alice).length).toBe(1);

  await tab.goBack(); // is the bank's page, and saying yes there once more changes nothing
  expect((await read(tab)).text).toContain('asks for access');
  await decide(tab, 'Accept');
  await expectOutcome(alice, tab, 'repeated-connected');
  expect((await read(tab)).text).toContain('Your account was connected with it');
});

inBrowser('who says no reads that nothing was connected', async () => {
  const { authorizationUrl } = await linkFor('bob');
  const bob = await endUser('dark');
  const tab = await bob.newTab();
  await tab.goto(authorizationUrl);
  await decide(tab, 'Deny');
  await expectOutcome(bob, tab, 'denied');
  expect(await read(tab)).toEqual({
    title: 'You said no',
    text: expect.stringContaining('You gave no access, and nothing was connected.'),
  });
  expect(await here.keeper.status('acme/bob')).toMatchObject({ state: 'AWAITING_AUTHORIZATION', session: null, consentedAt: null });

  await tab.goBack();
  await decide(tab, 'Accept');
  await expectOutcome(bob, tab, 'repeated-denied');
  expect((await read(tab)).text).toMatch(/You said no that time.+\n.*ask for a new link/s);
  expect(await authorizationOf('acme/bob')).toBe('denied');
});

inBrowser('who takes too long reads that the link has expired', async () => {
  const { authorizationUrl } = await linkFor('carol', 1);
  const carol = await endUser();
  const tab = await carol.newTab();
  await tab.goto(authorizationUrl);
  await decide(tab, 'Accept');
  await expectOutcome(carol, tab, 'expired');
  expect((await read(tab)).text).toContain('A link is good for a short time only. Nothing was connected.');
});

inBrowser('a forged or unknown state connects nothing, and leaves no trace in any history', async () => {
  await linkFor('dave');
  await until('dave is asked', async () => (await here.keeper.status('acme/dave')).worker !== false);
  const dave = await endUser();
  const tab = await dave.newTab();
  for (const state of [`${'A'.repeat(43)}.acme.dave`, `${'A'.repeat(43)}.acme.nobody`, 'anything', `${'A'.repeat(43)}.acme.dave.more`]) {
    await tab.goto(`${callbackServer}bunq/callback?code=forged-code-0123456789abcdef&state=${state}`);
    await expectOutcome(dave, tab, 'unknown');
    expect(await read(tab)).toEqual({ title: 'This link is not known here', text: expect.stringContaining('Nothing was connected.') });
  }
  codes.add('forged-code-0123456789abcdef');
  expect(await redirectsTaken('acme/dave')).toBe(0);
  expect(await authorizationOf('acme/dave')).toBe('asked');
});

inBrowser('two links of one end user, in two tabs, each do their own', async () => {
  const [first, second] = [await linkFor('erin'), await linkFor('erin')];
  const erin = await endUser();
  const [one, two] = [await erin.newTab(), await erin.newTab()];
  await one.goto(first.authorizationUrl);
  await two.goto(second.authorizationUrl);
  await decide(one, 'Deny');
  await expectOutcome(erin, one, 'denied');
  await decide(two, 'Accept');
  await expectOutcome(erin, two, 'connected');
});

inBrowser('the same link in two tabs connects once, and both pages say what came of it', async () => {
  const { authorizationUrl } = await linkFor('frank');
  const frank = await endUser();
  const tabs = [await frank.newTab(), await frank.newTab()];
  for (const tab of tabs) await tab.goto(authorizationUrl);
  await Promise.all(tabs.map((tab) => decide(tab, 'Accept')));
  for (const tab of tabs) await tab.waitForURL(/\?outcome=/);
  const outcomes = tabs.map((tab) => new URL(tab.url()).searchParams.get('outcome')).sort();
  expect(outcomes).toEqual([expect.stringMatching(/^(connected|pending)$/), expect.stringMatching(/^repeated-(pending|connected)$/)]);
  await until('frank is connected', async () => (await authorizationOf('acme/frank')) === 'connected'); // on a busy machine after the pages
  expect(await exchanges('acme/frank')).toBe(1);
});

inBrowser('who closes the page before it has come is connected all the same', async () => {
  const { authorizationUrl } = await linkFor('grace');
  const grace = await endUser();
  const tab = await grace.newTab();
  await tab.goto(authorizationUrl);
  const release = await holdExchange(tab);
  await tab.close();
  await release();
  await until('grace is connected', async () => (await authorizationOf('acme/grace')) === 'connected');
});

inBrowser('where Temporal is away, the page says that nothing is lost, and trying again in a moment connects', async () => {
  const { authorizationUrl } = await linkFor('heidi');
  const heidi = await endUser();
  const tab = await heidi.newTab();
  await tab.goto(authorizationUrl);
  await temporal.kill();
  await decide(tab, 'Accept');
  await tab.getByRole('heading', { name: 'Please try again in a moment' }).waitFor();
  expect(await read(tab)).toEqual({ title: 'Please try again in a moment', text: expect.stringContaining('Nothing is lost') });
  await shoot(tab, 'later');
  await temporal.restart();
  await until('it goes through', async () => {
    await tab.getByRole('link', { name: 'Try again' }).click();
    await tab.waitForLoadState();
    return tab.url().includes('?outcome=');
  });
  await expectOutcome(heidi, tab, 'connected');
});

inBrowser('a port that another worker has is named with its setting, before anything else happens', async () => {
  const { port } = new URL(callbackServer);
  const second = await here.run('worker', '--callback-port', port);
  expect(second).toMatchObject({ code: 2, stdout: '' });
  expect(second.stderr).toMatch(/^KEEPER_CALLBACK_ADDRESS .+ another process listens there/m);
  expect(await here.run('worker', '--callback-port', 'http')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('KEEPER_CALLBACK_ADDRESS is the address and port'),
  });
});

inBrowser('a worker that is stopped shows the end user in hand what came of it', async () => {
  const { authorizationUrl } = await linkFor('ivan');
  const ivan = await endUser();
  const tab = await ivan.newTab();
  await tab.goto(authorizationUrl);
  await here.startWorker(); // goes on where the other leaves off
  const release = await holdExchange(tab);
  worker.signal('SIGTERM');
  await worker.waitForLine(/"stopping/);
  await release();
  await expectOutcome(ivan, tab, 'connected');
  expect((await read(tab)).title).toBe('Your account is connected');
  expect(await worker.ended()).toMatchObject({ code: 0 });
});

inBrowser('neither code nor state stands in the log, which says of each link what came of it', async () => {
  const logs = workers.map(({ stdout, stderr }): Haystack => ({ name: 'log of a worker', bytes: stdout + stderr }));
  const secrets = [...states.map((value) => ({ label: 'state', value })), ...[...codes].map((value) => ({ label: 'code', value }))];
  expect(codes.size).toBeGreaterThan(6);
  expect(searchForSecrets(secrets, logs)).toEqual([]);
  const said = worker.lines.filter((line) => line.includes('link came back')).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(said).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ connection: 'acme/alice', outcome: 'connected' }),
      expect.objectContaining({ connection: 'acme/bob', outcome: 'denied' }),
      expect.objectContaining({ connection: null, outcome: 'unknown' }),
    ]),
  );
});

const handleOf = (name: string) => temporal.client.workflow.getHandle(`user.${here.environment}.${name.replace('/', '.')}`);

async function redirectsTaken(name: string): Promise<number> {
  const { events } = await handleOf(name).fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length;
}

/** How often a code was sent to the bank for it. */
async function exchanges(name: string): Promise<number> {
  const { events } = await handleOf(name).fetchHistory();
  return (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'exchangeAuthorizationCode')
    .length;
}
