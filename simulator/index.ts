/**
 * The bank bunq as a strict simulator, for tests and for development. What it is faithful to, and what not: README.md.
 *
 *     const simulator = await startSimulator({ firstSessionLifetimeMs: 90_000 });
 *     // … onboard against simulator.apiUrl …
 *     simulator.state().sessions;
 *     await simulator.close();
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { createAuthorizationPages } from './authorization-pages.ts';
import { openBank } from './bank.ts';
import { createBankServer } from './bank-server.ts';
import { SimulatorClock } from './clock.ts';
import { Faults } from './faults.ts';
import { createManagement, type Management } from './manage.ts';
import { createManageServer } from './manage-server.ts';
import { Notifications } from './notifications.ts';
import { Dice } from './random.ts';
import { RateLimits } from './rate-limits.ts';
import { type SettingsChange, settingsSchema } from './settings.ts';
import { isServerKey } from './signatures.ts';
import { type LockedStateFile, lockStateFile } from './state-lock.ts';
import { Store } from './store.ts';
import { withBanner } from './write-answer.ts';

export type { Authorize } from './authorize.ts';
export type { EndUser, NewEndUser } from './end-users.ts';
export type { LoggedRequest } from './entities.ts';
export type { Fault, FaultKind, FaultOptions } from './fault-options.ts';
export type { HostileRates } from './hostility.ts';
export type { Lapse } from './lapses.ts';
export type { CategoryLimit } from './limit.ts';
export type { Management } from './manage.ts';
export { manageSimulator, type RemoteManagement } from './manage-client.ts';
export type { LapsesQuery, Published } from './publications.ts';
export { ENDPOINTS } from './router.ts';
export type { Seed, Seeded, SeededApiKey, SeededConnection } from './seed.ts';
export type { Settings, SettingsChange } from './settings.ts';
export type { Reset, Snapshot } from './snapshot.ts';
export type { Grant, IssuedSecret, SimulatorState } from './view.ts';

const portSchema = z.number().int().min(0).max(65_535).default(0);

const optionsSchema = z.strictObject({
  ...settingsSchema.shape,
  host: z.string().min(1).default('127.0.0.1'),
  manageHost: z.string().min(1).default('127.0.0.1'),
  port: portSchema,
  managePort: portSchema,
  stateFile: z.string().min(1).optional(),
  seed: z.union([z.string(), z.number()]).default('bunq'),
  serverPrivateKeyPem: z.string().refine(isServerKey, 'is not an RSA private key in PEM').optional(),
  nowMs: z.custom<() => number>((value) => typeof value === 'function', 'expected a function').default(() => Date.now),
});

/** Settings (settings.ts), and: */
export interface SimulatorOptions extends SettingsChange {
  /** Where the bank listens. Default 127.0.0.1. */
  host?: string;
  /** The bank's port; 0, the default, takes a free one. */
  port?: number;
  /** Where the management port listens. Default 127.0.0.1, whatever `host` is: it shows every secret. */
  manageHost?: string;
  /** The management port; 0, the default, takes a free one. */
  managePort?: number;
  /** Where the bank remembers: a bank that is killed and started again from it is as it was, but for faults and settings. */
  stateFile?: string;
  /** Makes ids, names and what a hostile bank does repeatable. Tokens, API keys and the server key are random always. */
  seed?: string | number;
  /** The bank's own key, RSA in PEM: making one takes a tenth of a second. Default: a new one; a state file's goes first. */
  serverPrivateKeyPem?: string;
  /** The clock, pulled at each request: milliseconds since 1970. Default: the machine's. */
  nowMs?: () => number;
}

/** A running bank. */
export interface Simulator extends Management {
  /** `http://127.0.0.1:PORT/v1/` */
  readonly apiUrl: string;
  /** The authorization page: `http://127.0.0.1:PORT/auth` */
  readonly authorizeUrl: string;
  /** The token endpoint: `http://127.0.0.1:PORT/v1/token` */
  readonly tokenUrl: string;
  /** `http://127.0.0.1:PORT/` */
  readonly manageUrl: string;
  readonly port: number;
  readonly managePort: number;
  /** Resolves when the state file cannot be written any more: the bank has closed, and answered nothing that is not in it. */
  readonly failure: Promise<Error>;
  /** Cuts all connections and frees the ports. What was held has no effect any more. */
  close(): Promise<void>;
}

