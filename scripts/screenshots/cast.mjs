/** Connections in the states that a person may meet, one or more for each, on a stage. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { providerCredential, waitFor } from '../../bench/stage.mjs';

/** For how many days the certificates of each provider are valid, one after the other. */
const CERTIFICATES = { acme: [365], hooli: [365], soylent: [20, 365], globex: [365], initech: [365], umbrella: [365] };
const CALLBACK_URL = 'https://acme.example/callback';
/** Sessions that end while somebody looks. */
const SHORT_MS = 40_000;

/** Each certificate's signer gets a name, as in production. Before the worker is started: it is told by its settings. */
export async function prepareCredentials(stage) {
  const credentials = {};
  const signers = {};
  for (const [name, certificates] of Object.entries(CERTIFICATES)) {
    credentials[name] = [];
    for (const [index, days] of certificates.entries()) {
      const signer = `${name}-hsm-${index + 1}`;
      const { credential } = await providerCredential(stage, signer, days);
      credentials[name].push({ ...credential, signer });
      signers[signer] = { signer: credential.signer, environment: stage.env.BUNQ_ENVIRONMENT, connections: [name] };
    }
  }
  stage.env.KEEPER_QSEAL_SIGNERS = join(stage.folder, 'signers.json');
  writeFileSync(stage.env.KEEPER_QSEAL_SIGNERS, JSON.stringify(signers), { mode: 0o600 });
  return credentials;
}

export async function bringOnStage({ keeper: busyKeeper, manage }, credentials) {
  const keeper = patient(busyKeeper);
  const until = (name, fits) => waitFor(`${name} is as it should be`, async () => fits(await keeper.status(name)), 200);
  const becomes = (name, wanted) => until(name, ({ state }) => state === wanted);
  const fault = (endpoint, status, more) => manage('POST', '/faults', { endpoint, kind: 'status', status, times: null, ...more });
  const start = (name) => keeper.onboard(name, { credential: credentials[name][0], callbackUrls: [CALLBACK_URL], permittedIps: [] });
  const onboard = async (name) => {
    await start(name);
    await becomes(name, 'ACTIVE');
  };

  await onboard('acme');
  const { session } = await keeper.status('acme');
  await keeper.renew('acme');
  await until('acme', (status) => status.session?.openedAt !== session.openedAt);

  await onboard('hooli');
  await keeper.disconnect('hooli');

  await connect('alice');
  const carol = await connect('carol');
  await manage('POST', `/end-users/${carol}/revoke-grants`);
  await keeper.renew('acme/carol');
  await becomes('acme/carol', 'REVOKED');
  await keeper.connectUser('acme', 'bob');

  await onboard('soylent');
  await fault('POST /payment-service-provider-credential', 503);
  await keeper.resume('soylent', credentials.soylent[1]);
  await until('soylent', ({ steps }) => steps.some(({ name, status }) => name === 'api-key' && status === 'retrying'));
  await manage('DELETE', '/faults');

  const description = 'The callback URL is not allowed for this OAuth client.';
  await fault('POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url', 400, { description });
  await start('globex');
  await becomes('globex', 'ACTION_REQUIRED');

  const { sessionLifetimeMs, firstSessionLifetimeMs } = await manage('GET', '/settings');
  await manage('PATCH', '/settings', { sessionLifetimeMs: SHORT_MS, firstSessionLifetimeMs: SHORT_MS });
  await manage('DELETE', '/faults');
  await onboard('initech');
  await manage('PATCH', '/settings', { sessionLifetimeMs, firstSessionLifetimeMs });
  await fault('POST /session-server', 491);
  await becomes('initech', 'LAPSED');

  await fault('POST /installation', 429); // tried again after 3 s: long enough to be seen
  await start('umbrella');

  /** @returns who has granted access, at the bank */
  async function connect(user) {
    const { authorizationUrl } = await keeper.connectUser('acme', user);
    const { client_id: clientId, redirect_uri: redirectUri, state } = Object.fromEntries(new URL(authorizationUrl).searchParams);
    const { id } = await manage('POST', '/end-users', {});
    const { redirectUrl } = await manage('POST', '/authorize', { clientId, redirectUri, state, user: id });
    await keeper.completeAuthorization(redirectUrl);
    await becomes(`acme/${user}`, 'ACTIVE');
    return id;
  }
}

/** On a machine with much to do a worker may be late with an answer: then it is asked again, which does no harm here. */
const patient = (keeper) =>
  new Proxy(keeper, {
    get:
      (_, method) =>
      async (...given) => {
        const { answer } = await waitFor(`${method} ${given[0]}`, () =>
          keeper[method](...given).then(
            (answer) => ({ answer }),
            () => null,
          ),
        );
        return answer;
      },
  });
