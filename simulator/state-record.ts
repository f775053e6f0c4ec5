import { type Change, Journal, type ReadStateFile } from './state-file.ts';

/** A journal is made compact when it holds so many times what is known, and is not short. */
const COMPACT_FROM_TIMES = 4;
const COMPACT_FROM_CHANGES = 10_000;

/** All that a store knows, as changes that make it. */
export interface Known {
  size(): number;
  changes(): Iterable<Change>;
}

/** Writes what happens to a store to its state file: what belongs together at once. */
export class StateRecord {
  readonly #path: string;
  readonly #known: Known;
  #journal: Journal | null;
  /** What belongs together and is not written yet. */
  #batch: Change[] | null = null;
  /** Whether the batch takes the place of everything that was written. */
  #isReplacing = false;
  #compactFromChanges = COMPACT_FROM_CHANGES;
  #failure: Error | null = null;
  /** Called once, when the file could not be written: nothing may be answered any more. */
  onFailure: (failure: Error) => void = () => {};

  /** Goes on behind what was read. @throws Error when the file cannot be written */
  constructor(path: string, read: ReadStateFile, known: Known) {
    this.#path = path;
    this.#known = known;
    this.#journal = new Journal(path, read);
    this.#makeCompact();
  }

  /** Why nothing is written any more; null as long as it is. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** What is changed meanwhile is remembered wholly or, when the process is killed, not at all. */
  atomically<T>(act: () => T): T {
    if (this.#batch !== null) return act(); // a part of what is under way
    this.#batch = [];
    try {
      return act();
    } finally {
      const [batch, isReplacing] = [this.#batch, this.#isReplacing];
      this.#batch = null;
      this.#isReplacing = false;
      if (isReplacing) this.replace();
      else this.#write(batch);
    }
  }

  /** @param change null: nothing has changed */
  add(change: Change | null): void {
    if (change === null) return;
    if (this.#batch !== null) this.#batch.push(change);
    else this.#write([change]);
  }

  /** Everything that is known takes the place of everything that was written. */
  replace(): void {
    if (this.#batch !== null) this.#isReplacing = true;
    else this.#toFile((journal) => journal.rewrite(this.#known.changes()));
  }

  close(): void {
    this.#journal?.close();
    this.#journal = null;
  }

  #write(batch: readonly Change[]): void {
    if (batch.length === 0) return;
    this.#toFile((journal) => journal.append(batch));
    this.#makeCompact();
  }

  #toFile(act: (journal: Journal) => void): void {
    if (this.#journal === null) return;
    try {
      act(this.#journal);
    } catch (error) {
      this.close();
      this.#failure = new Error(
        `The state file ${this.#path} cannot be written (${(error as Error).message}), so the bank has stopped. All that it answered is in there: make room, and start it again.`,
      );
      this.onFailure(this.#failure);
    }
  }

  #makeCompact(): void {
    const journal = this.#journal;
    if (journal === null || journal.length < this.#compactFromChanges || journal.length < this.#known.size() * COMPACT_FROM_TIMES) return;
    try {
      journal.rewrite(this.#known.changes());
    } catch {
      this.#compactFromChanges = journal.length * 2; // there is no room for both: the old one goes on
    }
  }
}
