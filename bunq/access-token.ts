import { z } from 'zod';
import { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions } from './bank.ts';
import { jsonOf } from './envelope.ts';
import { BunqError, codeOfRefusal } from './errors.ts';
import { observed } from './observer.ts';
import { turnOf } from './pacing.ts';
import { sendInTurn } from './request.ts';
import { endpointOf, type RawAnswer } from './send.ts';

export interface AuthorizationCodeGrant {
  readonly code: Secret;
  /** As it stood in the authorization URL. */
  readonly redirectUrl: string;
  /** The long one, not the OAuth client's number. */
  readonly clientId: string;
  readonly clientSecret: Secret;
}

const answerSchema = z.looseObject({
  access_token: z.string().min(1).nullish(),
  error: z.string().nullish(),
  error_description: z.string().nullish(),
});

/**
 * `POST` to the bank's token endpoint: exchanges an authorization code, which is good once, for an access token, which is used as
 * an API key. The endpoint takes URL parameters only, and its answers are not signed: TLS vouches for them.
 * @throws BunqError
 */
export async function exchangeAuthorizationCode(
  bank: Bank,
  grant: AuthorizationCodeGrant,
  options: CallOptions = {},
): Promise<{ accessToken: Secret }> {
  if (bank.tokenUrl === null) throw noTokenUrl();
  const url = new URL(bank.tokenUrl);
  const endpoint = endpointOf('POST', url);
  url.search = new URLSearchParams({
    grant_type: 'authorization_code',
    code: grant.code.text(),
    redirect_uri: grant.redirectUrl,
    client_id: grant.clientId,
    client_secret: grant.clientSecret.text(),
  }).toString();
  return observed(bank, 'POST token', async () => {
    const turn = await turnOf(bank, 'POST', 'token', options);
    const headers = { 'User-Agent': bank.userAgent, 'Cache-Control': 'no-cache', 'Content-Length': '0' };
    const answer = await sendInTurn(bank, { method: 'POST', url, headers, body: null }, options, turn);
    return { accessToken: accessTokenOf(endpoint, answer) };
  });
}

const noTokenUrl = () =>
  new BunqError({
    code: 'BUNQ_UNREACHABLE',
    endpoint: 'POST token',
    detail: "nothing was sent: the bank's token endpoint is not known here; set BUNQ_TOKEN_URL",
    sent: false,
  });

/** Any status but 200 is a refusal, and so is any `error`. */
function accessTokenOf(endpoint: string, { status, bytes }: RawAnswer): Secret {
  const parsed = answerSchema.safeParse(jsonOf(bytes ?? new Uint8Array()));
  const { access_token: accessToken, error, error_description: description } = parsed.data ?? {};
  if (status === 200 && accessToken && !error) return new Secret(accessToken);
  const bunqText = [error, description].filter(Boolean).join(': ') || null;
  const isInvalid = status === 200 && !error;
  throw new BunqError({
    code: isInvalid ? 'BUNQ_RESPONSE_INVALID' : codeOfTokenRefusal(status),
    endpoint,
    status,
    bunqText,
    sent: true,
    ...(bunqText === null && {
      detail: isInvalid ? 'the answer holds no access_token' : `answered with HTTP ${status} and no explanation`,
    }),
  });
}

/** It has no session tokens and no API keys to refuse: 400, 401 and 403 are about the code, or who asks. */
const codeOfTokenRefusal = (status: number) => (status < 404 ? 'BUNQ_BAD_REQUEST' : codeOfRefusal(status, ''));
