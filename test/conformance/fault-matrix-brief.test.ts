import { startKeeper } from '../support/keeper.ts';
import { MINUTE } from '../support/virtual-time.ts';
import { CELLS } from './support/cells.ts';
import { testCells } from './support/matrix-tests.ts';

/** Every bank call × every fault that is nobody's, once and three times. The ends are written down in support/expected-end.ts. */

const keeper = await startKeeper('matrix');

testCells(
  keeper,
  CELLS.filter(({ howOften }) => howOften !== 'for two hours'),
  15 * MINUTE,
);
