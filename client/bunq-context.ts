import { z } from 'zod';
import { type InstallationKeyPair, installationKeyPairFromPem, rsaPublicKey } from '../bunq/keys.ts';
import type { BunqUser, UserKind } from '../bunq/user.ts';
import { Secret } from '../sealing/secret.ts';
import { UsageError } from './errors.ts';

/** What a context file of bunq's own SDKs holds (Python's and PHP's `bunq.conf`, and Java's). */
export interface BunqContext {
  readonly environment: 'sandbox' | 'production';
  readonly apiKey: Secret;
  readonly installationToken: Secret;
  readonly keyPair: InstallationKeyPair;
  readonly serverPublicKeyPem: string;
  /** Null when there is none, or one that cannot be told to last any longer. */
  readonly session: ImportedSession | null;
  /** Whose it is, as far as the file says. */
  readonly user: BunqUser | null;
}

export interface ImportedSession {
  readonly token: Secret;
  readonly user: BunqUser;
  readonly expiresAtMs: number;
}

const userSchema = z.looseObject({ id: z.int().nullish(), display_name: z.string().nullish() }).nullish();

const tokenSchema = z.string().regex(/^[A-Za-z0-9]{16,256}$/);

/** Absent members are null in some SDKs' files and left out in others'. PHP's names of the users are its own. */
const contextSchema = z.looseObject({
  environment_type: z.enum(['SANDBOX', 'PRODUCTION']),
  api_key: z.string().regex(/^[A-Za-z0-9_]{16,128}$/),
  installation_context: z.looseObject({
    token: tokenSchema,
    private_key_client: z.string(),
    public_key_client: z.string().nullish(),
    public_key_server: z.string(),
  }),
  session_context: z
    .looseObject({
      token: tokenSchema,
      expiry_time: z.string().nullish(),
      user_id: z.int().nullish(),
      user_person: userSchema,
      user_company: userSchema,
      user_api_key: userSchema,
      user_payment_service_provider: userSchema,
      userPerson: userSchema,
      userCompany: userSchema,
      userApiKey: userSchema,
      userPaymentServiceProvider: userSchema,
    })
    .nullish(),
});

type SessionContext = NonNullable<z.output<typeof contextSchema>['session_context']>;

const MEMBERS: Record<UserKind, readonly (keyof SessionContext)[]> = {
  UserPaymentServiceProvider: ['user_payment_service_provider', 'userPaymentServiceProvider'],
  UserPerson: ['user_person', 'userPerson'],
  UserCompany: ['user_company', 'userCompany'],
  UserApiKey: ['user_api_key', 'userApiKey'],
};

/**
 * Reads a context file. Nothing of the file is in an error.
 * @param whence the file, for the error
 * @throws UsageError when it is no such file or cannot be gone on from
 */
export function parseBunqContext(text: string, whence: string, nowMs: number): BunqContext {
  const { environment_type, api_key, installation_context: installation, session_context: session } = shapeOf(text, whence);
  const wrong = (what: string) => new UsageError(`${whence} cannot be imported: ${what}.`);
  const keyPair = installationKeyPairFromPem(installation.private_key_client);
  if (!keyPair) throw wrong('installation_context.private_key_client is no RSA private key of 2048 bits in PEM (PKCS#1 or PKCS#8)');
  if (installation.public_key_client != null && spki(installation.public_key_client) !== keyPair.publicKeyPem)
    throw wrong('installation_context.public_key_client does not belong to private_key_client');
  const serverPublicKeyPem = spki(installation.public_key_server);
  if (serverPublicKeyPem === null) throw wrong('installation_context.public_key_server is no RSA public key in PEM');
  const user = session ? userOf(session) : null;
  if (user?.kind === 'UserApiKey')
    throw wrong(
      `it is of a UserApiKey, the access that a person or company granted to a provider by OAuth. Only the context of a provider, or of a person or company with an API key of their own, can become a connection`,
    );
  return {
    environment: environment_type === 'PRODUCTION' ? 'production' : 'sandbox',
    apiKey: new Secret(api_key),
    installationToken: new Secret(installation.token),
    keyPair,
    serverPublicKeyPem,
    session: session && user ? sessionOf(session, user, nowMs) : null,
    user,
  };
}

function shapeOf(text: string, whence: string): z.output<typeof contextSchema> {
  const expected = `Give the file that bunq's SDK saves (bunq.conf): {"environment_type","api_key","installation_context","session_context"}`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UsageError(`${whence} is not JSON. ${expected}`); // JSON.parse's own message quotes the text
  }
  const context = contextSchema.safeParse(json);
  if (context.success) return context.data;
  const places = [...new Set(context.error.issues.map(({ path }) => path.join('.') || 'it'))];
  throw new UsageError(`${whence} is no API context of bunq's: ${places.join(', ')} missing or wrong. ${expected}`);
}

const spki = (pem: string) => rsaPublicKey(pem)?.export({ type: 'spki', format: 'pem' }).toString() ?? null;

function userOf(session: SessionContext): BunqUser | null {
  for (const [kind, members] of Object.entries(MEMBERS) as [UserKind, readonly (keyof SessionContext)[]][]) {
    const user = members.map((member) => session[member] as z.output<typeof userSchema>).find((member) => member != null);
    const id = user?.id ?? session.user_id;
    if (user && id != null) return { kind, id, displayName: user.display_name ?? null };
  }
  return null;
}

const HOUR_MS = 60 * 60 * 1000;

/** Somewhere on earth it is this much later than in UTC: a local time was, at the earliest, so long before the same time in UTC. */
const EARLIEST_ZONE_MS = 14 * HOUR_MS;

/** What is not known is taken to be short: half of it later the keeper opens a session whose life the bank tells. */
const LONGEST_MS = HOUR_MS;

/**
 * `expiry_time` is the local time of whatever machine wrote it, without its zone: taken for the earliest instant that it can
 * be. A session that may be over by then is not imported, and costs a new one.
 */
function sessionOf({ token, expiry_time }: SessionContext, user: BunqUser, nowMs: number): ImportedSession | null {
  const local = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/.exec(expiry_time ?? '');
  const earliestMs = Date.parse(local ? `${local[1]}T${local[2]}Z` : '') - EARLIEST_ZONE_MS;
  if (!(earliestMs > nowMs)) return null;
  return { token: new Secret(token), user, expiresAtMs: Math.min(earliestMs, nowMs + LONGEST_MS) };
}
