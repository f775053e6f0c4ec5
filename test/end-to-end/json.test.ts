import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { OutputName } from '../../client/schemas/index.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { documented } from '../support/documented-json.ts';
import { temporalServer } from '../support/temporal.ts';
import { certificateOfTheGuide, type Scene, scene } from './support/scene.ts';

/** What each command prints with --json is what is documented, to the last field; and with --quiet it prints nothing else. */

const CALLBACK = 'https://acme.example/callback';

let bank: Simulator;
let here: Scene;
let onboarding: string[];

beforeAll(async () => {
  const [temporal, simulator] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  bank = simulator;
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  await here.startWorker();
  const { certificate, signer } = certificateOfTheGuide(here.folder);
  onboarding = ['--certificate', certificate, '--signer', signer, '--callback-url', CALLBACK];
});
afterAll(() => bank.close());

async function expectPrinted(outputs: readonly OutputName[], args: readonly string[], stdin = ''): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await here.runWith(stdin, ...args, '--json', '--quiet');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const printed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(printed).toHaveLength(outputs.length);
  for (const [index, output] of outputs.entries()) expect(documented(output, printed[index])).toEqual(printed[index]);
  return printed;
}

test('onboard prints a status', async () => {
  await expectPrinted(['status'], ['onboard', 'acme', ...onboarding]);
});

test.each<[string, OutputName]>([
  ['status acme', 'status'],
  ['session acme --reveal', 'session'],
  ['oauth-client acme --reveal', 'oauth-client'],
  ['call acme GET /user', 'bank-answer'],
  ['callback-urls acme add https://acme.example/two', 'status'],
  ['doctor acme', 'findings'],
  ['sealing-keys status', 'sealing-keys'],
  ['sealing-keys reseal', 'resealed'],
])('%s prints %s', async (line, output) => {
  await expectPrinted([output], line.split(' '));
});

test('connect-user prints a link, and complete-user what came of it, and a status', async () => {
  const [link] = await expectPrinted(['authorization-link'], ['connect-user', 'acme', 'alice', '--redirect-url', CALLBACK, '--no-wait']);
  const { client_id: clientId, state } = Object.fromEntries(new URL(String(link!.authorizationUrl)).searchParams);
  const redirect = bank.authorize({ clientId: clientId!, redirectUri: CALLBACK, state: state! });
  await expectPrinted(['completed-authorization', 'status'], ['complete-user', 'acme', 'alice', '--redirect-url-file', '-'], redirect);
});

test('list prints a status a line, and renew --all what became of all of them besides', async () => {
  await expectPrinted(['listed', 'listed'], ['list']);
  await expectPrinted(['listed'], ['list', '--limit', '1']);
  await expectPrinted(['status', 'status', 'mass-renewal'], ['renew', '--all']);
});

test('for a name that there is not, those that were perhaps meant are named', async () => {
  const meant = await here.run('status', 'acmee');
  expect(meant.stderr).toMatch(/There is no connection acmee in .*\. Did you mean acme\? Those that are there: bunq-keeper list/);
  expect(meant).toMatchObject({ code: 1, stdout: '' });
  expect((await here.run('status', 'acme/alcie')).stderr).toMatch(/Did you mean acme\/alice\?/);
});

test('disconnect prints a status with the sessions that were left open', async () => {
  await expectPrinted(['disconnected'], ['disconnect', 'acme/alice', '--yes']);
});
