import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { createBank } from '../../../bunq/bank.ts';
import { type EgressWay, shownWay } from '../../../bunq/dispatchers.ts';
import { readClientSettings, readSealingKeys } from '../../../client/settings.ts';
import { SealingError } from '../../../sealing/errors.ts';
import { newSealingKey, SealingKeySet } from '../../../sealing/key-set.ts';
import { systemClock } from '../../../settings/clock.ts';
import { type Environment, SettingsError } from '../../../settings/read.ts';
import { SETTINGS } from '../../../settings/schema.ts';
import { parseSigners } from '../../../signers/settings.ts';
import { type Settings, startSimulator } from '../../../simulator/index.ts';
import { settingsSchema } from '../../../simulator/settings.ts';
import { readWorkerSettings } from '../../../worker/settings.ts';
import { dice, seed } from '../../support/seed.ts';

/**
 * Whatever the settings hold, they are read, or each that is wrong is named, all at once and without a secret. `SETTINGS_SEED` gives
 * other cases.
 */

const SEED = Math.floor(dice(seed('SETTINGS_SEED')).roll() * 2 ** 31);
const RUNS = { worker: 2500, client: 2000, anything: 1500, signers: 1500, sealing: 1500, simulator: 1500, simulatorOptions: 500 };
const folder = mkdtempSync(join(tmpdir(), 'settings-'));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const counted = { read: 0, refused: 0 };

function assertAll<Case>(numRuns: number, cases: fc.Arbitrary<Case>, look: (one: Case) => boolean): void {
  const before = { ...counted };
  fc.assert(
    fc.property(cases, (one) => {
      counted[look(one) ? 'read' : 'refused']++;
    }),
    { numRuns, seed: SEED },
  );
  expect(counted.read - before.read).toBeGreaterThan(numRuns / 50); // of both kinds there are enough to fail by
  expect(counted.refused - before.refused).toBeGreaterThan(numRuns / 50);
}

/** What is wrong, a line each; null where it was read. Anything but a SettingsError fails. */
function problemsOf(read: () => unknown): readonly string[] | null {
  try {
    read();
    return null;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems;
  }
}

/** Some settings, what has to be said of them (nothing where they are right), and what must not be. */
interface Piece {
  readonly env: Environment;
  readonly says: readonly string[];
  readonly secrets?: readonly string[];
}

const right = (env: Environment): Piece => ({ env, says: [] });

/** Most of what is given is right, so that all of it is often enough. */
const piece = (...pieces: Piece[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...pieces.filter(({ says }) => says.length === 0)) },
    { weight: 1, arbitrary: fc.constantFrom(...pieces.filter(({ says }) => says.length > 0)) },
  );

/** One setting: absent, one of the values that are right, or one of those that are not, which is named. */
const setting = (name: keyof typeof SETTINGS, good: readonly string[], bad: fc.Arbitrary<string>): fc.Arbitrary<Piece> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(right({})) },
    { weight: 6, arbitrary: fc.constantFrom(...good).map((value) => right({ [name]: value })) },
    { weight: 1, arbitrary: bad.map((value) => ({ env: { [name]: value }, says: [`${name} `] })) },
  );

const SECRET = 'Z2VoZWltLWdlaGVpbS1nZWhlaW0tZ2VoZWltLWdlaGU';
const key = newSealingKey(new Date('2026-01-02T00:00:00Z'));
const keySet = JSON.stringify({ keys: [key] });
const keysFile = fileWith('keys.json', keySet);
const hidden = (env: Environment, ...says: string[]): Piece => ({ env, says, secrets: [SECRET, key.k!, 'geheim'] });

