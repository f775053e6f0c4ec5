import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { unlessStopped } from './stopped-server.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Virtual time stands still for so long in reality: something hangs. */
const STUCK_AFTER_MS = 20_000;

/** The time of a time-skipping server. It goes at the real rate while something is being worked on, and else skips while somebody waits in `pass`. */
export class VirtualTime {
  readonly #temporal: TestWorkflowEnvironment;
  #pulledMs = 0;
  #pulledAt = 0;

  constructor(temporal: TestWorkflowEnvironment) {
    this.#temporal = temporal;
  }

  nowMs(): Promise<number> {
    return this.#temporal.currentTimeMs();
  }

  /** Sets `pulledMs` right: for as long as something is being worked on, or until time passes. */
  async pull(): Promise<void> {
    this.#pulledMs = await this.nowMs();
    this.#pulledAt = performance.now();
  }

  get pulledMs(): number {
    return this.#pulledMs + performance.now() - this.#pulledAt;
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    let lastMs = 0;
    const watchdog = setInterval(async () => {
      const nowMs = await this.nowMs();
      if (nowMs - lastMs <= 2 * STUCK_AFTER_MS && lastMs > 0)
        process.stderr.write(
          `No virtual time was skipped for ${STUCK_AFTER_MS / SECOND} s: a workflow task fails again and again, or an activity hangs.\n`,
        );
      lastMs = nowMs;
    }, STUCK_AFTER_MS);
    await unlessStopped(this.#temporal, () => this.#temporal.sleep(ms)).finally(() => clearInterval(watchdog));
    await this.pull();
  }
}
