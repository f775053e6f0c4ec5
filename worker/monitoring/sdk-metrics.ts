import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { IllegalStateError } from '@temporalio/common';
import { Runtime, type RuntimeOptions } from '@temporalio/worker';

/** Durations in seconds and counters with `_total`, as Prometheus wants them; the SDK's own default is neither. */
const EXPORTER = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
const SCRAPED_WITHIN_MS = 2000;
const TRIES = 5;

/**
 * Temporal's SDK and what it counts: its native part answers Prometheus only on a port of its own, which is a random one on loopback,
 * and is read from here.
 */
export class SdkRuntime {
  readonly #options: RuntimeOptions;
  readonly #withMetrics: boolean;
  #port: number | null = null;

  constructor(options: RuntimeOptions, withMetrics: boolean) {
    this.#options = options;
    this.#withMetrics = withMetrics;
  }

  /** Before anything native; and again before each attempt to connect, as the SDK ends its runtime with an attempt that fails. */
  async install(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const port = this.#withMetrics ? await freePort() : null;
      try {
        Runtime.install({ ...this.#options, ...(port !== null && { telemetryOptions: telemetryAt(port) }) });
        this.#port = port;
        return;
      } catch (error) {
        if (error instanceof IllegalStateError) return; // it is there still
        if (port === null || tries === TRIES) throw error; // else somebody took the port just now
      }
    }
  }

  /** In Prometheus's text format; a remark where there is nothing to be had. */
  async text(): Promise<string> {
    if (this.#port === null) return '';
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/metrics`, { signal: AbortSignal.timeout(SCRAPED_WITHIN_MS) });
      return await answer.text();
    } catch {
      return "# Temporal's SDK did not tell its metrics.\n";
    }
  }
}

const telemetryAt = (port: number) => ({ metrics: { prometheus: { bindAddress: `127.0.0.1:${port}`, ...EXPORTER } } });

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
