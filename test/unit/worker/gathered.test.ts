import { gathered } from '../../../worker/gathered.ts';

/** A clock that goes on by hand. */
class HandClock {
  #nowMs = 0;
  readonly #waiting: { readonly untilMs: number; readonly wake: () => void }[] = [];

  readonly monotonicMs = () => this.#nowMs;
  readonly wait = (ms: number) => new Promise<void>((wake) => this.#waiting.push({ untilMs: this.#nowMs + ms, wake }));

  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const { wake, untilMs } of this.#waiting) if (untilMs <= this.#nowMs) wake();
    await new Promise(setImmediate);
  }
}

let clock: HandClock;
let sent: string[];
let fails: boolean;
let takesMs: number;
let ask: (item: string) => Promise<void>;

beforeEach(() => {
  clock = new HandClock();
  sent = [];
  fails = false;
  takesMs = 0;
  const send = async (items: readonly string[]) => {
    sent.push(items.join(' '));
    if (takesMs > 0) await clock.wait(takesMs);
    if (fails) throw new Error('away');
  };
  ask = gathered(send, { apartMs: 100, most: 3, clock });
});

test('what comes alone is sent at once, however long after the one before', async () => {
  await ask('a');
  await clock.pass(100);
  await ask('b');
  expect(sent).toEqual(['a', 'b']);
});

test('what comes soon after another goes together, when the time is over, and is told then', async () => {
  await ask('a');
  await clock.pass(40);
  const told: string[] = [];
  for (const item of ['b', 'c']) void ask(item).then(() => told.push(item));
  await clock.pass(59);
  expect({ sent, told }).toEqual({ sent: ['a'], told: [] });
  await clock.pass(1);
  expect({ sent, told }).toEqual({ sent: ['a', 'b c'], told: ['b', 'c'] });
});

test('no more go together than may, and the rest a while later', async () => {
  const all = Promise.all([...'abcdefgh'].map((item) => ask(item)));
  await clock.pass(0);
  expect(sent).toEqual(['a b c']);
  await clock.pass(100);
  expect(sent).toEqual(['a b c', 'd e f']);
  await clock.pass(100);
  expect(sent).toEqual(['a b c', 'd e f', 'g h']);
  await all;
});

test('each learns that its sending failed, and the next is not held up by it', async () => {
  await ask('a');
  fails = true;
  const failed = Promise.allSettled([ask('b'), ask('c')]);
  await clock.pass(100);
  expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  const next = ask('d');
  await clock.pass(100);
  await next;
  expect(sent).toEqual(['a', 'b c', 'd']);
});

test('who takes 300 ms for one is left alone for as long again, and never has two at a time', async () => {
  takesMs = 300;
  void ask('a');
  await clock.pass(0);
  void ask('b');
  await clock.pass(300);
  await clock.pass(299);
  void ask('c');
  expect(sent).toEqual(['a']);
  await clock.pass(1);
  expect(sent).toEqual(['a', 'b c']);
});
