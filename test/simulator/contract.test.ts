import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts';
import { settingsSchema } from '../../simulator/settings.ts';
import { AREAS } from '../contract/cases/index.ts';
import { contract, type Surroundings } from '../contract/command.ts';
import type { Time } from '../contract/pace.ts';
import { run } from '../contract/run.ts';
import { simulatorTarget } from '../contract/target.ts';
import { newSandboxKey } from './client.ts';

/** The contract suite: against the simulator, and, as against bunq's sandbox, against a bank that differs from it. */

const CASES = Object.entries(AREAS).flatMap(([area, cases]) => cases.map((one) => ({ area, ...one })));
const LONG_MS = 180_000;

/** Time that passes only when somebody waits, as nobody can make it pass at a bank elsewhere. */
function waitingTime(): Time & { readonly waitedMs: number } {
  const startedAtMs = Date.now();
  let waitedMs = 0;
  return {
    nowMs: () => startedAtMs + waitedMs,
    sleep: async (ms) => {
      waitedMs += ms;
    },
    pass: null,
    get waitedMs() {
      return waitedMs;
    },
  };
}

/** What the command printed, and how it ended. */
async function contractOf(args: string[], more: Partial<Surroundings> = {}) {
  const [printed, told]: [string[], string[]] = [[], []];
  const code = await contract(args, { print: (text) => printed.push(text), tell: (line) => told.push(line), ...more });
  return { code, printed: printed.join(''), told };
}

const rowsOf = (report: string) =>
  report
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );

test(
  'at the simulator every case is as expected, and all are tried',
  async () => {
    const { target, simulator } = await simulatorTarget();
    try {
      const { outcomes } = await run(target, AREAS);
      expect(outcomes.filter(({ result }) => result !== 'as expected')).toEqual([]);
      expect(outcomes.length).toBe(CASES.length);
      const refused = simulator.requests().filter(({ admitted, endpoint }) => !admitted && endpoint !== null);
      expect(refused.map(({ endpoint }) => endpoint).sort()).toEqual([
        'GET /user',
        'POST /installation',
        'POST /session-server',
        'PUT /user/{userID}/oauth-client/{itemId}',
      ]); // those that the cases of limits wanted, and no other
    } finally {
      await simulator.close();
    }
  },
  LONG_MS,
);

