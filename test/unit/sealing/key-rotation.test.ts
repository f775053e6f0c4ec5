import { withKeyFirst, withNewKey, withoutKey } from '../../../sealing/key-rotation.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { Secret } from '../../../sealing/secret.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const text = newSealingKeys(new Date('2026-01-01T00:00:00Z'));
const idsOf = (set: string) => SealingKeySet.parse(set, 'keys.json').keyIds;
const [old] = idsOf(text) as [string];
const added = withNewKey(text, 'keys.json', NOW);

test('a key that is added opens, and does not seal yet', async () => {
  expect(added.keyId).toMatch(/^2026-11-25-[0-9a-f]{6}$/);
  expect(idsOf(added.text)).toEqual([old, added.keyId]);
  const before = await SealingKeySet.parse(added.text, 'keys.json').seal('api-key', 'provider.test.acme', new Secret('secret'));
  expect((await SealingKeySet.parse(text, 'keys.json').open('api-key', 'provider.test.acme', before)).text()).toBe('secret');
});

test('one that is promoted seals, and the former one opens what it has sealed', async () => {
  const promoted = withKeyFirst(added.text, 'keys.json', added.keyId);
  expect(idsOf(promoted)).toEqual([added.keyId, old]);
  const sealed = await SealingKeySet.parse(text, 'keys.json').seal('api-key', 'provider.test.acme', new Secret('secret'));
  expect((await SealingKeySet.parse(promoted, 'keys.json').open('api-key', 'provider.test.acme', sealed)).text()).toBe('secret');
  expect(withKeyFirst(promoted, 'keys.json', added.keyId)).toBe(promoted);
});

test('one that does not seal is removed, and the one that seals is not', () => {
  expect(idsOf(withoutKey(added.text, 'keys.json', added.keyId))).toEqual([old]);
  expect(() => withoutKey(added.text, 'keys.json', old)).toThrow(`${old} is the key that seals in keys.json: it cannot be removed.`);
});

test('what else stands in the file is kept', () => {
  const set = JSON.parse(text) as { keys: object[] };
  const noted = JSON.stringify({ note: 'of the vault', keys: [{ ...set.keys[0], use: 'enc' }] });
  const changed = JSON.parse(withNewKey(noted, 'keys.json', NOW).text);
  expect(changed).toMatchObject({ note: 'of the vault', keys: [{ kid: old, use: 'enc' }, {}] });
});

test.each([
  ['an unknown key', () => withKeyFirst(text, 'keys.json', 'other'), `There is no key other in keys.json; there are ${old}.`],
  ['an unknown key to remove', () => withoutKey(text, 'keys.json', 'a\nb'), 'There is no key a?b in keys.json'],
  ['what is no key set', () => withNewKey('{}', 'keys.json', NOW), 'keys.json is not a set of sealing keys'],
])('%s is refused, with nothing of a key in the error', (_what, change, says) => {
  expect(change).toThrow(says);
  const { k } = (JSON.parse(text) as { keys: [{ k: string }] }).keys[0];
  expect(change).not.toThrow(k);
});