const bank = piece(
  right({ BUNQ_ENVIRONMENT: 'sandbox' }),
  right({ BUNQ_ENVIRONMENT: 'production' }),
  right({ BUNQ_API_URL: 'https://bank.example/v1' }),
  right({ BUNQ_API_URL: 'https://bank.example:8443/api/v1/' }),
  right({ BUNQ_ENVIRONMENT: 'simulator', BUNQ_API_URL: 'http://127.0.0.1:8090/v1' }),
  right({ BUNQ_API_URL: 'http://[::1]:8090/v1' }),
  { env: {}, says: ['BUNQ_ENVIRONMENT is not set'] },
  { env: { BUNQ_ENVIRONMENT: 'simulator' }, says: ['BUNQ_ENVIRONMENT=simulator needs BUNQ_API_URL'] },
  { env: { BUNQ_ENVIRONMENT: 'production', BUNQ_API_URL: 'http://127.0.0.1:1/v1' }, says: ['BUNQ_ENVIRONMENT and BUNQ_API_URL'] },
  ...['', 'prod', 'Sandbox', 'sandbox '].map((name) => ({ env: { BUNQ_ENVIRONMENT: name }, says: ['BUNQ_ENVIRONMENT is sandbox or'] })),
  ...['', 'bank', 'https://', 'ftp://bank.example/v1', 'http://bank.example/v1', 'https://bank.example', 'https://bank.example/v1?x=1'].map(
    (url) => ({ env: { BUNQ_API_URL: url }, says: ['BUNQ_API_URL '] }),
  ),
  hidden({ BUNQ_API_URL: `https://ada:${SECRET}@bank.example/v1` }, 'BUNQ_API_URL holds a user name or password'),
  hidden({ BUNQ_API_URL: `https://bank.example/v1#${SECRET}` }, 'BUNQ_API_URL '),
  { env: { BUNQ_ENVIRONMENT: 'prod', BUNQ_API_URL: 'bank' }, says: ['BUNQ_ENVIRONMENT is', 'BUNQ_API_URL is'] },
);

const keys = piece(
  right({ KEEPER_SEALING_KEYS_FILE: keysFile }),
  right({ KEEPER_SEALING_KEYS: keySet }),
  { env: {}, says: ['There are no sealing keys: KEEPER_SEALING_KEYS_FILE is not set'] },
  hidden({ KEEPER_SEALING_KEYS: keySet, KEEPER_SEALING_KEYS_FILE: keysFile }, 'KEEPER_SEALING_KEYS_FILE and KEEPER_SEALING_KEYS are both'),
  hidden({ KEEPER_SEALING_KEYS_FILE: keySet }, 'KEEPER_SEALING_KEYS_FILE is the path of a file'),
  hidden({ KEEPER_SEALING_KEYS_FILE: join(folder, 'none') }, 'KEEPER_SEALING_KEYS_FILE '),
  hidden({ KEEPER_SEALING_KEYS_FILE: folder }, 'KEEPER_SEALING_KEYS_FILE '),
  hidden({ KEEPER_SEALING_KEYS_FILE: '' }, 'KEEPER_SEALING_KEYS_FILE is empty'),
  hidden({ KEEPER_SEALING_KEYS: '' }, 'KEEPER_SEALING_KEYS is empty'),
  hidden({ KEEPER_SEALING_KEYS_FILE: fileWith('text.json', SECRET) }, join(folder, 'text.json')),
  ...[SECRET, keySet.slice(0, -4), JSON.stringify({ keys: [{ ...key, k: SECRET.slice(1) }] }), JSON.stringify([SECRET])].map((text) =>
    hidden({ KEEPER_SEALING_KEYS: text }, 'KEEPER_SEALING_KEYS '),
  ),
);

const noDuration = fc.oneof(
  fc.constantFrom('', '0s', '30', '1 m', '-1s', '1.5h', '1e3s', '999999999d', '3651d', '9999999999s', 's', 'Infinity'),
  fc.string().filter((text) => !/^\d+(ms|[smhd])$/.test(text)),
);
const noName = fc.oneof(
  fc.constantFrom('', '-a', 'A', 'a.b', 'a b', 'a'.repeat(64)),
  fc.string().filter((text) => !/^[a-z0-9][a-z0-9-]*$/.test(text)),
);
const proxies = ['', 'http://proxy.example:3128', `http://ada:${SECRET}@proxy.example:3128`];
const noProxy = fc.constantFrom('proxy.example:3128', 'socks5://proxy.example', `ada:${SECRET}@proxy`, `ftp://ada:${SECRET}@proxy.example`);

