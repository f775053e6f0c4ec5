import { describe, expect, test } from '@jest/globals';
import {
  type Authorization,
  type AuthorizationRequest,
  askAuthorization,
  isKnownLink,
  NO_AUTHORIZATION,
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
) => receiveRedirect(authorization, { stateSha256, code, error }, atMs);

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
