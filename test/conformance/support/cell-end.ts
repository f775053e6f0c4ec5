import type { Lapse, Simulator } from '../../../simulator/index.ts';
import type { TestConnection } from '../../support/connection.ts';
import { HOUR, MINUTE, SECOND } from '../../support/virtual-time.ts';

type SeenRequest = ReturnType<Simulator['requests']>[number];

/** What became of a cell. */
export interface CellEnd {
  readonly state: string;
  /** All that it was in, as the log tells them. */
  readonly states: readonly string[];
  /** Requests that a fault hit. */
  readonly hits: number;
  readonly oauthClients: number;
  readonly users: number;
  /** A new certificate was given, and the session served came of it. */
  readonly isRolledOver: boolean;
  readonly callbackUrls: readonly string[];
  readonly spare: { readonly installations: number; readonly apiKeys: number; readonly sessions: number };
  readonly repeatedRequestIds: readonly string[];
  readonly mostCallsAnHour: number;
  /** Between two requests for a session. */
  readonly shortestGapMs: number;
  /** None was served, or one that was not valid at the bank. */
  readonly lapses: readonly Lapse[];
  /** For a person who wonders. */
  readonly story: string;
}

export async function endOfCell(connection: TestConnection): Promise<CellEnd> {
  const { state } = await connection.status();
  if (state !== 'ACTIVE') await connection.becomes('ACTIVE', 2 * MINUTE); // a renewal may be under way right now
  const { simulator } = connection;
  const bank = simulator.state();
  const requests = simulator.requests();
  const { retiring, wanted, serving, ladder } = await connection.state();
  const isSecond = serving!.apiKey.credentialId !== bank.credentials[0]?.id;
  return {
    state: 'ACTIVE',
    states: connection.states.map((told) => told.state),
    hits: simulator.faults().reduce((sum, { hits }) => sum + hits, 0),
    oauthClients: bank.oauthClients.length,
    users: bank.users.length,
    isRolledOver: isSecond && wanted.formerCredential === undefined && serving!.apiKey.apiKey === ladder.apiKey?.apiKey,
    callbackUrls: bank.callbackUrls.map(({ url }) => url).sort(),
    spare: {
      installations: bank.installations.length - 1 - takenOver(requests, ['POST /installation']),
      apiKeys: bank.credentials.length - 1 - takenOver(requests, MAKE_API_KEYS),
      sessions:
        bank.sessions.filter(({ status }) => status === 'ACTIVE').length -
        1 -
        retiring.length -
        takenOver(requests, ['POST /session-server']),
    },
    repeatedRequestIds: repeated(
      requests.flatMap(({ requestId, installationId }) => (requestId === null ? [] : [`${installationId} ${requestId}`])),
    ),
    mostCallsAnHour: mostWithin(
      HOUR,
      requests.map(({ at }) => at),
    ),
    shortestGapMs: shortestGapMs(connection.requests('POST /session-server').map(({ at }) => at)),
    lapses: simulator.lapses({ connection: connection.name }),
    story: requests
      .map(({ at, endpoint, status, fault }) => `${(at - requests[0]!.at) / SECOND} s ${endpoint} ${fault ?? status}`)
      .join('\n'),
  };
}

const MAKE_API_KEYS = ['POST /payment-service-provider-credential', 'POST /sandbox-user-person'];

/** An activity has 8 s, and is then done again by whoever is quicker. The loop's own back-off is 24 s at the least. */
const TAKEN_OVER_MS = { least: 7.5 * SECOND, most: 20 * SECOND };

/**
 * Calls that the bank answered well and that were done again all the same: this process was held up for longer than the activity has, as a
 * machine that has other things to do may be. Not the cell's doing, and said.
 */
function takenOver(requests: readonly SeenRequest[], endpoints: readonly string[]): number {
  const calls = requests.filter(({ endpoint }) => endpoint !== null && endpoints.includes(endpoint));
  const again = calls.filter(({ at }, index) => {
    const before = calls[index - 1];
    if (before?.status !== 200 || before.fault !== null) return false;
    return at - before.at >= TAKEN_OVER_MS.least && at - before.at <= TAKEN_OVER_MS.most;
  });
  if (again.length > 0) process.stderr.write(`${endpoints[0]}: done again ${again.length} times, as this machine was held up for 8 s\n`);
  return again.length;
}

/** Request ids are unique among all requests, so also among those of each installation; the token endpoint has none. */
const repeated = (ids: readonly string[]) => ids.filter((id, index) => ids.indexOf(id) !== index);

const shortestGapMs = (atMs: readonly number[]) =>
  Math.min(Number.POSITIVE_INFINITY, ...atMs.slice(1).map((at, index) => at - atMs[index]!));

/** How many of these instants lie within the busiest stretch of that length. */
export function mostWithin(spanMs: number, atMs: readonly number[]): number {
  let from = 0;
  return atMs.reduce((most, at, index) => {
    while (at - atMs[from]! > spanMs) from++;
    return Math.max(most, index - from + 1);
  }, 0);
}
