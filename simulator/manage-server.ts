import { type FastifyInstance, fastify } from 'fastify';
import { ZodError, z } from 'zod';
import type { FaultOptions } from './faults.ts';
import type { Management } from './manage.ts';
import type { Settings } from './settings.ts';

const clockSchema = z.union([z.strictObject({ advanceMs: z.number().int() }), z.strictObject({ setMs: z.number().int().min(0) })]);
const releaseSchema = z.strictObject({ id: z.number().int().optional() });
const paramsSchema = z.object({ id: z.coerce.number().int() });

/** The management port: plain JSON over HTTP, described in README.md. It shows every secret: keep it on loopback. */
export function createManageServer(management: Management): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, text === '' ? {} : JSON.parse(String(text)));
    } catch {
      done(Object.assign(new Error('The body is not JSON.'), { statusCode: 400 }));
    }
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const isBad = error instanceof ZodError || error instanceof RangeError;
    const message = error instanceof ZodError ? z.prettifyError(error) : error.message;
    return reply.code(isBad ? 400 : (error.statusCode ?? 500)).send({ error: message });
  });
  addReadings(app, management);
  addActions(app, management);
  return app;
}

function addReadings(app: FastifyInstance, management: Management): void {
  app.get('/state', () => management.state());
  app.get('/secrets', () => ({ secrets: management.secrets() }));
  app.get('/requests', () => ({ requests: management.requests() }));
  app.get('/clock', () => ({ nowMs: management.nowMs() }));
  app.get('/settings', () => management.settings());
  app.get('/faults', () => ({ faults: management.faults() }));
}

function addActions(app: FastifyInstance, management: Management): void {
  app.post('/requests/reset', () => {
    management.resetRequests();
    return {};
  });
  app.post('/clock', ({ body }) => {
    const move = clockSchema.parse(body);
    if ('setMs' in move) management.setClock(move.setMs);
    else management.advanceClock(move.advanceMs);
    return { nowMs: management.nowMs() };
  });
  app.patch('/settings', ({ body }) => management.changeSettings(z.record(z.string(), z.unknown()).parse(body) as Partial<Settings>));
  app.post('/faults', ({ body }) => management.fault(body as FaultOptions));
  app.post('/faults/release', ({ body }) => ({ released: management.releaseFaults(releaseSchema.parse(body ?? {}).id) }));
  app.delete('/faults', () => cleared(management));
  app.delete('/faults/:id', ({ params }) => cleared(management, paramsSchema.parse(params).id));
  addById(app, '/sessions/:id/expire', management.expireSession);
  addById(app, '/credentials/:id/revoke', management.revokeCredential);
  addById(app, '/users/:id/revoke', management.revokeUser);
  addById(app, '/installations/:id/revoke', management.revokeInstallation);
}

function cleared(management: Management, id?: number) {
  management.clearFaults(id);
  return { faults: management.faults() };
}

function addById(app: FastifyInstance, path: string, act: (id: number) => void): void {
  app.post(path, ({ params }) => {
    act(paramsSchema.parse(params).id);
    return {};
  });
}
