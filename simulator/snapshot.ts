import { z } from 'zod';
import { type Bank, begin, goOn, metaOf } from './bank.ts';
import type { Faults } from './faults.ts';
import type { Notifications } from './notifications.ts';
import type { RateLimits } from './rate-limits.ts';
import type { Settings } from './settings.ts';
import { isServerKey, newKeyPair } from './signatures.ts';
import type { Change } from './state-file.ts';
import { TABLE_NAMES } from './store.ts';

const META = 'meta';

const snapshotSchema = z.strictObject({
  format: z.literal('bunq-simulator-snapshot'),
  version: z.literal(1),
  /** Each entity under the name of its table. */
  entities: z
    .array(z.tuple([z.enum(TABLE_NAMES), z.looseObject({ id: z.number().int() })]))
    .refine(
      (entities) => entities.some(([table, { serverPrivateKeyPem }]) => table === META && isServerKey(String(serverPrivateKeyPem))),
      'There is no server key among them.',
    ),
});

/** All that a state file holds, secrets and the server key too: without settings and faults. */
export interface Snapshot {
  readonly format: 'bunq-simulator-snapshot';
  readonly version: 1;
  readonly entities: readonly Change[];
}

const resetSchema = z.strictObject({
  /** A server key that nobody knows yet; false: the one that it has. */
  newServerKey: z.boolean().default(false),
});

export type Reset = z.input<typeof resetSchema>;

/** A bank, and what has to hear of it when it becomes another. */
export interface RunningBank {
  readonly bank: Bank;
  readonly faults: Faults;
  readonly notifications: Notifications;
  readonly rateLimits: RateLimits;
  /** Those that it was started with. */
  readonly settingsAtStart: Settings;
}

export function takeSnapshot({ store }: Bank): Snapshot {
  return { format: 'bunq-simulator-snapshot', version: 1, entities: [...store.changes()] };
}

/** The bank is as it was then, clock and server key too; its ids go on. @throws ZodError for what is no snapshot */
export function restoreSnapshot(running: RunningBank, snapshot: Snapshot): void {
  const { entities } = snapshotSchema.parse(snapshot) as unknown as Snapshot;
  running.faults.abandon();
  running.bank.store.replace(entities);
  goOnWith(running);
}

/** The bank is as it was when it was first started: it knows nobody, its clock is the source's, faults and settings are those of its start. @throws ZodError */
export function resetBank(running: RunningBank, options: Reset = {}): void {
  const { newServerKey } = resetSchema.parse(options);
  const { bank, faults, settingsAtStart } = running;
  const serverPrivateKeyPem = newServerKey ? newKeyPair().privateKey : metaOf(bank.store).serverPrivateKeyPem;
  faults.restart();
  bank.settings = settingsAtStart;
  bank.dice.restart();
  bank.store.clear();
  begin(bank.store, serverPrivateKeyPem);
  goOnWith(running);
}

function goOnWith({ bank, notifications, rateLimits }: RunningBank): void {
  goOn(bank);
  rateLimits.remember(bank);
  notifications.restart();
}
