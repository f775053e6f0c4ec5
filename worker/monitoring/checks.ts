import { type Bank, type BankOptions, createBank } from '../../bunq/bank.ts';
import type { EgressWay } from '../../bunq/dispatchers.ts';
import { BunqError } from '../../bunq/errors.ts';
import { knock, noAnswer } from '../../bunq/reach.ts';
import type { SealingKeySet } from '../../sealing/key-set.ts';
import type { OfferedSigners } from '../../signers/signers.ts';
import type { Check } from './health.ts';
import type { TemporalLooks } from './temporal-looks.ts';

/** Looks, each with what is said of it: never throws. */

const line = (error: unknown) =>
  String((error as { details?: string }).details || (error as Error).message)
    .split('\n')[0]!
    .slice(0, 200);

export async function checkTemporal(looks: TemporalLooks | null, waitsFor: string | null): Promise<Check> {
  const check = { name: 'temporal', needed: true };
  const remedy = 'Start the server and its database, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.';
  if (!looks) return { ...check, ok: false, found: `${waitsFor ?? 'Not connected yet'}. ${remedy}` };
  try {
    await looks.database();
    return { ...check, ok: true, found: 'it answers from its database' };
  } catch (error) {
    return { ...check, ok: false, found: `it does not answer from its database (${line(error)}). ${remedy}` };
  }
}

export async function checkVisibility(looks: TemporalLooks | null): Promise<Check> {
  const check = { name: 'visibility', needed: false };
  try {
    if (!looks) return { ...check, ok: false, found: 'Temporal is not connected' };
    await looks.visibility();
    return { ...check, ok: true, found: 'Temporal can count workflows' };
  } catch (error) {
    const found = `Temporal cannot count workflows (${line(error)}). Lists and metrics of connections wait: start its visibility store.`;
    return { ...check, ok: false, found };
  }
}

/** @param polling the task queues of this worker, and whether it takes their tasks */
export function checkWorkers(polling: ReadonlyMap<string, boolean>, isStopping: boolean): Check {
  const check = { name: 'workers', needed: true };
  const idle = [...polling].filter(([, polls]) => !polls).map(([queue]) => queue);
  if (isStopping) return { ...check, ok: false, found: 'This worker is stopping: it takes no new task.' };
  if (polling.size === 0) return { ...check, ok: false, found: 'Not started yet: they wait for Temporal.' };
  if (idle.length > 0)
    return { ...check, ok: false, found: `Nothing is taken from ${idle.join(', ')}. Restart this worker; its log says why.` };
  return { ...check, ok: true, found: `tasks are taken from ${[...polling.keys()].join(', ')}` };
}

/** Whoever lacks a key cannot go on with what is sealed by it. */
export async function checkSealingKeys(keys: SealingKeySet, looks: TemporalLooks | null): Promise<Check> {
  const check = { name: 'sealing keys', needed: false };
  const found = `${keys.keyIds.length} (${keys.keyIds.join(', ')}); the first seals`;
  const others = (await looks?.sealingWorkers().catch(() => null)) ?? [];
  const lacking = [...new Set(others.flatMap(({ keyIds }) => keyIds ?? []))].filter((keyId) => !keys.keyIds.includes(keyId));
  if (lacking.length === 0) return { ...check, ok: true, found };
  const owner = others.find(({ keyIds }) => keyIds?.includes(lacking[0]!))!.identity.replace(/ keys .*$/, '');
  return {
    ...check,
    ok: false,
    found: `This worker lacks ${lacking.join(', ')}, which ${owner} has. Give it the same file and restart it: bunq-keeper sealing-keys status`,
  };
}

/** A named signer that is down holds up those who need a signature, and nobody else. */
export async function checkSigners(signers: OfferedSigners | null): Promise<Check[]> {
  const seen = (await signers?.look()) ?? [];
  return seen.map(({ name, ok, found }) => ({ name: `signer ${name}`, needed: false, ok, found }));
}

/** What the bank did last; where that was a while ago, it is looked at. */
export class BankCheck {
  readonly #bank: Bank;
  readonly #way: EgressWay | null;
  readonly #restMs: number;
  #lastSuccessMs: number | null = null;

  /** @param restMs a call that succeeded so lately says enough */
  constructor(options: Omit<BankOptions, 'pacing' | 'observer'>, restMs: number) {
    this.#bank = createBank(options);
    this.#way = options.way ?? null;
    this.#restMs = restMs;
  }

  succeeded(): void {
    this.#lastSuccessMs = this.#bank.clock.nowMs();
  }

  close = (): Promise<void> => this.#bank.close();

  async look(): Promise<Check> {
    const check = { name: 'bank', needed: false };
    const agoMs = this.#bank.clock.nowMs() - (this.#lastSuccessMs ?? Number.NEGATIVE_INFINITY);
    const host = new URL(this.#bank.apiUrl).host;
    if (agoMs <= this.#restMs) return { ...check, ok: true, found: `${host} answered a call ${Math.round(agoMs / 1000)} s ago` };
    try {
      const { status } = await knock(this.#bank, { freshConnection: true });
      if (status < 500) return { ...check, ok: true, found: `${host} answers` };
      return {
        ...check,
        ok: false,
        found: `${host} answers with HTTP ${status}. Sessions are kept as long as they last; it is tried again.`,
      };
    } catch (error) {
      const why = error instanceof BunqError ? error.message : 'it could not be asked';
      return { ...check, ok: false, found: noAnswer(host, why, this.#way) };
    }
  }
}
