import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Answer, BankRefusal, errorAnswer, oauthErrorAnswer, textOf } from './answers.ts';
import { isPage } from './authorization-pages.ts';
import type { Bank } from './bank.ts';
import type { LoggedRequest } from './entities.ts';
import type { Fault } from './fault-options.ts';
import type { Faults } from './faults.ts';
import { HOSTILE } from './hostility.ts';
import { type Found, perform } from './perform.ts';
import { limitOf, type RateLimits, rateLimitText, whoOf } from './rate-limits.ts';
import { firstLog, readBytes, readRequest } from './read-request.ts';
import { endpointOf, type Request } from './route.ts';
import { findRoute } from './router.ts';
import { cutAnswer, withBanner, writeAnswer } from './write-answer.ts';

/** The bank on HTTP. On node:http, because every byte of an answer is part of what is simulated. */
export function createBankServer(
  bank: Bank,
  faults: Faults,
  rateLimits: RateLimits,
  pages: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>,
): Server {
  return createServer((incoming, outgoing) => {
    if (isPage(incoming.url)) return void pages(incoming, withBanner(outgoing));
    new Exchange(bank, faults, rateLimits, incoming, outgoing).run().catch((error: unknown) => {
      if (!incoming.errored) console.error('simulator:', error); // a client that goes before its body's end is none of our errors
      outgoing.destroy();
    });
  });
}

type Noted = { -readonly [K in keyof LoggedRequest]: LoggedRequest[K] };

/** One request and its answer. */
class Exchange {
  readonly #bank: Bank;
  readonly #faults: Faults;
  readonly #rateLimits: RateLimits;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #timesReplaced: number;
  #isGone = false;
  /** Made for a request that is held only: most are answered at once. */
  #gone: AbortController | null = null;
  #isApi = true;
  readonly #log: Noted;

  constructor(bank: Bank, faults: Faults, rateLimits: RateLimits, incoming: IncomingMessage, outgoing: ServerResponse) {
    this.#bank = bank;
    this.#faults = faults;
    this.#rateLimits = rateLimits;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#timesReplaced = bank.store.timesReplaced;
    this.#log = firstLog(bank, incoming);
    outgoing.on('close', () => {
      this.#isGone = true;
      this.#gone?.abort();
      if (outgoing.writableFinished) return;
      this.#note({ outcome: 'unanswered' });
      this.#save();
    });
  }

