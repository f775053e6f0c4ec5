import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EgressWay } from '../../../../bunq/dispatchers.ts';
import { newSealingKeys, SealingKeySet } from '../../../../sealing/key-set.ts';
import {
  BankCheck,
  checkSealingKeys,
  checkSigners,
  checkTemporal,
  checkVisibility,
  checkWorkers,
} from '../../../../worker/monitoring/checks.ts';
import type { TemporalLooks } from '../../../../worker/monitoring/temporal-looks.ts';
import { atEnd } from '../../../support/at-end.ts';
import { realClock } from '../../bunq/support.ts';

const keys = SealingKeySet.parse(newSealingKeys(new Date('2026-01-02T00:00:00Z')), 'the test');
const looksWith = (looks: Partial<TemporalLooks>) => looks as TemporalLooks;
const fails = (message: string) => async () => {
  throw new Error(message);
};

async function bankThatAnswers(status: number): Promise<{ apiUrl: string; asked(): number }> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  atEnd(() => server.close());
  return { apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked: () => asked };
}

function checkOf(apiUrl: string, restMs = 30_000, way: EgressWay | null = null): BankCheck {
  const check = new BankCheck({ apiUrl, clock: realClock, way }, restMs);
  atEnd(check.close);
  return check;
}

test('before it is connected, Temporal is what it waits for; an answer without its database is none', async () => {
  expect(await checkTemporal(null, 'Waiting for Temporal at here: no server answers')).toMatchObject({
    ok: false,
    needed: true,
    found: expect.stringMatching(/^Waiting for Temporal at here.*correct TEMPORAL_ADDRESS/),
  });
  const down = await checkTemporal(looksWith({ database: fails('persistence unavailable\nat a place') }), null);
  expect(down).toMatchObject({
    ok: false,
    needed: true,
    found: expect.stringContaining('(persistence unavailable). Start the server and its database'),
  });
  expect(await checkTemporal(looksWith({ database: async () => {} }), null)).toMatchObject({ ok: true });
});

test('a visibility store that is down takes lists away, and no more', async () => {
  expect(await checkVisibility(looksWith({ visibility: fails('no such table') }))).toMatchObject({
    ok: false,
    needed: false,
    found: expect.stringContaining('no such table'),
  });
});

test('a worker that stops, has not started, or takes nothing from one of its queues is not ready', () => {
  const polling = new Map([
    ['bunq-keeper.sandbox', true],
    ['bunq-keeper.sandbox.default', false],
  ]);
  expect(checkWorkers(polling, false)).toMatchObject({
    ok: false,
    needed: true,
    found: expect.stringContaining('from bunq-keeper.sandbox.default. Restart'),
  });
  expect(checkWorkers(new Map(), false)).toMatchObject({ ok: false, found: expect.stringContaining('Not started yet') });
  expect(checkWorkers(new Map([['q', true]]), true)).toMatchObject({ ok: false, found: expect.stringContaining('stopping') });
  expect(checkWorkers(new Map([['q', true]]), false)).toMatchObject({ ok: true });
});

test('a worker that lacks a sealing key that another has says which, and who has it', async () => {
  const [own] = keys.keyIds as [string];
  const workers = [
    { identity: `1@here keys ${own}`, keyIds: [own] },
    { identity: `2@there keys 2026-05-01-abc,${own}`, keyIds: ['2026-05-01-abc', own] },
  ];
  expect(await checkSealingKeys(keys, looksWith({ sealingWorkers: async () => workers }))).toMatchObject({
    ok: false,
    needed: false,
    found: expect.stringMatching(/lacks 2026-05-01-abc, which 2@there has\. Give it the same file/),
  });
  expect(await checkSealingKeys(keys, looksWith({ sealingWorkers: async () => workers.slice(0, 1) }))).toMatchObject({ ok: true });
  expect(await checkSealingKeys(keys, looksWith({ sealingWorkers: fails('away') }))).toMatchObject({ ok: true }); // Temporal's own check says so
});

test('a signer that is down is told by its name, with what it said', async () => {
  const look = async () => [{ name: 'hsm', ok: false, found: 'the program ended with 1. Look at its log.', publicKey: null }];
  const find = () => {
    throw new Error('nothing is signed');
  };
  expect(await checkSigners({ look, find })).toEqual([
    { name: 'signer hsm', ok: false, needed: false, found: 'the program ended with 1. Look at its log.' },
  ]);
});

test.each([
  [404, true],
  [429, true],
  [491, true],
  [500, false],
  [503, false],
])('a bank that answers with %p: is it there? %p', async (status, ok) => {
  const { apiUrl } = await bankThatAnswers(status);
  expect(await checkOf(apiUrl).look()).toMatchObject({ name: 'bank', ok, needed: false });
});

test('a bank that answered a call just now is not asked; one that did so long ago is', async () => {
  const { apiUrl, asked } = await bankThatAnswers(503);
  const check = checkOf(apiUrl);
  check.succeeded();
  expect(await check.look()).toMatchObject({ ok: true, found: expect.stringMatching(/answered a call 0 s ago$/) });
  expect(asked()).toBe(0);
  const hasty = checkOf(apiUrl, -1);
  hasty.succeeded();
  expect(await hasty.look()).toMatchObject({ ok: false, found: expect.stringContaining('HTTP 503') });
  expect(asked()).toBe(1);
});

test('a bank that is not there is named with what to look at', async () => {
  const found = expect.stringMatching(/^127\.0\.0\.1:1 does not answer \(.*ECONNREFUSED.*\)\. Check the network, and HTTPS_PROXY/);
  expect(await checkOf('http://127.0.0.1:1/v1').look()).toMatchObject({ ok: false, found });
});

test('it is looked at by the way of the egress, which is named where it leads nowhere', async () => {
  const { apiUrl, asked } = await bankThatAnswers(200);
  const look = (localAddress: string) => checkOf(apiUrl, 30_000, { localAddress }).look();
  expect(await look('127.0.0.2')).toMatchObject({ ok: true });
  const found = expect.stringMatching(/EADDRNOTAVAIL.*\. Check the network, and KEEPER_EGRESS_VIA \(192\.0\.2\.1\)\.$/);
  expect(await look('192.0.2.1')).toMatchObject({ ok: false, found });
  expect(asked()).toBe(1);
});
