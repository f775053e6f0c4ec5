import { generateKeyPairSync, sign } from 'node:crypto';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { KeeperProcess } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askedBy, untilActive } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** The bank tells that an end user took access back. The sessions last for days: without it nobody would look. */

const [bankKey, otherKey] = [newKey(), newKey()];

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;
let notificationUrl: string;
const endUserOf: Record<string, number> = {};

function newKey() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

beforeAll(async () => {
  const serverPrivateKeyPem = bankKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false, sessionGapMs: 100, serverPrivateKeyPem })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '100ms', KEEPER_CALL_LIMITS: 'off' });
  worker = await here.startWorker({ KEEPER_CALLBACK_ADDRESS: '127.0.0.1:0', KEEPER_NOTIFICATION_SENDERS: 'bunq,127.0.0.1' });
  const callbackServer = (await worker.waitForLine(/"callbackUrl":"([^"]+)"/))[1]!;
  notificationUrl = `${callbackServer}bunq/notification/acme`;
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [`${callbackServer}bunq/callback`]));
  await isActive('acme');
  for (const user of ['alice', 'bob']) await connect(user);
  const notification_filters = [{ category: 'OAUTH', notification_target: notificationUrl }];
  const body = JSON.stringify({ notification_filters });
  expect((await here.keeper.fetch('acme', '/user/{userId}/notification-filter-url', { method: 'POST', body })).status).toBe(200);
});
afterAll(() => bank.close());

const isActive = (name: string) => untilActive(here, name);

/** The browser's part is that of another test. */
async function connect(user: string): Promise<void> {
  const { authorizationUrl } = await here.keeper.connectUser('acme', user);
  const { id } = bank.createEndUser({ displayName: user });
  endUserOf[user] = id;
  const request = { ...askedBy(authorizationUrl), user: id };
  expect((await fetch(bank.authorize(request))).url).toMatch(/\?outcome=connected$/);
  await isActive(`acme/${user}`);
}

/** As the bank sends it, but for the signature. */
async function notify(user: string, key: typeof bankKey): Promise<number> {
  const { session } = await here.keeper.status(`acme/${user}`);
  const body = JSON.stringify({ NotificationUrl: { category: 'OAUTH', object: { UserApiKey: { id: session!.userId } } } });
  const signature = sign('sha256', Buffer.from(body), key).toString('base64');
  const answer = await fetch(notificationUrl, { method: 'POST', body, headers: { 'X-Bunq-Server-Signature': signature } });
  return answer.status;
}

const readingsOf = (userId: number) => bank.requests().filter((request) => request.endpoint === 'GET /user' && request.userId === userId);

test('a notification that the bank has not signed is refused, and nobody looks', async () => {
  const { session } = await here.keeper.status('acme/bob');
  const before = readingsOf(session!.userId).length;
  expect(await notify('bob', otherKey)).toBe(403);
  expect((await fetch(notificationUrl, { method: 'POST', body: '{}' })).status).toBe(403);
  expect((await fetch(notificationUrl.replace('acme', 'nobody'), { method: 'POST', body: '{}' })).status).toBe(403);
  expect(readingsOf(session!.userId).length).toBe(before);
});

test('a notification that is not true costs one reading, and no session', async () => {
  const { session } = await here.keeper.status('acme/bob');
  const before = readingsOf(session!.userId).length;
  expect(await notify('bob', bankKey)).toBe(200);
  await until('bob has looked', () => readingsOf(session!.userId).length > before);
  expect(await here.keeper.status('acme/bob')).toMatchObject({ state: 'ACTIVE', session });
});

test('an end user who takes access back is known within a minute, and the others go on being served', async () => {
  bank.revokeGrantsOf({ user: endUserOf.alice! });
  await until('alice is refused', async () => (await here.keeper.status('acme/alice')).revoked, {
    seen: () => worker.stderr.slice(-1500),
  });
  expect(worker.lines.filter((line) => line.includes('looked into')).at(-1)).toContain('"connections":["acme/alice"]');
  await isActive('acme/bob'); // whom the gate may have asked to renew, to tell the address from the access token
  expect(bank.state().notifications.map(({ deliveredAt }) => deliveredAt)).toEqual([expect.any(String)]);
});
