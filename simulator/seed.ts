import { z } from 'zod';
import type { Bank } from './bank.ts';
import { type EndUser, viewEndUser } from './end-users.ts';
import type { Credential } from './entities.ts';
import { bindDevice } from './routes/device-server.ts';
import { type ClientPublicKey, createInstallation } from './routes/installation.ts';
import { createSandboxKey } from './routes/sandbox-user.ts';
import { openSession } from './routes/session.ts';
import { newKeyPair, readClientPublicKey } from './signatures.ts';
import { createOrdinaryUser } from './users.ts';

const LOOPBACK = '127.0.0.1';

const many = z.number().int().min(0).max(100_000).default(0);

const seedSchema = z.strictObject({
  /** End users with an account each, who may consent. */
  users: many,
  /** Persons with an API key each, as `POST /sandbox-user-person` makes them. */
  apiKeys: many,
  /** Persons with an API key, an installation, a device and an open session each. */
  connections: many,
  /** The public key of all these installations, in PEM. Without it the bank makes a pair, and answers its private key. */
  clientPublicKey: z
    .string()
    .refine((text) => readClientPublicKey(text) !== null, 'is not an RSA 2048 public key in PEM')
    .optional(),
});

export type Seed = z.input<typeof seedSchema>;

interface WithAccounts {
  readonly accountIds: readonly number[];
}

export interface SeededApiKey {
  readonly userId: number;
  readonly credentialId: number;
  readonly apiKey: string;
}

export interface SeededConnection extends SeededApiKey {
  readonly installationId: number;
  readonly installationToken: string;
  readonly deviceId: number;
  readonly sessionId: number;
  readonly sessionToken: string;
  /** ISO 8601, by the simulator's clock. */
  readonly expiresAt: string;
}

/** With every secret. */
export interface Seeded {
  readonly serverPublicKey: string;
  /** PKCS #8 in PEM; null where the caller gave a public key, or asked for no connections. */
  readonly clientPrivateKey: string | null;
  readonly users: readonly (EndUser & WithAccounts)[];
  readonly apiKeys: readonly (SeededApiKey & WithAccounts)[];
  readonly connections: readonly (SeededConnection & WithAccounts)[];
}

/** Makes many at once, without requests: neither limits nor faults hit it, and the log tells nothing of it. @throws ZodError */
export function seed(bank: Bank, options: Seed): Seeded {
  const { users, apiKeys, connections, clientPublicKey } = seedSchema.parse(options);
  const nowMs = bank.clock.nowMs();
  const pair = clientPublicKey === undefined && connections > 0 ? newKeyPair() : null;
  const publicKey = publicKeyOf(clientPublicKey ?? pair?.publicKey ?? '');
  const newUsers = times(users, () => viewEndUser(createOrdinaryUser(bank, { type: 'UserPerson' }, nowMs)));
  const newApiKeys = times(apiKeys, () => viewApiKey(createSandboxKey(bank, 'UserPerson', nowMs)));
  const newConnections = times(connections, () => connect(bank, publicKey, nowMs));
  const withAccounts = (userId: number) => ({ accountIds: bank.store.of('monetaryAccounts', 'userId', userId).map(({ id }) => id) });
  return {
    serverPublicKey: bank.serverKey.publicKeyPem,
    clientPrivateKey: pair?.privateKey ?? null,
    users: newUsers.map((user) => ({ ...user, ...withAccounts(user.id) })),
    apiKeys: newApiKeys.map((apiKey) => ({ ...apiKey, ...withAccounts(apiKey.userId) })),
    connections: newConnections.map((connection) => ({ ...connection, ...withAccounts(connection.userId) })),
  };
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

function publicKeyOf(publicKeyText: string): ClientPublicKey {
  const publicKeyPem = readClientPublicKey(publicKeyText)?.export({ type: 'spki', format: 'pem' }) as string | undefined;
  return { publicKeyText, publicKeyPem: publicKeyPem ?? '' };
}

const viewApiKey = ({ userId, id, apiKey }: Credential): SeededApiKey => ({ userId, credentialId: id, apiKey });

/** What a client gets by `POST /installation`, `POST /device-server` for any address, and `POST /session-server`. */
function connect(bank: Bank, publicKey: ClientPublicKey, nowMs: number): SeededConnection {
  const apiKey = createSandboxKey(bank, 'UserPerson', nowMs);
  const installation = createInstallation(bank, publicKey, nowMs);
  const binding = { installationId: installation.id, description: 'seeded', ip: LOOPBACK, permittedIps: ['*'] };
  const device = bindDevice(bank, apiKey, binding, nowMs);
  const session = openSession(bank, apiKey, installation.id, nowMs);
  return {
    ...viewApiKey(apiKey),
    installationId: installation.id,
    installationToken: installation.token,
    deviceId: device.id,
    sessionId: session.id,
    sessionToken: session.token,
    expiresAt: new Date(session.expiresAtMs).toISOString(),
  };
}
