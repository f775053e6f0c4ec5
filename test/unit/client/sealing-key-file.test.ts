import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeSealingKeyFile, sealingKeyFile } from '../../../client/sealing-key-file.ts';
import { withNewKey, withoutKey } from '../../../sealing/key-rotation.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { temporaryFolder } from '../../support/at-end.ts';

function keyFile(): { folder: string; file: string; text: string } {
  const folder = temporaryFolder();
  const file = join(folder, 'keys.json');
  const text = newSealingKeys(new Date());
  writeFileSync(file, text, { mode: 0o600 });
  return { folder, file, text };
}

const addTo = (file: string) => changeSealingKeyFile(file, (text) => withNewKey(text, file, new Date()));

test('a key set is changed by a rename, is mode 0600 then, and nothing else is left in the folder', () => {
  const { folder, file } = keyFile();
  chmodSync(file, 0o640);
  const { ino } = statSync(file);
  addTo(file);
  expect(statSync(file).ino).not.toBe(ino);
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
  expect(SealingKeySet.parse(readFileSync(file, 'utf8'), file).keyIds).toHaveLength(2);
  expect(readdirSync(folder)).toEqual(['keys.json']);
});

test('a link stays one, and the file that it leads to is changed', () => {
  const { folder, file } = keyFile();
  const link = join(folder, 'link.json');
  symlinkSync(file, link);
  addTo(link);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(SealingKeySet.parse(readFileSync(file, 'utf8'), file).keyIds).toHaveLength(2);
});

test('a change that is refused leaves the file as it was', () => {
  const { file, text } = keyFile();
  expect(() => changeSealingKeyFile(file, (before) => ({ text: withoutKey(before, file, 'other') }))).toThrow(/There is no key other/);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test.each<[string, string | undefined, Record<string, string>, string | RegExp]>([
  ['the given file goes before the settings’', 'a.json', { KEEPER_SEALING_KEYS_FILE: 'b.json' }, 'a.json'],
  ['else it is the settings’', undefined, { KEEPER_SEALING_KEYS_FILE: 'b.json' }, 'b.json'],
  [
    'keys that are a setting’s value are no file',
    undefined,
    { KEEPER_SEALING_KEYS: '{}' },
    /value of KEEPER_SEALING_KEYS: write them into a file/,
  ],
  ['without either it is asked for', undefined, {}, /Say which file/],
])('%s', (_what, given, env, expected) => {
  const choose = () => sealingKeyFile(given, env);
  if (typeof expected === 'string') expect(choose()).toBe(expected);
  else expect(choose).toThrow(expected);
});
