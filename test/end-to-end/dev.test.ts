import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { manageSimulator, startSimulator } from '../../simulator/index.ts';
import type { ConnectionStatus } from '../../workflows/messages.ts';
import { type KeeperProcess, keeper } from '../support/process.ts';
import { temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askedBy } from './support/consents.ts';
import { demoFolder, startScript } from './support/script.ts';

/** `npm start`: everything on this machine, in a folder of its own. */

const dev = (folder: string, args: string[], env: Record<string, string> = {}) =>
  startScript('keeper.mjs', ['dev', ...args], { TEMPORAL_CONFIG_FILE: '/dev/null', ...env }, folder);

/** The settings that dev writes for other commands, as a shell would source them. */
const settingsIn = (file: string): Record<string, string> =>
  Object.fromEntries([...readFileSync(file, 'utf8').matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('dev starts a killed worker again, shows the first session being renewed, and leaves nothing behind at Ctrl-C', async () => {
  const folder = demoFolder();
  const running = dev(folder, []);
  const [, killed] = await running.waitForLine(/^Worker: pid (\d+)/);
  await running.waitForLine(/^GET \/user +the bank says: UserPaymentServiceProvider \d+/);
  process.kill(Number(killed), 'SIGKILL');
  await running.waitForLine(/^The worker ended \(SIGKILL\); starting another\.$/);
  const workers = () => running.lines.flatMap((line) => /^Worker: pid (\d+)/.exec(line)?.[1] ?? []);
  await until('another worker runs', () => workers().length === 2);
  const env = settingsIn(join(folder, '.bunq-keeper/env'));
  const status = async () =>
    JSON.parse((await keeper(['status', 'demo', '--json'], { env })).stdout) as ConnectionStatus & { worker?: false };
  const first = await until('the new worker answers', async () => {
    const now = await status();
    return now.worker === false ? null : now;
  });
  expect(first.state).toMatch(/^(ACTIVE|RENEWING)$/);

  const [, expires] = await running.waitForLine(/^\S+ RENEWED: the new session expires (\S+);/);
  const renewed = await status();
  expect(renewed).toMatchObject({ state: 'ACTIVE', session: { expiresAt: expires } });
  expect(Date.parse(expires!) - Date.parse(first.session!.expiresAt)).toBeGreaterThan(80 * 24 * 60 * 60 * 1000);

  running.signal('SIGINT');
  expect(await running.ended()).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('what was onboarded is kept for the next run'),
  });
  expect(workers().map(Number).filter(isAlive)).toEqual([]);
  const { TEMPORAL_ADDRESS } = env;
  expect(await keeper(['status', 'demo'], { env })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`No Temporal server answers at ${TEMPORAL_ADDRESS}`),
  });
});

/** What a click on the link that was printed last comes to: the page that the end user lands on. */
async function click(running: KeeperProcess, how: { deny?: boolean } = {}): Promise<string> {
  const [, manageUrl] = await running.waitForLine(/management: (\S+)\)/);
  const link = running.lines.flatMap((line) => /^ {2}(http\S+\/auth\?\S+)$/.exec(line)?.[1] ?? []).at(-1)!;
  const redirectUrl = await manageSimulator(manageUrl!).authorize({ ...askedBy(link), ...how });
  return (await fetch(redirectUrl)).url;
}

test('dev connects a demo user: it prints a link, what came of it, and the accounts; and again at the next run, at another port', async () => {
  const folder = demoFolder();
  const running = dev(folder, []);
  await running.waitForLine(/^ {2}http\S+\/auth\?\S+$/);
  expect(await click(running, { deny: true })).toMatch(/\?outcome=denied$/);
  await running.waitForLine(/The end user of demo\/alice denied access\./);
  await until('another link is printed', () => running.lines.filter((line) => /\/auth\?/.test(line)).length === 2);
  expect(await click(running)).toMatch(/\?outcome=connected$/);
  const read = /demo\/alice is ACTIVE; GET \/user\/\{userId\}\/monetary-account: .+, NL\d\dBUNQ\d+, [\d.]+ EUR$/;
  await running.waitForLine(read);
  const env = settingsIn(join(folder, '.bunq-keeper/env'));
  const called = await keeper(['call', 'demo/alice', 'GET', '/user/{userId}/monetary-account'], { env });
  expect(called).toMatchObject({ code: 0, stdout: expect.stringContaining('"MonetaryAccountBank"') });
  const [, former] = await running.waitForLine(/^callback URL +http:\/\/localhost:(\d+)\/callback$/);
  running.signal('SIGINT');
  expect(await running.ended()).toMatchObject({ code: 0 });

  const taken = createServer().listen(Number(former), '127.0.0.1');
  try {
    const next = dev(folder, []);
    const [, port] = await next.waitForLine(/^callback URL +http:\/\/localhost:(\d+)\/callback$/);
    expect(port).not.toBe(former);
    await next.waitForLine(read);
    next.signal('SIGINT');
    expect(await next.ended()).toMatchObject({ code: 0 });
  } finally {
    taken.close();
  }
});

test('dev --sandbox speaks to the sandbox and not to a simulator, and keeps its connections apart', async () => {
  const folder = demoFolder();
  const sandbox = await startSimulator();
  try {
    const { code, stdout, stderr } = await dev(folder, ['--sandbox', '--once'], { BUNQ_KEEPER_SANDBOX_STAND_IN: sandbox.apiUrl }).ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('Simulated bank') });
    expect(stdout).toMatch(/provider\.sandbox\.demo/);
    expect(stdout).toMatch(/\nACTIVE\n$/);
    expect(sandbox.state().sessions).toHaveLength(1);
    expect(existsSync(join(folder, '.bunq-keeper/sandbox/sealing-keys.json'))).toBe(true);
    expect(existsSync(join(folder, '.bunq-keeper/sealing-keys.json'))).toBe(false);
    expect(readFileSync(join(folder, '.bunq-keeper/.gitignore'), 'utf8')).toBe('*\n');
  } finally {
    await sandbox.close();
  }
});

test('a stand-in for the sandbox is refused anywhere but on loopback', async () => {
  const refused = await dev(demoFolder(), ['--sandbox', '--once'], { BUNQ_KEEPER_SANDBOX_STAND_IN: 'http://10.0.0.1/v1' }).ended();
  expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is for addresses on loopback only') });
});

test('dev --temporal uses the server on loopback that it is given', async () => {
  const temporal = await temporalServer();
  const { code, stdout, stderr } = await dev(demoFolder(), ['--once', '--temporal', temporal.address]).ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/^Temporal: /m) });
  expect(stdout).toMatch(/\nACTIVE\n$/);
  const { status } = await temporal.client.workflow.getHandle('provider.simulator.demo').describe();
  expect(status.name).toBe('RUNNING');
});
