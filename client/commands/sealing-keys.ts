import type { Command } from 'commander';
import { newSealingKeys, SealingKeySet } from '../../sealing/key-set.ts';
import { UsageError } from '../errors.ts';
import { jsonOption } from '../options.ts';
import { printJson, tell } from '../output.ts';
import { writeNewFile } from '../output-file.ts';

export function registerSealingKeys(program: Command): void {
  program
    .command('sealing-keys')
    .description('the keys that seal every secret before Temporal stores it')
    .command('new')
    .description('make a key set: mode 0600, never over a file that exists')
    .option('--out <file>', 'where to (default: $KEEPER_SEALING_KEYS_FILE)')
    .addOption(jsonOption())
    .action(({ out, json }: { out?: string; json?: boolean }) => {
      const file = out ?? process.env.KEEPER_SEALING_KEYS_FILE;
      if (!file) throw new UsageError('Say where to: sealing-keys new --out FILE (or set KEEPER_SEALING_KEYS_FILE).');
      const kid = writeNewSealingKeys(file);
      if (json) printJson({ schema: 1, file, keyIds: [kid] });
      tell(
        `Sealing key ${kid} was written to ${file}. Every worker needs it, and clients that reveal or call; keep a copy where secrets are kept: without it nothing sealed opens again.`,
      );
    });
}

/** Returns the new key's id. @throws UsageError when the file exists or cannot be written */
export function writeNewSealingKeys(file: string): string {
  const text = newSealingKeys(new Date());
  writeNewFile(file, text, 'what was sealed with it opens only with it');
  return SealingKeySet.parse(text, file).keyIds[0]!;
}
