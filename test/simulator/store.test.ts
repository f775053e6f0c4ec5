import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoggedRequest } from '../../simulator/entities.ts';
import { Dice } from '../../simulator/random.ts';
import { readStateFile } from '../../simulator/state-file.ts';
import { Store } from '../../simulator/store.ts';
import { temporaryFolder } from '../support/at-end.ts';

const folder = temporaryFolder();
const open = (name?: string) => new Store(new Dice('store'), name && join(folder, name));
const knownBy = (store: Store) => JSON.stringify([...store.changes()]);

/** As much of a request as the store looks at. */
const requestOf = (store: Store, requestId: string) => ({ id: store.nextId(), installationId: 1, requestId }) as LoggedRequest;

const account = (id: number, userId: number) => ({ id, userId, uuid: 'u', iban: 'NL', createdAtMs: 0 });

test('what is looked up by a member follows its changes', () => {
  const store = open();
  for (const id of [1, 2, 3]) store.put('monetaryAccounts', account(id, 7));
  store.put('monetaryAccounts', account(2, 8));
  store.remove('monetaryAccounts', 3);
  store.put('monetaryAccounts', { ...account(1, 7), balance: '1.00' });
  expect(store.of('monetaryAccounts', 'userId', 7)).toEqual([{ ...account(1, 7), balance: '1.00' }]);
  expect(store.of('monetaryAccounts', 'userId', 8)).toEqual([account(2, 8)]);
  expect(store.of('monetaryAccounts', 'userId', 9)).toEqual([]);
});

test('the log has the last 50,000 requests, and with them the used request ids, also after a restart; the file does not grow for ever', () => {
  const store = open('log');
  for (let made = 1; made <= 250_000; made++) store.put('requests', requestOf(store, `r${made}`));
  const kept = store.all('requests');
  expect(kept.length).toBe(50_000);
  expect([kept[0]?.requestId, kept.at(-1)?.requestId]).toEqual(['r200001', 'r250000']);
  expect(store.useRequestId(1, 'r200001')).toBe(false);
  expect(store.useRequestId(1, 'r200000')).toBe(true);
  expect(statSync(join(folder, 'log')).size / 250_000).toBeLessThan(60); // of some 80 bytes that each was
  const known = knownBy(store);
  store.close();
  const again = open('log');
  expect(knownBy(again)).toBe(known);
  expect(again.useRequestId(1, 'r200001')).toBe(false);
  again.close();
});

test('a member that is gone, and an entity that is put unchanged, are the same after a restart', () => {
  const store = open('members');
  store.put('monetaryAccounts', { ...account(1, 7), balance: '1.00' });
  store.put('monetaryAccounts', account(1, 7));
  const { size } = statSync(join(folder, 'members'));
  store.put('monetaryAccounts', account(1, 7));
  expect(statSync(join(folder, 'members')).size).toBe(size);
  store.close();
  expect(open('members').all('monetaryAccounts')).toEqual([account(1, 7)]);
});

test('all that is known is replaced, or forgotten, for good; ids that were given are not given again', () => {
  const store = open('replaced');
  store.put('monetaryAccounts', account(store.nextId(), 7));
  const before = [...store.changes()];
  const known = knownBy(store);
  store.put('monetaryAccounts', account(store.nextId(), 8));
  const { lastId } = store;
  store.atomically(() => {
    store.put('monetaryAccounts', account(store.nextId(), 9));
    store.replace(before);
  });
  expect(knownBy(store)).toBe(known);
  expect(store.of('monetaryAccounts', 'userId', 8)).toEqual([]);
  expect(store.nextId()).toBeGreaterThan(lastId);
  store.close();
  const again = open('replaced');
  expect(knownBy(again)).toBe(known);
  again.clear();
  expect(again.size()).toBe(0);
  again.close();
  expect(open('replaced').size()).toBe(0);
});

test('what takes the place of all, and what is put behind it in the same change, is in the file together or not at all', () => {
  const store = open('anew');
  store.put('monetaryAccounts', account(1, 7));
  const before = readFileSync(join(folder, 'anew'));
  store.atomically(() => {
    store.clear();
    store.put('monetaryAccounts', account(2, 8));
    expect(readFileSync(join(folder, 'anew'))).toEqual(before);
  });
  expect(readStateFile(join(folder, 'anew')).batches).toEqual([[['monetaryAccounts', account(2, 8)]]]);
  store.put('monetaryAccounts', account(3, 8));
  store.close();
  expect(open('anew').of('monetaryAccounts', 'userId', 8)).toEqual([account(2, 8), account(3, 8)]);
});

test('very much that belongs together is all there, or what was torn is left out whole', () => {
  const path = join(folder, 'much');
  const store = open('much');
  store.put('monetaryAccounts', account(1, 7));
  const before = readFileSync(path).length;
  store.atomically(() => {
    for (let id = 2; id <= 2_000; id++) store.put('monetaryAccounts', account(id, 8));
  });
  store.close();
  const whole = readFileSync(path);
  expect(open('much').of('monetaryAccounts', 'userId', 8)).toHaveLength(1_999);
  const lines = [...whole.keys()].filter((at) => whole[at] === 10 && at >= before);
  expect(lines.length).toBeGreaterThan(1);
  for (const cut of [...lines.slice(0, -1).map((at) => at + 1), whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, cut));
    expect(open('much').all('monetaryAccounts')).toEqual([account(1, 7)]);
  }
});

test('what is changed at once is written at once, also within another change, and also before an error', () => {
  const store = open('whole');
  const act = () =>
    store.atomically(() => {
      store.put('monetaryAccounts', account(1, 7));
      store.atomically(() => store.put('monetaryAccounts', account(2, 7)));
      expect(knownBy(open('whole'))).toBe('[]');
      throw new Error('a defect');
    });
  expect(act).toThrow('a defect');
  expect(knownBy(open('whole'))).toBe(knownBy(store));
  expect(store.size()).toBe(2);
});
