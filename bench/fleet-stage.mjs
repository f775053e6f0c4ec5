/** A stage for thousands of users: the bank and the gate keep the same shortened gap, and what the worker logs is noted. */
import { statSync } from 'node:fs';
import { memoryBytes, processorSeconds } from './processes.mjs';
import { openStage, waitFor } from './stage.mjs';

/** A busy machine may come to a new connection late. */
const PATIENCE_MS = 180_000;

export async function openFleet(build, gapMs) {
  const gap = `${gapMs}ms`;
  const stage = await openStage(build, ['--session-gap', gap], { KEEPER_SESSION_GAP: gap });
  try {
    const { manageSimulator } = await stage.load('simulator/index.js');
    const bank = manageSimulator(stage.manageUrl);
    await bank.changeSettings({ callRateLimits: false });
    const log = new WorkerLog();
    const { pid } = await stage.startWorker((line) => log.read(line));
    const pids = { ...stage.pids, worker: pid };
    return { ...stage, bank, gapMs, log, figures: () => figuresOf(pids, stage.dbFile) };
  } catch (error) {
    await stage.close();
    throw error;
  }
}

/** Bytes, and seconds of processor time. */
function figuresOf(pids, dbFile) {
  const of = (read) => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, read(pid)]));
  const database = ['', '-wal'].reduce((sum, suffix) => sum + (statSync(dbFile + suffix, { throwIfNoEntry: false })?.size ?? 0), 0);
  return { memory: of(memoryBytes), processor: of(processorSeconds), database };
}

/** What the worker says of its connections, by their names: when a session was served, and when a renewal began. */
class WorkerLog {
  /** The publications, each `{ sessionId, atMs, expiresAtMs }`; null: none was served. */
  served = new Map();
  /** When it last became RENEWING. */
  renewing = new Map();

  read(line) {
    if (line.includes('"event":"session served"')) {
      const { connection, sessionId, session, time } = JSON.parse(line);
      const expiresAtMs = session && Date.parse(session.expiresAt);
      this.served.set(connection, [...(this.served.get(connection) ?? []), { sessionId, atMs: time, expiresAtMs }]);
    } else if (line.includes('"to":"RENEWING"')) {
      const { connection, time } = JSON.parse(line);
      this.renewing.set(connection, time);
    }
  }

  servedAfter(connection, sinceMs) {
    return this.served.get(connection)?.find(({ sessionId, atMs }) => sessionId !== null && atMs > sinceMs) ?? null;
  }

  untilServed(connection, sinceMs = 0) {
    return waitFor(`${connection} has a session`, () => this.servedAfter(connection, sinceMs), 20, PATIENCE_MS);
  }
}

/**
 * How long was served what the bank no longer took, or nothing: by the simulator's own reckoning, from its record of each session's
 * end and from what the worker says that was served.
 */
export async function countLapses({ bank, log, load }, untilMs) {
  const [{ lapsesOf }, { endOf }] = await Promise.all([load('simulator/lapses.js'), load('simulator/publications.js')]);
  const { sessions } = await bank.state();
  const ms = (iso) => (iso === null ? null : Date.parse(iso));
  const ends = new Map(
    sessions.map(({ id, expiresAt, deletedAt, revokedAt }) => [
      id,
      endOf({ expiresAtMs: ms(expiresAt), deletedAtMs: ms(deletedAt), revokedAtMs: ms(revokedAt) }, null),
    ]),
  );
  return [...log.served.values()].reduce((sum, publications) => sum + lapsesOf(publications, ends, untilMs).length, 0);
}

/** The arrivals of `POST /session-server`, and how many were not answered with 200. */
export function sessionCalls(requests) {
  const calls = requests.filter(({ endpoint }) => endpoint === 'POST /session-server').sort((one, other) => one.at - other.at);
  const distancesMs = calls.slice(1).map(({ at }, index) => at - calls[index].at);
  return { calls, distancesMs, refused: calls.filter(({ status }) => status !== 200).length };
}
