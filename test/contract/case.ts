import type { Received } from '../simulator/client.ts';
import type { ContractBank } from './bank.ts';

/** What clients depend on in the bank, one observation at a time. Run against the simulator, and against bunq's sandbox. */
export interface Case {
  /** A sentence about the bank. */
  readonly name: string;
  /** What `see` returns at a bank that is as documented; where nothing is documented or recorded, what the simulator assumes. */
  readonly expected: string;
  /** The simulator's settings that make it answer otherwise: where the bank differs, they are to be looked at. */
  readonly settings?: readonly string[];
  /**
   * What the bank does, in words, without a secret.
   * @throws NotTried where it cannot be looked at here; any other error is a difference
   */
  see(bank: ContractBank): Promise<string>;
}

/** Why a case could not be tried: nothing is known of it. */
export class NotTried extends Error {}

/** `200 Id, Token, ServerPublicKey`, `400 The request signature is invalid.`, or the beginning of what is neither. */
export function say({ status, json, text }: Received): string {
  if (Array.isArray(json?.Response)) return `${status} ${json.Response.map((item: object) => Object.keys(item)[0]).join(', ')}`.trim();
  const description = json?.Error?.[0]?.error_description ?? json?.error;
  return `${status} ${description ?? text.slice(0, 60)}`.trim();
}

/** Where no text is recorded anywhere. */
export const statusOf = ({ status }: Received): string => String(status);

/** @throws Error when it is not 200: what comes after it cannot be seen */
export function needed(received: Received, what: string): Received {
  if (received.status !== 200) throw new Error(`not reached: ${what}: ${say(received)}`);
  return received;
}

/** The only item of an answer, without its type name. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
export const itemOf = ({ json }: Received, index = 0): any => Object.values(json.Response[index])[0];
