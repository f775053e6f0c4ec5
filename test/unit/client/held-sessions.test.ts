import type { ConnectionWorkflows } from '../../../client/connection-workflows.ts';
import { KeeperError, NoSessionError } from '../../../client/errors.ts';
import { HeldSession } from '../../../client/held-sessions.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { Secret } from '../../../sealing/secret.ts';
import { systemClock } from '../../../settings/clock.ts';
import type { RefusalAnswer, SessionView } from '../../../workflows/messages.ts';
import { until } from '../../support/until.ts';

const keys = SealingKeySet.parse(newSealingKeys(new Date()), 'the test');
const CONNECTION = 'provider.test.acme';
const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number) => new Date(BEGIN + ms).toISOString();

async function session(sessionId: number, lifetimeMs = 3_600_000): Promise<SessionView> {
  return {
    sessionId,
    user: { kind: 'UserPerson', id: 7, displayName: null },
    openedAt: at(0),
    expiresAt: at(lifetimeMs),
    renewAt: at(lifetimeMs / 2),
    doubtful: false,
    sessionToken: await keys.seal('session-token', CONNECTION, new Secret(`token ${sessionId}`)),
    privateKey: await keys.seal('private-key', CONNECTION, new Secret('key')),
    serverPublicKeyPem: 'pem',
  };
}

type Answer = SessionView | null | 'no answer' | 'no such connection';

/** A keeper that answers as the test says, and one client that asks. */
function scene(answer: Answer) {
  let passedMs = 0;
  const asked: number[] = [];
  const reported: number[] = [];
  const keeper = {
    answer,
    report: null as RefusalAnswer | null,
    beforeAnswer: async () => {},
  };
  const workflows = {
    idOf: () => CONNECTION,
    noAnswer: async () => new KeeperError('No worker polls x.'),
    askOnce: async () => {
      asked.push(passedMs);
      const { answer } = keeper;
      await keeper.beforeAnswer();
      if (answer === 'no such connection') throw new KeeperError('There is no connection acme');
      return answer === 'no answer' ? null : { answer };
    },
    reportRefused: async (_name: string, sessionId: number) => {
      reported.push(sessionId);
      return keeper.report;
    },
  } as unknown as ConnectionWorkflows;
  const clock = { ...systemClock, nowMs: () => BEGIN + passedMs, monotonicMs: () => passedMs };
  const held = new HeldSession('acme', { workflows, sealingKeys: () => keys, clock, sessionGapMs: 30_000 });
  const pass = (ms: number) => {
    passedMs += ms;
  };
  const token = async () => (await held.get()).caller.sessionToken.text();
  return { keeper, held, token, pass, asked, reported };
}

test('any number of calls, at once or soon after, cost one question', async () => {
  const { token, pass, asked } = scene(await session(1));
  expect(new Set(await Promise.all(Array.from({ length: 20 }, token)))).toEqual(new Set(['token 1']));
  pass(14_000);
  await token();
  expect(asked).toEqual([0]);
});

test('later it is asked for beside the calls, and a new session is used as soon as it is known', async () => {
  const { keeper, token, pass, asked } = scene(await session(1));
  await token();
  keeper.answer = await session(2);
  pass(16_000);
  expect(await token()).toBe('token 1');
  await until('the new session is used', async () => (await token()) === 'token 2', { everyMs: 5 });
  expect(asked).toEqual([0, 16_000]);
});

test('much later the answer is waited for: the session held may have been closed', async () => {
  const { keeper, token, pass } = scene(await session(1));
  await token();
  keeper.answer = await session(2);
  pass(25_000);
  expect(await token()).toBe('token 2');
});

test('while nobody answers, what is held is used until it expires, and calls are held up once in five seconds', async () => {
  const { keeper, token, pass, asked } = scene(await session(1, 600_000));
  await token();
  keeper.answer = 'no answer';
  pass(60_000);
  expect(await token()).toBe('token 1');
  pass(1000);
  expect(await token()).toBe('token 1');
  expect(asked).toEqual([0, 60_000, 61_000]);
  pass(600_000);
  await expect(token()).rejects.toThrow('No worker polls x.');
});

test.each<[Answer, string]>([
  [null, 'acme has no valid session at this moment: bunq-keeper status acme'],
  ['no answer', 'No worker polls x.'],
  ['no such connection', 'There is no connection acme'],
])('%j is an error with its remedy', async (answer, message) => {
  await expect(scene(answer).token()).rejects.toThrow(message);
});

test('a session that is served no more is used no more', async () => {
  const { keeper, token, pass } = scene(await session(1));
  await token();
  keeper.answer = null;
  pass(25_000);
  await expect(token()).rejects.toThrow(NoSessionError);
});

describe('a refused token', () => {
  test('is reported once for any number of calls, and replaced', async () => {
    const { keeper, held, token, reported } = scene(await session(1));
    const refused = await held.get();
    keeper.report = { outcome: 'replaced', session: await session(2) };
    const replacements = await Promise.all([held.replacementFor(refused), held.replacementFor(refused)]);
    expect(replacements.map((one) => one?.view.sessionId)).toEqual([2, 2]);
    keeper.answer = await session(2);
    expect(await token()).toBe('token 2');
    expect(reported).toEqual([1]);
  });

  test('needs no report when another session is held already', async () => {
    const { keeper, held, token, pass, reported } = scene(await session(1));
    const refused = await held.get();
    keeper.answer = await session(2);
    pass(25_000);
    await token();
    expect((await held.replacementFor(refused))?.view.sessionId).toBe(2);
    expect(reported).toEqual([]);
  });

  test('is not brought back by an older question whose answer comes later', async () => {
    const { keeper, held, token, pass } = scene(await session(1));
    const refused = await held.get();
    let answerNow = () => {};
    keeper.beforeAnswer = () => new Promise((resolve) => (answerNow = () => resolve()));
    pass(16_000);
    await held.get(); // asks beside the call
    pass(100);
    keeper.report = { outcome: 'replaced', session: await session(2) };
    await held.replacementFor(refused);
    answerNow();
    await new Promise((resolve) => setImmediate(resolve));
    keeper.answer = 'no answer';
    keeper.beforeAnswer = async () => {};
    expect(await token()).toBe('token 2');
  });

  test.each<RefusalAnswer | null>([{ outcome: 'good', session: null }, { outcome: 'repairing', session: null }, null])(
    'stands when the keeper says %j',
    async (report) => {
      const { keeper, held } = scene(await session(1));
      const refused = await held.get();
      keeper.report = report;
      expect(await held.replacementFor(refused)).toBeNull();
    },
  );
});
