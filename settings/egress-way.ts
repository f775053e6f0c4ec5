import { isIP, isIPv6 } from 'node:net';
import type { EgressWay } from '../bunq/dispatchers.ts';
import type { BankEnvironment } from '../bunq/environment.ts';
import { isLoopback } from '../bunq/loopback.ts';
import { Secret } from '../sealing/secret.ts';
import { readSettingFile } from './setting-file.ts';

export const EGRESS_WAY_SETTINGS = ['KEEPER_EGRESS_VIA', 'KEEPER_EGRESS_VIA_FILE'] as const;

export const WHAT_A_WAY_IS =
  'is an IP address of this machine, as 203.0.113.7, or the http:// or https:// URL of a proxy, as http://proxy.example:3128';

interface Values {
  readonly KEEPER_EGRESS_VIA?: EgressWay | null | undefined;
  readonly KEEPER_EGRESS_VIA_FILE?: string | undefined;
}

/** Null when it is none. A zone is one machine's own, and what stands for every address is none. */
export function parseWay(text: string): EgressWay | null {
  if (isIP(text)) return /%|^[0:.]+$/.test(text) ? null : { localAddress: text };
  return URL.canParse(text) && /^https?:\/\//i.test(text) ? { proxyUrl: new Secret(text) } : null;
}

/** By which calls of the bank leave; null where it is not set. What is said to be wrong holds nothing of a proxy's password. */
export function egressWay(
  { KEEPER_EGRESS_VIA: given, KEEPER_EGRESS_VIA_FILE: file }: Values,
  bank: BankEnvironment | undefined,
  wrong: (problem: string) => undefined,
): EgressWay | null | undefined {
  if (given && file) return wrong('KEEPER_EGRESS_VIA and KEEPER_EGRESS_VIA_FILE are both set: give one of them');
  const way = file ? wayIn(file, wrong) : (given ?? null);
  const problem = way && bank && unfit(way, new URL(bank.apiUrl));
  return problem ? wrong(`${file ? `KEEPER_EGRESS_VIA_FILE ${file}` : 'KEEPER_EGRESS_VIA'} ${problem}`) : way;
}

function wayIn(file: string, wrong: (problem: string) => undefined): EgressWay | undefined {
  const text = readSettingFile('KEEPER_EGRESS_VIA_FILE', file, wrong);
  if (text === undefined) return undefined;
  return parseWay(text.trim()) ?? wrong(`KEEPER_EGRESS_VIA_FILE ${file}: what stands in it ${WHAT_A_WAY_IS}`);
}

/** Why the bank cannot be reached from it; null where it can. */
function unfit(way: EgressWay, bank: URL): string | null {
  if (!('localAddress' in way)) return null;
  const { localAddress } = way;
  const isHere = isLoopback(new URL(`http://${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}`));
  if (!isHere || isLoopback(bank)) return null;
  return `is ${localAddress}, from which only this machine is reached, and not ${bank.host}: give an address of its network`;
}
