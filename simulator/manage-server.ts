import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { ZodError, z } from 'zod';
import type { Authorize } from './authorize.ts';
import type { NewEndUser } from './end-users.ts';
import type { FaultOptions } from './fault-options.ts';
import type { Management } from './manage.ts';
import type { LapsesQuery, Published } from './publications.ts';
import type { Seed } from './seed.ts';
import type { Reset, Snapshot } from './snapshot.ts';

const clockSchema = z.union(
  [
    z.strictObject({ advanceMs: z.number().int() }),
    z.strictObject({ setMs: z.number().int().min(0) }),
    z.strictObject({ freeze: z.boolean() }),
    z.strictObject({ follow: z.literal(true) }),
  ],
  'Give one of {"advanceMs":60000}, {"setMs":1900000000000}, {"freeze":true}, {"freeze":false} and {"follow":true}.',
);
const releaseSchema = z.strictObject({ id: z.number().int().optional() });
const idSchema = z.coerce.number().int();

/** The management port: plain JSON over HTTP, described in README.md. It shows every secret: keep it on loopback. */
export function createManageServer(management: Management): Server {
  const app = new Hono();
  app.notFound(({ req, json }) => json({ error: `There is no ${req.method} ${req.path}.` }, 404));
  app.onError((error, { json }) => {
    const isBad = error instanceof ZodError || error instanceof RangeError;
    const message = error instanceof ZodError ? z.prettifyError(error) : error.message;
    return json({ error: message }, isBad ? 400 : error instanceof HTTPException ? error.status : 500);
  });
  addReadings(app, management);
  addActions(app, management);
  addWholeBank(app, management);
  return createAdaptorServer({ fetch: app.fetch }) as Server;
}

function addReadings(app: Hono, management: Management): void {
  app.get('/state', ({ json }) => json(management.state()));
  app.get('/secrets', ({ json }) => json({ secrets: management.secrets() }));
  app.get('/requests', ({ json }) => json({ requests: management.requests() }));
  app.get('/clock', ({ json }) => json({ nowMs: management.nowMs() }));
  app.get('/settings', ({ json }) => json(management.settings()));
  app.get('/end-users', ({ json }) => json({ endUsers: management.endUsers() }));
  app.get('/grants', ({ json }) => json({ grants: management.grants() }));
  app.get('/lapses', ({ req, json }) => {
    const { untilMs, ...rest } = req.query();
    const query = { ...rest, ...(untilMs !== undefined && { untilMs: Number(untilMs) }) };
    return json({ lapses: management.lapses(query as LapsesQuery) });
  });
  app.get('/faults', ({ json }) => json({ faults: management.faults() }));
}

function addActions(app: Hono, management: Management): void {
  app.post('/requests/reset', ({ json }) => {
    management.resetRequests();
    return json({});
  });
  app.post('/clock', async (call) => {
    moveClock(management, clockSchema.parse(await bodyOf(call)));
    return call.json({ nowMs: management.nowMs() });
  });
  app.patch('/settings', async (call) => {
    const change = z.record(z.string(), z.unknown()).parse(await bodyOf(call));
    return call.json(management.changeSettings(change));
  });
  app.post('/faults', async (call) => call.json(management.fault((await bodyOf(call)) as FaultOptions)));
  app.post('/faults/settle', ({ json }) => json({ performed: management.settle() }));
  app.post('/faults/release', async (call) => {
    const { id } = releaseSchema.parse(await bodyOf(call));
    return call.json({ released: management.releaseFaults(id) });
  });
  app.delete('/faults', (call) => cleared(call, management));
  app.delete('/faults/:id', (call) => cleared(call, management, idSchema.parse(call.req.param('id'))));
  app.post('/published', async (call) => {
    management.published((await bodyOf(call)) as Published);
    return call.json({});
  });
  app.post('/end-users', async (call) => call.json(management.createEndUser((await bodyOf(call)) as NewEndUser)));
  app.post('/authorize', async (call) => call.json({ redirectUrl: management.authorize((await bodyOf(call)) as Authorize) }));
  addById(app, '/grants/:id/revoke', (userApiKeyId) => management.revokeGrant({ userApiKeyId }));
  addById(app, '/end-users/:id/revoke-grants', (user) => management.revokeGrantsOf({ user }));
  addById(app, '/sessions/:id/expire', management.expireSession);
  addById(app, '/sessions/:id/revoke', management.revokeSession);
  addById(app, '/credentials/:id/revoke', management.revokeCredential);
  addById(app, '/credentials/:id/block', management.blockCredential);
  addById(app, '/credentials/:id/unblock', management.unblockCredential);
  addById(app, '/users/:id/revoke', management.revokeUser);
  addById(app, '/installations/:id/revoke', management.revokeInstallation);
}

function addWholeBank(app: Hono, management: Management): void {
  app.get('/snapshot', ({ json }) => json(management.snapshot()));
  app.put('/snapshot', async (call) => {
    management.restore((await bodyOf(call)) as Snapshot);
    return call.json({});
  });
  app.post('/reset', async (call) => {
    management.reset((await bodyOf(call)) as Reset);
    return call.json({});
  });
  app.post('/seed', async (call) => call.json(management.seed((await bodyOf(call)) as Seed)));
}

function moveClock(management: Management, move: z.output<typeof clockSchema>): void {
  if ('advanceMs' in move) management.advanceClock(move.advanceMs);
  else if ('setMs' in move) management.setClock(move.setMs);
  else if ('freeze' in move) management.freezeClock(move.freeze);
  else management.followClock();
}

/** Whatever its type is said to be. */
async function bodyOf({ req }: Context): Promise<unknown> {
  const text = await req.text();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new HTTPException(400, { message: 'The body is not JSON.' });
  }
}

function cleared({ json }: Context, management: Management, id?: number) {
  management.clearFaults(id);
  return json({ faults: management.faults() });
}

function addById(app: Hono, path: string, act: (id: number) => void): void {
  app.post(path, ({ req, json }) => {
    act(idSchema.parse(req.param('id')));
    return json({});
  });
}