  async run(): Promise<void> {
    const bytes = await readBytes(this.#incoming);
    if (bytes === null) return this.#answer(errorAnswer(413, 'The request body is too large.'), null);
    const request = readRequest(this.#incoming, bytes, this.#log);
    try {
      await this.#serve(request);
    } catch (error) {
      if (error instanceof BankRefusal) return this.#answer(errorAnswer(error.status, error.message), null);
      this.#answer(errorAnswer(500, 'Something went wrong at bunq.'), null);
      throw error;
    }
  }

  async #serve(request: Request): Promise<void> {
    const found = findRoute(request.method, request.path);
    const endpoint = endpointOf(found.route);
    this.#isApi = !found.route.isOAuth;
    this.#note({ endpoint });
    this.#checkRateLimit(request, endpoint);
    const fault = this.#faults.take(endpoint, this.#bank.settings);
    this.#note({ admitted: true, fault: fault?.kind ?? null, hostile: fault?.id === HOSTILE });
    if (fault !== null) this.#save(); // what is held may be there for long
    if (fault?.kind === 'reset') return cutAnswer(this.#outgoing);
    if (fault?.kind === 'status') return this.#answer(this.#faultyAnswer(fault, endpoint), fault);
    if (fault?.kind === 'effect-later') return this.#postpone(request, found, fault);
    if (fault?.kind === 'hold' && !(await this.#isStillAsked(fault))) return cutAnswer(this.#outgoing);
    this.#faults.settle();
    const answer = this.#bank.store.atomically(() => {
      const performed = this.#perform(request, found, this.#bank.clock.nowMs());
      if (fault?.kind === 'hold-answer') this.#noteAnswer(performed);
      else this.#noteEnd(performed, fault);
      this.#save();
      return performed;
    });
    if (fault?.kind !== 'hold-answer') return this.#send(answer, fault);
    if ((await this.#faults.hold(fault, this.#signalGone())) === 'disconnected') return cutAnswer(this.#outgoing);
    this.#answer(answer, fault);
  }

  #perform(request: Request, found: Found, nowMs: number): Answer {
    const { answer, caller } = perform(this.#bank, request, found, nowMs);
    this.#note({
      effectAtMs: nowMs,
      installationId: caller?.installation.id ?? null,
      sessionId: caller?.session?.id ?? null,
      userId: caller?.session?.userId ?? null,
    });
    return answer;
  }

  /** The client hears nothing of it. */
  #postpone(request: Request, found: Found, fault: Fault): void {
    this.#faults.postpone(fault, this.#log.at, (atMs) =>
      this.#bank.store.atomically(() => {
        this.#noteAnswer(this.#perform(request, found, atMs));
        this.#save();
      }),
    );
    if (!fault.keepOpen) cutAnswer(this.#outgoing);
  }

  /** With bunq's text for that status, where the fault has none of its own. */
  #faultyAnswer({ status, description }: Fault, endpoint: string): Answer {
    const limit = status === 429 || status === 409 ? limitOf(endpoint, this.#bank.settings) : undefined;
    if (!this.#isApi && (status === 400 || status === 401)) return oauthErrorAnswer(status, 'invalid_grant', description ?? undefined);
    return errorAnswer(status, description ?? (limit && rateLimitText(limit)) ?? textOf(status) ?? 'Something went wrong at bunq.');
  }

  #checkRateLimit(request: Request, endpoint: string): void {
    const { settings, clock } = this.#bank;
    const exceeded = this.#rateLimits.admit({ endpoint, who: (by) => whoOf(this.#bank, request, by) }, clock.nowMs(), settings);
    if (exceeded !== null) throw new BankRefusal(settings.rateLimitStatus, rateLimitText(exceeded));
  }

  /** Waits for the release; false when the client has gone meanwhile and the fault says that this ends it. */
  async #isStillAsked(fault: Fault): Promise<boolean> {
    const never = new AbortController().signal;
    const how = await this.#faults.hold(fault, fault.effectAfterDisconnect ? never : this.#signalGone());
    return how === 'released';
  }

  #answer(answer: Answer, fault: Fault | null): void {
    this.#noteEnd(answer, fault);
    this.#save();
    this.#send(answer, fault);
  }

  /** What stands in the log already. */
  #send(answer: Answer, fault: Fault | null): void {
    const { responseId, requestId, outcome } = this.#log;
    if (outcome === 'unanswered' || this.#bank.store.failure !== null) cutAnswer(this.#outgoing);
    else writeAnswer(this.#outgoing, this.#bank, answer, { fault, isApi: this.#isApi, responseId, requestId });
  }

  #noteEnd(answer: Answer, fault: Fault | null): void {
    const isLost = fault?.kind === 'lose-answer-after-effect' || this.#isGone;
    this.#noteAnswer(answer);
    this.#note({ outcome: isLost ? 'unanswered' : 'answered' });
  }

  #noteAnswer({ status, body }: Answer): void {
    const { Error: errors, error_description: oauthError } = body as {
      Error?: { error_description: string }[];
      error_description?: string;
    };
    const error = errors?.[0]?.error_description ?? oauthError ?? null;
    this.#note({ status, error });
  }

  #note(change: Partial<LoggedRequest>): void {
    Object.assign(this.#log, change);
  }

  /** Not in the log of the bank that it has become meanwhile. */
  #save(): void {
    if (this.#timesReplaced === this.#bank.store.timesReplaced) this.#bank.store.put('requests', { ...this.#log });
  }

  #signalGone(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#isGone) this.#gone.abort();
    return this.#gone.signal;
  }
}
