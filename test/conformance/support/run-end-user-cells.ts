import type { TestConnection } from '../../support/connection.ts';
import { askForConsent, comeBack } from '../../support/end-user.ts';
import type { TestKeeper } from '../../support/keeper.ts';
import { HOUR, MINUTE, SECOND } from '../../support/virtual-time.ts';
import { type CellEnd, endOfCell } from './cell-end.ts';
import { FAULT_TIMES, OUTAGE_MS } from './cells.ts';
import type { EndUserCell } from './end-user-cells.ts';
import { runInBatches } from './run-cells.ts';

export const CALLBACK_URL = 'https://acme.example/callback';

/** A renewal that is two hours late is still in time. */
const SESSION_LIFETIME_MS = 8 * HOUR;
/** The provider's first hour is over, and its next session lasts 90 days: from then on the bank hears of its end user only. */
const CONSENT_MS = 40 * MINUTE;
const CONNECTED_MS = CONSENT_MS + 5 * MINUTE;
const RENEWAL_MS = CONSENT_MS + SESSION_LIFETIME_MS / 2;
/** The longest back-offs are 36 minutes, of the closing of former sessions 64; then what was held back is done. */
const ALL_IS_WELL_AFTER_MS = 80 * MINUTE;
const SOON_MS = 15 * MINUTE;
/** The application asks its end user again, where the code brought nothing. */
const SECOND_CONSENT_BEFORE_END_MS = 5 * MINUTE;

/** So many at once keep two cores busy. */
const BATCH = 24;

export interface EndUserCellEnd extends CellEnd {
  /** Requests to the token endpoint for each code. */
  readonly mostExchangesOfACode: number;
  readonly isAskedAgain: boolean;
}

/** Runs the cells in batches, in which time passes for all at once. @returns a promise for each; one that nobody awaits rejects silently */
export function runEndUserCells(keeper: TestKeeper, cells: readonly EndUserCell[]): Map<EndUserCell, Promise<EndUserCellEnd>> {
  const runs = cells.map((cell, index) => new EndUserRun(keeper, cell, `acme-${index}`));
  void runInBatches(keeper, runs, BATCH);
  return new Map(runs.map(({ cell, end }) => [cell, end]));
}

class EndUserRun {
  readonly cell: EndUserCell;
  readonly end: Promise<EndUserCellEnd>;
  /** What is done when, in milliseconds from the start. */
  readonly acts = new Map<number, () => Promise<void>>();
  readonly #keeper: TestKeeper;
  readonly #name: string;
  #provider: TestConnection | null = null;
  #user: TestConnection | null = null;
  #answers: Promise<{ outcome: string }>[] = [];
  #isAskedAgain = false;
  #hitsBefore = 0;
  #hasFailed = false;
  #resolve!: (end: EndUserCellEnd) => void;
  #reject!: (reason: unknown) => void;

  constructor(keeper: TestKeeper, cell: EndUserCell, name: string) {
    this.#keeper = keeper;
    this.cell = cell;
    this.#name = name;
    this.end = new Promise((...both) => {
      [this.#resolve, this.#reject] = both;
    });
    this.end.catch(() => {});
    const faultAtMs = cell.when === 'connecting' ? CONSENT_MS : RENEWAL_MS;
    const endsAtMs =
      faultAtMs + (cell.howOften === 'for two hours' ? OUTAGE_MS + ALL_IS_WELL_AFTER_MS : SOON_MS + SECOND_CONSENT_BEFORE_END_MS);
    this.acts.set(0, () => this.#onboardProvider());
    this.acts.set(CONSENT_MS, () => this.#consent());
    if (cell.when === 'renewal') this.acts.set(CONNECTED_MS, () => this.#disturbRenewal());
    this.acts.set(endsAtMs - SECOND_CONSENT_BEFORE_END_MS, () => this.#consentAgain());
    this.acts.set(endsAtMs, () => this.#finish());
  }

  /** A cell that has failed takes no further part. */
  async actAt(atMs: number): Promise<void> {
    const act = this.acts.get(atMs);
    if (!act || this.#hasFailed) return;
    await act().catch(async (error) => {
      this.#hasFailed = true;
      this.#reject(error);
      await this.#endAll();
    });
  }

  async #onboardProvider(): Promise<void> {
    const settings = { allowSecondOAuthClient: true, userSessionLifetimeMs: SESSION_LIFETIME_MS };
    this.#provider = await this.#keeper.connection(this.#name, settings, { isImpatient: true });
    this.#user = this.#keeper.connectionBeside(this.#provider, `${this.#name}/ada`);
    await this.#provider.onboard({ callbackUrls: [CALLBACK_URL] });
  }

  async #consent(): Promise<void> {
    await this.#provider!.becomes('ACTIVE');
    if (this.cell.when === 'connecting') this.#setFault(this.#provider!.simulator.nowMs());
    await this.#grantAccess();
  }

  async #grantAccess(): Promise<void> {
    const [provider, user] = [this.#provider!, this.#user!];
    const { url, state } = await askForConsent(provider, user);
    const redirect = provider.simulator.authorize({ clientId: url.searchParams.get('client_id')!, redirectUri: CALLBACK_URL, state });
    const { environment } = await provider.status();
    const answer = comeBack(user, redirect, environment);
    answer.catch(() => {}); // told at the end
    this.#answers.push(answer);
  }

  async #disturbRenewal(): Promise<void> {
    const { session } = await this.#user!.becomes('ACTIVE');
    this.#setFault(Date.parse(session!.renewAt) - SECOND);
  }

  #setFault(fromMs: number): void {
    const { endpoint, kind, howOften } = this.cell;
    this.#provider!.simulator.fault({ endpoint, ...kind.fault, ...FAULT_TIMES[howOften](fromMs) });
  }

  async #consentAgain(): Promise<void> {
    const { state, authorization } = await this.#user!.status();
    if (state !== 'AWAITING_AUTHORIZATION') return;
    expect(authorization!.status).toBe('failed');
    this.#isAskedAgain = true;
    this.#hitsBefore = hitsOf(this.#provider!);
    this.#provider!.simulator.clearFaults();
    await this.#grantAccess();
  }

  async #finish(): Promise<void> {
    for (const { outcome } of await Promise.all(this.#answers)) expect(['connected', 'pending', 'failed']).toContain(outcome);
    const end = await endOfCell(this.#user!);
    const { simulator } = this.#provider!;
    const exchanges = this.#provider!.requests('POST /token').length;
    const own = {
      installations: 1,
      apiKeys: 1,
      sessions: simulator.state().sessions.filter(({ status, userId }) => status === 'ACTIVE' && !this.#isOfUser(userId)).length,
    };
    const spare = {
      installations: end.spare.installations - own.installations,
      apiKeys: end.spare.apiKeys - own.apiKeys,
      sessions: end.spare.sessions - own.sessions,
    };
    const hits = this.#hitsBefore + end.hits;
    await this.#endAll();
    this.#resolve({ ...end, hits, spare, mostExchangesOfACode: exchanges - (this.#answers.length - 1), isAskedAgain: this.#isAskedAgain });
  }

  #isOfUser(userId: number): boolean {
    return this.#provider!.simulator.grants().some(({ userApiKeyId }) => userApiKeyId === userId);
  }

  async #endAll(): Promise<void> {
    for (const connection of [this.#user, this.#provider]) if (connection) await this.#keeper.end(connection);
  }
}

const hitsOf = ({ simulator }: TestConnection) => simulator.faults().reduce((sum, { hits }) => sum + hits, 0);
