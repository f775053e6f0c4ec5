import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { readClientSettings } from '../../../client/settings.ts';
import { newSealingKeys } from '../../../sealing/key-set.ts';
import { SettingsError } from '../../../settings/read.ts';
import { readTemporalSettings } from '../../../settings/temporal.ts';
import { readWorkerSettings } from '../../../worker/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
const keysFile = join(folder, 'keys.json');
writeFileSync(keysFile, newSealingKeys(new Date('2026-01-02T00:00:00Z')), { mode: 0o600 });

const good = { BUNQ_ENVIRONMENT: 'sandbox', KEEPER_SEALING_KEYS_FILE: keysFile };

function problems(env: Record<string, string>): readonly string[] {
  try {
    readWorkerSettings(env);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).problems;
  }
  return [];
}

test('a worker needs the name of the bank and the sealing keys, and has defaults for all else', () => {
  const settings = readWorkerSettings(good);
  expect(settings).toMatchObject({
    bank: { name: 'sandbox', apiUrl: 'https://public-api.sandbox.bunq.com/v1/' },
    egress: 'default',
    egressAddress: null,
    sessionGapMs: 30_000,
    settleMs: 60_000,
    pacing: { processes: 1, longestWaitMs: 1000 },
    deployment: null,
    callbackAddress: null,
  });
  expect(settings.sealingKeys.keyIds[0]).toMatch(/^2026-01-02-/);
});

test('new end users have an installation of their own, or use the provider’s where that is set', () => {
  const { KEEPER_SEALING_KEYS_FILE: _, ...env } = good;
  expect(readClientSettings(env).userInstallation).toBe('own');
  expect(readClientSettings({ ...env, KEEPER_USER_INSTALLATION: 'provider' }).userInstallation).toBe('provider');
  expect(() => readClientSettings({ ...env, KEEPER_USER_INSTALLATION: 'mine' })).toThrow('KEEPER_USER_INSTALLATION is own or provider');
});

test('calls keep a share of the limits, or none', () => {
  expect(readWorkerSettings({ ...good, KEEPER_EGRESS_WORKERS: '12' }).pacing).toEqual({ processes: 12, longestWaitMs: 1000 });
  expect(readWorkerSettings({ ...good, KEEPER_CALL_LIMITS: 'off' }).pacing).toBeNull();
  expect(problems({ ...good, KEEPER_CALL_LIMITS: 'no', KEEPER_EGRESS_WORKERS: '0' })).toEqual([
    'KEEPER_CALL_LIMITS is on or off',
    'KEEPER_EGRESS_WORKERS is a number of processes, at least 1',
  ]);
});

