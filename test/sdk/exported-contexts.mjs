import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Onboards a provider, an ordinary user and an end user (on the provider's installation) at the simulator, and exports the context of
 * each into a file. The keeper stays up: what is exported is a copy of what it keeps.
 *
 * @param load loads a module of the built sources
 * @param main the built command line
 * @returns the files, and what ends the keeper
 */
export async function exportContexts({ load, main, env: shell, apiUrl, certificate, folder }) {
  const { findTemporalBinary } = await load('client/dev/temporal-binary.js');
  const { projectCacheDir } = await load('client/dev/temporal-cache.js');
  const { startTemporalServer } = await load('client/dev/temporal-server.js');
  const { exited, spawnTied } = await load('client/dev/spawn-tied.js');
  const binary = await findTemporalBinary({ cacheDir: projectCacheDir(), say: console.error, env: process.env });
  const server = await startTemporalServer({ binary, say: console.error });
  const env = {
    ...shell,
    BUNQ_API_URL: apiUrl,
    TEMPORAL_ADDRESS: server.address,
    KEEPER_SEALING_KEYS_FILE: join(folder, 'sealing-keys.json'),
    KEEPER_CALL_LIMITS: 'off',
    KEEPER_SESSION_GAP: '1s',
  };
  const keeper = (args, input = '') => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, input, encoding: 'utf8', timeout: 120_000 });
    if (status !== 0) throw new Error(`bunq-keeper ${args.slice(0, 2).join(' ')} ended with ${status}:\n${stderr}`);
    return stdout;
  };
  keeper(['sealing-keys', 'new']);
  const worker = spawnTied(process.execPath, [main, 'worker'], { env, stdout: 'ignore', stderr: 'ignore' });
  const end = async () => {
    worker.kill('SIGTERM');
    await exited(worker);
    await server.stop();
  };
  try {
    const signer = `file:${join(certificate, 'key.pem')}`;
    const callbackUrl = 'https://app.example/callback';
    keeper(['onboard', 'acme', '--certificate', join(certificate, 'cert.pem'), '--signer', signer, '--callback-url', callbackUrl]);
    keeper(['onboard', 'ada', '--sandbox-user']);
    const link = keeper(['connect-user', 'acme', 'alice', '--installation', 'provider', '--no-wait']).split('\n')[0];
    keeper(['complete-user', 'acme', 'alice', '--redirect-url-file', '-'], await accepted(link));
    return { files: ['acme', 'ada', 'acme/alice'].map((name) => exported(keeper, name, folder)), end };
  } catch (error) {
    await end();
    throw error;
  }
}

function exported(keeper, name, folder) {
  const file = join(folder, `${name.replace('/', '-')}.conf`);
  if (name === 'ada') writeFileSync(file, keeper(['export', 'bunq-context', name]), { mode: 0o600 });
  else keeper(['export', 'bunq-context', name, '--out', file]);
  return file;
}

/** Where the bank sends an end user who accepts at once; what the page's form would send. */
async function accepted(link) {
  const page = await (await fetch(link)).text();
  const inputs = [...page.matchAll(/<input ([^>]*)>/g)].map(([, attributes]) => attributes);
  const sent = inputs.filter((attributes) => attributes.includes('type="hidden"') || attributes.includes('checked'));
  const fields = sent.map((attributes) => ['name', 'value'].map((name) => new RegExp(`${name}="([^"]*)"`).exec(attributes)[1]));
  const body = new URLSearchParams([...fields, ['decision', 'accept']]);
  const answer = await fetch(link.split('?')[0], { method: 'POST', body, redirect: 'manual' });
  return answer.headers.get('location');
}
