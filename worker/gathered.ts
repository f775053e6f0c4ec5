import type { Clock } from '../bunq/bank.ts';

interface GatheredOptions {
  readonly apartMs: number;
  /** Of one sending. */
  readonly most: number;
  readonly clock: Pick<Clock, 'monotonicMs' | 'wait'>;
}

/**
 * Sends what comes alone at once; what comes less than `apartMs` after a sending waits for that time to be over, and goes together with
 * all else that does. Each item's promise is that of its sending.
 */
export function gathered<Item>(
  send: (items: readonly Item[]) => Promise<void>,
  { apartMs, most, clock }: GatheredOptions,
): (item: Item) => Promise<void> {
  let open: { readonly items: Item[]; readonly sent: Promise<void> } | null = null;
  let nextMs = Number.NEGATIVE_INFINITY;

  const sendLater = async (items: readonly Item[], waitMs: number) => {
    await clock.wait(Math.ceil(waitMs));
    if (open?.items === items) open = null;
    await send(items);
  };

  return async (item) => {
    if (open && open.items.length < most) {
      open.items.push(item);
      return open.sent;
    }
    const nowMs = clock.monotonicMs();
    const waitMs = Math.max(0, nextMs - nowMs);
    nextMs = nowMs + waitMs + apartMs;
    if (waitMs === 0) return send([item]);
    const items = [item];
    open = { items, sent: sendLater(items, waitMs) };
    return open.sent;
  };
}
