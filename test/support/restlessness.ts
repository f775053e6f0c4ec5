import type { TestConnection } from './connection.ts';
import { DAY, SECOND } from './virtual-time.ts';

/** What no connection may do, whatever happens to it. */

/** Without a session one try in 4 to 6 minutes, each with less than 20 events: asking for the slot, waiting, trying. */
const MOST_EVENTS_A_DAY = 7000;

/** bunq: one in 30 s from one address. */
const SESSION_GAP_MS = 30 * SECOND;

/** One sentence for each thing that the connection did and should not have done. */
export async function restlessness(connection: TestConnection): Promise<string[]> {
  const { name } = connection;
  const found: string[] = [];
  const events = await connection.events();
  const busiest = mostWithin(
    DAY,
    events.map(({ eventTime }) => Number(eventTime?.seconds) * SECOND),
  );
  if (busiest > MOST_EVENTS_A_DAY) found.push(`${name} made ${busiest} events within a day`);
  const asked = connection.requests('POST /session-server').map(({ at }) => at);
  const tooSoon = asked.find((at, index) => at - (asked[index - 1] ?? -Infinity) < SESSION_GAP_MS);
  if (tooSoon !== undefined) found.push(`${name} asked for a session too soon: ${asked.map((at) => (at - asked[0]!) / SECOND)} s`);
  const nameless = events.filter(isActivityOrTimer).filter(({ userMetadata }) => !userMetadata?.summary);
  if (nameless.length > 0) found.push(`${name} has ${nameless.length} activities or timers without a summary`);
  return found;
}

const isActivityOrTimer = (event: Awaited<ReturnType<TestConnection['events']>>[number]) =>
  Boolean(event.activityTaskScheduledEventAttributes || event.timerStartedEventAttributes);

function mostWithin(spanMs: number, atMs: readonly number[]): number {
  let from = 0;
  return atMs.reduce((most, at, index) => {
    while (at - atMs[from]! > spanMs) from++;
    return Math.max(most, index - from + 1);
  }, 0);
}
