import type { FaultOptions } from '../../../simulator/index.ts';
import type { Dice } from '../../../simulator/random.ts';
import type { ActionCode } from '../../../workflows/codes.ts';
import type { TestConnection } from '../../support/connection.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../support/virtual-time.ts';
import { mostWithin } from './cell-end.ts';
import { CALLS, KINDS } from './cells.ts';

const URLS = ['https://acme.example/a', 'https://acme.example/b', 'https://acme.example/c'] as const;

const INCORRECT = 'User credentials are incorrect. Incorrect API key or IP address.';
const INSUFFICIENT = 'Insufficient authorisation.';

/** What the bank may refuse, and the codes with which the keeper may then wait for a person. */
const REFUSALS: readonly { endpoint: string; status: number; description: string; justifies: readonly ActionCode[] }[] = [
  { endpoint: 'POST /session-server', status: 400, description: INCORRECT, justifies: ['REPAIR_LOOP'] },
  { endpoint: 'POST /session-server', status: 403, description: INSUFFICIENT, justifies: ['REPAIR_LOOP'] },
  { endpoint: 'POST /device-server', status: 400, description: INCORRECT, justifies: ['REPAIR_LOOP'] },
  { endpoint: 'GET /user', status: 401, description: 'Insufficient authentication.', justifies: ['REPAIR_LOOP'] },
  {
    endpoint: 'POST /payment-service-provider-credential',
    status: 400,
    description: 'The certificate is not valid.',
    justifies: ['CREDENTIAL_REFUSED'],
  },
  { endpoint: 'POST /user/{userID}/oauth-client', status: 403, description: INSUFFICIENT, justifies: ['OAUTH_CLIENT_REFUSED'] },
  { endpoint: 'GET /user/{userID}/oauth-client', status: 403, description: INSUFFICIENT, justifies: ['OAUTH_CLIENT_REFUSED'] },
  { endpoint: 'GET /user/{userID}/oauth-client/{itemId}', status: 403, description: INSUFFICIENT, justifies: ['BANK_REFUSED'] },
  {
    endpoint: 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url',
    status: 400,
    description: 'The URL is not allowed.',
    justifies: ['CALLBACK_URL_REFUSED'],
  },
];

/** What may be in trouble at once: the ladder, the OAuth client's steps, and the closing of two former sessions. Eight attempts an hour of three quick ones and a look each. */
const CALLS_OF_TROUBLE_AN_HOUR = 4 * 8 * (3 + 1);
/** Somebody's doing has at most so many calls follow at once: a session opened, proven and its former closed, all OAuth steps looked at again, each three times. */
const CALLS_OF_ONE_ACT = 30;

type Act = (walker: Walker) => Promise<string> | string;

/** How long it goes on after each step: often seconds, sometimes more than a session lives. */
export const PAUSES_MS = [10 * SECOND, 40 * SECOND, 2 * MINUTE, 10 * MINUTE, 40 * MINUTE, 3 * HOUR, 12 * HOUR, 2 * DAY] as const;

/** One connection that all kinds of things happen to, and what must hold whatever they are. */
export class Walker {
  readonly connection: TestConnection;
  readonly dice: Dice;
  /** What happened, for a person who wonders. */
  readonly story: string[] = [];
  wanted: readonly string[] = [URLS[0]];
  readonly #actedAtMs: number[] = [];
  readonly #justified = new Set<ActionCode>();
  #served: { sessionId: number; expiresAtMs: number } | null = null;
  #seenRequests = 0;

  constructor(connection: TestConnection, dice: Dice) {
    this.connection = connection;
    this.dice = dice;
  }

  async step(): Promise<void> {
    const act = this.dice.pick(ACTS);
    const atMs = this.connection.simulator.nowMs();
    this.#actedAtMs.push(atMs);
    const what = await act(this);
    this.story.push(`${new Date(atMs).toISOString()} ${what}`);
  }

  refuse(): string {
    const { justifies, ...refusal } = this.dice.pick(REFUSALS as [(typeof REFUSALS)[number]]);
    const times = this.dice.between(1, 4);
    for (const code of justifies) this.#justified.add(code);
    this.connection.simulator.fault({ kind: 'status', ...refusal, times });
    return `the bank refuses ${refusal.endpoint} with ${refusal.status}, ${times} times`;
  }

  justify(code: ActionCode): void {
    this.#justified.add(code);
  }

