import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PIECE, type Secret, writtenForms } from './secret-forms.ts';

export { privateKeySecrets, type Secret } from './secret-forms.ts';

/** A shorter secret would be found by chance. */
const SHORTEST = 8;
/** 2^22 bits, 512 KB: a larger one does not fit into the processor's cache, and asking it costs more than it saves. */
const FILTER_BITS = 22;
const MULTIPLIER = 0x01000193;

/** Where to look: text or bytes; a file, with the -wal and -shm beside a database, or a folder; the arguments of a process. */
export type Haystack =
  | { readonly name: string; readonly bytes: string | Uint8Array }
  | { readonly path: string }
  | { readonly pid: number };

export interface Finding {
  readonly label: string;
  readonly form: string;
  readonly haystack: string;
  readonly offset: number;
  /** Characters of the written form that stand there in a row: at least 24, all of them when the whole secret leaked. */
  readonly length: number;
}

interface Piece {
  readonly label: string;
  readonly form: string;
  readonly text: Buffer;
  /** Where in `text` the piece starts, and how many characters it has. */
  readonly at: number;
  readonly length: number;
}

/**
 * Searches for every secret, whole and in pieces of 24 characters, in every form in which a program may write it: raw,
 * base64 and base64url at all three offsets, hex, URL-encoded, JSON-escaped, as a list of numbers.
 *
 * @returns one finding for each run of characters in a row; nothing secret is in it
 */
export function searchForSecrets(secrets: readonly Secret[], haystacks: readonly Haystack[]): Finding[] {
  const index = new PieceIndex(secrets);
  return haystacks.flatMap(contents).flatMap(({ name, bytes }) => index.findingsIn(name, bytes));
}

/** All pieces by a hash that rolls over the haystack one byte at a time, before it a filter that fits into the processor's cache. */
class PieceIndex {
  readonly #byHash = new Map<number, Piece[]>();
  readonly #filter = new Uint8Array(1 << (FILTER_BITS - 3));
  readonly #short: Piece[] = [];

  constructor(secrets: readonly Secret[]) {
    for (const { label, value } of secrets) {
      if (value.length < SHORTEST) throw new Error(`The secret "${label}" has ${value.length} characters: too short to be searched for.`);
      for (const { form, text } of writtenForms(value)) this.#add(label, form, text);
    }
  }

  #add(label: string, form: string, text: Buffer): void {
    if (text.length < PIECE) {
      this.#short.push({ label, form, text, at: 0, length: text.length });
      return;
    }
    for (let at = 0; at + PIECE <= text.length; at++) {
      const hash = hashOf(text, at);
      const same = this.#byHash.get(hash) ?? [];
      if (same.some((piece) => piece.text.compare(text, at, at + PIECE, piece.at, piece.at + PIECE) === 0)) continue; // forms that agree: the first names it
      same.push({ label, form, text, at, length: PIECE });
      this.#byHash.set(hash, same);
      const bit = hash >>> (32 - FILTER_BITS);
      this.#filter[bit >>> 3]! |= 1 << (bit & 7);
    }
  }

  findingsIn(haystack: string, bytes: Buffer): Finding[] {
    const findings: Finding[] = [];
    for (const short of this.#short) {
      for (let offset = bytes.indexOf(short.text); offset >= 0; offset = bytes.indexOf(short.text, offset + 1))
        findings.push({ label: short.label, form: short.form, haystack, offset, length: short.length });
    }
    let run: { piece: Piece; start: number; end: number } | undefined;
    for (const { piece, offset } of this.#hits(bytes)) {
      if (run !== undefined && offset <= run.end && piece.label === run.piece.label && piece.form === run.piece.form) {
        run.end = offset + PIECE;
        continue;
      }
      if (run !== undefined) findings.push(toFinding(run, haystack));
      run = { piece, start: offset, end: offset + PIECE };
    }
    if (run !== undefined) findings.push(toFinding(run, haystack));
    return findings;
  }

  #hits(bytes: Buffer): { piece: Piece; offset: number }[] {
    const hits: { piece: Piece; offset: number }[] = [];
    if (bytes.length < PIECE) return hits;
    const filter = this.#filter;
    let hash = hashOf(bytes, 0);
    for (let offset = 0; ; offset++) {
      const bit = hash >>> (32 - FILTER_BITS);
      if (filter[bit >>> 3]! & (1 << (bit & 7))) {
        const piece = this.#byHash.get(hash)?.find(({ text, at }) => text.compare(bytes, offset, offset + PIECE, at, at + PIECE) === 0);
        if (piece !== undefined) hits.push({ piece, offset });
      }
      if (offset + PIECE >= bytes.length) return hits;
      hash = (imul(hash - imul(bytes[offset]!, OLDEST), MULTIPLIER) + bytes[offset + PIECE]!) | 0;
    }
  }
}

/** `Math` is looked up anew at each use in a test runner's global scope: ten times the cost of the search. */
const { imul } = Math;
const OLDEST = Array.from({ length: PIECE - 1 }).reduce((power: number) => imul(power, MULTIPLIER), 1);

function hashOf(bytes: Buffer, at: number): number {
  let hash = 0;
  for (let i = at; i < at + PIECE; i++) hash = (imul(hash, MULTIPLIER) + bytes[i]!) | 0;
  return hash;
}

function toFinding({ piece, start, end }: { piece: Piece; start: number; end: number }, haystack: string): Finding {
  return { label: piece.label, form: piece.form, haystack, offset: start, length: end - start };
}

function contents(haystack: Haystack): { name: string; bytes: Buffer }[] {
  if ('bytes' in haystack) return [{ name: haystack.name, bytes: Buffer.from(haystack.bytes as Uint8Array) }];
  if ('pid' in haystack) return [{ name: `arguments of process ${haystack.pid}`, bytes: readFileSync(`/proc/${haystack.pid}/cmdline`) }];
  return filesOf(haystack.path).map((path) => ({ name: path, bytes: readFileSync(path) }));
}

function filesOf(path: string): string[] {
  const isFile = (candidate: string) => statSync(candidate, { throwIfNoEntry: false })?.isFile() ?? false;
  if (!statSync(path).isDirectory()) return [path, `${path}-wal`, `${path}-shm`].filter(isFile);
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter(isFile);
}