type Options = Omit<z.output<typeof optionsSchema>, 'stateFile'>;

/**
 * Starts a bank.
 * @throws Error for unknown or unfit options, a port that is taken, a state file that cannot be read, written or had alone
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new Error(`The simulator cannot start with these options:\n${z.prettifyError(parsed.error)}`);
  const { stateFile, ...rest } = parsed.data;
  const locked = stateFile === undefined ? null : await lockStateFile(stateFile);
  try {
    return await start(rest, locked);
  } catch (error) {
    await locked?.unlock();
    throw error;
  }
}

async function start(options: Options, locked: LockedStateFile | null): Promise<Simulator> {
  const { host, port, manageHost, managePort, seed, nowMs, serverPrivateKeyPem, ...settings } = options;
  const dice = new Dice(seed);
  const store = new Store(dice, locked?.path);
  if (store.tornBytes > 0) console.error(`simulator: the last ${store.tornBytes} bytes of ${locked?.path} were torn, and are left out.`);
  const clock = new SimulatorClock(nowMs);
  const bank = await openBank({ store, clock, dice, settings, serverPrivateKeyPem });
  const faults = new Faults(clock, seed);
  const notifications = new Notifications(bank);
  const rateLimits = new RateLimits();
  rateLimits.remember(bank);
  const management = whole(createManagement({ bank, faults, notifications, rateLimits, settingsAtStart: settings }), store);
  const pages = createAuthorizationPages(bank, {
    settle: management.settle,
    revokeGrant: (userApiKeyId) => management.revokeGrant({ userApiKeyId }),
  });
  const bankServer = createBankServer(bank, faults, rateLimits, pages);
  const manageServer = createManageServer(management);
  manageServer.prependListener('request', (_, outgoing) => withBanner(outgoing));

  const close = async () => {
    faults.abandon();
    notifications.close();
    await Promise.all([closeServer(bankServer), closeServer(manageServer)]);
    store.close();
    await locked?.unlock();
  };
  const failure = new Promise<Error>((resolve) => {
    store.onFailure((error) => {
      void close(); // which cuts all connections before anything is answered
      console.error(`simulator: ${error.message}`);
      resolve(error);
    });
  });
  try {
    if (store.failure !== null) throw store.failure;
    await listen('bank', host, port, () => once(bankServer.listen(port, host), 'listening'));
    await listen('management', manageHost, managePort, () => once(manageServer.listen(managePort, manageHost), 'listening'));
  } catch (error) {
    await close();
    throw error;
  }
  const bankAddress = bankServer.address() as AddressInfo;
  const manageAddress = manageServer.address() as AddressInfo;
  return {
    ...management,
    apiUrl: `${origin(bankAddress)}/v1/`,
    authorizeUrl: `${origin(bankAddress)}/auth`,
    tokenUrl: `${origin(bankAddress)}/v1/token`,
    manageUrl: `${origin(manageAddress)}/`,
    port: bankAddress.port,
    managePort: manageAddress.port,
    failure,
    close,
  };
}

/** Each of its calls changes the bank wholly or not at all, and says when it could not be remembered. */
function whole(management: Management, store: Store): Management {
  const acts = Object.entries(management) as [string, (...args: unknown[]) => unknown][];
  const wholes = acts.map(([name, act]) => {
    const actWholly = (...args: unknown[]) => {
      const result = store.atomically(() => act(...args));
      if (store.failure !== null) throw store.failure;
      return result;
    };
    return [name, actWholly];
  });
  return Object.fromEntries(wholes) as Management;
}

async function listen(what: string, host: string, port: number, open: () => Promise<unknown>): Promise<void> {
  try {
    await open();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'it is taken; give another one, or 0 for a free one' : message;
    throw new Error(`The simulator's ${what} port ${port} on ${host} cannot be opened: ${reason}.`);
  }
}

/** An address that means "all" is no address to connect to. */
function origin({ address, port }: AddressInfo): string {
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
