import { type BankCallInit, BankCalls } from '../../../client/bank-calls.ts';
import type { ConnectionWorkflows } from '../../../client/connection-workflows.ts';
import { UsageError } from '../../../client/errors.ts';
import { NotPermittedError } from '../../../client/permit-check.ts';
import type { ClientSettings } from '../../../client/settings.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { Secret } from '../../../sealing/secret.ts';
import { systemClock } from '../../../settings/clock.ts';
import type { RefusalAnswer, SessionView } from '../../../workflows/messages.ts';
import { type AnswerOf, closeAll, httpBank, privateKey, type SeenRequest, serverPublicKeyPem } from '../bunq/support.ts';

const keys = SealingKeySet.parse(newSealingKeys(new Date()), 'the test');
const CONNECTION = 'provider.test.acme';
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

async function session(sessionId: number): Promise<SessionView> {
  return {
    sessionId,
    user: { kind: 'UserPerson', id: 7, displayName: null },
    openedAt: new Date().toISOString(),
    expiresAt: inAnHour,
    renewAt: new Date(Date.now() + 1_800_000).toISOString(),
    doubtful: false,
    sessionToken: await keys.seal('session-token', CONNECTION, new Secret(`token-${sessionId}`)),
    privateKey: await keys.seal('private-key', CONNECTION, privateKey),
    serverPublicKeyPem,
  };
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  closeAll();
});

const tokenOf = ({ headers }: SeenRequest) => headers['x-bunq-client-authentication'];

/** A bank that refuses the first session's token, and a keeper that answers reports as told. */
async function scene(
  report: Omit<RefusalAnswer, 'session'> & { replacement?: number },
  answer?: (request: SeenRequest) => AnswerOf,
  { egress, ...more }: Partial<ClientSettings> = {},
) {
  const refusal: AnswerOf = { status: 401, body: { Error: [{ error_description: 'Insufficient authentication.' }] } };
  const { bank, seen } = await httpBank(answer ?? ((request) => (tokenOf(request) === 'token-1' ? refusal : {})));
  const reported: number[] = [];
  const workflows = {
    idOf: () => CONNECTION,
    askOnce: async () => ({ answer: { ...(await session(1)), ...(egress !== undefined && { egress }) } }),
    reportRefused: async (_name: string, sessionId: number): Promise<RefusalAnswer> => {
      reported.push(sessionId);
      return { outcome: report.outcome, session: report.replacement === undefined ? null : await session(report.replacement) };
    },
  } as unknown as ConnectionWorkflows;
  const at = { name: 'test', apiUrl: bank.apiUrl, authorizeUrl: null, tokenUrl: null };
  const settings = { bank: at, egress: 'default', pacing: null, ...more };
  const calls = new BankCalls(settings, {
    workflows,
    rolesOf: async () => ['AISP'],
    sealingKeys: () => keys,
    clock: systemClock,
    sessionGapMs: 30_000,
  });
  ends.push(() => calls.close());
  return { fetch: (path: string, init: BankCallInit = {}) => calls.fetch('acme', path, init), seen, reported };
}

test('a call whose token is refused is reported, and repeated once on the session that replaced it, byte for byte', async () => {
  const { fetch, seen, reported } = await scene({ outcome: 'replaced', replacement: 2 });
  const body = new Blob(['{ "a": 1 }']).stream();
  expect((await fetch('/user/{userId}/note', { method: 'POST', body })).status).toBe(200);
  expect(seen.map((request) => [tokenOf(request), request.url, request.body.toString()])).toEqual([
    ['token-1', '/v1/user/7/note', '{ "a": 1 }'],
    ['token-2', '/v1/user/7/note', '{ "a": 1 }'],
  ]);
  expect(seen[0]!.headers['x-bunq-client-request-id']).not.toBe(seen[1]!.headers['x-bunq-client-request-id']);
  expect(reported).toEqual([1]);
});

test('it is repeated once and no more', async () => {
  const { fetch, seen } = await scene({ outcome: 'replaced', replacement: 2 }, () => ({ status: 401, body: { Error: [] } }));
  expect((await fetch('/user')).status).toBe(401);
  expect(seen).toHaveLength(2);
});

