import type { TestKeeper } from '../../support/keeper.ts';
import { SECOND } from '../../support/virtual-time.ts';
import type { CellEnd } from './cell-end.ts';
import type { Cell } from './cells.ts';
import { expectedEnd, MOST_CALLS_AN_HOUR } from './expected-end.ts';
import { CALLBACK_URLS, runCells } from './run-cells.ts';

/** One test a cell, so that each counts; they all run at once, in batches. */
export function testCells(keeper: TestKeeper, cells: readonly Cell[], withinMs: number): void {
  let outcomes: Map<Cell, Promise<CellEnd>>;
  beforeAll(() => {
    outcomes = runCells(keeper, cells);
  });

  test.each(cells)(
    '$name',
    async (cell) => {
      const end = await outcomes.get(cell)!;
      const { spare } = expectedEnd(cell);
      try {
        expect(end.hits).toBeGreaterThan(0);
        expect(end.states).not.toContain('ACTION_REQUIRED');
        expect(end).toMatchObject({ state: 'ACTIVE', oauthClients: 1, callbackUrls: CALLBACK_URLS, repeatedRequestIds: [] });
        for (const what of ['installations', 'apiKeys', 'sessions'] as const)
          expect({ [what]: Math.max(0, end.spare[what] - spare[what]) }).toEqual({ [what]: 0 });
        expect(end.lapses).toEqual([]);
        expect(end.mostCallsAnHour).toBeLessThanOrEqual(MOST_CALLS_AN_HOUR);
        expect(end.shortestGapMs).toBeGreaterThanOrEqual(30 * SECOND);
      } catch (error) {
        process.stderr.write(`${cell.name}: what the bank was asked:\n${end.story}\n`);
        throw error;
      }
    },
    withinMs,
  );
}
