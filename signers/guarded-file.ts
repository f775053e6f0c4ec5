import { closeSync, fstatSync, openSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { SignerError } from '../bunq/qseal.ts';
import { Secret } from '../sealing/secret.ts';
import { refused, unavailable, type Warn } from './signer.ts';

/** Linux's numbers of file systems that give every file the same mode, whoever may have it: FAT, exFAT, NTFS, SMB, 9P (WSL), FUSE. */
const WITHOUT_MODES = new Set([0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546]);

const WRITABLE_BY_OTHERS = 0o022;
const READABLE_BY_ALL = 0o004;

/** What a file's mode says of it: nothing where the file system has no modes. Pure. */
export function judgeMode(path: string, mode: number, fileSystem: number): { refused: string | null; warning: string | null } {
  if (WITHOUT_MODES.has(fileSystem)) return { refused: null, warning: null };
  const isWritable = (mode & WRITABLE_BY_OTHERS) !== 0;
  const isReadable = (mode & READABLE_BY_ALL) !== 0;
  return {
    refused: isWritable ? `${path} can be changed by others than its owner: chmod go-w ${path}` : null,
    warning: isReadable
      ? `${path} can be read by every user: chmod o-r ${path} (a secret that Kubernetes mounts: "defaultMode: 0400" in its volume, with an fsGroup where the worker is not root)`
      : null,
  };
}

/** Whoever could change it could sign, or have what is signed: it is not used. @throws SignerError */
export function checkWriters(path: string): void {
  demandAbsolute(path);
  const judged = whereItIs(path, () => judge(path, statSync(path).mode));
  if (judged.refused) throw refused(judged.refused);
}

function demandAbsolute(path: string): void {
  if (!isAbsolute(path)) throw refused(`${path}: the path has to be absolute, as the worker and not the client uses it.`);
}

/** The text of a file that nobody else may change, and nobody else should read. @throws SignerError */
export function readGuarded(path: string, warn: Warn): string {
  demandAbsolute(path);
  return whereItIs(path, () => {
    const file = openSync(path, 'r'); // what is judged is what is read
    try {
      const judged = judge(path, fstatSync(file).mode);
      if (judged.refused) throw refused(judged.refused);
      if (judged.warning) warn(judged.warning);
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  });
}

/** A passphrase is the file's first line. @throws SignerError */
export function readPassphrase(path: string, warn: Warn): Secret {
  const [line = ''] = readGuarded(path, warn).split(/\r?\n/);
  if (line === '') throw refused(`${path} is to hold a passphrase, and its first line is empty.`);
  return new Secret(line);
}

/** Windows' modes say nothing. */
const judge = (path: string, mode: number) => judgeMode(path, process.platform === 'win32' ? 0 : mode, statfsSync(path).type);

function whereItIs<Result>(path: string, look: () => Result): Result {
  try {
    return look();
  } catch (error) {
    if (error instanceof SignerError) throw error;
    throw unavailable(`${path} cannot be read on the worker (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  }
}
