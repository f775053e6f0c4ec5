import type { TestKeeper } from '../../support/keeper.ts';
import type { EndUserCell } from './end-user-cells.ts';
import { expectEnd } from './expect-end.ts';
import { CALLBACK_URL, type EndUserCellEnd, runEndUserCells } from './run-end-user-cells.ts';

/** Attempts of the loop within two hours, each up to three quick ones: see expected-end.ts. */
const MOST_ATTEMPTS = { once: 1, 'three times': 3, 'for two hours': 30 } as const;

/**
 * How each cell ends, written down before it is run. In every one: ACTIVE, never ACTION_REQUIRED nor REVOKED, no lapse, the provider's OAuth
 * client and callback URL as they were. An unclear answer to a code has the end user asked once more and the code not sent again; only a 429
 * is known to have left it good. What lost answers leave unused at the bank: installations, sessions, access tokens.
 */
function mayLeave({ endpoint, kind, howOften }: EndUserCell) {
  const most = kind.hasEffect ? MOST_ATTEMPTS[howOften] : 0;
  return {
    installations: endpoint === 'POST /installation' ? most : 0,
    apiKeys: endpoint === 'POST /token' ? Math.min(most, 1) : 0,
    sessions: endpoint === 'POST /session-server' ? Math.min(most, 10) : 0,
  };
}

const isTooMany = ({ kind }: EndUserCell) => kind.fault.status === 429;

/** One test a cell, so that each counts; they all run at once, in batches. */
export function testEndUserCells(keeper: TestKeeper, cells: readonly EndUserCell[], withinMs: number): void {
  let outcomes: Map<EndUserCell, Promise<EndUserCellEnd>>;
  beforeAll(() => {
    outcomes = runEndUserCells(keeper, cells);
  });

  test.each(cells)(
    'an end user: $name',
    async (cell) => {
      const end = await outcomes.get(cell)!;
      expectEnd(end, cell.name, [CALLBACK_URL], { spare: mayLeave(cell) }, () => {
        expect(end.states).not.toContain('REVOKED');
        if (cell.endpoint !== 'POST /token') expect(end.isAskedAgain).toBe(false);
        else if (!isTooMany(cell)) expect(end).toMatchObject({ isAskedAgain: true, mostExchangesOfACode: 1 });
      });
    },
    withinMs,
  );
}
