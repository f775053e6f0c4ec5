import { type Lapse, lapsesOf, type SessionEnd } from '../../simulator/lapses.ts';
import { endOf } from '../../simulator/publications.ts';
import { bankForEachTest, HOUR_MS, MINUTE_MS } from './bank.ts';
import { logInProvider, openSession, responseId, send } from './client.ts';

/** Session 1 ends at 100 by its time, 2 at 200 by the bank's will, 3 at 300 by its deletion. */
const ENDS = new Map<number, SessionEnd>([
  [1, { endsAtMs: 100, reason: 'expired' }],
  [2, { endsAtMs: 200, reason: 'revoked' }],
  [3, { endsAtMs: 300, reason: 'deleted' }],
]);

type Published = [sessionId: number | null, atMs: number];
type Expected = [fromMs: number, untilMs: number, reason: Lapse['reason']];

test.each<[string, Published[], number, Expected[]]>([
  ['nothing published has no lapse', [], 500, []],
  ['one session, looked at before its end', [[1, 10]], 90, []],
  ['one session, looked at at its very end', [[1, 10]], 100, []],
  ['one session, looked at a millisecond later', [[1, 10]], 101, [[100, 101, 'expired']]],
  [
    'a successor before the end',
    [
      [1, 10],
      [2, 99],
    ],
    200,
    [],
  ],
  [
    'a successor at the very end',
    [
      [1, 10],
      [2, 100],
    ],
    200,
    [],
  ],
  [
    'a successor too late',
    [
      [1, 10],
      [2, 130],
    ],
    200,
    [[100, 130, 'expired']],
  ],
  [
    'none served from the end on',
    [
      [1, 10],
      [null, 100],
      [2, 130],
    ],
    200,
    [[100, 130, 'none served']],
  ],
  [
    'none served before the end',
    [
      [1, 10],
      [null, 80],
      [2, 90],
    ],
    200,
    [[80, 90, 'none served']],
  ],
  [
    'none served after a revocation',
    [
      [2, 10],
      [null, 230],
      [3, 250],
    ],
    260,
    [
      [200, 230, 'revoked'],
      [230, 250, 'none served'],
    ],
  ],
  [
    'the former served again',
    [
      [2, 10],
      [1, 50],
      [2, 60],
    ],
    190,
    [],
  ],
  ['a session published after its end', [[3, 320]], 330, [[320, 330, 'deleted']]],
  [
    'none served, said twice, is one lapse',
    [
      [null, 10],
      [null, 20],
    ],
    30,
    [[10, 30, 'none served']],
  ],
  [
    'a dead session, said twice, is one lapse',
    [
      [1, 10],
      [1, 150],
    ],
    180,
    [[100, 180, 'expired']],
  ],
  [
    'the same lapse with a pause is two',
    [
      [null, 10],
      [1, 20],
      [null, 30],
    ],
    40,
    [
      [10, 20, 'none served'],
      [30, 40, 'none served'],
    ],
  ],
  [
    'of two at the same instant the later said holds',
    [
      [null, 10],
      [1, 10],
    ],
    90,
    [],
  ],
  [
    'what was said late is put in order',
    [
      [2, 130],
      [1, 10],
    ],
    200,
    [[100, 130, 'expired']],
  ],
  [
    'what is published after the time looked at',
    [
      [1, 10],
      [null, 60],
    ],
    50,
    [],
  ],
  ['a lapse that begins after the time looked at', [[null, 60]], 50, []],
])('%s', (_, published, untilMs, expected) => {
  const publications = published.map(([sessionId, atMs]) => ({ sessionId, atMs }));
  expect(lapsesOf(publications, ENDS, untilMs)).toEqual(expected.map(([fromMs, until, reason]) => ({ fromMs, untilMs: until, reason })));
});

test('a session whose end is not given is a mistake, not a lapse', () => {
  expect(() => lapsesOf([{ sessionId: 9, atMs: 0 }], ENDS, 1)).toThrow(/session 9/);
});

test.each([
  ['its time', { expiresAtMs: 50, deletedAtMs: null, revokedAtMs: null }, null, 50, 'expired'],
  ['its deletion', { expiresAtMs: 50, deletedAtMs: 40, revokedAtMs: null }, null, 40, 'deleted'],
  ['its revocation', { expiresAtMs: 50, deletedAtMs: 40, revokedAtMs: 30 }, null, 30, 'revoked'],
  ["its installation's revocation", { expiresAtMs: 50, deletedAtMs: 40, revokedAtMs: 30 }, 20, 20, 'revoked'],
  ['its time, deleted only afterwards', { expiresAtMs: 50, deletedAtMs: 60, revokedAtMs: null }, 70, 50, 'expired'],
])('a session ends by whichever comes first: %s', (_, session, installationRevokedAtMs, endsAtMs, reason) => {
  expect(endOf(session, installationRevokedAtMs)).toEqual({ endsAtMs, reason });
});

