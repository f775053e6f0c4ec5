import { inRounds, type Rounds } from './in-turns.ts';
import type { KnownStatus } from './known-status.ts';
import type { Poller } from './pollers.ts';
import type { ClosedRun } from './sealed-histories.ts';
import { several, verb } from './words.ts';

/** Who needs which sealing key. Pure, but for the words. */

/** A long poll lasts up to a minute; the server lists a poller for 5 minutes, also a dead one. */
const GONE_MS = 2 * 60_000;

/** Keys are rotated by restarting workers, and right after that some connections may not answer yet. */
export const PATIENTLY: Rounds = { forMs: 10_000, pauseMs: 500 };

export interface SealingWorker {
  readonly identity: string;
  /** The first seals; null: it does not say, as it is no worker of ours or an old one. */
  readonly keyIds: readonly string[] | null;
}

/** What is known of the use of keys; of what could not be asked it is known that it could not. */
export interface SealingUse {
  readonly workers: readonly SealingWorker[];
  readonly connections: readonly { readonly name: string; readonly keyIds: readonly string[] | null }[];
  readonly closedRuns: readonly ClosedRun[];
  readonly retentionMs: number;
}

export interface KeyUse {
  readonly keyId: string;
  readonly seals: boolean;
  /** Connections with something that is sealed by it. */
  readonly connections: readonly string[];
  /** Runs that are closed, and that Temporal still has, whose histories hold something that is sealed by it. */
  readonly histories: number;
  /** When the last of these is gone from Temporal; null without one. */
  readonly historiesUntil: string | null;
  /** Workers that do not have it. */
  readonly lackedBy: readonly string[];
  /** Workers that seal by it. */
  readonly sealedWithBy: readonly string[];
  /** Why it may not be removed, each with what to do; none: it may. */
  readonly neededFor: readonly string[];
}

/** Of those who poll, the workers that are still there. A worker's identity ends in the ids of its keys (worker/worker.ts). */
export const sealingWorkers = (pollers: readonly Poller[]): SealingWorker[] =>
  pollers
    .filter(({ silentMs }) => silentMs <= GONE_MS)
    .map(({ identity }) => ({ identity, keyIds: / keys (\S+)$/.exec(identity)?.[1]?.split(',') ?? null }));

export const lackedBy = (workers: readonly SealingWorker[], keyId: string): string[] =>
  workers.filter(({ keyIds }) => !keyIds?.includes(keyId)).map(({ identity }) => identity);

/** Workers that seal, or may seal, by another key. */
export const sealingOtherwise = (workers: readonly SealingWorker[], keyId: string): string[] =>
  workers.filter(({ keyIds }) => keyIds?.[0] !== keyId).map(({ identity }) => identity);

export function keyUse(keyId: string, presentKeyId: string, use: SealingUse): KeyUse {
  const seals = keyId === presentKeyId;
  const connections = use.connections.filter(({ keyIds }) => keyIds?.includes(keyId)).map(({ name }) => name);
  const unknown = use.connections.filter(({ keyIds }) => keyIds === null).map(({ name }) => name);
  const runs = use.closedRuns.filter(({ keyIds }) => keyIds.includes(keyId));
  const untilMs = runs.length === 0 ? null : Math.max(...runs.map(({ closedAtMs }) => closedAtMs)) + use.retentionMs;
  const historiesUntil = untilMs === null ? null : new Date(untilMs).toISOString();
  const sealedWithBy = use.workers.filter(({ keyIds }) => keyIds?.[0] === keyId).map(({ identity }) => identity);
  const silent = use.workers.filter(({ keyIds }) => keyIds === null).map(({ identity }) => identity);
  const neededFor = [
    ...(seals ? ['it is the key that seals: promote another one first'] : []),
    ...(sealedWithBy.length > 0
      ? [`${several(sealedWithBy)} still ${verb(sealedWithBy, 'seals', 'seal')} by it: restart with the present file`]
      : []),
    ...(silent.length > 0
      ? [`${several(silent)} ${verb(silent, 'does', 'do')} not say by which key: stop, or restart with this version`]
      : []),
    ...(connections.length > 0
      ? [
          `${several(connections)} ${verb(connections, 'is', 'are')} sealed by it: bunq-keeper sealing-keys reseal, or wait for the next renewal`,
        ]
      : []),
    ...(unknown.length > 0 ? [`${several(unknown)} did not answer: bunq-keeper doctor ${unknown[0]}`] : []),
    ...(historiesUntil ? [`${runs.length} closed ${verb(runs, 'run has', 'runs have')} values sealed by it, until ${historiesUntil}`] : []),
  ];
  return {
    keyId,
    seals,
    connections,
    histories: runs.length,
    historiesUntil,
    lackedBy: lackedBy(use.workers, keyId),
    sealedWithBy,
    neededFor,
  };
}

/** Running connections, each with the keys of its state as `ask` tells them. */
export async function keyIdsOf(
  connections: readonly Pick<KnownStatus, 'name'>[],
  ask: (name: string) => Promise<string[]>,
  rounds: Rounds = PATIENTLY,
): Promise<SealingUse['connections']> {
  const keyIds = await inRounds(connections, ({ name }) => ask(name), rounds);
  return connections.map(({ name }, index) => ({ name, keyIds: keyIds[index]! }));
}