describe('at a bank elsewhere', () => {
  let simulator: Simulator;
  let time: ReturnType<typeof waitingTime>;
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  const start = async (options: SimulatorOptions) => {
    time = waitingTime();
    simulator = await startSimulator({ nowMs: time.nowMs, ...options });
  };
  const expectNoSecret = (...texts: string[]) => {
    for (const { value } of simulator.secrets()) for (const text of texts) expect(text).not.toContain(value);
  };
  afterEach(() => simulator.close());
  afterAll(() => rmSync(folder, { recursive: true }));

  test(
    'each difference is a row of the table, with the settings that explain it, and nothing else is',
    async () => {
      await start({
        refusedTokenStatus: 403,
        wrongSignatureStatus: 401,
        badParameterStatus: 490,
        rateLimitStatus: 409,
        tokenErrorStatus: 401,
        emptyObjectOnDelete: true,
        secondOAuthClientStatus: 409,
        demandDocumentedHeaders: true,
        refuseRebinding: true,
        refuseRepeatedRequestIds: false,
        permitIpv6: true,
        userSessionLifetimeMs: 3_600_000,
        sessionLifetimeMs: 324_000_000,
      });
      const { code, printed, told } = await contractOf(['--api-url', simulator.apiUrl], { time });
      const limited = (calls: number, seconds: number) =>
        `Too many requests. You can do a maximum of ${calls} calls per ${seconds} second to this endpoint.`;
      const [limits, bad] = ['rateLimitStatus, rateLimits, callRateLimits', 'badParameterStatus'];
      const signature = ['400 The request signature is invalid.', '401 The request signature is invalid.', 'wrongSignatureStatus'];
      const token = ['401 Insufficient authentication.', '403 Insufficient authorisation.', 'refusedTokenStatus'];
      const grant = 'invalid_grant The authorization code is invalid or expired.';
      expect(rowsOf(printed)).toEqual([
        ['installation: a public key of RSA 4096 is refused', '400', '490', bad],
        ['installation: no public key is refused', '400', '490', bad],
        ...[
          'a text with two newlines between is refused',
          'a text with a newline at its end is refused',
          'a certificate that names no role is refused',
          'an expired certificate is refused',
          "another's chain is refused",
          'a PEM that has lost its line breaks is refused',
          "a signature by another's QSEAL is refused",
        ].map((name) => [`credential: ${name}`, '400', '490', bad]),
        ['device: what is no address is refused', '400', '490', bad],
        ['device: an IPv6 address is refused', '400', '200', 'permitIpv6, badParameterStatus'],
        [
          'device: an API key may be bound again on the same installation',
          '200 Id',
          '400 User credentials are incorrect. Incorrect API key or IP address.',
          'refuseRebinding',
        ],
        ["session: an ordinary user's session lasts a week", '604800 s', '3600 s', 'userSessionLifetimeMs'],
        ['session: its next lasts 90 days', '7776000 s', '324000 s', 'sessionLifetimeMs'],
        [
          'session: a session is ended by DELETE, which answers an empty list',
          '200 {"Response":[]}, then 401 Insufficient authentication.',
          '200 {}, then 403 Insufficient authorisation.',
          'emptyObjectOnDelete, refusedTokenStatus',
        ],
        ['oauth-client: it is not made with another status than ACTIVE', '400', '490', bad],
        ['oauth-client: a second one is refused', '400', '409', 'allowSecondOAuthClient, secondOAuthClientStatus'],
        [
          'callback-url: it is removed by DELETE, which answers an empty list',
          '200 {"Response":[]}, then 404',
          '200 {}, then 404',
          'emptyObjectOnDelete',
        ],
        ['callback-url: plain http to elsewhere is refused', '400', '490', bad],
        ["signatures: a signature by another's key is refused, also where none is demanded", ...signature],
        ['signatures: a signature over other bytes is refused', ...signature],
        ['signatures: a signature that is no base64 is refused', ...signature],
        ['requests: Cache-Control may be missing', '200 UserPerson', expect.stringMatching(/^490 .*required/), 'demandDocumentedHeaders'],
        ['requests: User-Agent may be missing', '200 UserPerson', expect.stringMatching(/^490 .*required/), 'demandDocumentedHeaders'],
        ['requests: a request id is good once on a session', '200, 400', '200, 200', 'refuseRepeatedRequestIds, badParameterStatus'],
        ['requests: a body that is no JSON is refused', '400', '490', bad],
        ['requests: a missing field is refused', '400', '490', bad],
        ['tokens: a call without a token is refused', ...token],
        ['tokens: an unknown token is refused', ...token],
        ['pagination: ?count=201', '400', '490', bad],
        ['pagination: ?older_id=1&newer_id=1', '400', '490', bad],
        ['authorization: a code that was never given is refused', `400 ${grant}`, `401 ${grant}`, 'tokenErrorStatus'],
        [
          'authorization: the numeric id of the OAuth client is no client id',
          '400 invalid_client',
          '401 invalid_client',
          'tokenErrorStatus',
        ],
        ['rate limits: GET: 3 in 3 seconds', `3 × 200, 1 × 429 ${limited(3, 3)}`, `3 × 200, 1 × 409 ${limited(3, 3)}`, limits],
        ['rate limits: POST: 5 in 3 seconds', `5 × 200, 1 × 429 ${limited(5, 3)}`, `5 × 200, 1 × 409 ${limited(5, 3)}`, limits],
        ['rate limits: PUT: 2 in 3 seconds', `2 × 200, 1 × 429 ${limited(2, 3)}`, `2 × 200, 1 × 409 ${limited(2, 3)}`, limits],
        [
          'rate limits: POST /session-server: 1 in 30 seconds, and no Retry-After',
          `1 × 200, 1 × 429 ${limited(1, 30)}; no Retry-After`,
          `1 × 200, 1 × 409 ${limited(1, 30)}; no Retry-After`,
          `${limits}, sessionGapMs`,
        ],
      ]);
      expect(code).toBe(1);
      const reasons = [...printed.matchAll(/^- .*: (.*)$/gm)].map(([, reason]) => reason);
      const times = (reason: string) => reasons.filter((other) => other === reason).length;
      expect(printed).toContain('- authorization: a code is good once: an end user has to consent in a browser\n');
      expect(times('an end user has to consent in a browser')).toBe(4);
      expect(times('give its access token with --access-token-file')).toBe(6);
      expect(times('it takes a second address')).toBe(2);
      expect(times('an hour would have to pass') + times('a week would have to pass')).toBe(3);
      const [different, notTried] = [rowsOf(printed).length, reasons.length];
      expect(notTried).toBe(15);
      expect(printed.trimEnd().split('\n').at(-1)).toBe(
        `${CASES.length - different - notTried} as expected, ${different} different, ${notTried} not tried`,
      );
      expectNoSecret(printed, ...told);
      expect(time.waitedMs).toBeLessThan(15 * 60_000); // as --help says
    },
    LONG_MS,
  );

  test(
    'what was made is cleared away, as far as bunq lets it be',
    async () => {
      await start({});
      const { code, printed } = await contractOf(['--api-url', simulator.apiUrl, '--only', 'callback-url'], { time });
      expect(code).toBe(0);
      const { callbackUrls, sessions } = simulator.state();
      expect(callbackUrls).toEqual([]);
      expect(sessions.map(({ status }) => status)).toEqual(['DELETED']);
      expect(printed).toMatch(/^Cleared away: \d+ sessions and callback URLs\. Out of reach, as their session is over: 0\. Left: 0\.$/m);
      expect(printed).toMatch(/no call to remove it: 1 installations, 1 API keys, 1 devices, 1 OAuth clients\.$/m);
    },
    LONG_MS,
  );

  test(
    'a given API key is used, and shown nowhere, also where the bank repeats it',
    async () => {
      await start({ rateLimits: false });
      const apiKey = await newSandboxKey(simulator.apiUrl);
      const file = join(folder, 'api-key');
      writeFileSync(file, `${apiKey}\n`);
      simulator.fault({ endpoint: 'GET /user', kind: 'status', status: 400, description: `No ${apiKey} or ${apiKey.slice(8)} here.` });
      const args = ['--api-url', simulator.apiUrl, '--only', 'tokens', '--only', 'errors', '--api-key-file', file];
      const { code, printed, told } = await contractOf(args, { time });
      expect(code).toBe(1);
      expect(rowsOf(printed).map(([, , seen]) => seen)).toEqual(['400 No … or … here.']);
      expect(simulator.state().sessions).toMatchObject([{ credentialId: simulator.state().credentials[0]!.id }]);
      expectNoSecret(printed, ...told);
    },
    LONG_MS,
  );

  test(
    'what a case stands on and cannot have is a difference, not left out',
    async () => {
      await start({ rateLimits: false });
      simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 500, times: null });
      const { code, printed } = await contractOf(['--api-url', simulator.apiUrl, '--only', 'errors'], { time });
      expect(code).toBe(1);
      for (const [, , seen] of rowsOf(printed)) expect(seen).toBe('not reached: session-server: 500 Something went wrong at bunq.');
      expect(printed).toMatch(/^0 as expected, 3 different, 0 not tried$/m);
    },
    LONG_MS,
  );

  test('who interrupts it has the rest not tried, and what was made cleared away', async () => {
    await start({ rateLimits: false });
    const interrupted = new AbortController();
    const tell = (line: string) => line.startsWith('session: ') && interrupted.abort();
    const args = ['--api-url', simulator.apiUrl, '--only', 'session'];
    const { code, printed } = await contractOf(args, { time, tell, signal: interrupted.signal });
    expect(code).toBe(1);
    expect(printed).toContain('- session: that of a company: interrupted\n');
    expect(printed.trimEnd().split('\n').at(-1)).toBe('0 as expected, 0 different, 10 not tried');
  });
});

