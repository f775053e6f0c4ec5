import type { Lapse } from '../../../simulator/index.ts';
import type { TestConnection } from '../../support/connection.ts';
import { HOUR, MINUTE, SECOND } from '../../support/virtual-time.ts';

/** What became of a cell. */
export interface CellEnd {
  readonly state: string;
  /** All that it was in, as the log tells them. */
  readonly states: readonly string[];
  /** Requests that a fault hit. */
  readonly hits: number;
  readonly oauthClients: number;
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
  const retiring = (await connection.state()).retiring.length;
  return {
    state: 'ACTIVE',
    states: connection.states.map((told) => told.state),
    hits: simulator.faults().reduce((sum, { hits }) => sum + hits, 0),
    oauthClients: bank.oauthClients.length,
    callbackUrls: bank.callbackUrls.map(({ url }) => url).sort(),
    spare: {
      installations: bank.installations.length - 1,
      apiKeys: bank.credentials.length - 1,
      sessions: bank.sessions.filter(({ status }) => status === 'ACTIVE').length - 1 - retiring,
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
