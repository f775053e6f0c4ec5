import { startKeeper } from '../support/keeper.ts';
import { sampleOf, seed } from '../support/seed.ts';
import { MINUTE } from '../support/virtual-time.ts';
import { CELLS } from './support/cells.ts';
import { testCells } from './support/matrix-tests.ts';

/** A few cells of the matrix, by seed, for the quick run. */

const CELLS_OF_A_SAMPLE = 24;

const keeper = await startKeeper('matrix-sample');

testCells(keeper, sampleOf(CELLS, CELLS_OF_A_SAMPLE, seed('FAULT_MATRIX_SEED')), 5 * MINUTE);
