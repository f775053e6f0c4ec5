import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { manageSimulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts';
import { HOUR_MS } from './bank.ts';
import { isSignedByBank, type LoggedIn, logInProvider, logInUser, openSession, responseId, send } from './client.ts';
import { accountOf } from './money.ts';

let folder: string;
let stateFile: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bank-'));
  stateFile = join(folder, 'bank.state');
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A bank in a process of its own, on a port of its own choice. */
async function runBank(options: SimulatorOptions = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run-simulator.mjs'), JSON.stringify({ stateFile, ...options })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const [line] = await once(createInterface(child.stdout!), 'line');
  const { apiUrl, manageUrl } = JSON.parse(line) as { apiUrl: string; manageUrl: string };
  return {
    apiUrl,
    management: manageSimulator(manageUrl),
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('a bank killed by SIGKILL comes back as it was', async () => {
  const before = await runBank();
  await before.management.advanceClock(HOUR_MS);
  const provider = await logInProvider(before.apiUrl);
  const path = `/user/${provider.userId}/oauth-client`;
  const clientId = responseId(await provider.call('POST', path, { body: {} }));
  const urls = `${path}/${clientId}/callback-url`;
  const removed = responseId(await provider.call('POST', urls, { body: { url: 'https://app.example/one' } }));
  await provider.call('POST', urls, { body: { url: 'https://app.example/two' } });
  await provider.call('DELETE', `${urls}/${removed}`);
  const { now: _before, ...state } = await before.management.state();
  const secrets = await before.management.secrets();
  const requests = await before.management.requests();
  await before.kill();

  const after = await runBank();
  const { now, ...stateAfter } = await after.management.state();
  expect(stateAfter).toEqual(state);
  expect(await after.management.secrets()).toEqual(secrets);
  expect(await after.management.requests()).toEqual(requests);
  expect(Date.parse(now) - Date.now()).toBeGreaterThan(HOUR_MS / 2); // still an hour ahead
  const call = (sent: object) =>
    send(after.apiUrl, 'GET', '/user', { token: provider.token, key: provider.installed.keys.privateKey, ...sent });
  const answer = await call({});
  expect(answer.status).toBe(200);
  expect(isSignedByBank(answer, provider.installed.serverPublicKeyPem)).toBe(true); // the same server key
  expect((await call({ headers: { 'X-Bunq-Client-Request-Id': requests.at(-1)!.requestId! } })).status).toBe(400);
});

test('an effect whose answer was held when the bank was killed is remembered', async () => {
  const before = await runBank({ rateLimits: false });
  const provider = await logInProvider(before.apiUrl);
  await before.management.fault({ endpoint: 'POST /user/{userID}/oauth-client', kind: 'hold-answer' });
  const lost = expect(provider.call('POST', `/user/${provider.userId}/oauth-client`, { body: {} })).rejects.toThrow();
  while ((await before.management.faults())[0]?.held === 0);
  await before.kill();
  await lost;
  const after = await runBank();
  expect((await after.management.state()).oauthClients).toHaveLength(1);
  expect((await after.management.requests()).at(-1)).toMatchObject({ status: 200, outcome: 'unanswered' });
});

test('a bank that was seeded, restored or reset is that one after a kill, and has the file alone', async () => {
  const remembered = async (act: (bank: Awaited<ReturnType<typeof runBank>>) => Promise<unknown>) => {
    const before = await runBank({ rateLimits: false });
    await act(before);
    await expect(startSimulator({ stateFile })).rejects.toThrow(/in use by another simulator/);
    const [secrets, requests] = [await before.management.secrets(), await before.management.requests()];
    const { serverPublicKey } = await before.management.seed({});
    await before.kill();
    const after = await runBank();
    expect([await after.management.secrets(), await after.management.requests()]).toEqual([secrets, requests]);
    expect((await after.management.seed({})).serverPublicKey).toBe(serverPublicKey);
    await after.kill();
    return secrets.length;
  };
  expect(await remembered(({ management }) => management.seed({ connections: 2_000 }))).toBe(6_000);
  expect(
    await remembered(async ({ apiUrl, management }) => {
      const snapshot = await management.snapshot();
      await logInProvider(apiUrl);
      await management.restore(snapshot);
    }),
  ).toBe(6_000);
  expect(await remembered(({ management }) => management.reset({ newServerKey: true }))).toBe(0);
});

/** The same steps without processes: a bank that has not closed its file, and a second one on what the file holds. */
async function withBank<T>(options: SimulatorOptions, act: (apiUrl: string) => Promise<T>): Promise<T> {
  const simulator = await startSimulator({ stateFile, rateLimits: false, ...options });
  try {
    return await act(simulator.apiUrl);
  } finally {
    await simulator.close();
  }
}

const reach = (apiUrl: string, { token }: LoggedIn) => send(apiUrl, 'GET', '/user', { token });

test('a last line that was torn by a kill is left out', async () => {
  const provider = await withBank({}, (apiUrl) => logInProvider(apiUrl));
  appendFileSync(stateFile, '["oauthClients",{"id":12');
  for (const _ of ['once', 'and once more']) expect((await withBank({}, (apiUrl) => reach(apiUrl, provider))).status).toBe(200);
});

test('the rate limits are remembered', async () => {
  const provider = await withBank({ rateLimits: true }, (apiUrl) => logInProvider(apiUrl));
  const again = await withBank({ rateLimits: true }, (apiUrl) =>
    openSession(
      { ...provider.installed, call: (method, path, sent) => send(apiUrl, method, path, { ...sent, token: provider.installed.token }) },
      provider.apiKey,
    ),
  );
  expect(again.status).toBe(429);
});

test('what was published, and when sessions ended, is remembered', async () => {
  const atMs = Date.now();
  const nowMs = () => atMs;
  const first = await startSimulator({ stateFile, rateLimits: false, nowMs });
  const { sessionId } = await logInProvider(first.apiUrl);
  first.published({ connection: 'acme', sessionId });
  first.revokeSession(sessionId);
  await first.close();
  const second = await startSimulator({ stateFile, nowMs });
  expect(second.lapses({ connection: 'acme', untilMs: atMs + 5 })).toEqual([{ fromMs: atMs, untilMs: atMs + 5, reason: 'revoked' }]);
  await second.close();
});

test('ids are never given twice, also that of what was removed last', async () => {
  const ids: number[] = [];
  const provider = await withBank({}, (apiUrl) => logInProvider(apiUrl));
  for (const _ of [1, 2, 3])
    await withBank({}, async (apiUrl) => {
      const { json } = await send(apiUrl, 'POST', '/installation', { body: { client_public_key: provider.installed.publicKeyText } });
      ids.push(json.Response[0].Id.id);
    });
  expect(new Set(ids).size).toBe(3);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
});

test('no account number is given twice, also when the same dice are thrown again', async () => {
  const numbers: string[] = [];
  for (const _ of [1, 2, 3])
    await withBank({}, async (apiUrl) => {
      const { iban } = await accountOf(await logInUser(apiUrl));
      numbers.push(iban);
    });
  expect(new Set(numbers).size).toBe(3);
});

test('the log that was emptied shows all that came since', async () => {
  const first = await startSimulator({ stateFile, rateLimits: false });
  for (const _ of Array(20)) first.resetRequests();
  await first.close();
  const second = await startSimulator({ stateFile, rateLimits: false });
  await send(second.apiUrl, 'POST', '/sandbox-user-person');
  const requests = second.requests();
  await second.close();
  expect(requests).toHaveLength(1);
});

test('the file is for its owner only, also where one with other rights was there', async () => {
  await withBank({}, (apiUrl) => logInProvider(apiUrl));
  expect(statSync(stateFile).mode & 0o777).toBe(0o600);
  chmodSync(stateFile, 0o644);
  await withBank({}, async () => {});
  expect(statSync(stateFile).mode & 0o777).toBe(0o600);
});

describe('a file that is no state file is named and left alone', () => {
  test.each([
    ['a stranger', 'important notes\n', /not a state file/],
    ['another version’s', '{"format":"bunq-simulator","version":1}\n', /another version of the simulator/],
  ])('%s', async (_, text, message) => {
    writeFileSync(stateFile, text);
    await expect(startSimulator({ stateFile })).rejects.toThrow(message);
    expect(readFileSync(stateFile, 'utf8')).toBe(text);
  });

  test('a folder', async () => {
    await expect(startSimulator({ stateFile: folder })).rejects.toThrow(/cannot be read \(EISDIR/);
  });

  test('a folder that is not there', async () => {
    await expect(startSimulator({ stateFile: join(folder, 'nowhere', 'bank.state') })).rejects.toThrow(/cannot be written/);
  });
});

describe('one bank at a time', () => {
  const inUse = /^The state file .*bank\.state is in use by another simulator: end that one first, or give another path\.$/;

  test('a second one is refused, also by another name of the file, and the first goes on', async () => {
    await withBank({}, async (apiUrl) => {
      const provider = await logInProvider(apiUrl);
      const link = join(folder, 'link');
      symlinkSync(stateFile, link);
      await expect(startSimulator({ stateFile })).rejects.toThrow(inUse);
      await expect(startSimulator({ stateFile: link })).rejects.toThrow(/link is in use/);
      expect((await reach(apiUrl, provider)).status).toBe(200);
    });
    await withBank({}, async () => {});
    expect(readdirSync(folder).sort()).toEqual(['bank.state', 'link']);
  });

  test('of several that are started after a kill one gets it, whoever is first', async () => {
    for (const _ of ['once', 'and once more']) {
      const killed = await runBank();
      await expect(startSimulator({ stateFile })).rejects.toThrow(inUse);
      await killed.kill();
      const started = await Promise.allSettled(Array.from({ length: 5 }, () => startSimulator({ stateFile })));
      const ones = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const refusals = started.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []));
      await Promise.all(ones.map((one) => one.close()));
      expect(ones.length).toBe(1);
      expect(refusals).toEqual(Array(4).fill(expect.stringMatching(inUse)));
    }
    expect(readdirSync(folder)).toEqual(['bank.state']);
  });

  test('a bank that cannot start leaves the file to others', async () => {
    await withBank({}, async () => {});
    await withBank({ stateFile: join(folder, 'other.state') }, async (apiUrl) => {
      await expect(startSimulator({ stateFile, port: Number(new URL(apiUrl).port) })).rejects.toThrow(/is taken/);
    });
    await withBank({}, async () => {});
  });

  test('a path that is too long for the lock is refused', async () => {
    const deep = join(folder, 'x'.repeat(120));
    mkdirSync(deep);
    await expect(startSimulator({ stateFile: join(deep, 'bank.state') })).rejects.toThrow(/too long for the socket that locks it/);
  });
});