const OF_BOTH = [
  bank,
  setting('KEEPER_EGRESS', ['default', 'fra-1'], noName),
  setting('KEEPER_SESSION_GAP', ['30s', '1ms', '3650d'], noDuration),
  setting('KEEPER_CALL_LIMITS', ['on', 'off'], fc.constantFrom('', 'On', 'yes', 'false')),
  setting('KEEPER_EGRESS_WORKERS', ['1', '9999'], fc.constantFrom('', '0', '01', '-1', '1.5', '10000', '1e3', 'two')),
  setting('HTTPS_PROXY', proxies, noProxy),
  setting('http_proxy', proxies, noProxy),
  setting('NO_PROXY', ['', '*', SECRET], fc.constantFrom('')).map(({ env }) => right(env)),
  piece(
    right({}),
    right({ KEEPER_EGRESS_VIA: '203.0.113.7' }),
    right({ KEEPER_EGRESS_VIA: `http://ada:${SECRET}@proxy.example:3128` }),
    right({ KEEPER_EGRESS_VIA_FILE: fileWith('way', `https://ada:${SECRET}@proxy.example\n`) }),
    hidden({ KEEPER_EGRESS_VIA: '203.0.113.7', KEEPER_EGRESS_VIA_FILE: keysFile }, 'KEEPER_EGRESS_VIA and KEEPER_EGRESS_VIA_FILE are both'),
    hidden({ KEEPER_EGRESS_VIA_FILE: keysFile }, 'KEEPER_EGRESS_VIA_FILE '),
    hidden({ KEEPER_EGRESS_VIA_FILE: folder }, 'KEEPER_EGRESS_VIA_FILE '),
    ...['', '0.0.0.0', `ada:${SECRET}@proxy`, `socks5://ada:${SECRET}@proxy.example`].map((text) =>
      hidden({ KEEPER_EGRESS_VIA: text }, 'KEEPER_EGRESS_VIA is an IP address'),
    ),
  ),
  piece(right({}), right({ PATH: '/bin' }), { env: { KEEPER_SEELING: SECRET }, says: ['KEEPER_SEELING is not a setting'] }),
];
const signersFile = fileWith('signers.json', JSON.stringify({ hsm: { signer: 'file:/k.pem', environment: 'sandbox', connections: [] } }));
const noSigners = fileWith('no-signers.json', JSON.stringify({ hsm: { signer: 'exec:/p', passphrase: 'geheim' }, 'No Name': {} }));
const OF_WORKER = [
  keys,
  setting('KEEPER_SETTLE', ['60s'], noDuration),
  setting('KEEPER_EGRESS_ADDRESS', ['203.0.113.7'], fc.constantFrom('', '::1', '256.1.1.1', '203.0.113', 'any', '203.0.113.7/32')),
  piece(
    right({}),
    right({ KEEPER_QSEAL_SIGNERS: signersFile }),
    hidden({ KEEPER_QSEAL_SIGNERS: '' }, 'KEEPER_QSEAL_SIGNERS is empty'),
    hidden({ KEEPER_QSEAL_SIGNERS: join(folder, 'none') }, 'KEEPER_QSEAL_SIGNERS '),
    hidden({ KEEPER_QSEAL_SIGNERS: keysFile }, `KEEPER_QSEAL_SIGNERS ${keysFile}: keys `),
    hidden(
      { KEEPER_QSEAL_SIGNERS: noSigners },
      ...[
        /* each of its faults */ 'hsm.environment ',
        'hsm.connections ',
        'hsm Unrecognized key',
        '"No Name" is no name',
        'No Name.signer ',
      ],
    ),
  ),
  setting('KEEPER_QSEAL_PASSPHRASE_FILE', ['/abs/passphrase'], fc.constantFrom('', SECRET, 'passphrase')),
  piece(
    right({}),
    right({ TEMPORAL_DEPLOYMENT_NAME: 'keeper', TEMPORAL_WORKER_BUILD_ID: 'v1' }),
    { env: { TEMPORAL_DEPLOYMENT_NAME: 'keeper' }, says: ['TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID'] },
    { env: { TEMPORAL_WORKER_BUILD_ID: 'v1' }, says: ['TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID'] },
  ),
  piece(
    right({}),
    right({ KEEPER_CALLBACK_ADDRESS: '127.0.0.1:8095' }),
    right({
      KEEPER_CALLBACK_ADDRESS: '[::1]:0',
      KEEPER_NOTIFICATION_SENDERS: 'bunq, 2001:db8::/32',
      KEEPER_CALLBACK_PROXIES: '10.0.0.0/8',
    }),
    { env: { KEEPER_NOTIFICATION_SENDERS: 'bunq' }, says: ['KEEPER_NOTIFICATION_SENDERS and KEEPER_CALLBACK_PROXIES are of'] },
    ...['', '8095', '::1:80', '[::::]:80', 'localhost:65536', 'http://localhost:80'].map((address) => ({
      env: { KEEPER_CALLBACK_ADDRESS: address, KEEPER_CALLBACK_PROXIES: '10.0.0.1' },
      says: ['KEEPER_CALLBACK_ADDRESS is'],
    })),
    ...['', ',', 'bunq.com', '10.0.0.0/33', '10.0.0.0/8/8', '::/129', 'fe80::1%eth0', '10.0.0.0/-1'].map((list) => ({
      env: { KEEPER_CALLBACK_ADDRESS: 'localhost:0', KEEPER_NOTIFICATION_SENDERS: list },
      says: ['KEEPER_NOTIFICATION_SENDERS is'],
    })),
  ),
];

