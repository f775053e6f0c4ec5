import { describe, expect, test } from '@jest/globals';
import {
  type Authorization,
  type AuthorizationRequest,
  askAuthorization,
  giveUpCode,
  isKnownLink,
  NO_AUTHORIZATION,
  noteConsent,
  outcomeOfLink,
  receiveRedirect,
  settleCode,
} from '../../../workflows/authorization.ts';
import { HOUR, MINUTE, SECOND, sealed, T0 } from './states.ts';

const link = (stateSha256: string, validForMs = HOUR): AuthorizationRequest => ({
  stateSha256,
  redirectUrl: 'https://acme.example/callback',
  clientId: 'client id',
  clientSecret: sealed('sealed secret'),
  validForMs,
});
const CODE = sealed<'authorization-code'>('sealed code');
const asked = (...states: string[]) => states.reduce((all, state) => askAuthorization(all, link(state), T0), NO_AUTHORIZATION);
const receive = (
  authorization: Authorization,
  stateSha256: string,
  { code = CODE as typeof CODE | null, error = null as string | null, atMs = T0 + MINUTE } = {},
) => receiveRedirect(authorization, { stateSha256, code, error, broughtAtMs: atMs - SECOND }, atMs);

describe('a link that comes back', () => {
  test('with a code: the code is to be exchanged, at the redirect URL and by the client that the link was made for', () => {
    const { authorization, answer } = receive(asked('one'), 'one');
    expect(answer).toEqual({ outcome: 'pending' });
    expect(authorization).toMatchObject({
      asked: [],
      code: {
        code: CODE,
        redirectUrl: 'https://acme.example/callback',
        clientId: 'client id',
        clientSecret: 'sealed secret',
        receivedAtMs: T0 + MINUTE,
        broughtAtMs: T0 + MINUTE - SECOND,
      },
    });
  });

  test.each([
    ['no by the end user', { code: null, error: 'access_denied' }, 'denied'],
    ['another error of the bank', { code: null, error: 'server_error' }, 'failed'],
    ['too late', { atMs: T0 + HOUR }, 'expired'],
    ['too late with an error', { code: null, error: 'access_denied', atMs: T0 + HOUR }, 'expired'],
  ])('%s: nothing is exchanged', (_what, given, outcome) => {
    const { authorization, answer } = receive(asked('one'), 'one', given);
    expect(answer).toEqual({ outcome });
    expect(authorization.code).toBeNull();
    expect(outcomeOfLink(authorization, 'one')).toBe(outcome);
  });

  test.each([
    ['a second time', 'connected'],
    ['a second time after its code was of no use', 'failed'],
  ] as const)('%s: it is repeated, with what came of it, and its second code is not taken', (_what, outcome) => {
    const settled = settleCode(receive(asked('one'), 'one').authorization, outcome);
    const again = receive(settled, 'one');
    expect(again.answer).toEqual({ outcome: 'repeated', first: outcome });
    expect(again.authorization).toBe(settled);
  });

  test('a second time while the first is at it', () => {
    const { authorization } = receive(asked('one'), 'one');
    expect(receive(authorization, 'one').answer).toEqual({ outcome: 'repeated', first: 'pending' });
  });

  test('that is none of ours changes nothing', () => {
    const before = asked('one');
    expect(isKnownLink(before, 'forged')).toBe(false);
    expect(receive(before, 'forged')).toEqual({ authorization: before, answer: { outcome: 'unknown' } });
  });
});

test('each of several links is good, once; the code of a later one takes the place of one that was not exchanged yet', () => {
  const first = receive(asked('one', 'two'), 'one').authorization;
  const second = receive(first, 'two', { code: sealed('another code'), atMs: T0 + 2 * MINUTE });
  expect(second.answer).toEqual({ outcome: 'pending' });
  expect(second.authorization.code).toMatchObject({ code: 'another code', stateSha256: 'two' });
  expect(outcomeOfLink(second.authorization, 'one')).toBe('failed');
  expect(outcomeOfLink(settleCode(second.authorization, 'connected'), 'two')).toBe('connected');
});

test('a code that comes while another is being exchanged is exchanged after it, whatever came of that', () => {
  const during = receive(receive(asked('one', 'two'), 'one').authorization, 'two').authorization;
  const consented = noteConsent(during, 'one', T0 + HOUR);
  expect(consented).toMatchObject({ code: { stateSha256: 'two' }, consentedAtMs: T0 + HOUR });
  expect(['one', 'two'].map((state) => outcomeOfLink(consented, state))).toEqual(['connected', 'pending']);
  const refused = settleCode(during, 'failed', 'one');
  expect(refused.code).toMatchObject({ stateSha256: 'two' });
  expect(['one', 'two'].map((state) => outcomeOfLink(refused, state))).toEqual(['failed', 'pending']);
});

test('a run that starts from the state of one that was closed does not exchange its code: it may have been', () => {
  const { authorization } = receive(asked('one', 'two'), 'one');
  const restarted = giveUpCode(authorization, T0 + HOUR);
  expect(restarted).toMatchObject({ code: null, error: { code: 'NOT_SENT', atMs: T0 + HOUR }, asked: [{ stateSha256: 'two' }] });
  expect(outcomeOfLink(restarted, 'one')).toBe('failed');
  expect(giveUpCode(asked('one'), T0)).toEqual(asked('one'));
});

test('of many links only the latest five are good, and the last twenty that came back are known', () => {
  const states = Array.from({ length: 30 }, (_, index) => `link ${index}`);
  const many = asked(...states);
  expect(many.asked.map(({ stateSha256 }) => stateSha256)).toEqual(states.slice(-5));
  const all = states.reduce(
    (authorization, state) =>
      receive(askAuthorization(authorization, link(state), T0), state, { code: null, error: 'access_denied' }).authorization,
    NO_AUTHORIZATION,
  );
  expect(all.answered).toHaveLength(20);
  expect(JSON.stringify(all).length).toBeLessThan(4096);
});

test('a link that is asked for again has its full time', () => {
  const again = askAuthorization(asked('one'), link('one', 10 * SECOND), T0 + MINUTE);
  expect(again.asked).toEqual([expect.objectContaining({ askedAtMs: T0 + MINUTE, expiresAtMs: T0 + MINUTE + 10 * SECOND })]);
});
