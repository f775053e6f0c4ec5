import { describe, expect, test } from '@jest/globals';
import { describeForecast, exitCodeOf, interrupted, milestone, progressLine, renewalRemarks } from '../../../client/describe-renewal.ts';
import { KeeperError, NotRunningError, UsageError } from '../../../client/errors.ts';
import type { KnownStatus } from '../../../client/known-status.ts';
import { isRenewable, type RenewalProgress } from '../../../client/mass-renewal.ts';
import { type Renewing, renewAll } from '../../../client/renew-all.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../workflows/duration.ts';
import { statusOf } from '../../../workflows/status.ts';
import { DAY, newborn, onboarded, T0, trouble } from '../workflows/states.ts';

/** Many connections are renewed: on a clock of the test's, with connections that are renewed a slot after they were asked. */

const SLOT_MS = 31 * SECOND_MS;
const status = (name: string, changes: Partial<KnownStatus> = {}): KnownStatus => ({
  ...statusOf(onboarded(), { workflowId: '', runId: '', running: null }, T0 + DAY),
  name,
  ...changes,
});

class World implements Renewing {
  now = T0;
  readonly connections = new Map<string, KnownStatus>();
  readonly asked: { name: string; atMs: number }[] = [];
  readonly queue: string[] = [];
  /** What asking says instead of taking it. */
  refusal: (name: string) => Error | null = () => null;
  readonly clock = {
    nowMs: () => this.now,
    wait: async (ms: number) => {
      this.now += ms;
      if (this.queue.length > 0) this.#renewDue();
    },
  };
  #slotAtMs = T0;

  constructor(names: readonly string[], changes: Partial<KnownStatus> = {}) {
    for (const name of names) this.connections.set(name, status(name, changes));
  }

  async *#pages() {
    const all = [...this.connections.values()];
    for (let from = 0; from < all.length; from += 7) yield { connections: all.slice(from, from + 7) };
  }

  #renewDue(): void {
    for (; this.#slotAtMs <= this.now && this.queue.length > 0; this.#slotAtMs += SLOT_MS) this.renew(this.queue.shift()!);
  }

  renew(name: string): void {
    const former = this.connections.get(name)!;
    const session = { ...former.session!, openedAt: new Date(this.now).toISOString() };
    this.connections.set(name, { ...former, session });
  }

  chosen = async () => [...this.connections.values()];
  pages = () => this.#pages();
  slotMs = async () => SLOT_MS;
  isThere = async (name: string) => this.connections.has(name);
  ask = async (name: string) => {
    this.asked.push({ name, atMs: this.now });
    const refusal = this.refusal(name);
    if (refusal) throw refusal;
    this.queue.push(name);
  };
}

const names = (number: number) => Array.from({ length: number }, (_, index) => `user-${index}`);

async function run(world: World, onProgress: (progress: RenewalProgress) => void = () => {}): Promise<RenewalProgress[]> {
  const all: RenewalProgress[] = [];
  for await (const progress of renewAll(world)) {
    all.push(progress);
    onProgress(progress);
    if (all.length > 100_000) throw new Error('it does not end');
  }
  return all;
}

test('each is asked once, no more than 20 in a second, and the end is when all have a new session', async () => {
  const world = new World(names(205));
  const all = await run(world);
  expect(all[0]).toMatchObject({ connections: 205, unasked: 205, waiting: 0, renewed: 0 });
  expect(all.at(-1)).toMatchObject({ unasked: 0, waiting: 0, renewed: 205, closed: 0, waitForPerson: [], failed: [], forecast: [] });
  expect(world.asked.map(({ name }) => name)).toEqual(names(205));
  for (const { atMs } of world.asked)
    expect(world.asked.filter((other) => other.atMs >= atMs && other.atMs < atMs + SECOND_MS).length).toBeLessThanOrEqual(20);
  expect(all.flatMap(({ ended }) => ended.map(({ name }) => name)).sort()).toEqual(names(205).sort());
  const counted = (one: RenewalProgress) =>
    one.unasked + one.waiting + one.renewed + one.closed + one.waitForPerson.length + one.failed.length;
  expect(new Set(all.map(counted))).toEqual(new Set([205]));
});

