import { SLOT_CLASSES, type SlotClass } from './slot-classes.ts';
import type { SlotRequest } from './slots.ts';

/**
 * Who comes before whom at the gate, pure: the more urgent class first. Within one, where a session is about to end, the one that ends
 * first, whosever it is. Elsewhere a deadline is past or far off and says only who has waited longest: there providers take turns, so
 * that one that connects thousands of users at once does not keep another's first user waiting behind all of them.
 */
const IN_TURN: readonly SlotClass[] = ['interactive', 'lapsed', 'bulk'];

/** The providers that had a slot, the latest last. Absent: they are not told apart. */
export type Turns = readonly string[];

/** As many as may wait at once: nobody who waits is taken for one that never had a turn. */
const REMEMBERED_TURNS = 500;

export const tookTurn = (turns: Turns, provider: string): Turns =>
  [...turns.filter((other) => other !== provider), provider].slice(-REMEMBERED_TURNS);

const NEVER = -1;

type Compare = (a: SlotRequest, b: SlotRequest) => number;

/** Whose turn it is first. */
export function byTurn(turns: Turns | undefined): Compare {
  const lastTurns = new Map(turns?.map((provider, turn) => [provider, turn]));
  const lastTurn = (request: SlotRequest) => (turns && isInTurn(request) ? (lastTurns.get(request.provider) ?? NEVER) : 0);
  return (a, b) => rank(a) - rank(b) || lastTurn(a) - lastTurn(b) || a.deadlineMs - b.deadlineMs;
}

/** In the order in which they get slots when nobody else comes: one of each provider, then the second of each, and so on. */
export function inOrder(queue: readonly SlotRequest[], turns: Turns | undefined): SlotRequest[] {
  const compare = byTurn(turns);
  const counts = new Map<string, number>();
  const rounds = new Map<SlotRequest, number>();
  for (const request of queue.toSorted(compare)) {
    const of = `${request.class} ${request.provider}`;
    const round = turns && isInTurn(request) ? (counts.get(of) ?? 0) : 0;
    counts.set(of, round + 1);
    rounds.set(request, round);
  }
  return queue.toSorted((a, b) => rank(a) - rank(b) || rounds.get(a)! - rounds.get(b)! || compare(a, b));
}

const rank = (request: SlotRequest) => SLOT_CLASSES.indexOf(request.class);

const isInTurn = (request: SlotRequest) => IN_TURN.includes(request.class);
