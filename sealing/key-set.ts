import { randomBytes } from 'node:crypto';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { CompactEncrypt } from 'jose/jwe/compact/encrypt';
import { z } from 'zod';
import { SealingError } from './errors.ts';
import type { Sealed, SecretKind } from './sealed.ts';
import { Secret } from './secret.ts';

const ALGORITHM = 'dir';
const ENCRYPTION = 'A256GCM';
const KEY_BYTES = 32;

const keySetSchema = z.object({
  keys: z
    .array(
      z.object({
        kty: z.literal('oct'),
        kid: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
        k: z.base64url(),
        alg: z.literal(ALGORITHM).optional(),
        enc: z.literal(ENCRYPTION).optional(),
      }),
    )
    .min(1),
});

/**
 * The sealing keys: a JWK set (RFC 7517) of 256-bit `oct` keys. The first key seals, all of them open.
 * It holds key material and is therefore never printed, logged or made JSON.
 */
export class SealingKeySet {
  readonly keyIds: readonly string[];
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  private constructor(keys: ReadonlyMap<string, Uint8Array>) {
    this.#keys = keys;
    this.keyIds = [...keys.keys()];
  }

  /**
   * @param json the JWK set's text
   * @param whence where it came from, for the error: a file's path or a setting's name
   * @throws SealingError `SEALING_KEYS_INVALID`, with no part of the text in its message
   */
  static parse(json: string, whence: string): SealingKeySet {
    const invalid = (what: string) =>
      new SealingError(
        'SEALING_KEYS_INVALID',
        `${whence} is not a set of sealing keys: ${what}. Make one: bunq-keeper sealing-keys new --out FILE`,
      );
    let parsed: unknown;
    try {
      parsed = JSON.parse(json);
    } catch {
      throw invalid('it is not JSON'); // JSON.parse's own message quotes the text
    }
    const set = keySetSchema.safeParse(parsed);
    if (!set.success) {
      const problem = set.error.issues[0];
      throw invalid(`${problem?.path.join('.') || 'it'} is wrong (expected {"keys":[{"kty":"oct","kid":"…","k":"…"}]})`);
    }
    const keys = new Map<string, Uint8Array>();
    for (const { kid, k } of set.data.keys) {
      const bytes = Buffer.from(k, 'base64url');
      if (bytes.length !== KEY_BYTES) throw invalid(`key ${kid} has ${bytes.length * 8} bits, ${KEY_BYTES * 8} are needed`);
      if (keys.has(kid)) throw invalid(`key id ${kid} occurs twice`);
      keys.set(kid, bytes);
    }
    return new SealingKeySet(keys);
  }

  /** @param connection the workflow id of the connection that the secret belongs to */
  async seal<Kind extends SecretKind>(kind: Kind, connection: string, secret: Secret): Promise<Sealed<Kind>> {
    const kid = this.keyIds[0]!;
    const jwe = await new CompactEncrypt(secret.bytes())
      .setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION, kid, kind, conn: connection })
      .encrypt(this.#keys.get(kid)!);
    return jwe as Sealed<Kind>;
  }

  /**
   * @param connection the workflow id on whose behalf it is opened: the caller's own, never one that came with the value
   * @throws SealingError `SEALING_KEY_MISSING` or `SEALED_VALUE_REJECTED`
   */
  async open<Kind extends SecretKind>(kind: Kind, connection: string, sealed: Sealed<Kind>): Promise<Secret> {
    const header = protectedHeader(sealed);
    const rejected = (why: string) => new SealingError('SEALED_VALUE_REJECTED', `A sealed ${kind} of ${connection} was rejected: ${why}.`);
    if (header.kind !== kind) throw rejected(`it is sealed as ${shown(header.kind)}`);
    if (header.conn !== connection) throw rejected(`it belongs to ${shown(header.conn)}`);
    if (header.zip !== undefined) throw rejected('it is compressed');
    const key = this.#keys.get(String(header.kid));
    if (!key) {
      throw new SealingError(
        'SEALING_KEY_MISSING',
        `A sealed ${kind} of ${connection} needs sealing key ${shown(header.kid)}; this process has ${this.keyIds.join(', ')}. Give it that key again (KEEPER_SEALING_KEYS_FILE).`,
      );
    }
    try {
      const { plaintext } = await compactDecrypt(sealed, key, {
        keyManagementAlgorithms: [ALGORITHM],
        contentEncryptionAlgorithms: [ENCRYPTION],
      });
      return new Secret(plaintext);
    } catch {
      throw rejected('it does not open with its key: it was changed, or the key with this id is another one');
    }
  }
}

/** What a sealed value says of itself; opening it proves it. @throws SealingError */
export function saidOf(sealed: string): { keyId: string; kind: string; connection: string } {
  const { kid, kind, conn } = protectedHeader(sealed);
  return { keyId: shown(kid), kind: shown(kind), connection: shown(conn) };
}

function protectedHeader(sealed: string): Record<string, unknown> {
  try {
    return decodeProtectedHeader(sealed) as Record<string, unknown>;
  } catch {
    throw new SealingError('SEALED_VALUE_REJECTED', 'A value that should be sealed is not a JWE in compact form.');
  }
}

/** Header values come from outside: short, and only the characters of ids. */
const shown = (value: unknown) => (typeof value === 'string' ? value.replace(/[^A-Za-z0-9._:-]/g, '?').slice(0, 200) : 'nothing');

/** A new JWK set with one key, as text for a file of mode 0600. */
export const newSealingKeys = (now: Date): string => `${JSON.stringify({ keys: [newSealingKey(now)] }, null, 2)}\n`;

/** @param now names the key by its day, so that a person sees which is older */
export function newSealingKey(now: Date): { kid: string; [member: string]: string } {
  const kid = `${now.toISOString().slice(0, 10)}-${randomBytes(3).toString('hex')}`;
  return { kty: 'oct', kid, alg: ALGORITHM, enc: ENCRYPTION, k: randomBytes(KEY_BYTES).toString('base64url') };
}
