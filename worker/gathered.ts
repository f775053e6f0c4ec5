import type { Clock } from '../bunq/bank.ts';

interface GatheredOptions {
  /** From the beginning of one sending to the next one's. */
  readonly apartMs: number;
  /** Of one sending. */
  readonly most: number;
  readonly clock: Pick<Clock, 'monotonicMs' | 'wait'>;
}

/**
 * Sends one at a time, the first at once; what comes before the next one's turn goes together. That is `apartMs` after it began, and not
 * before as long again as it took is over: who is slow to take something is asked less often. Each item's promise is that of its sending.
 */
export function gathered<Item>(
  send: (items: readonly Item[]) => Promise<void>,
  { apartMs, most, clock }: GatheredOptions,
): (item: Item) => Promise<void> {
  let last: { readonly items: Item[]; readonly sent: Promise<void> } | null = null;
  let turn = Promise.resolve();

  const queue = (items: Item[]) => {
    let beganMs: number;
    const sent = turn.then(() => {
      if (last?.items === items) last = null;
      beganMs = clock.monotonicMs();
      return send(items);
    });
    const rest = () => {
      const tookMs = clock.monotonicMs() - beganMs;
      return clock.wait(Math.ceil(Math.max(apartMs - tookMs, tookMs)));
    };
    turn = sent.then(rest, rest);
    return { items, sent };
  };

  return (item) => {
    if (last && last.items.length < most) last.items.push(item);
    else last = queue([item]);
    return last.sent;
  };
}
