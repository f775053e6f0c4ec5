import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { unwritable } from './state-lock.ts';

const HEADER = '{"format":"bunq-simulator","version":2}\n';
const FORMAT = '{"format":"bunq-simulator",';
const NEWLINE = 10;
const CHANGES_PER_LINE = 500;

/** One change: a table, and an entity as it is now; or its id and the members of it that changed; or the id of the one that is gone. */
export type Change =
  | readonly [table: string, entity: { readonly id: number }]
  | readonly [table: string, id: number, changed: object]
  | readonly [table: string, id: number];

type Members = { readonly [member: string]: unknown };

/** @returns null where nothing has changed */
export function changeBetween<E extends { readonly id: number }>(table: string, before: E | undefined, after: E): Change | null {
  if (before === undefined) return [table, after];
  const [was, is] = [before as Members, after as Members];
  const changed: { [member: string]: unknown } = {};
  for (const member in is) if (is[member] !== was[member]) changed[member] = is[member];
  for (const member in was) if (is[member] === undefined && was[member] !== undefined) return [table, after]; // that it is gone only the whole entity can say
  return Object.keys(changed).length > 0 ? [table, after.id, changed] : null;
}

/** What a file holds: batches of changes that belong together, oldest first. */
export interface ReadStateFile {
  readonly batches: readonly (readonly Change[])[];
  /** Up to where it can be believed; what stands behind was torn. */
  readonly wholeBytes: number;
  readonly tornBytes: number;
}

/**
 * The changes of a state file; none for a file that is not there. A batch of which not every byte is there and as it was
 * written is left out where nothing whole follows it: a kill, a full disk or a power cut tore it, and it was not answered
 * unless the last of these.
 * @throws Error when the file is not a simulator's, or is damaged before its end
 */
export function readStateFile(path: string): ReadStateFile {
  if (!existsSync(path)) return { batches: [], wholeBytes: 0, tornBytes: 0 };
  const bytes = readBytes(path);
  const header = bytes.subarray(0, HEADER.length).toString();
  if (bytes.length > 0 && header !== HEADER) throw new Error(notOurs(path, header));
  const batches: Change[][] = [];
  let wholeBytes = Math.min(HEADER.length, bytes.length);
  let damagedAtLine: number | null = null;
  let begun: Change[] = [];
  for (let start = wholeBytes, line = 2; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    const read = newline === -1 ? null : readLine(bytes.subarray(start, newline));
    start = end;
    if (read === null) damagedAtLine ??= line;
    else if (damagedAtLine !== null)
      throw new Error(`The state file ${path} is damaged at line ${damagedAtLine}: restore it, or delete it to start with an empty bank.`);
    else {
      begun.push(...read.changes);
      if (read.goesOn) continue;
      batches.push(begun);
      begun = [];
      wholeBytes = end;
    }
  }
  return { batches, wholeBytes, tornBytes: bytes.length - wholeBytes };
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`The state file ${path} cannot be read (${(error as Error).message}): give the path of another one, or of none yet.`);
  }
}

const notOurs = (path: string, header: string): string =>
  header.startsWith(FORMAT)
    ? `${path} was written by another version of the simulator: delete it to start with an empty bank, or give another path.`
    : `${path} is not a state file of the simulator: give the path of another one, or of one that does not exist yet.`;

/** A line: what follows summed up by CRC-32 in 8 hex digits; `+` where the batch goes on in the next line, `.` where it ends; the changes in JSON. */
function lineOf(changes: readonly Change[], goesOn: boolean): Buffer {
  const text = `${goesOn ? '+' : '.'}${JSON.stringify(changes)}`;
  return Buffer.from(`${sumOf(text)}${text}\n`);
}

function readLine(line: Buffer): { changes: Change[]; goesOn: boolean } | null {
  const text = line.subarray(8);
  if (line.subarray(0, 8).toString() !== sumOf(text)) return null;
  return { changes: JSON.parse(text.subarray(1).toString()) as Change[], goesOn: text[0] === 0x2b };
}

const sumOf = (text: Buffer | string): string => crc32(text).toString(16).padStart(8, '0');

/** An append-only journal. A batch is in the kernel's hands before the answer leaves, so it outlives SIGKILL (not a power cut). */
export class Journal {
  readonly #path: string;
  #file: number;
  /** How many changes it holds. */
  #length = 0;

  /** Goes on behind what was read, with mode 0600. @throws Error when it cannot be written */
  constructor(path: string, { batches, wholeBytes, tornBytes }: ReadStateFile) {
    this.#path = path;
    try {
      rmSync(nextOf(path), { force: true }); // left by a bank that was killed
      this.#file = wholeBytes === 0 ? writeAnew(path, []) : openSync(path, 'a');
      fchmodSync(this.#file, 0o600);
      if (tornBytes > 0) ftruncateSync(this.#file, wholeBytes);
    } catch (error) {
      throw new Error(unwritable(path, error));
    }
    for (const batch of batches) this.#length += batch.length;
  }

  get length(): number {
    return this.#length;
  }

  /** All of it or, in the eyes of whoever reads the file, nothing. @throws Error when it cannot be written */
  append(changes: readonly Change[]): void {
    writeBatch(this.#file, changes);
    this.#length += changes.length;
  }

  /** Starts anew from what is known, in one rename: the file holds the old or the new. @throws Error when there is no room: then the old goes on */
  rewrite(known: Iterable<Change>): void {
    const all = [...known];
    const file = writeAnew(this.#path, all);
    closeSync(this.#file);
    this.#file = file;
    this.#length = all.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}

const nextOf = (path: string): string => `${path}.next`;

/** @returns the file, open for more */
function writeAnew(path: string, changes: readonly Change[]): number {
  const next = nextOf(path);
  const file = openSync(next, 'ax', 0o600);
  try {
    writeWhole(file, Buffer.from(HEADER));
    writeBatch(file, changes);
    fsyncSync(file);
    renameSync(next, path);
    return file;
  } catch (error) {
    closeSync(file);
    rmSync(next, { force: true });
    throw error;
  }
}

function writeBatch(file: number, changes: readonly Change[]): void {
  for (let from = 0; from < changes.length; from += CHANGES_PER_LINE) {
    const to = from + CHANGES_PER_LINE;
    writeWhole(file, lineOf(changes.slice(from, to), to < changes.length));
  }
}

/** A write may take a part only, where the disk is nearly full. */
function writeWhole(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}
