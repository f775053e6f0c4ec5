import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBank } from '../../bunq/bank.ts';
import { readUser } from '../../bunq/user.ts';
import { SealingKeySet } from '../../sealing/key-set.ts';
import { systemClock } from '../../settings/clock.ts';
import { proxySettings } from '../../settings/proxy.ts';
import type { Simulator } from '../../simulator/index.ts';
import { readOnboarding } from '../commands/onboard.ts';
import { describeStatus } from '../describe.ts';
import { EXIT, UsageError } from '../errors.ts';
import { Keeper } from '../keeper.ts';
import type { KnownStatus } from '../known-status.ts';
import { needsPerson, tellAction } from '../outcome.ts';
import { print, tell } from '../output.ts';
import { isSettled, watchSteps } from '../progress.ts';
import { connectTemporalAt } from '../temporal.ts';
import { devCallback } from './callback.ts';
import { connectDemoUser } from './demo-user.ts';
import { type DevFolder, openDevFolder } from './folder.ts';
import { devBank, environmentOf, ignoredSettings } from './settings.ts';
import { findTemporalBinary } from './temporal-binary.ts';
import { projectCacheDir } from './temporal-cache.ts';
import { startTemporalServer } from './temporal-server.ts';
import { keepWorker } from './worker-process.ts';

export interface DevOptions {
  once?: boolean;
  sandbox?: boolean;
  temporal?: string;
}

const NAME = 'demo';
const NAMESPACE = 'default';
const ONBOARDED_WITHIN_MS = 15 * 60_000;

/** What was started, ended in the opposite order. */
type Ends = (() => Promise<void>)[];

/** Everything on this machine, and one provider onboarded, until Ctrl-C or SIGTERM; resolves with the exit code. */
export async function dev(options: DevOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const ends: Ends = [];
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const stopped = once(stop.signal, 'abort').then(() => EXIT.done);
  const running = run(options, env, ends, stop);
  try {
    return await Promise.race([running, stopped]);
  } finally {
    running.catch(() => {}); // what is being ended under it may fail
    if (!stop.signal.aborted) stop.abort();
    if (ends.length > 0) tell('Ending; what was onboarded is kept for the next run.');
    for (const end of ends.reverse()) await end().catch((error: Error) => tell(error.message));
  }
}

async function run(
  { once: onlyOnce, sandbox, temporal }: DevOptions,
  env: NodeJS.ProcessEnv,
  ends: Ends,
  stop: AbortController,
): Promise<number> {
  const ignored = ignoredSettings(env);
  if (ignored.length > 0) tell(`Not used here: ${ignored.join(', ')} (dev uses what it starts itself).`);
  const folder = await openDevFolder(sandbox ?? false, tell);
  const bank = await devBank(sandbox ?? false, env, () => simulator(folder, ends));
  const server = await temporalServer(temporal, folder, env, ends);
  const callback = await devCallback(folder.callbackPort, tell);
  const environment = environmentOf(bank, folder, callback, server.address, NAMESPACE, env);
  writeFileSync(folder.environmentFile, environment.forPeople);
  const worker = keepWorker(environment.forWorker, tell);
  ends.push(() => worker.stop());
  const client = await connectTemporalAt(server.address, NAMESPACE);
  const keys = SealingKeySet.parse(environment.sealingKeys(), folder.sealingKeysFile);
  const keeper = new Keeper(client, environment.client(), () => keys);
  ends.push(() => keeper.close());
  await Promise.race([worker.ready, worker.failed]);
  const status = await Promise.race([onboard(keeper, folder, callback.url), worker.failed]);
  if (status.state !== 'ACTIVE') return tellAction(status);
  await showConnection(keeper, status, server.uiUrl, env);
  if (onlyOnce) {
    print('ACTIVE');
    return EXIT.done;
  }
  tell(`In another terminal: set -a; . ${folder.environmentFile}; set +a; npm run -s keeper -- status ${NAME}`);
  tell('It stays up and keeps the session; Ctrl-C ends it.');
  void connectDemoUser(keeper, NAME, callback.url, stop.signal).catch((error: Error) => {
    if (!stop.signal.aborted) tell(`No demo user: ${error.message}`);
  });
  return Promise.race([showRenewals(keeper, status, stop.signal), worker.failed]);
}

