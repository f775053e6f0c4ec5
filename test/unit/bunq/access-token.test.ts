import { afterEach, describe, expect, test } from '@jest/globals';
import { exchangeAuthorizationCode } from '../../../bunq/access-token.ts';
import { authorizationUrl, parseRedirect } from '../../../bunq/authorization.ts';
import type { Bank, BankOptions } from '../../../bunq/bank.ts';
import { Secret } from '../../../sealing/secret.ts';
import { type AnswerOf, bunqErrorOf, closeAll, httpBank } from './support.ts';

afterEach(closeAll);

const CODE = 'c0de'.repeat(16);
const SECRET = '5ec2e7'.repeat(10);
const TOKEN = 'acce55'.repeat(10);
const grant = {
  code: new Secret(CODE),
  redirectUrl: 'https://acme.example/callback?a=b',
  clientId: 'c1'.repeat(32),
  clientSecret: new Secret(SECRET),
};

async function tokenBank(answer: AnswerOf, options: Partial<BankOptions> = {}) {
  const { bank, seen } = await httpBank(() => ({ signature: null, ...answer }), options);
  const tokenUrl = new URL('/v1/token', bank.apiUrl).href;
  return { bank: { ...bank, tokenUrl } as Bank, seen };
}

test('the code is exchanged by URL parameters alone, without a body, a signature or a token', async () => {
  const { bank, seen } = await tokenBank({ body: { access_token: TOKEN, token_type: 'bearer', state: '' } });
  const { accessToken } = await exchangeAuthorizationCode(bank, grant);
  expect(accessToken.text()).toBe(TOKEN);
  const [{ method, url, headers, body }] = seen as [(typeof seen)[number]];
  expect(method).toBe('POST');
  expect(Object.fromEntries(new URL(url, bank.apiUrl).searchParams)).toEqual({
    grant_type: 'authorization_code',
    code: CODE,
    redirect_uri: grant.redirectUrl,
    client_id: grant.clientId,
    client_secret: SECRET,
  });
  expect(body).toHaveLength(0);
  expect(Object.keys(headers).filter((name) => name.startsWith('x-bunq'))).toEqual([]);
});

describe('any status but 200, and any error, is a refusal, and nothing of what was sent is in it', () => {
  const invalid = { error: 'invalid_grant', error_description: 'The authorization code is invalid or expired.' };
  test.each<[string, AnswerOf, string]>([
    ['400', { status: 400, body: invalid }, 'BUNQ_BAD_REQUEST'],
    ['401', { status: 401, body: invalid }, 'BUNQ_BAD_REQUEST'],
    ['an error with 200', { status: 200, body: { ...invalid, access_token: TOKEN } }, 'BUNQ_BAD_REQUEST'],
    ['429', { status: 429, body: '' }, 'BUNQ_RATE_LIMITED'],
    ['502 with HTML', { status: 502, body: '<html>' }, 'BUNQ_UNAVAILABLE'],
    ['491', { status: 491, body: '' }, 'BUNQ_MAINTENANCE'],
    ['200 without an access token', { body: {} }, 'BUNQ_RESPONSE_INVALID'],
    ['200 that is not JSON', { body: 'access_token=1' }, 'BUNQ_RESPONSE_INVALID'],
  ])('%s', async (_what, answer, code) => {
    const { bank } = await tokenBank(answer);
    const error = await bunqErrorOf(exchangeAuthorizationCode(bank, grant));
    expect(error).toMatchObject({ code, endpoint: 'POST /v1/token', sent: true });
    const shown = `${error.stack} ${JSON.stringify(error)}`;
    for (const secret of [CODE, SECRET, TOKEN]) expect(shown).not.toContain(secret);
  });
});

test('without a token endpoint nothing is sent, and the setting is named', async () => {
  const { bank, seen } = await httpBank(() => ({ body: {} }));
  expect(await bunqErrorOf(exchangeAuthorizationCode(bank, grant))).toMatchObject({
    sent: false,
    message: expect.stringContaining('BUNQ_TOKEN_URL'),
  });
  expect(seen).toEqual([]);
});

test('the authorization URL asks for a code, at the redirect URL as it is registered', () => {
  const url = new URL(
    authorizationUrl('https://oauth.bunq.com/auth', { clientId: 'c1', redirectUrl: 'https://acme.example/cb?x=1&y', state: 'a b' }),
  );
  expect(url.origin + url.pathname).toBe('https://oauth.bunq.com/auth');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: 'c1',
    redirect_uri: 'https://acme.example/cb?x=1&y',
    state: 'a b',
  });
});

describe('what comes back', () => {
  const parsed = (query: string) => parseRedirect(new URL(`https://acme.example/callback?${query}`));
  test('is a code, or an error, with the state', () => {
    expect(parsed(`code=${CODE}&state=s`)).toMatchObject({ state: 's', error: null });
    expect(parsed(`code=${CODE}&state=s`)!.code!.text()).toBe(CODE);
    expect(parsed('error=access_denied&state=s')).toEqual({ state: 's', code: null, error: 'access_denied' });
  });

  test.each([
    '',
    'state=s',
    `code=${CODE}`,
    `code=${CODE}&state=`,
    `code=1&code=2&state=s`,
    'code=1&state=s&state=t',
    'code=1&error=2&state=s',
    'code=&state=s',
    `code=${'a'.repeat(513)}&state=s`,
  ])('is none: %s', (query) => expect(parsed(query)).toBeNull());
});
