import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';

const HEADER = '{"format":"bunq-simulator","version":1}';

/** One change: table, then the entity as it is now or the id of the one that is gone. */
export type Change = readonly [table: string, entity: { readonly id: number } | number];

/** An append-only journal. A line is in the kernel's hands before the answer leaves, so it outlives SIGKILL (not a power cut). */
export interface Journal {
  append(change: Change): void;
  close(): void;
}

/**
 * The changes of a state file, oldest first; none for a file that is not there. A last line without its end was torn by
 * a kill and is left out.
 * @throws Error when the file is not a simulator's
 */
export function readStateFile(path: string): Change[] {
  if (!existsSync(path)) return [];
  const [header, ...lines] = readFileSync(path, 'utf8').split('\n');
  if (header === '') return [];
  if (header !== HEADER)
    throw new Error(`${path} is not a state file of this simulator: give the path of another one, or of one that does not exist yet.`);
  return lines.slice(0, -1).map((line, index) => {
    try {
      return JSON.parse(line) as Change;
    } catch {
      throw new Error(`${path} is damaged at line ${index + 2}: restore it, or delete it to start with an empty bank.`);
    }
  });
}

/** Starts the journal anew from what is known, in one rename: the file holds the old or the new, mode 0600. */
export function openStateFile(path: string, known: Iterable<Change>): Journal {
  const lines = Array.from(known, (change) => JSON.stringify(change));
  try {
    writeFileAtomic.sync(path, `${[HEADER, ...lines].join('\n')}\n`, { mode: 0o600 });
  } catch (error) {
    throw new Error(
      `The simulator's state file ${path} cannot be written (${(error as Error).message}): choose a folder that exists and is writable.`,
    );
  }
  const file = openSync(path, 'a', 0o600);
  return {
    append: (change) => void writeSync(file, `${JSON.stringify(change)}\n`),
    close: () => closeSync(file),
  };
}
