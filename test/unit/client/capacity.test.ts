import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { inUse, loadOf, planned, sessionsPerAddress, slotMsOf } from '../../../client/capacity.ts';
import { run } from '../../../client/cli.ts';
import { SLOT_CLASSES } from '../../../workflows/slot-classes.ts';
import { documented } from '../../support/documented-json.ts';
import { capture } from '../../support/stdout.ts';
import { DAY, HOUR, SECOND } from '../workflows/states.ts';

const WEEK = 7 * DAY;

test.each([
  ['a week', WEEK, 13_440],
  ['90 days', 90 * DAY, 172_800],
  ['an hour', HOUR, 60],
  ['a day, which is renewed at half', DAY, 1440],
  ['a minute, which is over before its successor gets a slot', 59 * SECOND, 0],
])('at exactly 30 s a slot an address holds as many sessions of %s as slots pass before each is renewed', (_, lifetimeMs, holds) => {
  expect(sessionsPerAddress(lifetimeMs, 30 * SECOND)).toBe(holds);
});

test('at the measured cycle, 31 s where the gap is 30, it holds about 13,000 of a week', () => {
  expect(slotMsOf(30 * SECOND)).toBe(31 * SECOND);
  expect(sessionsPerAddress(WEEK, slotMsOf(30 * SECOND))).toBe(13_006);
});

const plan = (users: number, more = {}) => planned({ users, addresses: 1, sessionLifetimeMs: WEEK, slotMs: 30 * SECOND, ...more });

describe('a plan', () => {
  test('fits to the last user, and not with one more', () => {
    expect(plan(13_440)).toMatchObject({ fits: true, load: 1, addressesNeeded: 1, sessionsPerAddress: 13_440, slotSeconds: 30 });
    expect(plan(13_441)).toMatchObject({ fits: false, addressesNeeded: 2 });
  });

  test('says how long it takes to open all sessions anew, each address for itself, and in which order', () => {
    expect(plan(2880)).toMatchObject({ reopenDays: 1, reopenOrder: SLOT_CLASSES });
    expect(plan(5759, { addresses: 2 }).reopenDays).toBe(1);
  });

  test('of sessions that are over before their successor gets a slot fits nowhere', () => {
    expect(plan(1, { sessionLifetimeMs: 50 * SECOND })).toMatchObject({ fits: false, addressesNeeded: null });
  });

  const number = fc.integer({ min: 1, max: 1_000_000 });
  const lifetimeMs = fc.integer({ min: 60, max: 3650 * 86_400 }).map((seconds) => seconds * SECOND);
  const slotMs = fc.integer({ min: 1, max: 30 }).map((seconds) => seconds * SECOND);

  test('fits on as many addresses as it says it needs, and on none fewer', () => {
    fc.assert(
      fc.property(number, lifetimeMs, slotMs, (users, sessionLifetimeMs, slot) => {
        const onAddresses = (addresses: number) => planned({ users, addresses, sessionLifetimeMs, slotMs: slot }).fits;
        const needed = planned({ users, addresses: 1, sessionLifetimeMs, slotMs: slot }).addressesNeeded!;
        return onAddresses(needed) && (needed === 1 || !onAddresses(needed - 1));
      }),
    );
  });

  test('of sessions of one kind is judged as what is in use is', () => {
    fc.assert(
      fc.property(number, slotMs, (users, slot) => {
        const { fits, load } = planned({ users, addresses: 1, sessionLifetimeMs: WEEK, slotMs: slot });
        const used = inUse([{ lifetimeMs: WEEK, number: users }], users, slot);
        return used.fits === fits && used.load === load;
      }),
    );
  });

  test('of sessions of several kinds takes the slots of each', () => {
    const half = [
      { lifetimeMs: WEEK, number: 6720 },
      { lifetimeMs: 90 * DAY, number: 86_400 },
    ];
    expect(loadOf(half, 30 * SECOND)).toBe(1);
    expect(inUse(half, 6720, 30 * SECOND)).toMatchObject({ fits: true, addressesNeeded: 1 });
    expect(inUse([...half, { lifetimeMs: HOUR, number: 1 }], 6720, 30 * SECOND)).toMatchObject({ fits: false, addressesNeeded: 2 });
  });
});

describe('capacity --users, which asks nobody,', () => {
  const { KEEPER_SESSION_GAP, TEMPORAL_ADDRESS } = process.env;
  let stderr = '';
  beforeEach(() => {
    delete process.env.KEEPER_SESSION_GAP;
    process.env.TEMPORAL_ADDRESS = '127.0.0.1:1'; // nobody answers there
    stderr = '';
    jest.spyOn(process.stderr, 'write').mockImplementation((text: unknown) => {
      stderr += String(text);
      return true;
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined; // the command's, not that of the tests
    for (const [name, value] of Object.entries({ KEEPER_SESSION_GAP, TEMPORAL_ADDRESS })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  async function ran(line: string): Promise<{ code: number; stdout: string }> {
    let code = -1;
    const stdout = await capture(async () => {
      code = await run(['capacity', ...line.split(' ')]);
    });
    return { code, stdout };
  }

  test('prints a table, and nothing to do for less than half', async () => {
    const { code, stdout } = await ran('--users 10000 --addresses 2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^an address holds +13,006 of them$/m);
    expect(stdout).toMatch(/^2 addresses hold +26,012$/m);
    expect(stdout).toMatch(/^10,000 users +38\.5 % of the slots$/m);
    expect(stdout).toMatch(/^to open all anew +1\.8 days/m);
    expect(stdout).toMatch(/^in the order +interactive \(.+emergency.+lapsed.+first-hour.+renewal.+bulk/m);
    expect(stderr).toBe('');
  });

  test('says of more than half that an outage is hardly caught up with', async () => {
    expect(await ran('--users 10000')).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/^76\.9 % of the slots are taken.+plan for less than half\..+KEEPER_EGRESS/);
  });

  test('ends with exit code 1 when it does not fit, and says how many addresses do', async () => {
    expect(await ran('--users 61 --session-lifetime 1h --slot 30s')).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/^61 users do not fit: an address holds 60, and there is one\. Take 2 addresses\..+KEEPER_EGRESS/);
  });

  test('prints JSON, as it is documented', async () => {
    const { stdout } = await ran('--users 13440 --slot 30s --json');
    const printed = JSON.parse(stdout);
    expect(documented('capacity', printed)).toEqual(printed);
    expect(printed).toMatchObject({ schema: 1, slotSeconds: 30, sessionsPerAddress: 13_440, users: 13_440, fits: true });
  });

  test('reckons with the gap that the workers keep', async () => {
    process.env.KEEPER_SESSION_GAP = '1m';
    expect(JSON.parse((await ran('--users 1 --json')).stdout)).toMatchObject({ slotSeconds: 62, sessionsPerAddress: 6503 });
  });

  test.each([
    ['--users 0', /--users .*Give a number of users, 1 to/],
    ['--users 1e3', /--users .*Give a number of users/],
    ['--users 5 --addresses 0', /--addresses .*Give a number of addresses, 1 to/],
    ['--users 5 --session-lifetime week', /--session-lifetime .*A duration is a whole number and/],
    ['--users 5 --slot 0s', /--slot .*It has to last/],
    ['--addresses 2', /are for a plan: say for how many, --users/],
  ])('refuses %s with exit code 2', async (line, says) => {
    expect(await ran(line)).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/A defect in/);
  });
});
