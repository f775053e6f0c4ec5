import { atMostEvery } from '../../../worker/at-most-every.ts';

test('who asks sooner gets what was seen last; who asks meanwhile waits for the look under way', async () => {
  let [nowMs, looks] = [0, 0];
  let finish = () => {};
  const look = atMostEvery(
    (tookMs) => Math.max(30, 9 * tookMs),
    () => nowMs,
    async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return ++looks;
    },
  );
  const seenAt = async (atMs: number, tookMs = 0) => {
    nowMs = atMs;
    const seen = look();
    nowMs += tookMs;
    finish();
    return seen;
  };
  const [one, meanwhile] = [look(), look()];
  nowMs = 1;
  finish();
  expect(await Promise.all([one, meanwhile])).toEqual([1, 1]);
  expect(await seenAt(30)).toBe(1);
  expect(await seenAt(31, 10)).toBe(2); // it took 10: the next one comes 90 later
  expect(await seenAt(130)).toBe(2);
  expect(await seenAt(131)).toBe(3);
});

test('one that failed may be repeated sooner', async () => {
  let [nowMs, looks] = [0, 0];
  const look = atMostEvery(
    (_tookMs, failed) => (failed ? 0 : 60),
    () => nowMs,
    async () => {
      if (++looks === 1) throw new Error('away');
      return looks;
    },
  );
  await expect(look()).rejects.toThrow('away');
  expect(await look()).toBe(2);
  nowMs = 59;
  expect(await look()).toBe(2);
  nowMs = 60;
  expect(await look()).toBe(3);
});