test('how long it takes is told before anybody is asked, for each address', async () => {
  const world = new World(names(10));
  world.connections.set('far', status('far', { egress: 'second' }));
  const { value: first } = await renewAll(world).next();
  expect(world.asked).toEqual([]);
  expect(first!.forecast).toEqual([
    { egress: 'default', connections: 10, takesMs: 10 * SLOT_MS },
    { egress: 'second', connections: 1, takesMs: SLOT_MS },
  ]);
  expect(describeForecast(first!)).toBe(
    '11 connections to renew, in 5.2 minutes at least: one at a time from each address, after all that is due or urgent there (egress default: 10, 5.2 minutes; egress second: 1, 0.5 minutes).',
  );
});

test('who goes no further asks nobody more', async () => {
  const world = new World(names(100));
  for await (const { unasked } of renewAll(world)) if (unasked <= 80) break;
  expect(world.asked).toHaveLength(20);
});

test('one that cannot be asked now is asked again after the others, and does not hold them up', async () => {
  const world = new World(names(30));
  world.refusal = (name) => (name === 'user-3' && world.asked.length < 25 ? new KeeperError('The request was not recorded.') : null);
  const all = await run(world);
  expect(all.at(-1)).toMatchObject({ renewed: 30, failed: [] });
  expect(world.asked.filter(({ name }) => name === 'user-3')).toHaveLength(2);
  expect(world.asked.at(-1)!.name).toBe('user-3');
});

test('a server that is away for half a minute is waited for', async () => {
  const world = new World(names(30));
  world.refusal = () => (world.now >= T0 + SECOND_MS && world.now < T0 + MINUTE_MS / 2 ? new KeeperError('Temporal did not answer') : null);
  const all = await run(world);
  expect(all.at(-1)).toMatchObject({ renewed: 30, failed: [] });
  expect(all.map(({ trouble }) => trouble)).toContain('Temporal did not answer');
});

test('one that stays away ends it: the rest has failed, and what was asked goes on', async () => {
  const world = new World(names(30));
  world.refusal = () => (world.asked.length > 10 ? new KeeperError('No worker polls') : null);
  const last = (await run(world)).at(-1)!;
  expect(last).toMatchObject({ renewed: 10, unasked: 0, waiting: 0 });
  expect(last.failed).toHaveLength(20);
  expect(exitCodeOf(last, true)).toBe(1);
});

test('one that was closed meanwhile is counted apart, whether that is seen when it is asked or later', async () => {
  const world = new World(names(12));
  world.refusal = (name) => (name === 'user-1' ? new NotRunningError(name) : null);
  const all = await run(world, ({ unasked }) => {
    if (unasked === 0 && world.queue.includes('user-11')) {
      world.queue.splice(world.queue.indexOf('user-11'), 1);
      world.connections.delete('user-11');
    }
  });
  expect(all.at(-1)).toMatchObject({ renewed: 10, closed: 2, failed: [] });
  expect(exitCodeOf(all.at(-1)!, true)).toBe(0);
});

test('one that is refused for good has failed', async () => {
  const world = new World(names(3));
  world.refusal = (name) => (name === 'user-1' ? new UsageError('no') : null);
  expect((await run(world)).at(-1)).toMatchObject({ renewed: 2, failed: ['user-1'] });
});

