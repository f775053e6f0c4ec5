import { lookAtBank, lookAtClock } from '../../../bunq/reach.ts';
import { closeAll, httpBank, realClock } from './support.ts';

afterEach(closeAll);

const nowMs = Date.parse('2026-12-01T10:00:00.500Z');
const aheadBy = (seconds: number) => lookAtClock(nowMs + seconds * 1000, 'Tue, 01 Dec 2026 10:00:00 GMT');

test.each([
  [0, '0 s from'],
  [12, '12 s from'],
  [-12, '12 s from'],
  [60, '60 s from'],
  [-60, '60 s from'],
])('a clock that is %i s ahead of the bank’s is good enough', (seconds, found) => {
  expect(aheadBy(seconds)).toEqual({ check: 'clock', ok: true, found: `${found} the bank's` });
});

test.each([
  [61, '61 s ahead of'],
  [-61, '61 s behind'],
  [-7200, '7200 s behind'],
])('one that is %i s ahead is wrong, and the remedy is said', (seconds, found) => {
  expect(aheadBy(seconds)).toEqual({
    check: 'clock',
    ok: false,
    found: expect.stringMatching(new RegExp(`clock is ${found} the bank's\\. Set it right \\(NTP\\)`)),
  });
});

test.each([undefined, '', 'soon'])('where the bank says %p for a time, the clock is not judged', (date) => {
  expect(lookAtClock(nowMs, date)).toMatchObject({ ok: true, found: expect.stringContaining('does not say its time') });
});

test('a bank that refuses is there all the same, and the machine’s clock is held against its Date', async () => {
  const { bank } = await httpBank(() => ({
    status: 403,
    body: '{}',
    headers: { Date: new Date(Date.now() - 3_600_000).toUTCString() },
  }));
  expect(await lookAtBank({ apiUrl: bank.apiUrl, clock: realClock })).toEqual([
    { check: 'bank', ok: true, found: `${bank.apiUrl} answers` },
    { check: 'clock', ok: false, found: expect.stringMatching(/36\d\d s ahead of/) },
  ]);
});

test('of a bank that is not there it is said where to look, and nothing of a clock', async () => {
  expect(await lookAtBank({ apiUrl: 'http://127.0.0.1:1/v1/', clock: realClock })).toEqual([
    {
      check: 'bank',
      ok: false,
      found: expect.stringMatching(/does not answer \(.*BUNQ_UNREACHABLE.*\)\. Check the network, and HTTPS_PROXY/),
    },
  ]);
});

test('an address that cannot be used does not throw either', async () => {
  expect(await lookAtBank({ apiUrl: 'http://bank.example/v1/', clock: realClock })).toMatchObject([{ check: 'bank', ok: false }]);
});