const merged = (pieces: readonly fc.Arbitrary<Piece>[]) =>
  fc.tuple(...pieces).map(
    (given): Piece => ({
      env: Object.assign({}, ...given.map(({ env }) => env)),
      says: given.flatMap(({ says }) => says),
      secrets: [SECRET, key.k!, 'geheim'],
    }),
  );

/** All that has to be said is, each once, and nothing else. */
function expectSaid(said: readonly string[] | null, { says, secrets = [] }: Piece): boolean {
  const lines = [...(said ?? [])];
  const unsaid = says.filter((start) => {
    const at = lines.findIndex((line) => line.includes(start));
    return at < 0 || lines.splice(at, 1).length !== 1;
  });
  const text = said?.join('\n') ?? '';
  const shown = secrets.filter((secret) => text.includes(secret));
  const lineCount = text === '' ? 0 : text.split('\n').length;
  expect({ unsaid, besides: lines, shown, lineCount }).toEqual({ unsaid: [], besides: [], shown: [], lineCount: said?.length ?? 0 });
  return said === null;
}

test('of a worker’s settings every wrong one is named at once, and the right ones are read', () => {
  assertAll(RUNS.worker, merged([...OF_BOTH, ...OF_WORKER]), (given) => {
    const said = problemsOf(() => readWorkerSettings(given.env));
    return expectSaid(said, given);
  });
});

const called = new Set<string>();

/** What is told from outside makes a bank; each only once, as it costs something. */
function callOnce(options: Omit<Parameters<typeof createBank>[0], 'clock' | 'way'>, way: EgressWay | null): void {
  const text = JSON.stringify([options, way && shownWay(way)]);
  if (!called.has(text)) void createBank({ ...options, way, clock: systemClock }).close();
  called.add(text);
}

test('of a client’s settings too, and what was read can be called with', () => {
  const ofClient = [
    ...OF_BOTH,
    setting('KEEPER_CONSENT_AGE', ['180d'], noDuration),
    setting('KEEPER_USER_INSTALLATION', ['own', 'provider'], fc.constantFrom('', 'mine', 'Own')),
  ];
  assertAll(RUNS.client, merged(ofClient), (given) => {
    const said = problemsOf(() => {
      const { bank, proxy, way = null, sessionGapMs = 0, consentAgeMs = 0 } = readClientSettings(given.env);
      callOnce({ apiUrl: bank.apiUrl, ...(proxy && { proxy }) }, way);
      for (const ms of [sessionGapMs, consentAgeMs]) expect(new Date(Date.UTC(2026) + ms).toISOString()).toMatch(/^2/);
    });
    return expectSaid(said, given);
  });
});

