import type { z } from 'zod';

/** An answer before it is made bytes. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A refusal: bunq's error envelope with one description. Thrown by routes, never for a fault of the simulator itself. */
export class BankRefusal extends Error {
  readonly status: number;

  constructor(status: number, description: string) {
    super(description);
    this.status = status;
  }
}

/** A refusal for what was sent, with the status that the bank has for it. */
export class BadParameter extends BankRefusal {
  constructor(description: string) {
    super(400, description);
  }
}

export const answer = (...items: object[]): Answer => ({ status: 200, body: { Response: items } });

export const answerId = (id: number): Answer => answer({ Id: { id } });

export const errorAnswer = (status: number, description: string): Answer => ({
  status,
  body: { Error: [{ error_description: description, error_description_translated: description }] },
});

export type OAuthError = 'invalid_grant' | 'invalid_request' | 'invalid_client' | 'unsupported_grant_type';

/** Only the first is recorded; the others are those of RFC 6749. */
const OAUTH_TEXTS: Record<OAuthError, string> = {
  invalid_grant: 'The authorization code is invalid or expired.',
  invalid_request: 'Give grant_type, code, redirect_uri, client_id and client_secret once each, as URL parameters, and no body.',
  invalid_client: 'The client id or the client secret is wrong.',
  unsupported_grant_type: 'Only authorization_code is supported.',
};

/** An error of the token endpoint, which has no envelope. */
export const oauthErrorAnswer = (status: number, error: OAuthError, description = OAUTH_TEXTS[error]): Answer => ({
  status,
  body: { error, error_description: description },
});

/** The texts that clients decide by, as bunq writes them. */
const TEXTS = {
  400: 'User credentials are incorrect. Incorrect API key or IP address.',
  401: 'Insufficient authentication.',
  403: 'Insufficient authorisation.',
  466: 'For this operation a request signature is required. Check the urls for more information.',
};

/** What bunq says with that status, where clients decide by it. */
export const textOf = (status: number): string | undefined => TEXTS[status as keyof typeof TEXTS];

export const refusals = {
  credentials: () => new BankRefusal(400, TEXTS[400]),
  signatureMissing: () => new BankRefusal(466, TEXTS[466]),
  signatureWrong: (status: number) => new BankRefusal(status, 'The request signature is invalid.'),
  token: (status: 401 | 403) => new BankRefusal(status, TEXTS[status]),
  notFound: (what: string) => new BankRefusal(404, `${what} not found.`),
};

/** The one of that id. @throws BankRefusal 404 */
export function requireItem<T extends { readonly id: number }>(what: string, id: number, items: readonly T[]): T {
  const item = items.find((one) => one.id === id);
  if (item === undefined) throw refusals.notFound(what);
  return item;
}

/** @throws BadParameter naming the field */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new BadParameter(`Invalid value for field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'unknown'}.`);
}
