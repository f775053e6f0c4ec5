import type { Sealed } from '../sealing/sealed.ts';
import type { ConnectionState } from './state.ts';

/**
 * The sealed values in a state, wherever they stand: found by what they are, so that none is forgotten that a later field holds. Pure;
 * runs in workflows, where there is no Buffer.
 */

/** A JWE in compact form whose key is given directly: its second part is empty. */
const JWE = /^([\w-]+)\.\.[\w-]+\.[\w-]*\.[\w-]+$/;

/** Each once, in the order in which they stand. */
export function sealedValues(state: ConnectionState): Sealed[] {
  const found = new Set<Sealed>();
  everyText(state, (text) => {
    if (keyIdOf(text) !== null) found.add(text as Sealed);
    return text;
  });
  return [...found];
}

/** The ids of the keys by which something in the state is sealed, in order. */
export const keyIdsIn = (state: ConnectionState): string[] => [...new Set(sealedValues(state).map((value) => keyIdOf(value)!))].sort();

/** In place, as what is under way holds parts of the state; the same value stands in several. */
export function replaceSealed(state: ConnectionState, replacements: ReadonlyMap<string, Sealed>): void {
  everyText(state, (text) => replacements.get(text) ?? text);
}

/** Which key a value is sealed by, as it says itself; null when it is not sealed. */
export function keyIdOf(text: string): string | null {
  const [, header] = JWE.exec(text) ?? [];
  if (header === undefined) return null;
  try {
    const { kid, kind } = JSON.parse(asciiOfBase64url(header)) as { kid?: unknown; kind?: unknown };
    return typeof kid === 'string' && typeof kind === 'string' ? kid : null;
  } catch {
    return null;
  }
}

function everyText(part: unknown, change: (text: string) => string): void {
  if (part === null || typeof part !== 'object') return;
  for (const [name, value] of Object.entries(part)) {
    if (typeof value === 'string') setText(part, name, value, change(value));
    else everyText(value, change);
  }
}

function setText(part: object, name: string, before: string, after: string): void {
  if (after !== before) Object.assign(part, { [name]: after });
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function asciiOfBase64url(text: string): string {
  let ascii = '';
  let bits = 0;
  let held = 0;
  for (const character of text) {
    held = ((held << 6) | ALPHABET.indexOf(character)) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    ascii += String.fromCharCode((held >> bits) & 0xff);
  }
  return ascii;
}
