import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../../../client/errors.ts';
import { attributesQuery, isOfRunningOnly, type ListFilter, matches, queryOfAll, RUNNING } from '../../../client/list-filter.ts';
import { statusOf } from '../../../workflows/status.ts';
import { DAY, onboarded, SESSION, T0, trouble } from '../workflows/states.ts';

/** Which connections are listed. */

const status = statusOf(onboarded(), { workflowId: '', runId: '', running: null }, T0 + DAY);
const parked = statusOf(
  onboarded({ troubles: { 'callback-urls': trouble({ action: 'CALLBACK_URL_REFUSED' }) } }),
  { workflowId: '', runId: '', running: null },
  T0 + DAY,
);
const lapsed = { ...status, session: null, state: 'LAPSED' as const };
const at = (ms: number) => new Date(ms);

describe('a connection matches', () => {
  test.each<[string, ListFilter, boolean]>([
    ['no filter', {}, true],
    ['its state', { state: 'ACTIVE' }, true],
    ['one of several states', { state: ['LAPSED', 'ACTIVE'] }, true],
    ['another state', { state: 'LAPSED' }, false],
    ['no state', { state: [] }, false],
    ['its provider', { provider: 'acme' }, true],
    ['a provider whose name begins alike', { provider: 'acm' }, false],
    ['its egress', { egress: 'default' }, true],
    ['another egress', { egress: 'second' }, false],
    ['nothing that waits for a person', { action: true }, false],
    ['what ends later', { expiresBefore: at(SESSION.expiresAtMs + 1) }, true],
    ['what ends at that moment', { expiresBefore: at(SESSION.expiresAtMs) }, false],
    ['what is due later', { renewBefore: at(Date.parse(status.session!.renewAt) + 1) }, true],
    ['what was due before', { renewBefore: at(T0) }, false],
    ['all but one', { state: 'ACTIVE', egress: 'default', provider: 'acme', action: true }, false],
  ])('%s', (_, filter, expected) => {
    expect(matches(filter, status)).toBe(expected);
  });

  test('what waits for a person by its reason; and without a session none ends', () => {
    expect([true, 'CALLBACK_URL_REFUSED', 'DIFFERENT_USER'].map((action) => matches({ action } as ListFilter, parked))).toEqual([
      true,
      true,
      false,
    ]);
    expect(matches({ expiresBefore: at(T0 + 1000 * DAY) }, lapsed)).toBe(false);
  });
});

test('one whose run is older than the search attributes comes along in any case', () => {
  const filter = { state: ['ACTIVE', 'LAPSED'], egress: 'default', action: true, expiresBefore: at(0), renewBefore: at(1) } as const;
  expect(attributesQuery(filter)).toBe(
    "((KeeperState IN ('ACTIVE', 'LAPSED') AND KeeperEgress = 'default' AND KeeperAction IS NOT NULL AND KeeperExpiresAt < '1970-01-01T00:00:00.000Z' AND KeeperRenewAt < '1970-01-01T00:00:00.001Z') OR KeeperState IS NULL)",
  );
  expect(attributesQuery({ provider: 'acme' })).toBeNull();
});

test('a provider is chosen by workflow ids, and no other whose name begins alike', () => {
  const query = queryOfAll('sandbox', 'acme', RUNNING);
  expect(query).toContain("WorkflowId = 'provider.sandbox.acme'");
  expect(query).toContain("WorkflowId STARTS_WITH 'user.sandbox.acme.'");
});

test('no query is made of what is no word', () => {
  const quote = "x' OR WorkflowType != '";
  for (const filter of [{ egress: quote }, { state: quote }, { state: ['ACTIVE', quote] }])
    expect(() => attributesQuery(filter)).toThrow(UsageError);
  expect(() => queryOfAll('sandbox', quote, RUNNING)).toThrow(UsageError);
});

test('what was closed is chosen by provider and egress, and by nothing that only what runs has', () => {
  const filters: ListFilter[] = [
    {},
    { provider: 'acme' },
    { egress: 'default' },
    { state: 'ACTIVE' },
    { action: true },
    { renewBefore: at(0) },
  ];
  expect(filters.map(isOfRunningOnly)).toEqual([false, false, false, true, true, true]);
});