async function temporalServer(
  given: string | undefined,
  folder: DevFolder,
  env: NodeJS.ProcessEnv,
  ends: Ends,
): Promise<{ address: string; uiUrl: string | null }> {
  if (given !== undefined) {
    if (!/^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/.test(given))
      throw new UsageError(
        `--temporal ${given}: dev uses a Temporal server on loopback only, as 127.0.0.1:7233. Elsewhere: bunq-keeper worker, with TEMPORAL_ADDRESS.`,
      );
    return { address: given, uiUrl: null };
  }
  const binary = await findTemporalBinary({ cacheDir: projectCacheDir(env), say: tell, env });
  const server = await startTemporalServer({
    binary,
    dbFile: folder.temporalDatabase,
    logFile: folder.temporalLog,
    port: 7233,
    uiPort: 8233,
    namespace: NAMESPACE,
    say: tell,
  });
  ends.push(() => server.stop());
  tell(`Temporal: ${server.address}, its UI: ${server.uiUrl}`);
  return server;
}

/** The first session lasts 90 s, so that its renewal can be watched; all else is as the bank has it. */
const FIRST_SESSION_MS = 90_000;

async function simulator(folder: DevFolder, ends: Ends): Promise<string> {
  const { startSimulator } = await import('../../simulator/index.ts');
  const start = (port: number): Promise<Simulator> =>
    startSimulator({ port, stateFile: folder.simulatorState, firstSessionLifetimeMs: FIRST_SESSION_MS });
  const wanted = 8090;
  const bank = await start(wanted).catch((error: Error) => {
    if (!/in use|taken/i.test(error.message)) throw error;
    tell(`Port ${wanted} is taken; the simulated bank uses another.`);
    return start(0);
  });
  ends.push(() => bank.close());
  tell(`Simulated bank: ${bank.apiUrl} (management: ${bank.manageUrl})`);
  return bank.apiUrl;
}

/** One of a former run goes on; its callback URL is made this run's. */
async function onboard(keeper: Keeper, folder: DevFolder, callbackUrl: string): Promise<KnownStatus> {
  const present = await keeper.status(NAME).catch(() => null);
  if (!present || present.state === 'DISCONNECTED') await onboardAnew(keeper, folder, callbackUrl);
  else {
    tell(`${NAME} is onboarded already; going on with it.`);
    if (present.closed) await keeper.resume(NAME);
    const former = (present.oauthClient?.callbackUrls ?? []).filter((url) => url !== callbackUrl);
    if (former.length > 0 || !hasCallbackUrl(present, callbackUrl))
      await keeper.setCallbackUrls(NAME, { wanted: [callbackUrl], unwanted: former });
  }
  return watchSteps(keeper, NAME, ONBOARDED_WITHIN_MS, (now) => needsPerson(now) || (isSettled(now) && hasCallbackUrl(now, callbackUrl)));
}

const hasCallbackUrl = ({ oauthClient }: KnownStatus, url: string) => oauthClient?.callbackUrls.includes(url) === true;

async function onboardAnew(keeper: Keeper, folder: DevFolder, callbackUrl: string): Promise<void> {
  const { certificate, key } = folder.certificate;
  const given = readOnboarding({
    certificate,
    signer: `file:${key}`,
    callbackUrl: [callbackUrl],
  });
  await keeper.onboard(NAME, given);
  tell(`Onboarding ${NAME} …`);
}

async function showConnection(keeper: Keeper, status: KnownStatus, uiUrl: string | null, env: NodeJS.ProcessEnv): Promise<void> {
  print(describeStatus(status));
  if (uiUrl) print(`Temporal UI   ${uiUrl}/namespaces/${NAMESPACE}/workflows/${encodeURIComponent(status.workflowId)}/${status.runId}`);
  const { kind, id, displayName } = await whoAmI(keeper, env);
  print(`GET /user     the bank says: ${kind} ${id}${displayName ? `, ${displayName}` : ''}`);
}

async function whoAmI(keeper: Keeper, env: NodeJS.ProcessEnv) {
  const { token, privateKey, serverPublicKeyPem } = await keeper.revealSession(NAME);
  const bank = createBank({ apiUrl: keeper.apiUrl, clock: systemClock, proxy: proxySettings(env) });
  try {
    return await readUser(bank, { sessionToken: token, privateKey, serverPublicKeyPem });
  } finally {
    await bank.close();
  }
}

/** One line for each session and each change of state, for as long as it runs. */
async function showRenewals(keeper: Keeper, first: KnownStatus, signal: AbortSignal): Promise<never> {
  let { state, session } = first;
  for (;;) {
    await sleep(1000, undefined, { signal });
    const status = await keeper.status(NAME).catch(() => null);
    if (!status || status.worker === false) continue;
    if (status.session && status.session.openedAt !== session?.openedAt) {
      print(
        `${status.session.openedAt} RENEWED: the new session expires ${status.session.expiresAt}; the next is opened on ${status.session.renewAt}`,
      );
    } else if (status.state !== state) print(`${status.since} ${status.state}`);
    ({ state, session } = status);
  }
}