const NAMES = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ maxLength: 200 }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.ipV6(),
  fc.json(),
  fc.constantFrom('__proto__', 'bunq', '{"keys":[]}', '0'.repeat(5000), '1d'),
);
const anything = fc.dictionary(fc.constantFrom(...NAMES), text, { maxKeys: 8 }).map((env) => ({ BUNQ_ENVIRONMENT: 'sandbox', ...env }));

test('whatever stands in them, nothing else is thrown, and what may be secret is not shown', () => {
  assertAll(RUNS.anything, anything, (env: Environment) => {
    const all = [readWorkerSettings, readClientSettings, readSealingKeys].map((read) => problemsOf(() => read(env)));
    const shown = all.flat().join('\n');
    for (const name of [
      'KEEPER_SEALING_KEYS',
      'KEEPER_EGRESS_VIA',
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'http_proxy',
      'https_proxy',
      'BUNQ_API_URL',
    ] as const) {
      const value = env[name] ?? '';
      if (value.length >= 12 && !Object.entries(env).some(([other, same]) => other !== name && same?.includes(value)))
        expect(shown.includes(value)).toBe(false);
    }
    for (const line of all.flat()) if (line !== null) expect(line).toMatch(/^(KEEPER|BUNQ|TEMPORAL|HTTPS?|NO|There are no sealing keys)/i);
    return all[1] === null;
  });
});

