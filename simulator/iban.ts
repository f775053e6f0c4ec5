import type { Dice } from './random.ts';

/** This bank's, in its account numbers. */
const BANK_CODE = 'BUNQ';

/** ISO 13616: the country's letters as numbers behind the account, modulo 97. */
function remainder(country: string, check: string, account: string): bigint {
  return BigInt([...`${account}${country}${check}`].map((sign) => Number.parseInt(sign, 36)).join('')) % 97n;
}

export function newIban(dice: Dice): string {
  const account = `${BANK_CODE}${dice.between(1_000_000_000, 9_999_999_999)}`;
  return `NL${String(98n - remainder('NL', '00', account)).padStart(2, '0')}${account}`;
}

export function isIban(text: string): boolean {
  const [, country, check, account] = /^([A-Z]{2})(\d{2})([A-Z0-9]{11,30})$/.exec(text) ?? [];
  return country !== undefined && remainder(country, check!, account!) === 1n;
}

/** Whether an account of that number can be nowhere but here. */
export const isOfThisBank = (iban: string): boolean => iban.startsWith('NL') && iban.slice(4, 8) === BANK_CODE;
