import { CONSENT_AGE_MS, consentAgeRemark } from '../../../client/consent-age.ts';
import { DAY_MS } from '../../../workflows/duration.ts';
import type { LifecycleState } from '../../../workflows/state.ts';

const NOW = Date.parse('2027-06-01T00:00:00Z');
const user = (ageMs: number | null, state: LifecycleState = 'ACTIVE') => ({
  name: 'acme/alice',
  state,
  consentedAt: ageMs === null ? null : new Date(NOW - ageMs).toISOString(),
});
const remark = (status: Parameters<typeof consentAgeRemark>[0], ageMs = CONSENT_AGE_MS) => consentAgeRemark(status, ageMs, NOW);

test('a consent is old from 180 days on, to the millisecond, and then there is a command', () => {
  expect(remark(user(180 * DAY_MS - 1))).toBeNull();
  const said = remark(user(180 * DAY_MS));
  expect(said).toMatch(/granted access 180 days ago;.*every 180 days/);
  expect(said).toMatch(/: bunq-keeper connect-user acme alice$/);
});

test('the age is the one that was set', () => {
  expect(remark(user(89 * DAY_MS), 90 * DAY_MS)).toBeNull();
  expect(remark(user(200 * DAY_MS), 90 * DAY_MS)).toMatch(/200 days ago/);
});

test.each<LifecycleState>(['REVOKED', 'AWAITING_AUTHORIZATION', 'DISCONNECTED'])('%s says more already', (state) => {
  expect(remark(user(400 * DAY_MS, state))).toBeNull();
});

test.each<LifecycleState>(['RENEWING', 'DEGRADED', 'LAPSED', 'ACTION_REQUIRED'])('%s does not hide it', (state) => {
  expect(remark(user(400 * DAY_MS, state))).not.toBeNull();
});

test('whoever has granted nothing yet, and a provider, have no consent that could be old', () => {
  expect(remark(user(null))).toBeNull();
  expect(remark({ name: 'acme', state: 'ACTIVE' })).toBeNull();
});
