/** What the benchmarks play on: a real Temporal server, the simulated bank and workers, each a process of its own on this machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const PATIENCE_MS = 60_000;

/** Loads a module of the build. */
export const loader = (build) => (file) => import(pathToFileURL(join(build, file)).href);

/**
 * @param build the folder that holds the compiled sources
 * @param bankArguments options of `bunq-keeper simulator`
 * @param settings what the keeper's processes have beside, or in the place of, the stage's own
 */
export async function openStage(build, bankArguments = [], settings = {}) {
  const load = loader(build);
  const { SEARCH_ATTRIBUTES } = await load('worker/search-attributes.js');
  const [{ startTemporalServer }, { findTemporalBinary }, { projectCacheDir }, { exited, spawnTied }] = await Promise.all(
    ['client/dev/temporal-server.js', 'client/dev/temporal-binary.js', 'client/dev/temporal-cache.js', 'client/dev/spawn-tied.js'].map(
      load,
    ),
  );
  const { Keeper } = await load('client/keeper.js');
  const { readClientSettings, readSealingKeys } = await load('client/settings.js');
  const { connectTemporalAt } = await load('client/temporal.js');
  const { newSealingKeys } = await load('sealing/key-set.js');
  const say = (line) => console.error(line);
  const folder = mkdtempSync(join(tmpdir(), 'bunq-keeper-bench-'));
  const ends = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };

  const main = (args, env, onLine = () => {}) => {
    const child = spawnTied(process.execPath, [join(build, 'client/main.js'), ...args], { env: { ...withoutSettings(), ...env } });
    child.stdin?.end();
    const lines = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        keepLast(lines, line);
        onLine(line);
      });
    ends.push(async () => {
      child.kill('SIGKILL');
      await exited(child);
    });
    const line = (pattern) =>
      waitFor(`${args[0]} prints ${pattern}`, () => lines.find((text) => pattern.test(text)) ?? (child.exitCode !== null && fail(lines)));
    return { child, line };
  };

  try {
    const binary = await findTemporalBinary({ cacheDir: projectCacheDir(process.env), say, env: process.env });
    const dbFile = join(folder, 'temporal.db');
    const server = await startTemporalServer({
      binary,
      dbFile,
      logFile: join(folder, 'temporal.log'),
      searchAttributes: SEARCH_ATTRIBUTES,
      say,
    });
    ends.push(() => server.stop());
    const bank = main(['simulator', '--json', '--port', '0', '--manage-port', '0', '--session-gap', '0s', ...bankArguments]);
    const { apiUrl, manageUrl } = JSON.parse(await bank.line(/^\{"schema"/));
    const sealingKeysFile = join(folder, 'sealing-keys.json');
    writeFileSync(sealingKeysFile, newSealingKeys(new Date()), { mode: 0o600 });
    const env = {
      TEMPORAL_ADDRESS: server.address,
      BUNQ_API_URL: apiUrl,
      BUNQ_ENVIRONMENT: 'simulator', // stands in every id, so it is to be as long as `production`, and not an address with its port
      KEEPER_SEALING_KEYS_FILE: sealingKeysFile,
      KEEPER_SESSION_GAP: '1s',
      KEEPER_CALL_LIMITS: 'off',
      ...settings,
    };
    const client = await connectTemporalAt(server.address, 'default');
    const keeper = new Keeper(client, readClientSettings(env), () => readSealingKeys(env));
    ends.push(() => keeper.close());
    const manage = async (method, path, body) => {
      const answer = await fetch(new URL(path, manageUrl), { method, ...(body && { body: JSON.stringify(body) }) });
      if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
      return answer.json();
    };
    const pids = { server: server.pid, bank: bank.child.pid };
    return { load, folder, dbFile, pids, apiUrl, manageUrl, uiUrl: server.uiUrl, env, keeper, client, manage, close, startWorker };

    /** @param onLine is given each line of its log */
    async function startWorker(onLine) {
      const worker = main(['worker'], env, onLine);
      await worker.line(/worker is ready/);
      return { pid: worker.child.pid };
    }
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of what thousands of connections log, nobody reads more. */
const LINES_KEPT = 1000;

function keepLast(lines, line) {
  lines.push(line);
  if (lines.length > LINES_KEPT) lines.shift();
}

function fail(lines) {
  throw new Error(`it ended:\n${lines.slice(-20).join('\n')}`);
}

/** @throws Error with the description when it is not so within a minute */
export async function waitFor(description, condition, everyMs = 20, withinMs = PATIENCE_MS) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs / 1000} s: ${description}`);
    await sleep(everyMs);
  }
}

/** A pseudo certificate in files, and what `onboard` takes. */
export async function providerCredential({ load, folder }, name, days = 30) {
  const { createPseudoCertificate } = await load('bunq/pseudo-certificate.js');
  const { qsealCredential } = await load('client/qseal-credential.js');
  const key = join(folder, `${name.replaceAll(' ', '-')}.pem`);
  const made = await createPseudoCertificate({ name, roles: ['PISP', 'AISP'], now: new Date(), days, bits: 2048 });
  writeFileSync(key, made.privateKeyPem, { mode: 0o600 });
  const { certificatePem, privateKeyPem } = made;
  return {
    credential: qsealCredential({ certificatePem, chainPem: certificatePem, signer: `file:${key}` }),
    certificatePem,
    privateKeyPem,
  };
}

/** What the shell says about other servers and banks is not for a benchmark. */
function withoutSettings() {
  const unwanted = /^((http|https|all|no)_proxy|BUNQ_.*|KEEPER_(?!TEMPORAL_CLI$).*|TEMPORAL_.*|NODE_OPTIONS)$/i;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };
}

export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
