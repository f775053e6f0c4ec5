import { startKeeper } from '../support/keeper.ts';
import { dice, seed } from '../support/seed.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';
import { PAUSES_MS, Walker } from './support/walker.ts';

/** All kinds of things happen to connections, in an order that nobody thought of. What must hold is looked at after each. */

const WALKERS = 20;
const ROUNDS = 105;

const keeper = await startKeeper('walk');

test(`whatever happens, for ${WALKERS * ROUNDS} steps, nothing is done twice, nothing good is dropped, and in the end all is well`, async () => {
  const from = seed('WALK_SEED');
  const pauses = dice(from);
  const walkers = await Promise.all(
    Array.from({ length: WALKERS }, async (_, index) => {
      const settings = { allowSecondOAuthClient: true, sessionLifetimeMs: 4 * DAY };
      return new Walker(await keeper.connection(`walker-${index}`, settings, { isImpatient: true }), dice(`${from}/${index}`));
    }),
  );
  const each = async (act: (walker: Walker) => Promise<unknown>) => {
    for (const outcome of await Promise.allSettled(walkers.map((walker) => act(walker).catch((error) => blame(walker, error)))))
      if (outcome.status === 'rejected') throw outcome.reason;
  };
  await each(({ connection, wanted }) => connection.onboard({ callbackUrls: [...wanted] }));
  for (let round = 0; round < ROUNDS; round++) {
    await each((walker) => walker.step());
    await keeper.time.pass(pauses.pick(PAUSES_MS));
    await each((walker) => walker.check());
  }
  for (const { connection } of walkers) connection.simulator.clearFaults();
  await keeper.time.pass(HOUR); // what is held back by its back-off is tried again
  for (let attempt = 1; attempt <= 2; attempt++) {
    await each((walker) => walker.recover());
    await keeper.time.pass(HOUR);
  }
  await each(async (walker) => {
    await walker.check();
    await walker.connection.becomes('ACTIVE', 5 * MINUTE);
    walker.checkEnd();
  });
  await Promise.all(walkers.map(({ connection }) => keeper.end(connection)));
});

function blame(walker: Walker, error: unknown): never {
  process.stderr.write(`${walker.whatHappened()}\n`);
  throw error;
}
