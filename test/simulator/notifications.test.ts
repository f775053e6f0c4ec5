import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../../simulator/index.ts';
import { bankForEachTest, MINUTE_MS } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { isSignedByBank, type LoggedIn, logInUser, type Received } from './client.ts';
import { connect, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();

/** A provider's own server: what it was told, and what it answers. */
async function receiver(status = 200) {
  const told: Received[] = [];
  const answers = { status };
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    told.push({ status: 0, headers: incoming.headers, text, json: JSON.parse(text) });
    outgoing.writeHead(answers.status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/told`, told, answers, close };
}

let provided: Awaited<ReturnType<typeof receiver>>;
beforeEach(async () => {
  provided = await receiver();
});
afterEach(() => provided.close());

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const setFilters = ({ call, userId }: LoggedIn, ...filters: { category: string; notification_target: string }[]) =>
  call('POST', `/user/${userId}/notification-filter-url`, { body: { notification_filters: filters } });

const toldByOAuth = (provider: LoggedIn) => setFilters(provider, { category: 'OAUTH', notification_target: provided.url });

const notification = () => bank.simulator.state().notifications[0]!;

describe('filters', () => {
  test('those that are given replace those that were there', async () => {
    const { provider } = await providerWithClient(bank.apiUrl);
    const path = `/user/${provider.userId}/notification-filter-url`;
    await setFilters(provider, { category: 'MUTATION', notification_target: 'https://app.example/old' });
    const { json, status } = await setFilters(
      provider,
      { category: 'MUTATION', notification_target: 'https://app.example/told' },
      { category: 'OAUTH', notification_target: provided.url },
    );
    expect(status).toBe(200);
    const listed = (await provider.call('GET', path)).json;
    expect(listed).toHaveProperty('Pagination');
    expect(listed.Response).toMatchObject([
      { NotificationFilterUrl: { id: json.Response[0].Id.id, category: 'OAUTH', notification_target: provided.url } },
      { NotificationFilterUrl: { category: 'MUTATION', notification_target: 'https://app.example/told' } },
    ]);
    expect((await provider.call('GET', `${path}/${json.Response[0].Id.id}`)).json.Response).toEqual([listed.Response[0]]);
    await setFilters(provider);
    expect((await provider.call('GET', path)).json.Response).toEqual([]);
  });

  test.each([
    [{ category: 'OAUTH', notification_target: 'http://app.example/told' }],
    [{ category: 'OAUTH', notification_target: 'told' }],
    [{ category: '', notification_target: 'https://app.example/told' }],
  ])('%j is refused', async (filter) => {
    expect((await setFilters(await logInUser(bank.apiUrl), filter)).status).toBe(400);
  });

  test("another user's are not there", async () => {
    const { provider } = await providerWithClient(bank.apiUrl);
    const other = await logInUser(bank.apiUrl);
    expect((await other.call('GET', `/user/${provider.userId}/notification-filter-url`)).status).toBe(404);
  });
});

test('a revoked grant is told to the provider, signed like any answer of the bank', async () => {
  const client = await providerWithClient(bank.apiUrl);
  await toldByOAuth(client.provider);
  const { userApiKeyId, user } = await connect(bank.simulator, bank.apiUrl, client);
  bank.simulator.revokeGrant({ userApiKeyId });
  await until(() => notification().deliveredAt !== null);
  expect(provided.told).toHaveLength(1);
  const [told] = provided.told as [Received];
  expect(told.json).toEqual({
    NotificationUrl: {
      target_url: provided.url,
      category: 'OAUTH',
      event_type: 'OAUTH_REVOKED',
      object: {
        UserApiKey: expect.objectContaining({
          id: userApiKeyId,
          requested_by_user: user.requested_by_user,
          granted_by_user: user.granted_by_user,
        }),
      },
    },
  });
  expect(told.headers['content-type']).toBe('application/json');
  expect(isSignedByBank(told, client.provider.installed.serverPublicKeyPem)).toBe(true);
  expect(isSignedByBank({ ...told, text: `${told.text} ` }, client.provider.installed.serverPublicKeyPem)).toBe(false);
  bank.simulator.revokeGrant({ userApiKeyId });
  expect(bank.simulator.state().notifications).toHaveLength(1); // it had ended already
});

test('only who asked for it is told, and only of its own', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const other = await providerWithClient(bank.apiUrl, pseudoCertificate('Another App AISP'));
  await toldByOAuth(other.provider);
  await setFilters(client.provider, { category: 'MUTATION', notification_target: provided.url });
  const { userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client);
  bank.simulator.revokeGrant({ userApiKeyId });
  expect(bank.simulator.state().notifications).toEqual([]);
});

test('what is not taken is repeated five times, a minute apart by the clock', async () => {
  provided.answers.status = 500;
  const client = await providerWithClient(bank.apiUrl);
  await toldByOAuth(client.provider);
  const { userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client);
  bank.simulator.revokeGrant({ userApiKeyId });
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    await until(() => notification().attempts.length === attempt);
    bank.simulator.advanceClock(MINUTE_MS - 1);
    expect(notification().attempts).toHaveLength(attempt);
    bank.simulator.advanceClock(1);
  }
  expect(notification()).toMatchObject({ dueAt: null, deliveredAt: null });
  expect(provided.told).toHaveLength(6);
  expect(new Set(provided.told.map(({ text }) => text)).size).toBe(1);
});

test('it is not repeated once it was taken; how often and how soon are settings', async () => {
  provided.answers.status = 302;
  bank.simulator.changeSettings({ callbackRepeats: 2, callbackRepeatMs: 10 });
  const client = await providerWithClient(bank.apiUrl);
  await toldByOAuth(client.provider);
  const [one, two] = [await connect(bank.simulator, bank.apiUrl, client), await connect(bank.simulator, bank.apiUrl, client)];
  bank.simulator.revokeGrant({ userApiKeyId: one.userApiKeyId });
  await until(() => notification().attempts.length === 1);
  provided.answers.status = 204;
  bank.simulator.advanceClock(10);
  await until(() => notification().deliveredAt !== null);
  expect(notification().attempts.map(({ status }) => status)).toEqual([302, 204]);

  provided.answers.status = 404;
  bank.simulator.revokeGrant({ userApiKeyId: two.userApiKeyId });
  const second = () => bank.simulator.state().notifications[1]!;
  for (const attempts of [1, 2, 3]) {
    await until(() => second().attempts.length === attempts);
    bank.simulator.advanceClock(10);
  }
  expect(second().dueAt).toBeNull();
});

test('nobody answers: it is repeated too', async () => {
  const client = await providerWithClient(bank.apiUrl);
  await toldByOAuth(client.provider);
  await provided.close();
  const { userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client);
  bank.simulator.revokeGrant({ userApiKeyId });
  await until(() => notification().attempts.length === 1);
  expect(notification()).toMatchObject({ attempts: [{ status: null }], dueAt: expect.any(String) });
});

test('grants, codes and what has still to be told outlive the bank', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bank-'));
  const stateFile = join(folder, 'bank.state');
  try {
    const nowMs = Date.now();
    const first = await startSimulator({ stateFile, rateLimits: false, nowMs: () => nowMs });
    const client = await providerWithClient(first.apiUrl);
    await toldByOAuth(client.provider);
    const { userApiKeyId } = await connect(first, first.apiUrl, client);
    const living = await connect(first, first.apiUrl, client);
    provided.answers.status = 500;
    first.revokeGrant({ userApiKeyId });
    await until(() => first.state().notifications[0]!.attempts.length === 1);
    const [{ now: _, ...state }, secrets] = [first.state(), first.secrets()];
    await first.close();

    const second = await startSimulator({ stateFile, rateLimits: false, nowMs: () => nowMs });
    const { now: __, ...stateAfter } = second.state();
    expect(stateAfter).toEqual(state);
    expect(second.secrets()).toEqual(secrets);
    expect(second.grants().map(({ status }) => status)).toEqual(['REVOKED', 'ACTIVE']);
    expect(second.secrets()).toContainEqual({ kind: 'access-token', id: expect.any(Number), value: living.accessToken });
    provided.answers.status = 200;
    second.advanceClock(MINUTE_MS);
    await until(() => second.state().notifications[0]!.deliveredAt !== null);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
