/**
 * Many kept users, made as an import makes them: the simulator holds a running session for each, and the keeper goes on with it by the
 * product's own state of an imported connection. Each proves its session at the bank before it serves it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { atOnce } from './at-once.mjs';
import { waitFor } from './stage.mjs';

/** Seeded, and started, at once. */
const BATCH = 20;
/** So many more are started than the worker has come to: it is never idle, and its queue is never long. */
const AHEAD = 100;
const PATIENCE_MS = 180_000;
/** A start that the server does not take is tried again: of thousands one may meet it while it is busy. */
const TRIES = 30;
const TRY_AGAIN_MS = 2000;

/** @returns keep(due): makes a user for each of these times at which its session is to be renewed, and resolves when all are served */
export async function userMaker({ load, bank, client, keeper, env, log }) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const clientPublicKey = publicKey.export({ type: 'spki', format: 'pem' });
  const { installationKeyPairFromPem } = await load('bunq/keys.js');
  const keyPair = installationKeyPairFromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const { importedState } = await load('client/imported-state.js');
  const { ConnectionWorkflows } = await load('client/connection-workflows.js');
  const { readSealingKeys } = await load('client/settings.js');
  const { Secret } = await load('sealing/secret.js');
  const { environment, egress } = keeper;
  const workflows = new ConnectionWorkflows(client, environment, egress);
  const keys = readSealingKeys(env);
  let made = 0;

  async function start(name, seeded, serverPublicKeyPem, dueMs) {
    const connection = workflows.idOf(name);
    const apiKey = new Secret(seeded.apiKey);
    const expiresAtMs = Date.parse(seeded.expiresAt);
    const openedAtMs = 2 * dueMs - expiresAtMs; // renewed at half of its life
    const user = { kind: 'UserPerson', id: seeded.userId, displayName: null };
    const session = { token: new Secret(seeded.sessionToken), user, expiresAtMs };
    const installationToken = new Secret(seeded.installationToken);
    const context = { environment: 'sandbox', apiKey, installationToken, keyPair, serverPublicKeyPem, session, user };
    const credential = { type: 'api-key', apiKey: await keys.seal('api-key', connection, apiKey) };
    const request = { version: 1, name, environment, egress, credential, callbackUrls: [], permittedIps: [] };
    const state = await importedState(request, context, keys, connection, openedAtMs);
    state.candidate.sessionId = seeded.sessionId; // no context file tells it; here it says which session is served
    await startWorkflow(name, state);
    return { name, dueMs };
  }

  async function startWorkflow(name, state) {
    for (let tries = 1; ; tries++) {
      try {
        if (!(await workflows.startNew(name, { state })) && tries === 1) throw new Error(`${name} is there already`);
        return;
      } catch (error) {
        if (tries === TRIES || !error.cause) throw error;
        console.error(`bench: fleet: ${name} is started again: ${error.message}: ${error.cause.message}`);
        await sleep(TRY_AGAIN_MS);
      }
    }
  }

  return async function keep(dueMs) {
    const users = [];
    const before = log.served.size;
    const isServed = (number) => () => log.served.size - before >= number;
    for (let first = 0; first < dueMs.length; first += BATCH) {
      const due = dueMs.slice(first, first + BATCH);
      await bank.changeSettings({ userSessionLifetimeMs: Math.ceil(2 * (due.at(-1) - Date.now())) + 1000 }); // the bank cuts to whole seconds
      const { connections, serverPublicKey } = await bank.seed({ connections: due.length, clientPublicKey });
      const names = connections.map(() => nameOf(++made));
      users.push(...(await atOnce(BATCH, connections, (seeded, index) => start(names[index], seeded, serverPublicKey, due[index]))));
      await waitFor('the worker comes to the users', isServed(users.length - AHEAD), 20, PATIENCE_MS);
    }
    await waitFor('every user is served', isServed(users.length), 20, PATIENCE_MS);
    return users;
  };
}

const nameOf = (number) => `user-${String(number).padStart(5, '0')}`;