describe('at the bank', () => {
  const bank = bankForEachTest({ firstSessionLifetimeMs: HOUR_MS });
  const lapses = (untilMs?: number) => bank.simulator.lapses({ connection: 'acme', ...(untilMs !== undefined && { untilMs }) });
  const published = (sessionId: number | null) => bank.simulator.published({ connection: 'acme', sessionId });

  test('the end is the one that the bank has recorded: by time, deletion, revocation of the session or of its installation', async () => {
    const { installed, apiKey, sessionId } = await logInProvider(bank.apiUrl);
    const startMs = bank.simulator.nowMs();
    const next = async () => (await openSession(installed, apiKey)).json.Response;
    published(sessionId);
    bank.simulator.advanceClock(HOUR_MS + MINUTE_MS); // a minute expired

    const second = await next();
    published(second[0].Id.id);
    await send(bank.apiUrl, 'DELETE', '/session/0', { token: second[1].Token.token });
    bank.simulator.advanceClock(MINUTE_MS); // a minute deleted

    const third = (await next())[0].Id.id;
    published(third);
    bank.simulator.revokeSession(third);
    bank.simulator.advanceClock(MINUTE_MS); // a minute revoked

    published(null);
    bank.simulator.advanceClock(MINUTE_MS); // a minute without any

    published((await next())[0].Id.id);
    bank.simulator.revokeInstallation(installed.id);
    bank.simulator.advanceClock(MINUTE_MS);
    expect(
      lapses().map(({ fromMs, untilMs, reason }) => [(fromMs - startMs) / MINUTE_MS, (untilMs - startMs) / MINUTE_MS, reason]),
    ).toEqual([
      [60, 61, 'expired'],
      [61, 62, 'deleted'],
      [62, 63, 'revoked'],
      [63, 64, 'none served'],
      [64, 65, 'revoked'],
    ]);
  });

  test('an extension counts', async () => {
    bank.simulator.changeSettings({ extendSessions: true });
    const { call, sessionId } = await logInProvider(bank.apiUrl);
    published(sessionId);
    bank.simulator.advanceClock(HOUR_MS - MINUTE_MS);
    await call('GET', '/user'); // 5 minutes from then
    expect(lapses(bank.simulator.nowMs() + 5 * MINUTE_MS)).toEqual([]);
    expect(lapses(bank.simulator.nowMs() + 6 * MINUTE_MS)).toMatchObject([{ reason: 'expired' }]);
  });

  test('connections are told apart; one that published nothing, and a session that the bank does not have, are mistakes', async () => {
    const { sessionId } = await logInProvider(bank.apiUrl);
    published(sessionId);
    bank.simulator.published({ connection: 'other', sessionId: null });
    expect(lapses(bank.simulator.nowMs() + MINUTE_MS)).toEqual([]);
    expect(() => bank.simulator.lapses({ connection: 'nobody' })).toThrow(/Nothing was published by "nobody"/);
    expect(() => published(1)).toThrow(/no 1 among its sessions/);
  });

  test('the management port does the same', async () => {
    const { installed, apiKey } = await logInProvider(bank.apiUrl);
    const sessionId = responseId(await openSession(installed, apiKey));
    const atMs = bank.simulator.nowMs();
    const manage = (method: string, path: string, body?: object) => send(bank.simulator.manageUrl, method, path, body && { body });
    expect((await manage('POST', '/published', { connection: 'acme', sessionId, atMs })).status).toBe(200);
    await manage('POST', '/published', { connection: 'acme', sessionId: null, atMs: atMs + 10 });
    expect((await manage('GET', `/lapses?connection=acme&untilMs=${atMs + 30}`)).json).toEqual({
      lapses: [{ fromMs: atMs + 10, untilMs: atMs + 30, reason: 'none served' }],
    });
    expect((await manage('GET', '/lapses?connection=acme&untilMs=soon')).status).toBe(400);
    expect((await manage('POST', '/published', { connection: 'acme', sessionId: 1 })).status).toBe(400);
  });
});
