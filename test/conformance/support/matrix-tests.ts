import type { TestKeeper } from '../../support/keeper.ts';
import type { CellEnd } from './cell-end.ts';
import type { Cell } from './cells.ts';
import { expectEnd } from './expect-end.ts';
import { expectedEnd } from './expected-end.ts';
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
      expectEnd(end, cell.name, CALLBACK_URLS, expectedEnd(cell), () => {
        if (cell.call.when === 'roll-over') expect(end).toMatchObject({ isRolledOver: true, users: 1 });
      });
    },
    withinMs,
  );
}
