import { Dice } from '../../../simulator/random.ts';
import type { SlotClass } from '../../../workflows/slot-classes.ts';
import { isServingValid } from '../../../workflows/state.ts';
import { GAP_MS, SESSION_MS } from './modelled-times.ts';
import { Address, type Granted } from './one-address.ts';
import { DAY, HOUR, MINUTE, T0 } from './states.ts';
import { Timeline } from './timeline.ts';

/**
 * How many end users, whose sessions last a week, one address keeps; what it does with more, and says before; and how it gets over
 * the loss of every session. The model and what it leaves out: one-address.ts.
 */

const USERS = 13_000;
const TOO_MANY = 14_300;
/** Nine users in ten are the one provider's. */
const nameOf = (index: number) => (index % 10 === 9 ? `small/customer-${index}` : `big/customer-${index}`);

/** The alert BunqKeeperGateBacklog: so long is the wait of the last, and for so long. */
const BACKLOG_MS = HOUR;
const BACKLOG_FOR_MS = 15 * MINUTE;

class Course {
  readonly timeline = new Timeline(T0);
  readonly dice = new Dice('a year at one address');
  readonly address = new Address(this.timeline, this.dice);
  readonly granted: Granted[] = [];
  readonly lapsedAtMs: number[] = [];
  readonly firstAtMs = new Map<SlotClass, number>();
  backlogAtMs: number | null = null;
  mostWaiting = 0;
  #users = 0;
  #backlogSinceMs: number | null = null;

  constructor() {
    this.address.onGranted = (granted) => this.granted.push(granted);
    this.address.onLapsed = () => this.lapsedAtMs.push(this.timeline.nowMs);
  }

  /** They come by day, in the half of it after noon: so many a day. */
  connect(count: number, aDay: number): void {
    for (let index = 0; index < count; index++) {
      const name = nameOf(this.#users++);
      const atMs = this.timeline.nowMs + Math.floor(index / aDay) * DAY + this.dice.between(0, DAY / 2);
      this.timeline.at(atMs, () => this.address.connect(name));
    }
  }

  /** As long, or until that is so; looked at as often as an alert is. */
  run(ms: number, isOver = () => false): void {
    const untilMs = this.timeline.nowMs + ms;
    while (this.timeline.nowMs < untilMs && !isOver()) {
      this.timeline.runUntil(this.timeline.nowMs + 5 * MINUTE);
      this.#look();
    }
  }

  #look(): void {
    const { nowMs } = this.timeline;
    const { gate } = this.address;
    this.mostWaiting = Math.max(this.mostWaiting, gate.slots.queue.length);
    for (const { class: slotClass } of gate.slots.queue) if (!this.firstAtMs.has(slotClass)) this.firstAtMs.set(slotClass, nowMs);
    this.#backlogSinceMs = gate.waitMs > BACKLOG_MS ? (this.#backlogSinceMs ?? nowMs) : null;
    if (this.#backlogSinceMs !== null && nowMs - this.#backlogSinceMs >= BACKLOG_FOR_MS) this.backlogAtMs ??= nowMs;
  }

  get served(): number {
    return [...this.address.connections.values()].filter(({ state }) => isServingValid(state, this.timeline.nowMs)).length;
  }

  /** Of those since then. */
  grantedSince(sinceMs: number): Granted[] {
    return this.granted.filter(({ grantedAtMs }) => grantedAtMs >= sinceMs);
  }
}

const classesOf = (granted: readonly Granted[]) => [...new Set(granted.map(({ class: slotClass }) => slotClass))].sort();
const waited = ({ askedAtMs, grantedAtMs }: Granted) => grantedAtMs - askedAtMs;
const left = ({ endsAtMs, grantedAtMs }: Granted) => (endsAtMs === null ? Number.POSITIVE_INFINITY : endsAtMs - grantedAtMs);
const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), 0);
const least = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
/** From one slot to the next, where somebody waits all the time. */
const cycleMs = (granted: readonly Granted[]) =>
  mean(granted.slice(1).map(({ grantedAtMs }, index) => grantedAtMs - granted[index]!.grantedAtMs));
const say = (line: string) => process.stderr.write(`one address: ${line}\n`);
const days = (ms: number) => `${(ms / DAY).toFixed(1)} days`;
const hours = (ms: number) => `${(ms / HOUR).toFixed(1)} h`;

function expectTheGapWasKept({ bank }: Address): void {
  expect(bank.refused).toBe(0);
  expect(bank.leastDistanceMs).toBeGreaterThanOrEqual(GAP_MS);
}

test(`${USERS} users, who came in two months, are served for a year: none lapses, none is refused, none is ever in a hurry`, () => {
  const course = new Course();
  course.connect(USERS, 217);
  course.run(365 * DAY);
  const { address, granted } = course;
  const renewals = granted.filter(({ class: slotClass }) => slotClass === 'renewal');
  say(
    `${USERS} users, ${address.bank.arrivals} sessions in a year, ${(address.bank.leastDistanceMs / 1000).toFixed(2)} s apart at least; ` +
      `at most ${course.mostWaiting} waited, the longest wait was ${hours(most(renewals.map(waited)))}, ` +
      `and ${hours(least(renewals.map(left)))} the least that was left of a session; backlog told: ${course.backlogAtMs !== null}`,
  );
  expectTheGapWasKept(address);
  expect(course.lapsedAtMs).toEqual([]);
  expect(course.served).toBe(USERS);
  expect(classesOf(granted)).toEqual(['interactive', 'renewal']);
  expect(renewals.length).toBeGreaterThan(USERS * 60);
});

