import { startKeeper } from '../support/keeper.ts';
import { sampleOf, seed } from '../support/seed.ts';
import { MINUTE } from '../support/virtual-time.ts';
import { END_USER_CELLS } from './support/end-user-cells.ts';
import { testEndUserCells } from './support/end-user-matrix-tests.ts';

/**
 * Every way in which the exchange of a code can go wrong; and of the steps that an end user's connection shares with a provider's, whose
 * every cell the matrix has, a few by seed. All of them with END_USER_MATRIX=all.
 */

const CELLS_OF_A_SAMPLE = 24;

const isExchange = ({ endpoint }: { endpoint: string }) => endpoint === 'POST /token';
const shared = END_USER_CELLS.filter((cell) => !isExchange(cell));
const some = process.env.END_USER_MATRIX === 'all' ? shared : sampleOf(shared, CELLS_OF_A_SAMPLE, seed('FAULT_MATRIX_SEED'));

const keeper = await startKeeper('end-users');

testEndUserCells(keeper, [...END_USER_CELLS.filter(isExchange), ...some], 10 * MINUTE);