test('a bank that cannot be reached is said to be so in one line', async () => {
  const { code, printed, told } = await contractOf(['--api-url', 'http://127.0.0.1:1/v1/'], { time: waitingTime() });
  expect([code, printed]).toEqual([1, '']);
  expect(told.at(-1)).toMatch(/^contract: http:\/\/127\.0\.0\.1:1\/v1\/ cannot be reached: .*ECONNREFUSED.*\. Nothing was tried\.$/);
});

test.each([
  [['--sandbox', '--api-url', 'http://127.0.0.1:8081/v1/'], /give one of them/],
  [['--api-url', 'https://api.bunq.com/v1/'], /api\.bunq\.com.*no address on this machine/],
  [['--api-url', 'http://127.0.0.1:8081/'], /does not end in \/v1\//],
  [['--api-key-file', '/nowhere'], /goes with --sandbox/],
  [['--sandbox', '--api-key-file', '/nowhere'], /\/nowhere: cannot be read \(ENOENT\)/],
  [['--sandbox', '--access-token-file', '/dev/null'], /holds no key/],
  [['--only', 'everything'], /no such area; there are installation,/],
  [['--live'], /--live/],
])('%j is a bad argument', async (args, text) => {
  const { code, printed, told } = await contractOf(args);
  expect([code, printed]).toEqual([2, '']);
  expect(told).toEqual([expect.stringMatching(text)]);
});

test('--help names every area', async () => {
  const { code, printed } = await contractOf(['--help']);
  expect(code).toBe(0);
  for (const area of Object.keys(AREAS)) expect(printed).toContain(area);
});

test('cases have names of their own, and settings that the simulator has', () => {
  const names = CASES.map(({ area, name }) => `${area}: ${name}`);
  expect(new Set(names).size).toBe(names.length);
  const unknown = CASES.flatMap(({ settings = [] }) => settings).filter((setting) => !(setting in settingsSchema.shape));
  expect(unknown).toEqual([]);
});