describe('the way by which the calls of an egress leave', () => {
  const wayOf = (env: Record<string, string>) => readWorkerSettings({ ...good, ...env }).way;
  const file = join(folder, 'way');
  const inFile = (text: string) => {
    writeFileSync(file, text, { mode: 0o600 });
    return { KEEPER_EGRESS_VIA_FILE: file };
  };

  test('is the machine’s unless it is set: to an address of it, or to a proxy, here or in a file', () => {
    expect(wayOf({})).toBeNull();
    for (const localAddress of ['203.0.113.7', '2001:db8::7', '2001:db8::ffff:0:0'])
      expect(wayOf({ KEEPER_EGRESS_VIA: localAddress })).toEqual({ localAddress });
    expect(wayOf(inFile('203.0.113.7\n'))).toEqual({ localAddress: '203.0.113.7' });
    const proxyUrl = 'http://me:geheim@proxy.example:3128';
    for (const env of [{ KEEPER_EGRESS_VIA: proxyUrl }, inFile(`${proxyUrl}\n`)]) {
      const way = wayOf(env);
      expect(way && 'proxyUrl' in way && way.proxyUrl.text()).toBe(proxyUrl);
      expect(inspect(readWorkerSettings({ ...good, ...env }), { depth: 9 })).not.toContain('geheim');
    }
  });

  test('is the same for clients', () => {
    const { KEEPER_SEALING_KEYS_FILE: _, ...env } = good;
    expect(readClientSettings({ ...env, KEEPER_EGRESS_VIA: '203.0.113.7' }).way).toEqual({ localAddress: '203.0.113.7' });
    expect(() => readClientSettings({ ...env, KEEPER_EGRESS_VIA: 'eth0' })).toThrow('KEEPER_EGRESS_VIA is an IP address');
  });

  test.each([
    '',
    'eth0',
    '0.0.0.0',
    '::',
    '203.0.113',
    '203.0.113.7/32',
    'fe80::1%eth0',
    'socks5://me:geheim@proxy.example',
    'me:geheim@proxy:1',
  ])('%p is none, and nothing of it is shown', (text) => {
    expect(problems({ ...good, KEEPER_EGRESS_VIA: text })).toEqual([expect.stringMatching(/^KEEPER_EGRESS_VIA is an IP address of/)]);
    expect(problems({ ...good, ...inFile(text) })).toEqual([
      expect.stringMatching(/^KEEPER_EGRESS_VIA_FILE \S+: what stands in it is an IP address of/),
    ]);
    expect(problems({ ...good, KEEPER_EGRESS_VIA: text }).join()).not.toContain('geheim');
  });

  test('stands in one place, in a file that can be read, and leads to the bank', () => {
    expect(problems({ ...good, KEEPER_EGRESS_VIA: '203.0.113.7', ...inFile('203.0.113.7') })).toEqual([
      'KEEPER_EGRESS_VIA and KEEPER_EGRESS_VIA_FILE are both set: give one of them',
    ]);
    expect(problems({ ...good, KEEPER_EGRESS_VIA_FILE: join(folder, 'none') })).toEqual([
      `KEEPER_EGRESS_VIA_FILE ${join(folder, 'none')} cannot be read (ENOENT).`,
    ]);
    const leadsNowhere = /^KEEPER_EGRESS_VIA is 127\.0\.0\.2, from which only this machine is reached, and not public-api\.sandbox/;
    expect(problems({ ...good, KEEPER_EGRESS_VIA: '127.0.0.2' })).toEqual([expect.stringMatching(leadsNowhere)]);
    expect(problems({ ...good, KEEPER_EGRESS_VIA: '::1' })).toHaveLength(1);
    const simulator = { KEEPER_SEALING_KEYS_FILE: keysFile, BUNQ_API_URL: 'http://127.0.0.1:8090/v1' };
    expect(readWorkerSettings({ ...simulator, KEEPER_EGRESS_VIA: '127.0.0.2' }).way).toEqual({ localAddress: '127.0.0.2' });
  });

  test('what is wrong with it is said also where the name of the egress is wrong', () => {
    expect(problems({ ...good, KEEPER_EGRESS: 'No Name', KEEPER_EGRESS_VIA_FILE: join(folder, 'none') })).toHaveLength(2);
  });
});

