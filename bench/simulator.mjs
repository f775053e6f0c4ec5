/**
 * The simulated bank's calls a second, each answer of which it signs, against the signatures that one core makes. It runs in a
 * process of its own, and its client in another. In turns, and by the bank's own processor time where the system tells it: on a
 * machine with nothing else to do that is the time that passes.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import { processorSeconds } from './processes.mjs';
import { median } from './stage.mjs';

const ROUNDS = 5;
const CALLS = 2_000;
/** Until what runs often is compiled. */
const WARMING_CALLS = 10_000;
const MANY = 20_000;
/** Each with its installation and device. */
const USERS = 1_000;
const AT_ONCE = 16;
const CALLER = join(import.meta.dirname, 'simulator-caller.mjs');

/** @returns medians a second: of signatures, and of calls, by whether there is a state file and how many sessions are held */
export async function measureSimulator(build) {
  const folder = mkdtempSync(join(tmpdir(), 'bunq-keeper-bench-'));
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const client = { privateKey, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) };
  const banks = [];
  try {
    for (const stateFile of [null, join(folder, 'bank.state')]) banks.push(await startBank(build, stateFile, client));
    const one = await measureInTurns(privateKey, banks);
    for (const bank of banks) await fill(bank, client, { users: USERS, sessionsEach: MANY / USERS });
    const many = await measureInTurns(privateKey, banks);
    return { one, many, sessions: MANY };
  } finally {
    for (const { child } of banks) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startBank(build, stateFile, client) {
  const args = ['--json', '--port', '0', '--manage-port', '0', '--no-rate-limits', '--session-gap', '0s'];
  const child = spawn(
    process.execPath,
    [join(build, 'client/main.js'), 'simulator', ...args, ...(stateFile ? ['--state-file', stateFile] : [])],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const [line] = await once(createInterface(child.stdout), 'line');
  const bank = { child, apiUrl: JSON.parse(line).apiUrl, tokens: [] };
  await fill(bank, client, { users: 1, sessionsEach: 1 });
  return bank;
}

/** Opens sessions, several users at a time. */
async function fill(bank, client, { users, sessionsEach }) {
  const dispatcher = new Agent({ connections: AT_ONCE });
  let left = users;
  const fillOne = async () => {
    while (left-- > 0) await openSessions(bank, client, { sessions: sessionsEach, dispatcher });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fillOne));
  await dispatcher.close();
}

async function openSessions({ apiUrl, tokens }, { privateKey, publicKeyPem }, { sessions, dispatcher }) {
  const call = async (path, text, headers) => {
    const answer = await request(new URL(path, apiUrl), { method: 'POST', headers, body: text, dispatcher });
    return (await answer.body.json()).Response;
  };
  const signed = (token, text) => ({
    'X-Bunq-Client-Authentication': token,
    'X-Bunq-Client-Signature': sign('sha256', Buffer.from(text), privateKey).toString('base64'),
  });
  const installation = (await call('installation', JSON.stringify({ client_public_key: publicKeyPem })))[1].Token.token;
  const secret = (await call('sandbox-user-person', '{}'))[0].ApiKey.api_key;
  const device = JSON.stringify({ description: 'bench', secret });
  await call('device-server', device, signed(installation, device));
  const session = JSON.stringify({ secret });
  const headers = signed(installation, session);
  for (let opened = 0; opened < sessions; opened++) tokens.push((await call('session-server', session, headers))[1].Token.token);
}

/** @returns medians a second of processor time, and of each round's ratios to the signatures beside it */
async function measureInTurns(privateKey, banks) {
  const signature = sign('sha256', Buffer.alloc(0), privateKey).toString('base64');
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const signatures = signaturesASecond(privateKey);
    const calls = [];
    for (const bank of banks) calls.push(await callsASecond(bank, signature, round === 0 ? WARMING_CALLS : CALLS));
    if (round > 0) rounds.push({ signatures, calls });
  }
  const of = (value) => median(rounds.map(value));
  return {
    signatures: of(({ signatures }) => signatures),
    calls: { memory: of(({ calls }) => calls[0]), stateFile: of(({ calls }) => calls[1]) },
    ratio: {
      memory: of(({ signatures, calls }) => calls[0] / signatures),
      stateFile: of(({ signatures, calls }) => calls[1] / signatures),
    },
  };
}

/** Over as many bytes as an answer to `GET /user` has. */
function signaturesASecond(privateKey) {
  const body = Buffer.alloc(1_000, 'x');
  const before = process.cpuUsage();
  for (let made = 0; made < CALLS; made++) sign('sha256', body, privateKey);
  const { user, system } = process.cpuUsage(before);
  return (CALLS / (user + system)) * 1e6;
}

async function callsASecond({ child: bank, apiUrl, tokens }, signature, calls) {
  const before = processorSeconds(bank.pid);
  const caller = spawn(process.execPath, [CALLER], { stdio: ['pipe', 'pipe', 'inherit'] });
  caller.stdin.end(JSON.stringify({ apiUrl, tokens, signature, calls, atOnce: AT_ONCE }));
  const [line] = await once(createInterface(caller.stdout), 'line');
  const { seconds } = JSON.parse(line);
  const spent = before === null ? seconds : processorSeconds(bank.pid) - before;
  return calls / spent;
}
