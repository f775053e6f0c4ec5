import type { Clock, SessionCaller } from '../bunq/bank.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { type RefusalAnswer, type SessionView, sessionQuery } from '../workflows/messages.ts';
import type { ConnectionWorkflows } from './connection-workflows.ts';
import { NoSessionError } from './errors.ts';
import { openSession } from './open-session.ts';
import { useOf } from './session-use.ts';

/** A session whose secrets this process has opened. */
export interface OpenSession {
  readonly view: SessionView;
  readonly caller: SessionCaller;
}

interface Held {
  readonly open: OpenSession;
  readonly askedAtMs: number;
  /** The same moment on the clock that is never set. */
  readonly askedMonotonicMs: number;
  failedAtMs: number | null;
}

export interface HolderOptions {
  readonly workflows: Pick<ConnectionWorkflows, 'askOnce' | 'idOf' | 'noAnswer' | 'reportRefused'>;
  readonly sealingKeys: () => SealingKeySet;
  readonly clock: Clock;
  readonly sessionGapMs: number;
}

const isSame = (one: SessionView, other: SessionView) => one.sessionToken === other.sessionToken;

/** The session of one connection, opened and held in memory: most calls on it cost no request to Temporal. */
export class HeldSession {
  readonly #name: string;
  readonly #options: HolderOptions;
  #held: Held | null = null;
  /** One for any number of calls; true when there was an answer. */
  #asking: Promise<boolean> | null = null;
  /** When a report last brought a session: what was asked before is older. */
  #replacedMonotonicMs = Number.NEGATIVE_INFINITY;
  readonly #reports = new Map<string, Promise<RefusalAnswer | null>>();

  constructor(name: string, options: HolderOptions) {
    this.#name = name;
    this.#options = options;
  }

  /**
   * The session to call on now; never one that may have been closed meanwhile, unless Temporal does not answer.
   * @throws KeeperError when there is no session, no connection or no answer; SealingError
   */
  async get(): Promise<OpenSession> {
    const use = this.#use();
    if (use === 'use') return this.#held!.open;
    const asking = this.#ask();
    if (use === 'use and ask') {
      asking.catch(() => {}); // whoever has to wait for it is told
      return this.#held!.open;
    }
    const isAnswered = await asking;
    if (this.#held && this.#use() !== 'expired') return this.#held.open;
    if (isAnswered) throw new NoSessionError(this.#name);
    throw await this.#options.workflows.noAnswer(this.#name);
  }

  /**
   * What to repeat a call on whose token the bank refused; null when the refusal stands. The keeper proves the session before
   * it believes the refusal, and answers within a minute.
   */
  async replacementFor(refused: OpenSession): Promise<OpenSession | null> {
    if (this.#held && !isSame(this.#held.open.view, refused.view)) return this.#held.open;
    const { sessionToken, sessionId } = refused.view;
    const report = this.#reports.get(sessionToken) ?? this.#report(sessionToken, sessionId);
    const answer = await report;
    if (answer?.outcome !== 'replaced' || !answer.session) return null;
    if (!this.#held || isSame(this.#held.open.view, refused.view)) {
      this.#replacedMonotonicMs = this.#times().monotonicMs;
      await this.#hold(answer.session, startOfMinute(this.#times()));
    }
    return this.#held?.open ?? null;
  }

  #use() {
    if (!this.#held) return 'expired';
    const { open, askedAtMs, askedMonotonicMs, failedAtMs } = this.#held;
    const { nowMs, monotonicMs } = this.#times();
    const ageMs = nowMs < askedAtMs ? -1 : Math.max(nowMs - askedAtMs, monotonicMs - askedMonotonicMs);
    return useOf({ session: open.view, askedAtMs, failedAtMs }, nowMs, ageMs, this.#options.sessionGapMs);
  }

  #ask(): Promise<boolean> {
    this.#asking ??= this.#askNow().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #askNow(): Promise<boolean> {
    const asked = this.#times();
    const answered = await this.#options.workflows.askOnce(this.#name, sessionQuery);
    if (answered === null) {
      if (this.#held) this.#held.failedAtMs = this.#times().nowMs;
      return false;
    }
    if (asked.monotonicMs < this.#replacedMonotonicMs) return true;
    if (answered.answer === null) this.#held = null;
    else await this.#hold(answered.answer, asked);
    return true;
  }

  #report(sessionToken: string, sessionId: number): Promise<RefusalAnswer | null> {
    const report = this.#options.workflows.reportRefused(this.#name, sessionId).finally(() => this.#reports.delete(sessionToken));
    this.#reports.set(sessionToken, report);
    return report;
  }

  async #hold(view: SessionView, asked: { nowMs: number; monotonicMs: number }): Promise<void> {
    const isKnown = this.#held !== null && isSame(this.#held.open.view, view);
    const caller = isKnown ? this.#held!.open.caller : await this.#open(view);
    this.#held = { open: { view, caller }, askedAtMs: asked.nowMs, askedMonotonicMs: asked.monotonicMs, failedAtMs: null };
  }

  async #open(view: SessionView): Promise<SessionCaller> {
    const { workflows, sealingKeys } = this.#options;
    return { ...(await openSession(view, workflows.idOf(this.#name), sealingKeys())), serverPublicKeyPem: view.serverPublicKeyPem };
  }

  #times() {
    const { clock } = this.#options;
    return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }
}

/** All reports of a minute share one answer, which may be as old. */
const startOfMinute = ({ nowMs, monotonicMs }: { nowMs: number; monotonicMs: number }) => ({
  nowMs: nowMs - (nowMs % 60_000),
  monotonicMs: monotonicMs - (nowMs % 60_000),
});
