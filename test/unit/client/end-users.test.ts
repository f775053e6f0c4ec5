import { withLinkOf } from '../../../client/connection-workflows.ts';
import { whatBecameOf } from '../../../client/end-users.ts';
import { isServedAnew } from '../../../client/user-consent.ts';
import { askAuthorization, NO_AUTHORIZATION, noteConsent, receiveRedirect, settleConsent } from '../../../workflows/authorization.ts';
import { STEP_NAMES, type StepName } from '../../../workflows/codes.ts';
import type { ConnectionStatus, StepStatus } from '../../../workflows/messages.ts';
import { sealed, T0 } from '../workflows/states.ts';

const HOUR_MS = 3_600_000;
const link = (stateSha256: string) => ({
  stateSha256,
  redirectUrl: 'https://acme.example/callback',
  clientId: 'c1',
  clientSecret: sealed<'client-secret'>('sealed secret'),
  validForMs: HOUR_MS,
});
const asked = (...links: string[]) => links.reduce((before, one) => askAuthorization(before, link(one), T0), NO_AUTHORIZATION);
const denied = (stateSha256: string) => ({ stateSha256, code: null, error: 'access_denied', broughtAtMs: T0 });
const granted = (stateSha256: string) => ({ stateSha256, code: sealed<'authorization-code'>('sealed code'), error: null, broughtAtMs: T0 });

describe('whoever waits for one of several links is told of that one', () => {
  test('it may still come back, until it has expired', () => {
    expect(whatBecameOf(asked('a', 'b'), 'a', T0 + HOUR_MS - 1)).toBe('asked');
    expect(whatBecameOf(asked('a', 'b'), 'a', T0 + HOUR_MS)).toBe('expired');
  });

  test('another one that came back says nothing of it', () => {
    const { authorization } = receiveRedirect(asked('a', 'b'), denied('b'), T0);
    expect(whatBecameOf(authorization, 'b', T0)).toBe('denied');
    expect(whatBecameOf(authorization, 'a', T0)).toBe('asked');
  });

  test('its code is being exchanged, and then it is connected, whatever the time', () => {
    const { authorization } = receiveRedirect(asked('a'), granted('a'), T0);
    expect(whatBecameOf(authorization, 'a', T0)).toBe('pending');
    expect(whatBecameOf(noteConsent(authorization, 'a', T0), 'a', T0 + 9 * HOUR_MS)).toBe('connected');
  });

  test('so many later ones were made that it is no longer known', () => {
    expect(whatBecameOf(asked('a', 'b', 'c', 'd', 'e', 'f'), 'a', T0)).toBe('replaced');
  });
});

test('a link that has expired since it was published is not shown as one that may still come back', () => {
  const expiresAt = new Date(T0 + HOUR_MS).toISOString();
  const status = { authorization: { status: 'asked', askedAt: new Date(T0).toISOString(), expiresAt } } as unknown as ConnectionStatus;
  expect(withLinkOf(status, T0 + HOUR_MS - 1)).toBe(status);
  expect(withLinkOf(status, T0 + HOUR_MS).authorization).toMatchObject({ status: 'expired', expiresAt });
});

describe('the date of the consent is that of the access in use', () => {
  const served = noteConsent(receiveRedirect(asked('a', 'b', 'c'), granted('a'), T0).authorization, 'a', T0);
  const first = settleConsent(served, true);
  const again = noteConsent(receiveRedirect(first, granted('b'), T0 + 1).authorization, 'b', T0 + 1);

  test('once a session of the same user is served on it', () => {
    expect(first).toMatchObject({ consentedAtMs: T0 });
    expect(settleConsent(again, true)).toMatchObject({ consentedAtMs: T0 + 1 });
    expect(settleConsent(again, true)).not.toHaveProperty('formerConsentedAtMs');
  });

  test('and the former one again when it is of another user, also after several', () => {
    expect(settleConsent(again, false)).toMatchObject({ consentedAtMs: T0 });
    const third = noteConsent(receiveRedirect(again, granted('c'), T0 + 2).authorization, 'c', T0 + 2);
    expect(settleConsent(third, false)).toMatchObject({ consentedAtMs: T0 });
  });

  test('nothing changes where no consent was waiting to be proven', () => {
    expect(settleConsent(first, false)).toEqual(first);
  });
});

describe('a connection that grants access again is served anew', () => {
  const steps = (change: Partial<Record<StepName, StepStatus>> = {}) =>
    STEP_NAMES.map((name, index) => ({ name, status: change[name] ?? (index < 5 ? ('done' as const) : ('skipped' as const)), at: null }));

  test('when it is ACTIVE with every step done', () => {
    expect(isServedAnew({ state: 'ACTIVE', steps: steps() })).toBe(true);
  });

  test.each<[StepName, StepStatus]>([
    ['device', 'pending'],
    ['session', 'running'],
  ])('not while its %s is %s, though it is ACTIVE on the former session', (name, status) => {
    expect(isServedAnew({ state: 'ACTIVE', steps: steps({ [name]: status }) })).toBe(false);
  });

  test.each(['RENEWING', 'LAPSED', 'ACTION_REQUIRED'] as const)('not while it is %s', (state) => {
    expect(isServedAnew({ state, steps: steps() })).toBe(false);
  });
});
