import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ends: (() => unknown)[] = [];

/** Has something done when the test file ends, whatever became of its tests; the last one asked for comes first. */
export function atEnd(end: () => unknown): void {
  ends.push(end);
}

/** A folder of the test file's own, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bunq-keeper-test-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with that text, in a folder of its own. */
export function fileWith(name: string, text: string, mode = 0o600): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text, { mode });
  return path;
}

afterAll(async () => {
  const failures: unknown[] = [];
  for (const end of ends.reverse()) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'what the test file started could not be ended');
});
