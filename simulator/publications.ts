import { z } from 'zod';
import type { Bank } from './bank.ts';
import type { Session } from './entities.ts';
import { type Lapse, lapsesOf, type SessionEnd } from './lapses.ts';

const connection = z.string().min(1);
const instantMs = z.number().int().min(0).optional();

export const publishedSchema = z.strictObject({
  /** Whoever keeps sessions there, by a name of its own. */
  connection,
  /** The session that it serves from then on; null: none. */
  sessionId: z.number().int().nullable(),
  /** By the simulator's clock; default: now. */
  atMs: instantMs,
});

export const lapsesSchema = z.strictObject({
  connection,
  /** By the simulator's clock; default: now. */
  untilMs: instantMs,
});

export type Published = z.input<typeof publishedSchema>;
export type LapsesQuery = z.input<typeof lapsesSchema>;

/** @throws ZodError; RangeError for a session that the bank does not have */
export function notePublished({ store, clock }: Bank, published: Published): void {
  const { atMs = clock.nowMs(), ...rest } = publishedSchema.parse(published);
  if (rest.sessionId !== null && store.get('sessions', rest.sessionId) === undefined)
    throw new RangeError(`The bank has no ${rest.sessionId} among its sessions.`);
  store.put('publications', { id: store.nextId(), atMs, ...rest });
}

/** @throws ZodError; RangeError for a connection that has published nothing */
export function lapsesAt({ store, clock }: Bank, query: LapsesQuery): Lapse[] {
  const { connection: asked, untilMs = clock.nowMs() } = lapsesSchema.parse(query);
  const publications = store.all('publications').filter((publication) => publication.connection === asked);
  if (publications.length === 0) throw new RangeError(`Nothing was published by "${asked}".`);
  const served = new Set(publications.flatMap(({ sessionId }) => sessionId ?? []));
  const ends = Array.from(served, (id) => {
    const session = store.get('sessions', id)!;
    return [id, endOf(session, store.get('installations', session.installationId)?.revokedAtMs ?? null)] as const;
  });
  return lapsesOf(publications, new Map(ends), untilMs);
}

/** Whichever comes first. */
export function endOf(
  session: Pick<Session, 'expiresAtMs' | 'deletedAtMs' | 'revokedAtMs'>,
  installationRevokedAtMs: number | null,
): SessionEnd {
  const ends: SessionEnd[] = [
    { endsAtMs: session.deletedAtMs ?? Number.POSITIVE_INFINITY, reason: 'deleted' },
    { endsAtMs: session.revokedAtMs ?? Number.POSITIVE_INFINITY, reason: 'revoked' },
    { endsAtMs: installationRevokedAtMs ?? Number.POSITIVE_INFINITY, reason: 'revoked' },
  ];
  const expiry: SessionEnd = { endsAtMs: session.expiresAtMs, reason: 'expired' };
  return ends.reduce((first, end) => (end.endsAtMs < first.endsAtMs ? end : first), expiry);
}