test('one whose session step waits for a person is told of, and not waited for', async () => {
  const world = new World(names(3));
  const parked = statusOf(
    onboarded({ troubles: { session: trouble({ action: 'DIFFERENT_USER' }) } }),
    { workflowId: '', runId: '', running: null },
    T0 + DAY,
  );
  const all = await run(world, ({ unasked }) => {
    if (unasked > 0) return;
    world.queue.splice(0, world.queue.length, ...world.queue.filter((name) => name !== 'user-2'));
    world.connections.set('user-2', { ...parked, name: 'user-2' });
  });
  const last = all.at(-1)!;
  expect(last).toMatchObject({ renewed: 2, waitForPerson: ['user-2'] });
  expect(exitCodeOf(last, true)).toBe(3);
  expect(renewalRemarks(last)).toEqual(['user-2 waits for a person. What to do: bunq-keeper list --action']);
});

test('one that was renewed by itself before its turn came is not asked', async () => {
  const world = new World(names(100));
  await run(world, ({ unasked }) => {
    if (unasked === 90) world.renew('user-99');
  });
  expect(world.asked.map(({ name }) => name)).toEqual(names(99));
});

test('what an address could not renew before the first is due again is refused, and nobody is asked', async () => {
  const openedAt = new Date(T0).toISOString();
  const session = { openedAt, renewAt: openedAt, expiresAt: new Date(T0 + DAY_MS / 24).toISOString(), userId: 1 };
  const world = new World(names(60), { session, certificate: null });
  await expect(run(world)).rejects.toThrow(
    /^The 60 connections of egress default would take 31\.0 minutes: .+ --state, --provider or --egress/,
  );
  expect(world.asked).toEqual([]);
});

describe('what has something to renew', () => {
  const of = (state: Parameters<typeof statusOf>[0]) => statusOf(state, { workflowId: '', runId: '', running: null }, T0 + DAY);
  test.each([
    ['a session', of(onboarded()), true],
    ['a session that has ended', { ...of(onboarded()), session: null, state: 'LAPSED' as const }, true],
    ['an onboarding, which opens its first session by itself', of(newborn()), false],
    ['a link that nobody has used', { ...of(newborn()), state: 'AWAITING_AUTHORIZATION' as const }, false],
    ['access that was taken back', { ...of(onboarded()), session: null, state: 'REVOKED' as const }, false],
  ])('%s', (_, one, expected) => {
    expect(isRenewable(one)).toBe(expected);
  });
});

describe('in words', () => {
  const progress: RenewalProgress = {
    ...{ connections: 20_000, unasked: 18_800, waiting: 1150, renewed: 38, closed: 2, waitForPerson: ['a', 'b'], failed: [] },
    ...{ forecast: [{ egress: 'default', connections: 19_950, takesMs: 19_950 * SLOT_MS }], ended: [], trouble: null },
  };

  test('a line has how far it is, and for how long it goes on', () => {
    expect(progressLine({ ...progress, failed: ['c'] })).toBe(
      'asked 1,199 of 20,000, 38 renewed, 1,150 waiting for a slot, 2 closed meanwhile, 2 waiting for a person, 1 failed; 7.2 days to go',
    );
  });

  test('lines are few: at each tenth, and when all were asked', () => {
    const at = (waiting: number, unasked: number) => milestone({ ...progress, waiting, unasked });
    expect(at(1150, 18_800)).toBe(at(1950, 17_000));
    expect(at(0, 18_800)).not.toBe(at(0, 16_000));
    expect(at(18_950, 0)).not.toBe(at(18_949, 1));
  });

  test('who is interrupted knows what goes on and what was not asked', () => {
    expect(interrupted(progress)).toBe(
      '1,200 of 20,000 were asked: 38 are renewed, and the others go on without this command. 18,800 were not asked.',
    );
  });

  test('what waits still is not done in time, unless nobody waited for it', () => {
    const waiting = { ...progress, unasked: 0, waitForPerson: [] };
    expect([exitCodeOf(waiting, true), exitCodeOf(waiting, false)]).toEqual([4, 0]);
    expect(renewalRemarks({ ...waiting, waiting: 1, forecast: [] })[0]).toMatch(/^1 waits for a slot, and goes on without this command/);
  });
});
