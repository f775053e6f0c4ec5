import { inTurns } from '../../../client/in-turns.ts';
import { beginningOfSealed } from '../../../client/sealed-histories.ts';
import {
  type KeyUse,
  keyIdsOf,
  keyUse,
  lackedBy,
  type SealingUse,
  sealingOtherwise,
  sealingWorkers,
} from '../../../client/sealing-key-use.ts';
import { SealingKeySet } from '../../../sealing/key-set.ts';
import { SECRET_KINDS } from '../../../sealing/sealed.ts';
import { Secret } from '../../../sealing/secret.ts';

const DAY_MS = 24 * 3_600_000;
const CLOSED_AT = Date.parse('2026-11-01T00:00:00Z');
const NOTHING: SealingUse = { workers: [], connections: [], closedRuns: [], retentionMs: 30 * DAY_MS };
const run = (...keyIds: string[]) => ({ workflowId: 'provider.test.acme', runId: 'run', closedAtMs: CLOSED_AT, keyIds });

test('a worker tells its keys in its identity, the one that seals first; one not seen for two minutes is gone', () => {
  const workers = sealingWorkers([
    { identity: '7@here keys new,old', silentMs: 119_000 },
    { identity: '8@here keys old', silentMs: 0 },
    { identity: '9@dead keys old', silentMs: 121_000 },
    { identity: 'somebody else', silentMs: 0 },
  ]);
  expect(workers).toEqual([
    { identity: '7@here keys new,old', keyIds: ['new', 'old'] },
    { identity: '8@here keys old', keyIds: ['old'] },
    { identity: 'somebody else', keyIds: null },
  ]);
  expect(lackedBy(workers, 'new')).toEqual(['8@here keys old', 'somebody else']);
  expect(sealingOtherwise(workers, 'new')).toEqual(['8@here keys old', 'somebody else']);
  expect(lackedBy(workers, 'old')).toEqual(['somebody else']);
});

test.each<[string, Partial<SealingUse>, Partial<KeyUse>]>([
  ['nothing', {}, { neededFor: [] }],
  [
    'others’ connections, runs and workers',
    { connections: [{ name: 'acme', keyIds: ['new'] }], closedRuns: [run('new')], workers: [{ identity: 'w', keyIds: ['new'] }] },
    { neededFor: [], lackedBy: ['w'] },
  ],
  [
    'a connection',
    { connections: [{ name: 'acme', keyIds: ['new', 'old'] }] },
    { connections: ['acme'], neededFor: [expect.stringMatching(/^acme is sealed by it: bunq-keeper sealing-keys reseal/)] },
  ],
  [
    'a connection that nobody could ask',
    { connections: [{ name: 'acme', keyIds: null }] },
    { connections: [], neededFor: [expect.stringMatching(/^acme did not answer/)] },
  ],
  [
    'a closed run, until it is gone from Temporal',
    { closedRuns: [run('old'), { ...run('old', 'new'), closedAtMs: CLOSED_AT - DAY_MS }] },
    {
      histories: 2,
      historiesUntil: '2026-12-01T00:00:00.000Z',
      neededFor: [expect.stringMatching(/^2 closed runs have .* until 2026-12-01/)],
    },
  ],
  [
    'a worker that seals by it',
    { workers: [{ identity: 'w', keyIds: ['old', 'new'] }] },
    { sealedWithBy: ['w'], neededFor: [expect.stringMatching(/^w still seals by it/)] },
  ],
  [
    'a worker that does not say',
    { workers: [{ identity: 'w', keyIds: null }] },
    { lackedBy: ['w'], neededFor: [expect.stringMatching(/^w does not say by which key/)] },
  ],
])('a former key is needed for %s', (_what, use, expected) => {
  expect(keyUse('old', 'new', { ...NOTHING, ...use })).toMatchObject({ keyId: 'old', seals: false, ...expected });
});

test('the key that seals is needed for that', () => {
  expect(keyUse('new', 'new', NOTHING)).toMatchObject({ seals: true, neededFor: ['it is the key that seals: promote another one first'] });
});

test('a connection that does not answer is known as such, and the others are asked', async () => {
  const ask = (name: string) => (name === 'mute' ? Promise.reject(new Error('no answer')) : Promise.resolve(['k']));
  expect(await keyIdsOf([{ name: 'acme' }, { name: 'mute' }, { name: 'ada' }], ask, { forMs: 0, pauseMs: 0 })).toEqual([
    { name: 'acme', keyIds: ['k'] },
    { name: 'mute', keyIds: null },
    { name: 'ada', keyIds: ['k'] },
  ]);
});

test('who does not answer at once is asked again, and nobody else', async () => {
  const asked: string[] = [];
  const ask = async (name: string) => {
    asked.push(name);
    if (name === 'slow' && asked.length < 5) throw new Error('no answer');
    return ['k'];
  };
  const connections = ['acme', 'slow', 'ada'].map((name) => ({ name }));
  expect(await keyIdsOf(connections, ask, { forMs: 60_000, pauseMs: 0 })).toEqual(connections.map(({ name }) => ({ name, keyIds: ['k'] })));
  expect(asked).toEqual(['acme', 'slow', 'ada', 'slow', 'slow']);
});

test('of many only a few are asked at a time, and all in order', async () => {
  let now = 0;
  let most = 0;
  const ask = async (item: number) => {
    most = Math.max(most, ++now);
    await Promise.resolve();
    now--;
    return item;
  };
  const items = Array.from({ length: 37 }, (_, item) => item);
  expect(await inTurns(items, ask)).toEqual(items);
  expect(most).toBe(10);
});

test.each(['k', 'k1', 'k12', 'k123'])('what is sealed by %s is told by its beginning, and by no other key’s', async (kid) => {
  const k = Buffer.alloc(32, 7).toString('base64url');
  const sealedBy = (id: string, kind: (typeof SECRET_KINDS)[number]) =>
    SealingKeySet.parse(JSON.stringify({ keys: [{ kty: 'oct', kid: id, k }] }), 'the test').seal(
      kind,
      'provider.test.acme',
      new Secret('x'),
    );
  for (const kind of SECRET_KINDS) {
    expect((await sealedBy(kid, kind)).startsWith(beginningOfSealed(kid))).toBe(true);
    for (const other of [`${kid}4`, `${kid.slice(0, -1)}z`])
      expect((await sealedBy(other, kind)).startsWith(beginningOfSealed(kid))).toBe(false);
  }
});
