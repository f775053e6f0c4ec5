import fc from 'fast-check';
import { dueEvent, EMPTY_OUTBOX, failed, nextTelling, noteChange, noteEvent, type Outbox, settled } from '../../../workflows/outbox.ts';
import { type ConnectionState, changeLifecycle, lifecycleState } from '../../../workflows/state.ts';
import { statusOf } from '../../../workflows/status.ts';
import { DAY, HOUR, MINUTE, onboarded, SECOND, T0, trouble } from './states.ts';

const RUN = { workflowId: 'provider.sandbox.acme', runId: 'run', running: null };
/** Ten minutes, and up to one more by the connection's name. */
const [PASSING, LASTING] = [10 * MINUTE, 11 * MINUTE];

const WELL: Partial<ConnectionState> = { troubles: {} };
const DEGRADED: Partial<ConnectionState> = { troubles: { session: trouble({}) } };
const WAITING: Partial<ConnectionState> = { troubles: { 'callback-urls': trouble({ action: 'CALLBACK_URL_REFUSED' }) } };
const LAPSED: Partial<ConnectionState> = { serving: null, troubles: { session: trouble({}) } };

/** A connection to which things happen, and what is left to be told of them. */
class Story {
  outbox: Outbox = EMPTY_OUTBOX;
  readonly told: string[] = [];
  readonly #state = onboarded();
  readonly #serving = this.#state.serving;
  #ids = 0;

  /** Tells what is due before it happens. */
  happens(at: number, what: Partial<ConnectionState>): void {
    this.tellUntil(at);
    Object.assign(this.#state, { serving: this.#serving, ...what });
    const change = changeLifecycle(this.#state, lifecycleState(this.#state, at), at);
    if (change) this.outbox = noteChange(this.outbox, statusOf(this.#state, RUN, at), change, `id-${++this.#ids}`, at);
  }

  tellUntil(at: number): void {
    for (let event = dueEvent(this.outbox, at); event; event = dueEvent(this.outbox, at)) {
      this.told.push(event.type);
      this.outbox = settled(this.outbox, event.id);
    }
  }
}

function toldOf(...happenings: [atMs: number, what: Partial<ConnectionState>][]): string[] {
  const story = new Story();
  for (const [at, what] of happenings) story.happens(T0 + at, what);
  story.tellUntil(T0 + 30 * DAY);
  return story.told;
}

test.each<[string, string[], [number, Partial<ConnectionState>][]]>([
  [
    'a trouble that passes is told to nobody',
    [],
    [
      [0, DEGRADED],
      [PASSING - 1, WELL],
    ],
  ],
  [
    'one that lasts is told, and its end',
    ['connection.degraded', 'connection.recovered'],
    [
      [0, DEGRADED],
      [LASTING, WELL],
    ],
  ],
  [
    'again and again, each passing, nothing',
    [],
    [
      [0, DEGRADED],
      [MINUTE, WELL],
      [HOUR, DEGRADED],
      [HOUR + MINUTE, WELL],
    ],
  ],
  [
    'no session is told at once, and its end',
    ['connection.lapsed', 'connection.recovered'],
    [
      [0, LAPSED],
      [SECOND, WELL],
    ],
  ],
  ['what a person is to do is told at once', ['connection.action_required'], [[0, WAITING]]],
  [
    'what began as passing is told as what it became, once',
    ['connection.lapsed', 'connection.recovered'],
    [
      [0, DEGRADED],
      [MINUTE, LAPSED],
      [2 * MINUTE, WELL],
    ],
  ],
  [
    'each worsening is told, and one end',
    ['connection.degraded', 'connection.lapsed', 'connection.action_required', 'connection.recovered'],
    [
      [0, DEGRADED],
      [HOUR, LAPSED],
      [2 * HOUR, { ...LAPSED, ...WAITING }],
      [3 * HOUR, WELL],
    ],
  ],
  [
    'what is better but not well yet is not told',
    ['connection.lapsed', 'connection.recovered'],
    [
      [0, LAPSED],
      [HOUR, DEGRADED],
      [DAY, WELL],
    ],
  ],
])('%s', (_what, expected, happenings) => {
  expect(toldOf(...happenings)).toEqual(expected);
});

test('whatever happens: an end is told only after a trouble, never two in a row, and nothing stays when all is told', () => {
  const step = fc.tuple(fc.integer({ min: 1, max: 2 * HOUR }), fc.constantFrom(WELL, DEGRADED, WAITING, LAPSED));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const happenings: [number, Partial<ConnectionState>][] = [];
      for (const [afterMs, what] of steps) happenings.push([(happenings.at(-1)?.[0] ?? 0) + afterMs, what]);
      const told = toldOf(...happenings);
      told.forEach((type, index) => {
        if (type === 'connection.recovered') expect([undefined, type]).not.toContain(told[index - 1]);
      });
      const last = steps.at(-1)?.[1];
      if (told.length > 0 && last === WELL) expect(told.at(-1)).toBe('connection.recovered');
    }),
    { numRuns: 500 },
  );
});

const status = statusOf(onboarded(WAITING), RUN, T0);
const waiting = () => noteEvent(EMPTY_OUTBOX, 'connection.action_required', status, 'first', T0);

test('an event is the status as it was, without its steps, and has the same id and time at every attempt', () => {
  const outbox = waiting();
  const event = dueEvent(outbox, T0)!;
  expect(event).toMatchObject({ id: 'first', type: 'connection.action_required', timestamp: new Date(T0).toISOString() });
  expect(event.data).toMatchObject({
    name: 'acme',
    environment: 'sandbox',
    state: 'ACTION_REQUIRED',
    action: { code: 'CALLBACK_URL_REFUSED' },
    remedy: status.action!.remedy,
  });
  for (const gone of ['steps', 'runId', 'schema']) expect(event.data).not.toHaveProperty(gone);
  expect(dueEvent(failed(outbox, 'first', T0).outbox, T0 + DAY)).toEqual(event);
});

test('one that is not taken is tried again after 5 s, and rarer and rarer for three days, and is then given up', () => {
  let outbox = waiting();
  const afterMs: number[] = [];
  for (let atMs: number | null = T0; atMs !== null; ) {
    const again: ReturnType<typeof failed> = failed(outbox, 'first', atMs);
    if (again.againAtMs !== null) afterMs.push(again.againAtMs - atMs);
    ({ outbox, againAtMs: atMs } = again);
  }
  const advised = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
  const spread = afterMs.map((ms, index) => ms / SECOND / advised[index]!);
  expect(afterMs).toHaveLength(advised.length);
  expect(Math.min(...spread)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...spread)).toBeLessThan(1.1);
  expect(outbox.queue).toEqual([]);
});

test('those behind it wait for it, so that they come in their order; the oldest of many is lost', () => {
  let outbox = failed(waiting(), 'first', T0).outbox;
  outbox = noteEvent(outbox, 'user.revoked', status, 'second', T0 + SECOND);
  expect(dueEvent(outbox, T0 + SECOND)).toBeNull();
  const againAtMs = nextTelling(outbox, T0 + SECOND)!.atMs;
  expect(againAtMs).toBeGreaterThanOrEqual(T0 + 5 * SECOND);
  expect(dueEvent(outbox, againAtMs)).toMatchObject({ id: 'first' });
  expect(dueEvent(settled(outbox, 'first'), T0 + 5 * SECOND)).toMatchObject({ id: 'second' });
  for (let index = 0; index < 30; index++) outbox = noteEvent(outbox, 'certificate.expiring', status, `more-${index}`, T0 + MINUTE);
  expect(outbox.queue.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `more-${index + 10}`));
});
