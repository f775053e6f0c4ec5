import type { Command } from 'commander';
import { withKeyFirst, withNewKey, withoutKey } from '../../sealing/key-rotation.ts';
import { newSealingKeys, SealingKeySet } from '../../sealing/key-set.ts';
import { awaited } from '../awaited.ts';
import { EXIT, KeeperError, UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { inRounds } from '../in-turns.ts';
import type { Keeper } from '../keeper.ts';
import { jsonOption, withKeeper } from '../options.ts';
import { complain, print, printJson, tell } from '../output.ts';
import { writeNewFile } from '../output-file.ts';
import { closedRunsSealedBy, retentionMs } from '../sealed-histories.ts';
import { asUsage, changeSealingKeyFile, readSealingKeyFile, sealingKeyFile } from '../sealing-key-file.ts';
import { type KeyUse, keyIdsOf, keyUse, lackedBy, PATIENTLY, sealingOtherwise, sealingWorkers } from '../sealing-key-use.ts';
import { readSealingKeys } from '../settings.ts';
import { table } from '../table.ts';
import { several, verb } from '../words.ts';

interface FileOptions {
  file?: string;
  json?: boolean;
}

export function registerSealingKeys(program: Command): void {
  const keys = program
    .command('sealing-keys')
    .summary('the keys that seal every secret, and their rotation')
    .description('the keys that seal every secret before Temporal stores it, and their rotation');

  keys
    .command('new')
    .description('make a key set: mode 0600, never over a file that exists')
    .option('--out <file>', 'where to (default: $KEEPER_SEALING_KEYS_FILE)')
    .addOption(jsonOption())
    .addHelpText('after', examples('bunq-keeper sealing-keys new --out sealing-keys.json'))
    .action(makeNew);

  withFile(keys.command('add').description('a rotation begins: add a new key, which opens and does not seal yet'))
    .addHelpText('after', examples('bunq-keeper sealing-keys add --file sealing-keys.json'))
    .action(add);

  withFile(
    keys
      .command('promote')
      .description('let a key seal from now on; refused while a worker of this environment does not have it')
      .argument('[key-id]', 'which; needed where there are several that do not seal'),
  )
    .addHelpText(
      'after',
      examples('bunq-keeper sealing-keys promote', 'bunq-keeper sealing-keys promote k-2026-11 --file sealing-keys.json'),
    )
    .action(promote);

  keys
    .command('reseal')
    .description('have every connection sealed by the present key now, rather than at its next renewal')
    .addOption(jsonOption())
    .addHelpText('after', examples('bunq-keeper sealing-keys reseal'))
    .action(reseal);

  keys
    .command('status')
    .description('of each key: who needs it still, who lacks it, and when it may go')
    .addOption(jsonOption())
    .addHelpText('after', examples('bunq-keeper sealing-keys status', "bunq-keeper sealing-keys status --json | jq '.keys[].neededFor'"))
    .action(showStatus);

  withFile(
    keys.command('remove').description('a rotation ends: remove a key; refused while something needs it').argument('<key-id>', 'which'),
  )
    .addHelpText('after', examples('bunq-keeper sealing-keys remove k-2026-01 --file sealing-keys.json'))
    .action(remove);
}

const withFile = (command: Command) =>
  command.option('--file <file>', 'the key set (default: $KEEPER_SEALING_KEYS_FILE)').addOption(jsonOption());

function makeNew({ out, json }: { out?: string; json?: boolean }): void {
  const file = out ?? process.env.KEEPER_SEALING_KEYS_FILE;
  if (!file) throw new UsageError('Say where to: sealing-keys new --out FILE (or set KEEPER_SEALING_KEYS_FILE).');
  const keyId = writeNewSealingKeys(file);
  if (json) printJson({ schema: 1, file, keyIds: [keyId] });
  tell(
    `Sealing key ${keyId} was written to ${file}. Every worker needs it, and clients that reveal or call; keep a copy where secrets are kept: without it nothing sealed opens again.`,
  );
}

/** Returns the new key's id. @throws UsageError when the file exists or cannot be written */
export function writeNewSealingKeys(file: string): string {
  const text = newSealingKeys(new Date());
  writeNewFile(file, text, 'what was sealed with it opens only with it');
  return SealingKeySet.parse(text, file).keyIds[0]!;
}

function add(options: FileOptions): void {
  const file = sealingKeyFile(options.file, process.env);
  const { keyId } = changeSealingKeyFile(file, (text) => withNewKey(text, file, new Date()));
  if (options.json) printJson({ schema: 1, file, added: keyId, keyIds: keyIdsIn(file) });
  tell(
    `Sealing key ${keyId} was added to ${file}; it opens, and does not seal yet. Give the file to every worker, and to clients that reveal or call, keep a copy, and restart them. Then: bunq-keeper sealing-keys promote ${keyId}`,
  );
}

async function promote(keyId: string | undefined, options: FileOptions): Promise<void> {
  const file = sealingKeyFile(options.file, process.env);
  const chosen = keyId ?? theOnlyOther(keyIdsIn(file));
  const promoted = (text: string) => ({ text: withKeyFirst(text, file, chosen) });
  asUsage(() => promoted(readSealingKeyFile(file))); // what is wrong with it is said before anybody is asked
  const workers = await withKeeper((keeper) => awaited('Looking at the workers', sealingWorkersOf(keeper)));
  const lacking = lackedBy(workers, chosen);
  if (lacking.length > 0)
    throw new KeeperError(
      `Nothing was changed: ${several(lacking)} ${verb(lacking, 'does', 'do')} not have ${chosen}, and could not open what the others seal. Give ${verb(lacking, 'it', 'them')} the file and restart; one that was ended is gone from this list after 2 minutes.`,
    );
  changeSealingKeyFile(file, promoted);
  if (options.json) printJson({ schema: 1, file, promoted: chosen, keyIds: keyIdsIn(file), workers: workers.length });
  if (workers.length === 0) complain('No worker polls in this environment: that every worker has the key could not be seen.');
  tell(
    `${chosen} seals from now on, in who reads ${file} anew: give it to every worker and client again, and restart them. Each connection is then sealed by it at its next renewal, or at once: bunq-keeper sealing-keys reseal`,
  );
}

function theOnlyOther([present, ...others]: readonly string[]): string {
  if (others.length === 1) return others[0]!;
  throw new UsageError(
    others.length === 0
      ? `There is no key but ${present}, which seals. Add one first: bunq-keeper sealing-keys add`
      : `Say which: bunq-keeper sealing-keys promote ${others.join('|')}`,
  );
}

async function reseal({ json }: { json?: boolean }): Promise<void> {
  const keyId = readSealingKeys(process.env).keyIds[0]!;
  await withKeeper(async (keeper) => {
    const otherwise = sealingOtherwise(await sealingWorkersOf(keeper), keyId);
    if (otherwise.length > 0)
      throw new KeeperError(
        `Nothing was done: ${several(otherwise)} ${verb(otherwise, 'seals', 'seal')} by another key than ${keyId}. Restart with the present file; one that was ended is gone from this list after 2 minutes.`,
      );
    const isSealed = async (name: string) => {
      const only = ([first, ...others]: string[]) => first === undefined || (first === keyId && others.length === 0);
      if (only(await keeper.sealingKeysOf(name))) return 'before';
      return only(await keeper.reseal(name)) ? 'now' : null;
    };
    const names = (await keeper.list()).map(({ name }) => name);
    const sealed = await awaited('Having every connection sealed anew', inRounds(names, isSealed, PATIENTLY));
    const left = names.filter((_name, index) => sealed[index] === null);
    const resealed = sealed.filter((when) => when === 'now').length;
    if (json) printJson({ schema: 1, keyId, resealed, left });
    tell(`${resealed} of ${names.length} connections were sealed anew by ${keyId}, ${names.length - resealed - left.length} were already.`);
    if (left.length === 0) return;
    complain(
      `Not, or not all of: ${several(left)}. They are at the next renewal, where a worker has the key that each needs; look: bunq-keeper sealing-keys status`,
    );
    process.exitCode = EXIT.failed;
  });
}

const LOOKING = 'Looking at connections, workers and closed histories';

async function showStatus({ json }: { json?: boolean }): Promise<void> {
  const { keyIds } = readSealingKeys(process.env);
  const { uses, workers } = await withKeeper((keeper) => awaited(LOOKING, usesOf(keeper, keyIds)));
  if (json) return printJson({ schema: 1, keys: uses, workers });
  print(uses.map(describeUse).join('\n\n'));
}

const list = (names: readonly string[]) => (names.length === 0 ? 'none' : several(names));

function describeUse({ keyId, seals, connections, histories, historiesUntil, lackedBy, sealedWithBy, neededFor }: KeyUse): string {
  return table([
    ['key', `${keyId}, ${seals ? 'seals' : 'opens only'}`],
    ['connections', connections.length === 0 ? 'none' : `${connections.length}: ${several(connections)}`],
    ['histories', historiesUntil ? `${histories} of closed runs, the last until ${historiesUntil}` : 'none of a closed run'],
    ['workers without it', list(lackedBy)],
    ['workers that seal', list(sealedWithBy)],
    ['may go', neededFor.length === 0 ? `now: bunq-keeper sealing-keys remove ${keyId}` : `no: ${neededFor.join('; ')}`],
  ]);
}

async function remove(keyId: string, options: FileOptions): Promise<void> {
  const file = sealingKeyFile(options.file, process.env);
  const [present] = keyIdsIn(file);
  const removed = (text: string) => ({ text: withoutKey(text, file, keyId) });
  asUsage(() => removed(readSealingKeyFile(file)));
  const [use] = (await withKeeper((keeper) => awaited(LOOKING, usesOf(keeper, [keyId], present)))).uses;
  if (use!.neededFor.length > 0) throw new KeeperError([`Nothing was changed: ${keyId} may not go yet.`, ...use!.neededFor].join('\n- '));
  changeSealingKeyFile(file, removed);
  if (options.json) printJson({ schema: 1, file, removed: keyId, keyIds: keyIdsIn(file) });
  tell(
    `${keyId} was removed from ${file}. Give the file to every worker and client; copies that were kept open what was sealed by it until they are destroyed.`,
  );
}

const sealingWorkersOf = async (keeper: Keeper) => sealingWorkers(await keeper.pollers());

/** @param presentKeyId that seals; the first of the keys when it is not given */
async function usesOf(keeper: Keeper, keyIds: readonly string[], presentKeyId = keyIds[0]!) {
  const { client, environment } = keeper;
  const [workers, connections, closedRuns, retention] = await Promise.all([
    sealingWorkersOf(keeper),
    keeper.list().then((connections) => keyIdsOf(connections, (name) => keeper.sealingKeysOf(name))),
    closedRunsSealedBy(client, environment, keyIds),
    retentionMs(client),
  ]);
  const use = { workers, connections, closedRuns, retentionMs: retention };
  return { uses: keyIds.map((keyId) => keyUse(keyId, presentKeyId, use)), workers };
}

const keyIdsIn = (file: string): readonly string[] => asUsage(() => SealingKeySet.parse(readSealingKeyFile(file), file).keyIds);
