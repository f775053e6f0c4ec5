import { fence, NotSentError } from '../../../activities/fence.ts';

/** Two clocks that move only while Temporal is asked, by so many milliseconds each time. */
function asking(steps: readonly { monotonicMs?: number; calendarMs?: number; refused?: boolean }[]) {
  let [monotonicMs, nowMs, asked] = [0, 0, 0];
  const clock = { monotonicMs: () => monotonicMs, nowMs: () => nowMs, deadline: () => new AbortController().signal, wait: async () => {} };
  const confirm = async () => {
    const step = steps[Math.min(asked++, steps.length - 1)]!;
    monotonicMs += step.monotonicMs ?? 3;
    nowMs += step.calendarMs ?? step.monotonicMs ?? 3;
    if (step.refused) throw new Error('NOT_FOUND');
  };
  return { passed: fence(confirm, clock), asked: () => asked };
}

test('an attempt that is still the one may send', async () => {
  const { passed, asked } = asking([{}]);
  await passed;
  expect(asked()).toBe(1);
});

test('an attempt that Temporal no longer knows, or that hears nothing of it, does not send', async () => {
  const { passed, asked } = asking([{ refused: true }]);
  await expect(passed).rejects.toThrow(NotSentError);
  expect(asked()).toBe(1);
});

test.each([
  ['by the monotonic clock: a process that was stopped', { monotonicMs: 1500, calendarMs: 1500 }],
  ['by the calendar alone: a machine that was suspended', { monotonicMs: 3, calendarMs: 12_000 }],
  ['by a calendar that was set back', { monotonicMs: 3, calendarMs: -12_000 }],
])('an answer that is older than a second %s is asked for again', async (_what, late) => {
  const { passed, asked } = asking([late, {}]);
  await passed;
  expect(asked()).toBe(2);
});

test('an attempt that was superseded while it was held up learns it from the second question', async () => {
  await expect(asking([{ monotonicMs: 30_000 }, { refused: true }]).passed).rejects.toThrow(NotSentError);
});

test('a process that is held up again and again does not send', async () => {
  const { passed, asked } = asking([{ monotonicMs: 1500 }]);
  await expect(passed).rejects.toThrow('held up');
  expect(asked()).toBe(3);
});