  /** @throws with what must not be */
  async check(): Promise<void> {
    const { connection } = this;
    const { simulator } = connection;
    const [status, session] = [await connection.status(), await connection.session()];
    const nowMs = simulator.nowMs();
    const bank = simulator.state();
    const requests = simulator.requests();
    if (status.action) expect([...this.#justified]).toContain(status.action.code);
    expect(bank.oauthClients.length).toBeLessThanOrEqual(1);
    expect(new Set(requests.map(({ installationId, requestId }) => `${installationId} ${requestId}`)).size).toBe(requests.length);
    const askedAtMs = connection.requests('POST /session-server').map(({ at }) => at);
    expect(mostWithin(30 * SECOND - 1, askedAtMs)).toBeLessThanOrEqual(1);
    const recently = (atMs: number) => atMs > nowMs - HOUR;
    const actsInTheHour = this.#actedAtMs.filter(recently).length + 1; // the one before may go on
    expect(requests.filter(({ at }) => recently(at)).length).toBeLessThanOrEqual(
      CALLS_OF_TROUBLE_AN_HOUR + actsInTheHour * CALLS_OF_ONE_ACT,
    );
    this.#seenRequests = requests.length;
    if (!session && this.#served) expect(this.#served.expiresAtMs).toBeLessThanOrEqual(nowMs); // a session is never dropped before its end
    const atBank = bank.sessions.find(({ id }) => id === session?.sessionId);
    expect(atBank?.status).not.toBe('DELETED'); // nor closed while it is served
    this.#served = session && { sessionId: session.sessionId, expiresAtMs: Date.parse(session.expiresAt) };
  }

  /** All faults are gone: within a few hours all is well, with `resume` where a person was asked for. */
  async recover(): Promise<void> {
    const { connection } = this;
    if ((await connection.status()).action) await connection.resume();
  }

  checkEnd(): void {
    expect(this.connection.bankHolds()).toMatchObject({ oauthClients: 1, callbackUrls: this.wanted.toSorted() });
    expect(this.#seenRequests).toBeGreaterThan(0);
  }

  whatHappened(): string {
    const { name, simulator } = this.connection;
    const requests = simulator
      .requests()
      .map(({ at, endpoint, status, fault }) => `${new Date(at).toISOString()}   ${endpoint} ${fault ?? status}`);
    return `${name}:\n${[...this.story, ...requests].sort().join('\n')}`;
  }
}

const fault: Act = ({ dice, connection: { simulator } }) => {
  const kind = dice.pick(KINDS as [(typeof KINDS)[number]]);
  const endpoint = dice.roll() < 0.2 ? '*' : dice.pick(CALLS as [(typeof CALLS)[number]]).endpoint;
  const howOften = dice.pick<Partial<FaultOptions>>([
    { times: dice.between(1, 4) },
    { forMs: dice.between(1, 120) * MINUTE },
    { forMs: dice.between(1, 6) * HOUR, probability: 0.5, seed: dice.between(1, 1e6) },
  ]);
  simulator.fault({ endpoint, ...kind.fault, ...howOften });
  return `${endpoint}: ${kind.name}, ${JSON.stringify(howOften)}`;
};

/** Refused again and again, a repair is more than an hour or a day allows. */
const revokeCredential: Act = (walker) => {
  const { simulator } = walker.connection;
  walker.justify('REPAIR_LOOP');
  for (const { id, status } of simulator.state().credentials) if (status === 'ACTIVE') simulator.revokeCredential(id);
  return 'the bank revokes the API key';
};

const revokeInstallation: Act = (walker) => {
  const { simulator } = walker.connection;
  walker.justify('REPAIR_LOOP');
  for (const { id } of simulator.state().installations) simulator.revokeInstallation(id);
  return 'the bank forgets the installations';
};

const endSession =
  (how: 'expireSession' | 'revokeSession'): Act =>
  async ({ connection }) => {
    const session = await connection.session();
    if (session) connection.simulator[how](session.sessionId);
    return `the bank: ${how}`;
  };

const setCallbackUrls: Act = async (walker) => {
  walker.wanted = URLS.filter((_, index) => index === 0 || walker.dice.roll() < 0.5);
  await walker.connection.setCallbackUrls([...walker.wanted], { prune: true });
  return `somebody wants ${walker.wanted.length} callback URLs`;
};

const said =
  (what: string, update: (connection: TestConnection) => Promise<unknown>): Act =>
  async ({ connection }) => {
    await update(connection);
    return what;
  };

const renew = said('somebody says renew', (connection) => connection.renew());
const resume = said('somebody says resume', (connection) => connection.resume());
const clearFaults: Act = ({ connection }) => {
  connection.simulator.clearFaults();
  return 'the bank is well again';
};
const nothing: Act = () => 'nothing';

/** Faults come more often than what is rare at a bank. */
const ACTS: [Act, ...Act[]] = [
  ...Array<Act>(8).fill(fault),
  ...Array<Act>(2).fill((walker) => walker.refuse()),
  ...[renew, renew, resume, setCallbackUrls, setCallbackUrls, clearFaults, clearFaults, clearFaults, nothing, nothing],
  ...[revokeCredential, revokeInstallation, endSession('expireSession'), endSession('revokeSession')],
] as [Act, ...Act[]];
