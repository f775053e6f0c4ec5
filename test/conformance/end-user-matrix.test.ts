import { startKeeper } from '../support/keeper.ts';
import { MINUTE } from '../support/virtual-time.ts';
import { END_USER_CELLS } from './support/end-user-cells.ts';
import { testEndUserCells } from './support/end-user-matrix-tests.ts';

/** Every call of an end user's connection, whatever goes wrong with it, and however long. */

const keeper = await startKeeper('end-users');

testEndUserCells(keeper, END_USER_CELLS, 10 * MINUTE);
