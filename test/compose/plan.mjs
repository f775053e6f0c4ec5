/** What the kill test does to the containers: decided by its seed alone. */

const TARGETS = [['worker-1'], ['worker-2'], ['temporal'], ['postgresql'], ['worker-1', 'worker-2'], ['postgresql', 'temporal']];
const KINDS = ['kill', 'crash', 'pause'];
const DOWN_S = [1, 30];
const CALM_S = [1, 20];

/**
 * One after another without end: to whom, what, for how long, and how long there is peace after it.
 * @param seed the same gives the same
 */
export function* plan(seed) {
  const roll = dice(seed);
  const between = ([least, most]) => least + Math.floor(roll() * (most - least + 1));
  const pick = (items) => items[between([0, items.length - 1])];
  for (;;) yield { services: pick(TARGETS), kind: pick(KINDS), downMs: between(DOWN_S) * 1000, calmMs: between(CALM_S) * 1000 };
}

/** mulberry32, as the simulator's: from 0 up to, but not including, 1. */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