describe('a file of signers', () => {
  const entries = [
    { signer: 'file:/k.pem' },
    { signer: 'exec:/p', passEnvironment: ['PATH'], timeLimit: '5s' },
    { signer: 'https://signer.example/v1', keyId: 'acme', certificateFile: '/c.pem', keyFile: '/k.pem', caFile: '/ca.pem' },
  ].map((entry) => ({ ...entry, environment: 'sandbox', connections: ['acme'] }));
  const faults: [string, Record<string, unknown>][] = [
    ['signer', { signer: 'file:k.pem' }],
    ['signer', { signer: undefined }],
    ['environment', { environment: 7 }],
    ['connections.0', { connections: ['No Name'] }],
    ['connections', { connections: 'acme' }],
    ['', { passphrase: 'geheim' }],
  ];
  const entry = fc.tuple(fc.constantFrom(...entries), fc.option(fc.constantFrom(...faults), { freq: 2 }));

  test('has every entry that is wrong named, and is read where none is', () => {
    const files = fc.dictionary(fc.constantFrom('hsm', 'hsm-2', 'a'), entry, { minKeys: 1 });
    assertAll(RUNS.signers, files, (given) => {
      const json = Object.fromEntries(
        Object.entries(given).map(([name, [good, fault]]) => {
          const isOfNoKind = fault?.[0] === 'signer';
          return [name, isOfNoKind ? { ...entries[0], ...fault[1] } : { ...good, ...fault?.[1] }];
        }),
      );
      const { signers, problems } = parseSigners(JSON.stringify(json), 'signers.json', { PATH: '/bin' });
      const expected = Object.entries(given).flatMap(([name, [, fault]]) =>
        fault ? [['KEEPER_QSEAL_SIGNERS signers.json:', [name, fault[0]].filter(Boolean).join('.')].join(' ')] : [],
      );
      expect(problems.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(expected);
      expect(problems.join('\n')).not.toContain('geheim');
      if (problems.length === 0) expect([...signers.keys()]).toEqual(Object.keys(given));
      return problems.length === 0;
    });
  });
});

test('a set of sealing keys is read, or refused with its name and without a key', () => {
  const good = fc.uniqueArray(
    fc.record({ kid: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), bytes: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
    { minLength: 1, maxLength: 4, selector: ({ kid }) => kid },
  );
  const jwks = good.map((list) => list.map(({ kid, bytes }) => ({ kty: 'oct', kid, k: Buffer.from(bytes).toString('base64url') })));
  const broken = fc.option(
    fc.constantFrom<(first: Record<string, unknown>) => unknown>(
      (jwk) => ({ ...jwk, k: `${jwk.k}AA` }),
      (jwk) => ({ ...jwk, k: `${jwk.k}=!` }),
      (jwk) => ({ ...jwk, kid: 'No Name' }),
      (jwk) => ({ ...jwk, kty: 'RSA' }),
      (jwk) => ({ ...jwk, alg: 'A256KW' }),
      ({ k }) => ({ kty: 'oct', k }),
      ({ k }) => k,
      () => null,
    ),
  );
  const cases = fc.tuple(jwks, broken, fc.option(fc.double({ min: 0, max: 0.99, noNaN: true }), { freq: 2 }));
  assertAll(RUNS.sealing, cases, ([list, breaks, cut]) => {
    const set = JSON.stringify({ keys: breaks ? [breaks(list[0]!), ...list.slice(1)] : list });
    const given = cut === null ? set : set.slice(0, Math.floor(set.length * cut));
    try {
      expect(SealingKeySet.parse(given, 'keys.json').keyIds).toEqual(list.map(({ kid }) => kid));
      expect([breaks, cut]).toEqual([null, null]);
      return true;
    } catch (error) {
      if (!(error instanceof SealingError)) throw error;
      expect(breaks ?? cut).not.toBeNull();
      expect(error.message).toMatch(/^keys\.json is not a set of sealing keys: [^\n]+ Make one: bunq-keeper sealing-keys new/);
      for (const { k } of list) expect(error.message).not.toContain(k.slice(0, 12));
      return false;
    }
  });
});

const simulatorNames = Object.keys(settingsSchema.shape) as (keyof Settings)[];
const defaults = settingsSchema.parse({});
const fitting = (name: keyof Settings): unknown => defaults[name];

/** A value that no setting of the simulator takes. */
const unfit = fc.oneof(
  fc.constantFrom<unknown>(-1, 0.5, 'yes', '', Number.NaN, Number.POSITIVE_INFINITY, [null], { no: null }, '90d', '10.0.0'),
  fc.string().filter((text) => !/^(smaller|requested_by_user|granted_by_user|[\d.:a-f]+)$/.test(text)),
);

test('of the simulator’s settings every unfit one is named, and those that fit are taken', () => {
  const changes = fc.dictionary(fc.constantFrom(...simulatorNames), fc.option(unfit, { freq: 2 }), { minKeys: 1, maxKeys: 4 });
  assertAll(RUNS.simulator, changes, (given) => {
    const settings = Object.fromEntries(Object.entries(given).map(([name, bad]) => [name, bad ?? fitting(name as keyof Settings)]));
    const wrong = Object.keys(given).filter((name) => given[name] !== null);
    const parsed = settingsSchema.safeParse(settings);
    const named = new Set(parsed.error?.issues.map(({ path: [name] }) => name as string));
    expect([...named].sort()).toEqual(wrong.sort());
    return parsed.success;
  });
});

test('a simulator that is given unfit or unknown options does not start, and says which', async () => {
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`;
  const options = fc.record(
    {
      port: fc.constantFrom<unknown>(-1, 65_536, '80', 1.5),
      managePort: fc.constantFrom<unknown>(null, 70_000),
      host: fc.constantFrom<unknown>('', 7, null),
      stateFile: fc.constantFrom<unknown>('', 7),
      nowMs: fc.constantFrom<unknown>(7, 'now'),
      serverPrivateKeyPem: fc.constantFrom<unknown>('', SECRET, keyPem, 7),
      sessionLifetimeMs: unfit,
      sesionLifetimeMs: fc.constant<unknown>(1000),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(
      options.filter((given) => Object.keys(given).length > 0),
      async (given) => {
        const error = await startSimulator(given as Parameters<typeof startSimulator>[0]).then(
          (simulator) => simulator.close(),
          (reason: Error) => reason,
        );
        const { message } = error as Error;
        expect(message).toMatch(/^The simulator cannot start with these options:\n/);
        for (const name of Object.keys(given)) expect(message).toContain(name);
        expect(message).not.toContain(SECRET);
        counted.refused++;
      },
    ),
    { numRuns: RUNS.simulatorOptions, seed: SEED },
  );
});

test('all in all there were more than 10,000 cases', () => {
  expect(counted.read + counted.refused).toBeGreaterThan(10_000);
});