describe(`${TOO_MANY} users`, () => {
  const course = new Course();
  let settledAtMs = 0;
  beforeAll(() => {
    course.connect(TOO_MANY, 550);
    course.run(30 * DAY);
    settledAtMs = course.timeline.nowMs;
    course.run(10 * DAY);
  });

  test('wait for hours, each provider as long as the other, are never in a hurry, and none lapses: a session may wait for a third of its life', () => {
    const granted = course.grantedSince(settledAtMs);
    const ofProvider = (provider: string) => mean(granted.filter(({ name }) => name.startsWith(`${provider}/`)).map(waited));
    say(
      `${TOO_MANY} users, a slot each ${(cycleMs(granted) / 1000).toFixed(2)} s: waits of ${hours(mean(granted.map(waited)))}, ` +
        `${hours(most(granted.map(waited)))} at most, ${hours(least(granted.map(left)))} left of a session at least`,
    );
    expectTheGapWasKept(course.address);
    expect(course.lapsedAtMs).toEqual([]);
    expect(classesOf(granted)).toEqual(['renewal']);
    expect(least(granted.map(left))).toBeGreaterThan(SESSION_MS * 0.2);
    expect(ofProvider('small') / ofProvider('big')).toBeCloseTo(1, 1);
    expect(course.backlogAtMs).not.toBeNull();
  });

  test('become more until the first lapses: days before, the backlog was told, then emergencies; and only what is too many lapses', () => {
    const grownFromMs = course.timeline.nowMs;
    course.connect(11_000, 550);
    course.run(20 * DAY, () => course.lapsedAtMs.length > 0);
    const [lapsedAtMs, emergencyAtMs] = [course.lapsedAtMs[0]!, course.firstAtMs.get('emergency')!];
    const connected = course.address.connections.size;
    const { served } = course;
    say(
      `550 more a day: with ${connected} users, ${days(lapsedAtMs - grownFromMs)} later, the first lapses, ${connected - served} have none; ` +
        `the backlog was told ${days(lapsedAtMs - course.backlogAtMs!)} before, emergencies waited since ${days(lapsedAtMs - emergencyAtMs)}`,
    );
    expectTheGapWasKept(course.address);
    expect(course.backlogAtMs!).toBeLessThan(emergencyAtMs);
    expect(lapsedAtMs - course.backlogAtMs!).toBeGreaterThan(7 * DAY);
    expect(lapsedAtMs - emergencyAtMs).toBeGreaterThan(DAY);
    const cycle = cycleMs(course.grantedSince(grownFromMs));
    expect(served).toBeGreaterThan((0.95 * SESSION_MS) / cycle);
    expect(classesOf(course.grantedSince(lapsedAtMs - 12 * HOUR))).toEqual(['emergency', 'interactive']);
  });
});

test(`${USERS} users, whose sessions are all ended at once, have new ones as soon as there are slots for them, providers in turn, and of each the most urgent first`, () => {
  const course = new Course();
  course.connect(USERS, 500);
  course.run(40 * DAY);
  const { address, timeline, dice } = course;
  const endedAtMs = timeline.nowMs;
  const connections = [...address.connections.values()];
  const inTurn = connections
    .map(({ state }) => ({ name: state.name, endsAtMs: state.serving!.session.expiresAtMs }))
    .sort((a, b) => a.endsAtMs - b.endsAtMs);
  for (const connection of connections) timeline.at(endedAtMs + dice.between(0, 10 * MINUTE), () => connection.refuse(endedAtMs));
  const areServed = () => connections.every(({ state: { serving } }) => serving!.session.openedAtMs >= endedAtMs);
  course.run(10 * DAY, areServed);
  const granted = course.grantedSince(endedAtMs);
  const served = [...new Set(granted.map(({ name }) => name))];
  const isSmall = (name: string) => name.startsWith('small/');
  const lateness = [served.filter(isSmall), served.filter((name) => !isSmall(name))].flatMap((own) => {
    const turns = new Map(inTurn.filter(({ name }) => isSmall(name) === isSmall(own[0]!)).map(({ name }, index) => [name, index]));
    return own.map((name, place) => (place - turns.get(name)!) / own.length);
  });
  const ofSmall = served.filter(isSmall).length;
  const slotsOfSmall = served.findLastIndex(isSmall) + 1;
  const takenMs = granted.at(-1)!.grantedAtMs - endedAtMs;
  const slotsMs = USERS * GAP_MS;
  say(
    `${USERS} sessions ended at once: all are there again after ${days(takenMs)}, ${(takenMs / slotsMs).toFixed(3)} times the gap for each; ` +
      `out of turn by ${(100 * mean(lateness.map(Math.abs))).toFixed(1)} % of its provider's, the latest by ${(100 * most(lateness)).toFixed(1)} %; ` +
      `the ${ofSmall} of the small provider within ${slotsOfSmall} slots`,
  );
  expectTheGapWasKept(address);
  expect(served).toHaveLength(USERS);
  expect(takenMs / slotsMs).toBeLessThan(1.05);
  expect(mean(lateness.map(Math.abs))).toBeLessThan(0.05);
  expect(most(lateness)).toBeLessThan(0.2);
  expect(slotsOfSmall).toBeLessThan(2.2 * ofSmall);
});
