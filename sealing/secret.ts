import { inspect } from 'node:util';

/**
 * A secret in plain text, for the moment of its use. It prints `[redacted]` wherever it is printed and refuses JSON,
 * so that it cannot leave an activity or a client by accident; `text()` and `bytes()` are the two deliberate ways out.
 */
export class Secret {
  readonly #bytes: Uint8Array;

  constructor(plain: string | Uint8Array) {
    this.#bytes = typeof plain === 'string' ? new TextEncoder().encode(plain) : Uint8Array.from(plain);
  }

  /** The secret as UTF-8 text: tokens, API keys, client secrets. */
  text(): string {
    return new TextDecoder().decode(this.#bytes);
  }

  /** The secret as bytes: private keys, as PKCS#8 DER. */
  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): never {
    throw new TypeError('A Secret refuses JSON: seal it first (SealingKeySet.seal).');
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
