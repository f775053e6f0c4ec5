import { expect, test } from '@jest/globals';
import { isRefused, PERMITS, permitFor, permitsOf } from '../../../bunq/permits.ts';

const refusedTo = (method: string, path: string, ...roles: string[]) => {
  const permit = permitFor(method, path);
  return permit !== null && isRefused(permit, roles);
};

const ACCOUNT = '/user/7/monetary-account/12';

test.each<[string, string, string[]]>([
  // Who alone would be refused.
  ['GET', '/user', []],
  ['GET', '/user/7', []],
  ['GET', '/user/7/monetary-account', []],
  ['GET', ACCOUNT, []],
  ['GET', `${ACCOUNT}/payment`, ['PISP', 'CBPII']],
  ['GET', `${ACCOUNT}/payment/3?count=10`, ['PISP', 'CBPII']],
  ['GET', `${ACCOUNT}/mastercard-action/3`, ['PISP', 'CBPII']],
  ['GET', '/user/7/card', ['PISP']],
  ['POST', `${ACCOUNT}/draft-payment`, ['AISP', 'CBPII']],
  ['PUT', `${ACCOUNT}/draft-payment/3`, ['AISP', 'CBPII']],
  ['GET', `${ACCOUNT}/draft-payment/3`, ['CBPII']],
  ['POST', '/user/7/payment-service-provider-draft-payment', ['AISP', 'CBPII']],
  ['POST', '/user/7/confirmation-of-funds', ['AISP']],
  ['POST', `${ACCOUNT}/payment`, ['AISP', 'CBPII']],
  ['POST', `${ACCOUNT}/schedule-payment`, ['AISP', 'CBPII']],
  ['POST', '/user/7/oauth-client', []],
  ['GET', `${ACCOUNT}/event`, []],
  ['DELETE', `${ACCOUNT}/draft-payment/3`, []],
])('%s %s is refused to %j', (method, path, refused) => {
  expect(['AISP', 'PISP', 'CBPII'].filter((role) => refusedTo(method, path, role))).toEqual(refused);
});

test('one role that is not refused is enough, and a bank’s own role adds nothing', () => {
  expect(refusedTo('POST', `${ACCOUNT}/draft-payment`, 'AISP', 'CBPII')).toBe(true);
  expect(refusedTo('POST', `${ACCOUNT}/draft-payment`, 'AISP', 'PISP')).toBe(false);
  expect(refusedTo('POST', `${ACCOUNT}/draft-payment`, 'ASPSP', 'AISP')).toBe(true);
});

test.each([[[]], [['ASPSP']], [['SOMETHING ELSE']]])('of who has the roles %j nothing is known, and nothing refused', (roles) => {
  expect(refusedTo('POST', `${ACCOUNT}/draft-payment`, ...roles)).toBe(false);
});

test.each([
  `user/{userId}/monetary-account/12/draft-payment`,
  `/v1${ACCOUNT}/draft-payment`,
  `v1${ACCOUNT}/draft-payment/`,
  `${ACCOUNT}/draft%2Dpayment`,
  `${ACCOUNT}/payment/../draft-payment?a=/b`,
  `/user//7/monetary-account/12/draft-payment`,
])('%s is told for what the bank will see in it', (path) => {
  expect(permitFor('post', path)?.what).toMatch(/make draft payments/);
});

test.each(['http://[', '/user/%ff/card', '', '/', '/user/7/card/1/2'])('%j is no call that the table knows', (path) => {
  expect(permitFor('GET', path)).toBeNull();
});

test('every row has a source, says nothing twice, and no call belongs to two', () => {
  const calls = PERMITS.flatMap(({ methods, paths }) => methods.flatMap((method) => paths.map((path) => `${method} ${path}`)));
  expect(new Set(calls).size).toBe(calls.length);
  for (const { allowed, refused, sources } of PERMITS) {
    expect(allowed.filter((role) => refused.includes(role))).toEqual([]);
    for (const source of sources) expect(source).toMatch(/^https:\/\/(doc\.bunq\.com|medium\.com\/bunq-developers-corner)\//);
    expect(sources.length).toBeGreaterThan(0);
  }
});

test('each role allows something, and more roles allow more', () => {
  const whats = (...roles: string[]) => permitsOf(roles).map(({ what }) => what);
  expect(whats('AISP')).toContain('read transactions');
  expect(whats('PISP')).toContain('make draft payments, which the user confirms');
  expect(whats('CBPII')).toEqual(['read cards', 'ask whether the balance covers an amount']);
  expect(whats('AISP', 'PISP')).toEqual(expect.arrayContaining([...whats('AISP'), ...whats('PISP')]));
  expect(whats('ASPSP')).toEqual([]);
});