test.each([
  ['127.0.0.1:8095', { host: '127.0.0.1', port: 8095 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['callbacks.internal:80', { host: 'callbacks.internal', port: 80 }],
])('end users are taken at %s', (text, address) => {
  expect(readWorkerSettings({ ...good, KEEPER_CALLBACK_ADDRESS: text }).callbackAddress).toEqual(address);
});

test.each(['', '8095', ':8095', '127.0.0.1', '127.0.0.1:65536', '127.0.0.1:http', 'http://127.0.0.1:8095', '::1:80'])(
  '%p is no address to listen on',
  (text) => {
    expect(problems({ ...good, KEEPER_CALLBACK_ADDRESS: text })).toEqual([
      expect.stringMatching(/^KEEPER_CALLBACK_ADDRESS is the address and port to listen on: 127\.0\.0\.1:8095/),
    ]);
  },
);

test('notifications are taken from those that are named, at the server that is set', () => {
  const server = { ...good, KEEPER_CALLBACK_ADDRESS: '127.0.0.1:8095' };
  const { notificationSenders, callbackProxies } = readWorkerSettings({ ...server, KEEPER_NOTIFICATION_SENDERS: 'bunq' });
  expect([notificationSenders?.has('185.40.108.9'), callbackProxies]).toEqual([true, null]);
  expect(problems({ ...server, KEEPER_NOTIFICATION_SENDERS: 'bunq.com' })).toEqual([
    expect.stringMatching(/^KEEPER_NOTIFICATION_SENDERS is a list of addresses and networks/),
  ]);
  expect(problems({ ...good, KEEPER_NOTIFICATION_SENDERS: 'bunq' })).toEqual([expect.stringContaining('KEEPER_CALLBACK_ADDRESS')]);
});

test('everything that is wrong is named at once', () => {
  const said = problems({
    BUNQ_ENVIRONMENT: 'prod',
    KEEPER_EGRESS: 'No Name',
    KEEPER_SESSION_GAP: '30',
    KEEPER_EGRESS_ADDRESS: '::1',
    KEEPER_SEALING_KEY_FILE: 'x',
  });
  expect(said).toEqual([
    'KEEPER_SEALING_KEY_FILE is not a setting of bunq-keeper: correct its name or unset it',
    expect.stringMatching(/^BUNQ_ENVIRONMENT is sandbox or production/),
    expect.stringMatching(/^KEEPER_EGRESS is a name/),
    expect.stringMatching(/^KEEPER_EGRESS_ADDRESS is an IPv4 address/),
    expect.stringMatching(/^KEEPER_SESSION_GAP is a duration such as 90s/),
    expect.stringMatching(/^There are no sealing keys/),
  ]);
});

test('without a bank and without sealing keys both are asked for, with the command that makes keys', () => {
  expect(problems({})).toEqual([
    expect.stringContaining('BUNQ_ENVIRONMENT is not set'),
    expect.stringContaining('bunq-keeper sealing-keys new --out FILE'),
  ]);
});

test.each([
  ['https://bank.example/v1', 'bank.example'],
  ['https://bank.example:8443/v1/', 'bank.example:8443'],
  ['http://127.0.0.1:8090/v1', '127.0.0.1:8090'],
])('another bank, %s, is named by host and port', (url, name) => {
  const { bank } = readWorkerSettings({ ...good, BUNQ_ENVIRONMENT: undefined as unknown as string, BUNQ_API_URL: url });
  expect(bank).toMatchObject({ name, apiUrl: url.replace(/\/?$/, '/') });
});

test.each([
  ['http://bank.example/v1', 'https'],
  ['https://bank.example', '/v1'],
  ['nonsense', 'is not a URL'],
])('%s is no address of a bank: %s', (url, why) => {
  expect(problems({ KEEPER_SEALING_KEYS_FILE: keysFile, BUNQ_API_URL: url }).join('\n')).toContain(why);
});

test('a simulator on loopback is called simulator whatever its port, and production never leads elsewhere', () => {
  const url = { BUNQ_API_URL: 'http://127.0.0.1:1234/v1' };
  expect(readWorkerSettings({ ...good, ...url, BUNQ_ENVIRONMENT: 'simulator' }).bank.name).toBe('simulator');
  expect(problems({ ...good, BUNQ_ENVIRONMENT: 'simulator' }).join()).toContain('needs BUNQ_API_URL on loopback');
  expect(problems({ ...good, ...url, BUNQ_ENVIRONMENT: 'production' }).join()).toContain('both set');
  expect(problems({ ...good, BUNQ_API_URL: 'https://bank.example/v1' }).join()).toContain('both set');
});

test('what is wrong with sealing keys is said without a word of them', () => {
  const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA';
  const said = problems({ BUNQ_ENVIRONMENT: 'sandbox', KEEPER_SEALING_KEYS: `{"keys":[{"kty":"oct","kid":"a","k":"${secret}"}` }).join();
  expect(said).toContain('it is not JSON');
  expect(said).not.toContain(secret.slice(0, 8));
  expect(problems({ ...good, KEEPER_SEALING_KEYS: 'x' }).join()).toContain('both set');
  expect(problems({ BUNQ_ENVIRONMENT: 'sandbox', KEEPER_SEALING_KEYS_FILE: join(folder, 'none') }).join()).toMatch(
    /ENOENT.*sealing-keys new --out/,
  );
});

describe('a file of signers', () => {
  const file = join(folder, 'signers.json');
  const common = { environment: 'sandbox', connections: ['acme'] };
  const program = { ...common, signer: 'exec:/usr/bin/seal' };
  const address = {
    ...common,
    signer: 'https://signer.example/v1',
    keyId: 'acme/1',
    certificateFile: '/c.pem',
    keyFile: '/k.pem',
    caFile: '/ca.pem',
  };

  function read(signers: unknown, env = {}) {
    writeFileSync(file, JSON.stringify(signers));
    return readWorkerSettings({ ...good, KEEPER_QSEAL_SIGNERS: file, ...env }).signing;
  }

  test('names them, each with what its kind takes', () => {
    const signers = {
      key: { ...common, signer: 'file:/k.pem', passphraseFile: '/p' },
      program: { ...program, passEnvironment: ['SEAL_PIN_FILE', 'SEAL_UNSET'], timeLimit: '10s' },
      address,
    };
    const { signers: named, passphraseFile } = read(signers, { SEAL_PIN_FILE: '/pin', KEEPER_QSEAL_PASSPHRASE_FILE: '/direct' });
    expect(named.get('key')).toMatchObject({ signer: 'file:/k.pem', passphraseFile: '/p', connections: ['acme'] });
    expect(named.get('program')).toMatchObject({ variables: { SEAL_PIN_FILE: '/pin' }, timeLimitMs: 10_000 });
    expect(named.get('address')).toMatchObject({
      https: { keyId: 'acme/1', certificateFile: '/c.pem', keyFile: '/k.pem', caFile: '/ca.pem' },
    });
    expect(passphraseFile).toBe('/direct');
  });

  test.each<[string, unknown, string]>([
    ['without an environment', { signer: 'file:/k.pem', connections: ['acme'] }, 'acme-hsm.environment'],
    ['of no kind', { ...common, signer: 'ssh:hsm' }, 'acme-hsm.signer is file:/abs/key.pem'],
    ['by a relative path', { ...program, signer: 'exec:seal' }, 'acme-hsm.signer is exec:/abs/program, an absolute path'],
    [
      'with a variable and its value',
      { ...program, passEnvironment: ['PIN=1234'] },
      'acme-hsm.passEnvironment.0 is the name of a variable',
    ],
    ['that may take longer than an activity', { ...program, timeLimit: '1m' }, 'acme-hsm.timeLimit is a duration of at most 18s'],
    ['with what another kind takes', { ...program, passphraseFile: '/p' }, 'acme-hsm'],
    ['with a passphrase itself', { ...common, signer: 'file:/k.pem', passphrase: 'geheim' }, 'acme-hsm'],
    ['at an address without a certificate', { ...address, certificateFile: undefined }, 'acme-hsm.certificateFile'],
    ['at an address in plain HTTP', { ...address, signer: 'http://signer.example/v1' }, 'acme-hsm.signer is file:/abs/key.pem'],
    ['at an address with a password', { ...address, signer: 'https://ada:geheim@signer.example/v1' }, 'without a password'],
    ['that is nothing', null, 'acme-hsm'],
  ])('names one %s', (_what, entry, problem) => {
    writeFileSync(file, JSON.stringify({ 'acme-hsm': entry }));
    const said = problems({ ...good, KEEPER_QSEAL_SIGNERS: file });
    expect(said).toEqual([expect.stringContaining(problem)]);
    expect(said.join()).not.toContain('geheim');
  });

  test.each([[[]], [null], ['text'], [{ 'No Name': program }]])('that is %j is named as wrong', (signers) => {
    expect(() => read(signers)).toThrow(`KEEPER_QSEAL_SIGNERS ${file}: `);
  });
});

test('a profile file of Temporal without a profile is named, not stumbled over', () => {
  const file = join(folder, 'temporal.toml');
  writeFileSync(file, '');
  const before = process.env.TEMPORAL_CONFIG_FILE;
  process.env.TEMPORAL_CONFIG_FILE = file;
  try {
    expect(() => readTemporalSettings()).toThrow(/has no \[profile\.default\]/);
  } finally {
    if (before === undefined) delete process.env.TEMPORAL_CONFIG_FILE;
    else process.env.TEMPORAL_CONFIG_FILE = before;
  }
});

test('metrics and health are closed unless their addresses are set', () => {
  expect(readWorkerSettings(good)).toMatchObject({ metricsAddress: null, metricsConnections: 1000, healthAddress: null });
  const set = { ...good, KEEPER_METRICS_ADDRESS: '127.0.0.1:9464', KEEPER_METRICS_CONNECTIONS: '0', KEEPER_HEALTH_ADDRESS: '[::1]:9465' };
  expect(readWorkerSettings(set)).toMatchObject({
    metricsAddress: { host: '127.0.0.1', port: 9464 },
    metricsConnections: 0,
    healthAddress: { host: '::1', port: 9465 },
  });
  expect(problems({ ...good, KEEPER_METRICS_ADDRESS: '9464', KEEPER_METRICS_CONNECTIONS: '-1', KEEPER_HEALTH_ADDRESS: 'here' })).toEqual([
    'KEEPER_METRICS_ADDRESS is the address and port to listen on: 127.0.0.1:9464 (port 0: any free one)',
    'KEEPER_METRICS_CONNECTIONS is a number of connections, 0 to 99999',
    'KEEPER_HEALTH_ADDRESS is the address and port to listen on: 127.0.0.1:9465 (port 0: any free one)',
  ]);
});
