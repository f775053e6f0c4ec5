import { SECOND } from '../../support/virtual-time.ts';
import type { CellEnd } from './cell-end.ts';
import { type ExpectedEnd, MOST_CALLS_AN_HOUR } from './expected-end.ts';

/** What must hold at the end of every cell, whoever's connection it is. @throws with the bank's log on stderr */
export function expectEnd(end: CellEnd, name: string, callbackUrls: readonly string[], { spare }: ExpectedEnd, more = () => {}): void {
  try {
    expect(end.hits).toBeGreaterThan(0);
    expect(end.states).not.toContain('ACTION_REQUIRED');
    expect(end).toMatchObject({ state: 'ACTIVE', oauthClients: 1, callbackUrls, repeatedRequestIds: [] });
    for (const what of ['installations', 'apiKeys', 'sessions'] as const)
      expect({ [what]: Math.max(0, end.spare[what] - spare[what]) }).toEqual({ [what]: 0 });
    expect(end.lapses).toEqual([]);
    expect(end.mostCallsAnHour).toBeLessThanOrEqual(MOST_CALLS_AN_HOUR);
    expect(end.shortestGapMs).toBeGreaterThanOrEqual(30 * SECOND);
    more();
  } catch (error) {
    process.stderr.write(`${name}: what the bank was asked:\n${end.story}\n`);
    throw error;
  }
}