test.each(['good', 'repairing'] as const)("when the keeper says %s, the bank's own answer is the caller's", async (outcome) => {
  const { fetch, seen } = await scene({ outcome });
  const answer = await fetch('/user');
  expect([answer.status, await answer.json(), seen.length]).toEqual([
    401,
    { Error: [{ error_description: 'Insufficient authentication.' }] },
    1,
  ]);
});

test.each([
  [403, 'You do not have the role for this.'],
  [429, 'Too many requests.'],
  [500, 'Oops.'],
])('%i is no refused token: it is reported to nobody', async (status, text) => {
  const { fetch, reported } = await scene({ outcome: 'good' }, () => ({ status, body: { Error: [{ error_description: text }] } }));
  expect((await fetch('/user')).status).toBe(status);
  expect(reported).toEqual([]);
});

test.each<[string, BankCallInit]>([
  ['https://elsewhere.example/', {}],
  ['/user/{userID}', {}],
  ['/user', { method: 'PATCH' }],
  ['/user', { body: '{}' }],
  ['/user', { headers: { 'X-Bunq-Client-Authentication': 'x' } }],
])('%s with %j is refused before anything is asked', async (path, init) => {
  const { fetch, seen } = await scene({ outcome: 'good' });
  await expect(fetch(path, init)).rejects.toBeInstanceOf(UsageError);
  expect(seen).toEqual([]);
});

test('a call that the certificate does not allow is refused before anything is sent', async () => {
  const { fetch, seen } = await scene({ outcome: 'good' }, () => ({}));
  const path = '/user/{userId}/monetary-account/12/draft-payment';
  const refused = fetch(path, { method: 'POST', body: '{}' });
  await expect(refused).rejects.toBeInstanceOf(NotPermittedError);
  await expect(refused).rejects.toMatchObject({ exitCode: 2, roles: ['AISP'], needs: ['PISP'] });
  expect(seen).toEqual([]);
  expect((await fetch(path)).status).toBe(200);
});

test('who gives a call up gets what he gave it up with', async () => {
  const stop = new AbortController();
  const { fetch } = await scene({ outcome: 'good' }, () => {
    stop.abort(new Error('enough'));
    return {};
  });
  await expect(fetch('/user', { signal: stop.signal })).rejects.toThrow('enough');
});

test('a bank that cannot be reached is an error that says whether anything was sent, and what to do', async () => {
  const { fetch } = await scene({ outcome: 'good' });
  closeAll();
  await expect(fetch('/user')).rejects.toMatchObject({
    code: 'BUNQ_UNREACHABLE',
    sent: false,
    message: expect.stringContaining(
      'Check the network, and HTTPS_PROXY or KEEPER_EGRESS_VIA where one is needed: bunq-keeper doctor acme',
    ),
  });
});

describe('a process that leaves by the way of its egress', () => {
  const way = { localAddress: '127.0.0.2' };

  test.each(['default', undefined])('calls for a connection of that egress, or of one that is not told: %s', async (egress) => {
    const { fetch, seen } = await scene({ outcome: 'good' }, () => ({}), { way, ...(egress !== undefined && { egress }) });
    expect((await fetch('/user')).status).toBe(200);
    expect(seen).toHaveLength(1);
  });

  test('calls for none of another egress: nothing is sent, and nobody is told that its session was refused', async () => {
    const { fetch, seen, reported } = await scene({ outcome: 'good' }, () => ({}), { way, egress: 'fra-1' });
    await expect(fetch('/user')).rejects.toThrow(UsageError);
    await expect(fetch('/user')).rejects.toThrow(/acme is of egress fra-1, and this process leaves by the way of egress default/);
    expect([seen, reported]).toEqual([[], []]);
  });

  test('and one that leaves as the machine does calls for any', async () => {
    const { fetch } = await scene({ outcome: 'good' }, () => ({}), { egress: 'fra-1' });
    expect((await fetch('/user')).status).toBe(200);
  });
});
