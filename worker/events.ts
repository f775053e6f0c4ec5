import type { InjectedSinks } from '@temporalio/worker';
import type { KeeperSinks } from '../workflows/events.ts';

type Events = KeeperSinks['keeper'];

/** Somebody who hears what connections tell: of each event that it names. */
export type EventListener = Partial<Events>;

const EVENTS = {
  stateChanged: null,
  sessionServed: null,
  grantRevoked: null,
  sessionRenewed: null,
  stepFailed: null,
  repaired: null,
  certificateExpiring: null,
  eventUndelivered: null,
} as const satisfies Record<keyof Events, null>;

/**
 * Each event goes to every listener, as it happens and not when it is replayed. At least once: a workflow task that is done again
 * tells it again.
 */
export function sinksOf(...listeners: readonly EventListener[]): InjectedSinks<KeeperSinks> {
  const tell =
    (event: keyof Events) =>
    (_info: unknown, ...told: unknown[]) => {
      for (const listener of listeners) (listener[event] as ((...told: unknown[]) => void) | undefined)?.(...told);
    };
  const sinks = Object.keys(EVENTS).map((event) => [event, { fn: tell(event as keyof Events), callDuringReplay: false }]);
  return { keeper: Object.fromEntries(sinks) } as InjectedSinks<KeeperSinks>;
}
