import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator } from '../../simulator/index.ts';
import { Dice } from '../../simulator/random.ts';
import type { KeeperProcess } from '../support/process.ts';
import { temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { registrationAt } from './support/aftermath.ts';
import { scene } from './support/scene.ts';
import { providerOfItsOwn } from './support/who.ts';

/** Two workers serve several connections, and now and then one of the two is killed, while they are onboarded and renewed. */

const SEED = 'kill at random 1';
const KILLS = 12;
const CONNECTIONS = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay'];
const CALLBACKS = ['https://acme.example/callback', 'http://localhost:8080/return/'];
const SETTINGS = { KEEPER_SETTLE: '12s', KEEPER_SESSION_GAP: '1s' };
/** Renewed after half of it. */
const LIFETIME_MS = 60_000;

test(`two workers, one of them killed ${KILLS} times by the dice "${SEED}": all are ACTIVE, renewed, with one OAuth client each`, async () => {
  const dice = new Dice(SEED);
  const temporal = await temporalServer({ registered: true });
  const bank = await startSimulator({
    allowSecondOAuthClient: true,
    rateLimits: false,
    sessionLifetimeMs: LIFETIME_MS,
    firstSessionLifetimeMs: LIFETIME_MS,
  });
  const here = scene(temporal, bank, SETTINGS);
  const { keeper } = here;
  const workers: KeeperProcess[] = await Promise.all([here.startWorker(), here.startWorker()]);
  for (const name of CONNECTIONS) await keeper.onboard(name, await providerOfItsOwn(here.folder, name, CALLBACKS));
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(dice.between(200, 5000));
    const which = dice.between(0, 1);
    await workers[which]!.kill();
    workers[which] = await here.startWorker();
  }
  const killedUntilMs = bank.nowMs();

  await Promise.all(CONNECTIONS.map(untilRenewedInPeace));
  for (const name of CONNECTIONS) {
    const { sessionId } = (await keeper.session(name))!;
    const { oauthClients, callbackUrls, isSessionValid } = registrationAt(bank.state(), sessionId);
    expect({ name, oauthClients, callbackUrls, isSessionValid }).toEqual({
      name,
      oauthClients: [expect.any(Number)],
      callbackUrls: [...CALLBACKS].sort(),
      isSessionValid: true,
    });
    expect((await keeper.oauthClient(name))!.id).toBe(oauthClients[0]);
  }
  await Promise.all(workers.map((worker) => worker.kill()));
  await bank.close();

  async function untilRenewedInPeace(name: string): Promise<void> {
    const isRenewed = async () => {
      const { state, session, steps } = await keeper.status(name);
      const isAtRest = state === 'ACTIVE' && steps.every(({ status }) => status === 'done');
      return isAtRest && Date.parse(session!.openedAt) > killedUntilMs;
    };
    await until(`${name} is ACTIVE on a session opened since the last kill`, isRenewed, {
      everyMs: 500,
      seen: () => keeper.status(name),
    });
  }
});
