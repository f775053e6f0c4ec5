import { startKeeper } from '../support/keeper.ts';
import { MINUTE } from '../support/virtual-time.ts';
import { CELLS } from './support/cells.ts';
import { testCells } from './support/matrix-tests.ts';

const keeper = await startKeeper('matrix');
testCells(
  keeper,
  CELLS.filter(
    ({ call, kind, howOften }) =>
      call.when === 'roll-over' && (process.env.LIFE === 'all' || (howOften !== 'three times' && /lost|500|wrong|reset/.test(kind.name))),
  ),
  15 * MINUTE,
);
