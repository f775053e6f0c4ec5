import { afterEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../../bunq/bank.ts';
import { CallLimits, endpointPattern, WINDOW_MS } from '../../../bunq/call-limits.ts';
import { rawCall } from '../../../bunq/raw-call.ts';
import type { Method } from '../../../bunq/send.ts';
import { bunqErrorOf, closeAll, httpBank, realClock, sessionCaller } from './support.ts';

afterEach(closeAll);

/** When each of so many calls may leave that all come at once. */
function departures(method: Method, calls: number, processes = 1): number[] {
  const limits = new CallLimits({ processes });
  return Array.from({ length: calls }, () => limits.take(method, 'user', 0).atMs);
}

test.each<[Method, number, number[]]>([
  ['GET', 1, [0, 0, 0, 1, 1, 1, 2]],
  ['POST', 1, [0, 0, 0, 0, 0, 1]],
  ['PUT', 1, [0, 0, 1, 1, 2]],
  ['DELETE', 1, [0, 0, 1]],
  ['GET', 2, [0, 1, 2]],
  ['POST', 2, [0, 0, 1, 1, 2]],
  ['PUT', 2, [0, 1, 2]],
  ['GET', 100, [0, 1, 2]],
])('%s by one of %i processes: calls that come at once leave in the windows %j', (method, processes, windows) => {
  expect(departures(method, windows.length, processes)).toEqual(windows.map((window) => window * WINDOW_MS));
});

test('the window slides: a call counts until it is three seconds and a margin old', () => {
  const limits = new CallLimits({ processes: 1 });
  for (const nowMs of [0, 1000, 2000]) expect(limits.take('GET', 'user', nowMs).atMs).toBe(nowMs);
  expect(limits.waitMs('GET', 'user', 2500)).toBe(WINDOW_MS - 2500);
  expect(limits.waitMs('GET', 'user', WINDOW_MS)).toBe(0);
  expect(limits.take('GET', 'user', WINDOW_MS).atMs).toBe(WINDOW_MS);
  expect(limits.waitMs('GET', 'user', WINDOW_MS)).toBe(1000);
});

test.each([
  ['user/12/monetary-account/34', 'GET user/{id}/monetary-account/{id}'],
  ['user/13/monetary-account?count=10', 'GET user/{id}/monetary-account'],
  ['attachment-public/f0000000-0000-4000-8000-00000000abcd/content', 'GET attachment-public/{id}/content'],
  ['user', 'GET user'],
])('%s counts as %s', (path, pattern) => {
  expect(endpointPattern('GET', path)).toBe(pattern);
});

test('ids share a limit; methods and endpoints have each their own', () => {
  const limits = new CallLimits({ processes: 1 });
  for (const id of [1, 2, 3]) limits.take('GET', `user/${id}`, 0);
  expect(limits.waitMs('GET', 'user/4', 0)).toBe(WINDOW_MS);
  expect(limits.waitMs('GET', 'user', 0)).toBe(0);
  expect(limits.waitMs('PUT', 'user/4', 0)).toBe(0);
});

test('a session is never held back: others pace it', () => {
  const limits = new CallLimits({ processes: 9 });
  for (let calls = 0; calls < 9; calls++) expect(limits.take('POST', 'session-server', 0).atMs).toBe(0);
});

test('a place that was not used is free again', () => {
  const limits = new CallLimits({ processes: 1 });
  const [first, second] = [limits.take('PUT', 'user/1', 0), limits.take('PUT', 'user/1', 0)];
  const third = limits.take('PUT', 'user/1', 0);
  expect(limits.leftMs(third, 0)).toBe(WINDOW_MS);
  limits.giveBack(second);
  expect(limits.waitMs('PUT', 'user/1', 0)).toBe(WINDOW_MS);
  limits.giveBack(third);
  expect(limits.waitMs('PUT', 'user/1', 0)).toBe(0);
  expect(first.atMs).toBe(0);
});

test('who waits for a call that left late waits longer', () => {
  const limits = new CallLimits({ processes: 3 });
  const first = limits.take('GET', 'user', 0);
  const second = limits.take('GET', 'user', 10);
  limits.left(first, 1500);
  expect(limits.leftMs(second, 10)).toBe(1500 + WINDOW_MS - 10);
});

describe('a call of a bank that keeps the limits', () => {
  /** A clock that stands, but for what is waited for. */
  function standingClock(): Clock & { waited: number[] } {
    let monotonicMs = 1_000_000;
    const waited: number[] = [];
    const wait = async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      waited.push(ms);
      monotonicMs += ms;
    };
    return { ...realClock, monotonicMs: () => monotonicMs, wait, waited };
  }
  const get = { method: 'GET', path: 'user' };

  test('waits its turn, before it is signed or connected and without losing time of its own', async () => {
    const clock = standingClock();
    const { bank, seen } = await httpBank(() => ({}), { clock, pacing: { processes: 3, longestWaitMs: Number.POSITIVE_INFINITY } });
    const order: string[] = [];
    await rawCall(bank, sessionCaller, get);
    const beforeSend = async () => void order.push(`sent after ${clock.waited.join()} ms`);
    await rawCall(bank, sessionCaller, get, { beforeSend });
    expect(order).toEqual([`sent after ${WINDOW_MS} ms`]);
    expect(seen).toHaveLength(2);
  });

  test('is not made when it would wait longer than it may, and says when it can be', async () => {
    const clock = standingClock();
    const { bank, seen } = await httpBank(() => ({}), { clock, pacing: { processes: 3, longestWaitMs: 1000 } });
    await rawCall(bank, sessionCaller, get);
    const error = await bunqErrorOf(rawCall(bank, sessionCaller, get));
    expect(error).toMatchObject({ code: 'BUNQ_CALL_POSTPONED', sent: false, retryInMs: WINDOW_MS, endpoint: 'GET /v1/user' });
    expect([seen.length, clock.waited]).toEqual([1, []]);
  });

  test('can be given up while it waits, and leaves its turn to another', async () => {
    const clock = standingClock();
    const { bank, seen } = await httpBank(() => ({}), { clock, pacing: { processes: 3, longestWaitMs: Number.POSITIVE_INFINITY } });
    await rawCall(bank, sessionCaller, get);
    const signal = AbortSignal.abort();
    expect(await bunqErrorOf(rawCall(bank, sessionCaller, get, { signal }))).toMatchObject({ code: 'BUNQ_UNREACHABLE', sent: false });
    await rawCall(bank, sessionCaller, get);
    expect([seen.length, clock.waited]).toEqual([2, [WINDOW_MS]]);
  });

  test('that the fence forbids takes no turn', async () => {
    const clock = standingClock();
    const { bank } = await httpBank(() => ({}), { clock, pacing: { processes: 3, longestWaitMs: 0 } });
    const beforeSend = async () => {
      throw new Error('forbidden');
    };
    await expect(rawCall(bank, sessionCaller, get, { beforeSend })).rejects.toThrow('forbidden');
    await rawCall(bank, sessionCaller, get);
  });
});
