import { once } from 'node:events';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import type { HostPort } from '../../settings/host-port.ts';
import { listen } from '../listen.ts';
import { type Health, httpStatusOf } from './health.ts';

/** Where Prometheus scrapes, and whoever runs the worker asks how it is; in plain HTTP, with nothing secret in it. */

export interface Told {
  /** In Prometheus's text format. */
  metrics(): Promise<string>;
  health(): Promise<Health>;
}

export interface MonitoringServers {
  /** Null: not set. */
  readonly metricsUrl: string | null;
  readonly healthUrl: string | null;
  close(): Promise<void>;
}

/** Prometheus asks on one connection, and so does a probe. */
const MOST_CONNECTIONS = 100;
const REQUEST_WITHIN_MS = 10_000;

/** One server where both have the same address. @throws SettingsError when it cannot listen there */
export async function startMonitoringServers(
  metricsAt: HostPort | null,
  healthAt: HostPort | null,
  told: Told,
): Promise<MonitoringServers> {
  const isOne = metricsAt && healthAt && metricsAt.host === healthAt.host && metricsAt.port === healthAt.port;
  const open: Server[] = [];
  const start = async (address: HostPort, setting: string, ...routes: ((app: Hono, told: Told) => void)[]) => {
    const app = new Hono();
    app.use(onlyReading);
    for (const route of routes) route(app, told);
    const serverOptions = { requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS };
    const server = createAdaptorServer({ fetch: app.fetch, serverOptions, overrideGlobalObjects: false }) as Server;
    server.maxConnections = MOST_CONNECTIONS;
    open.push(server);
    return listen(server, address, setting);
  };
  const close = async () => void (await Promise.all(open.map(end)));
  try {
    const metricsUrl = metricsAt && (await start(metricsAt, 'KEEPER_METRICS_ADDRESS', metricsRoute, ...(isOne ? [healthRoutes] : [])));
    const healthUrl = isOne ? metricsUrl : healthAt && (await start(healthAt, 'KEEPER_HEALTH_ADDRESS', healthRoutes));
    return { metricsUrl, healthUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A probe in hand is worth nothing to a worker that ends. */
async function end(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function onlyReading(call: Context, next: () => Promise<void>): Promise<Response | undefined> {
  if (call.req.method !== 'GET' && call.req.method !== 'HEAD') return call.text('Only GET.\n', 405, { Allow: 'GET, HEAD' });
  await next();
  call.res.headers.set('Cache-Control', 'no-store');
  return undefined;
}

/** Prometheus's text format. */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

function metricsRoute(app: Hono, told: Told): void {
  app.get('/metrics', compress(), async (call) => call.body(await told.metrics(), 200, { 'Content-Type': TEXT_FORMAT }));
}

function healthRoutes(app: Hono, told: Told): void {
  // whoever answers is alive; a worker whose Temporal or bank is down is not made better by a restart
  app.get('/healthz', (call) => call.json({ schema: 1, status: 'alive' }));
  app.get('/readyz', async (call) => {
    const health = await told.health();
    return call.json(health, httpStatusOf(health));
  });
}
