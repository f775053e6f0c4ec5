import type { Bank } from '../bunq/bank.ts';
import { BunqError, type BunqErrorCode, type Sent } from '../bunq/errors.ts';
import { checkRawCall, isTokenRejected, type RawCall, RawCallError, type RawResult, rawCall } from '../bunq/raw-call.ts';
import type { SessionView } from '../workflows/messages.ts';
import { KeeperError, UsageError } from './errors.ts';
import { HeldSession, type HolderOptions, type OpenSession } from './held-sessions.ts';
import { type Asked, PermitCheck } from './permit-check.ts';
import type { ClientSettings } from './settings.ts';

/** Of `fetch`'s options those that a bank call has. */
export type BankCallInit = Pick<RequestInit, 'method' | 'headers' | 'body' | 'signal'>;

/** There is no answer of the bank's to believe. */
export class BankCallError extends KeeperError {
  override readonly name = 'BankCallError';
  readonly code: BunqErrorCode;
  /** `unknown`: the bank may have done what was asked. */
  readonly sent: Sent;

  constructor({ message, code, sent }: BunqError, name: string) {
    super(
      `${message}. ${sent === false ? 'Nothing was sent. ' : ''}${REMEDIES[code]?.(name) ?? `Look further with: bunq-keeper doctor ${name}`}`,
    );
    this.code = code;
    this.sent = sent;
  }
}

const REMEDIES: Partial<Record<BunqErrorCode, (name: string) => string>> = {
  BUNQ_UNREACHABLE: (name) => `Check the network, and HTTPS_PROXY or KEEPER_EGRESS_VIA where one is needed: bunq-keeper doctor ${name}`,
  BUNQ_ANSWER_LOST: () => 'It may have had its effect: before anything but a reading is repeated, look whether it had.',
  BUNQ_RESPONSE_UNVERIFIED: () =>
    'Something answered in the bank’s place or changed its answer: look for a proxy that does; before anything but a reading is repeated, look whether it had its effect.',
};

export interface BankCallOptions extends HolderOptions {
  /** In the certificate of a provider's connection: none for who has no certificate; null when that cannot be asked. */
  readonly rolesOf: (provider: string) => Promise<readonly string[] | null>;
}

/** Signed and verified calls on the sessions of connections. */
export class BankCalls {
  readonly #settings: ClientSettings;
  readonly #holderOptions: HolderOptions;
  readonly #permits: PermitCheck;
  readonly #sessions = new Map<string, HeldSession>();
  #bank: Bank | null = null;

  constructor(settings: ClientSettings, { rolesOf, ...holderOptions }: BankCallOptions) {
    this.#settings = settings;
    this.#holderOptions = holderOptions;
    this.#permits = new PermitCheck(rolesOf);
  }

  /** Whether the certificate allows it, as far as is known. @throws NotPermittedError */
  checkPermitted(name: string, asked: Asked): Promise<void> {
    return this.#permits.check(name, asked);
  }

  /** @throws KeeperError, SealingError; what the signal was aborted with */
  async fetch(name: string, path: string, init: BankCallInit): Promise<Response> {
    const call = await callOf(path, init);
    const session = this.#sessionOf(name);
    const signal = init.signal ?? undefined;
    await unlessAborted(this.#permits.check(name, call), signal);
    const send = async (open: OpenSession) => this.#send(name, open, call, signal);
    const open = await unlessAborted(session.get(), signal);
    const answer = await send(open);
    if (!isTokenRejected(answer)) return responseOf(answer);
    const replacement = await unlessAborted(session.replacementFor(open), signal);
    return responseOf(replacement ? await send(replacement) : answer); // a refused token has no effect: the repeat does it once
  }

  async close(): Promise<void> {
    await this.#bank?.close();
  }

  async #send(name: string, { view, caller }: OpenSession, call: RawCall, signal: AbortSignal | undefined): Promise<RawResult> {
    this.#demandEgress(name, view);
    try {
      return await rawCall(await this.#opened(), caller, withUserId(call, view.user.id), signal && { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof BunqError ? new BankCallError(error, name) : error;
    }
  }

  /** Where it is said by which way this process calls, that is the way of one egress. @throws UsageError for a connection of another */
  #demandEgress(name: string, { egress }: SessionView): void {
    const { egress: own, way } = this.#settings;
    if (!way || egress === undefined || egress === own) return;
    throw new UsageError(
      `Nothing was sent: ${name} is of egress ${egress}, and this process leaves by the way of egress ${own} (KEEPER_EGRESS_VIA). Call from one with the KEEPER_EGRESS and KEEPER_EGRESS_VIA of ${egress}.`,
    );
  }

  /** Loaded for whoever calls the bank alone: its HTTP client takes a third of the time in which `status` answers. */
  async #opened(): Promise<Bank> {
    const { createBank } = await import('../bunq/bank.ts');
    const { bank, pacing = { processes: 1, longestWaitMs: Number.POSITIVE_INFINITY }, proxy = {}, way = null } = this.#settings;
    this.#bank ??= createBank({ apiUrl: bank.apiUrl, clock: this.#holderOptions.clock, pacing, proxy, way });
    return this.#bank;
  }

  #sessionOf(name: string): HeldSession {
    this.#holderOptions.workflows.idOf(name); // throws when it is no name
    const session = this.#sessions.get(name) ?? new HeldSession(name, this.#holderOptions);
    this.#sessions.set(name, session);
    return session;
  }
}

const USER_ID = '{userId}';

const withUserId = (call: RawCall, userId: number): RawCall => ({ ...call, path: call.path.replaceAll(USER_ID, String(userId)) });

/** Whether it can be a call of the bank's at all. @throws UsageError */
export function checkBankCall(call: RawCall): void {
  try {
    const { path } = checkRawCall(withUserId(call, 0));
    if (/[{}]/.test(path)) throw new RawCallError(`The path may hold ${USER_ID}, which is filled in, and no other placeholder.`);
  } catch (error) {
    throw error instanceof RawCallError ? new UsageError(error.message) : error;
  }
}

/** The body is read once, so that it can be signed, and sent again. */
async function callOf(path: string, { method = 'GET', headers, body }: BankCallInit): Promise<RawCall> {
  const bytes = body == null ? undefined : new Uint8Array(await new Response(body).arrayBuffer());
  const call = { method, path, headers: Object.fromEntries(new Headers(headers)), ...(bytes && { body: bytes }) };
  checkBankCall(call);
  return call;
}

/** Statuses for which `Response` allows no body. */
const WITHOUT_BODY = new Set([204, 205, 304]);
/** Of the connection, not of the answer. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

function responseOf({ status, headers, bytes }: RawResult): Response {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
  return new Response(WITHOUT_BODY.has(status) ? null : Buffer.from(bytes), { status, headers: kept });
}

/** The work goes on for whoever else waits for it. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (!signal) return work;
  work.catch(() => {});
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
