import { type Bank, type BankOptions, type CallOptions, createBank } from './bank.ts';
import { type EgressWay, shownWay } from './dispatchers.ts';
import { BunqError } from './errors.ts';
import { type RawAnswer, send } from './send.ts';

/** What became of one look, in a sentence for a person. */
export interface Look {
  readonly check: 'bank' | 'clock';
  readonly ok: boolean;
  /** What was found; where it is wrong, with the remedy. */
  readonly found: string;
}

/** Any answer will do: the bank refuses an unknown path politely, and says its time. @throws BunqError when none came */
export const knock = (bank: Bank, options: CallOptions = {}): Promise<RawAnswer> =>
  send(bank, { method: 'GET', url: new URL(bank.apiUrl), headers: {}, body: null }, options);

/**
 * @param why it does not, as far as it is known
 * @param way by which it was asked, where the egress has its own
 */
export const noAnswer = (who: string, why: string, way: EgressWay | null = null) =>
  `${who} does not answer (${why}). Check the network, and ${way ? `KEEPER_EGRESS_VIA (${shownWay(way)})` : 'HTTPS_PROXY where one is needed'}.`;

/**
 * Whether the bank answers, and how far this machine's clock is from the bank's own. Never throws.
 */
export async function lookAtBank(options: BankOptions): Promise<Look[]> {
  let bank: Bank | undefined;
  try {
    bank = createBank(options);
    const { headers, durationMs } = await knock(bank);
    const askedAtMs = bank.clock.nowMs() - durationMs / 2; // when the bank answered, as near as can be told
    return [{ check: 'bank', ok: true, found: `${bank.apiUrl} answers` }, lookAtClock(askedAtMs, headers.date)];
  } catch (error) {
    const why = error instanceof BunqError ? error.message : (error as Error).name;
    return [{ check: 'bank', ok: false, found: noAnswer(options.apiUrl, why, options.way) }];
  } finally {
    await bank?.close();
  }
}

/** Beyond it certificates that were just issued, and links that are about to expire, are judged wrongly. */
const CLOCKS_APART_MS = 60_000;

/** @param date the bank's `Date` (RFC 9110, 6.6.1), in whole seconds that are cut off */
export function lookAtClock(nowMs: number, date: string | undefined): Look {
  const bankMs = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(bankMs)) return { check: 'clock', ok: true, found: 'the bank does not say its time, so it was not compared' };
  const apartMs = nowMs - (bankMs + 500);
  const seconds = Math.round(Math.abs(apartMs) / 1000);
  if (Math.abs(apartMs) <= CLOCKS_APART_MS) return { check: 'clock', ok: true, found: `${seconds} s from the bank's` };
  const found = `This machine's clock is ${seconds} s ${apartMs > 0 ? 'ahead of' : 'behind'} the bank's. Set it right (NTP): timedatectl set-ntp true`;
  return { check: 'clock', ok: false, found };
}
