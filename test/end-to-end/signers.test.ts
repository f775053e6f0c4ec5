import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionStatus } from '../../workflows/messages.ts';
import { fileWith, temporaryFolder } from '../support/at-end.ts';
import { newAuthority } from '../support/mutual-tls.ts';
import { decodedPayloads } from '../support/payloads.ts';
import { startSignerServer } from '../support/qseal-signer-server.ts';
import { privateKeySecrets, searchForSecrets } from '../support/secret-search.ts';
import { copyOf, vectorPath } from '../support/signing.ts';
import { temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { BankProcess } from './support/bank-process.ts';
import { scene } from './support/scene.ts';

/** A provider behind each kind of signer, by its name, as in production: one worker offers them all. */

const PASSPHRASE = 'vector';
const temporal = await temporalServer();
const bank = await BankProcess.start('--session-gap', '1s');
const file = join(temporaryFolder(), 'signers.json');
const here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s', KEEPER_QSEAL_SIGNERS: file, SEAL_KEY: copyOf('pseudo-key.pem') });

const program = fileWith(
  'seal',
  `#!/bin/sh
case $1 in
  sign) openssl base64 -d -A | openssl pkeyutl -sign -inkey "$SEAL_KEY" -pkeyopt digest:sha256 | openssl base64 -A ;;
  public-key) openssl pkey -in "$SEAL_KEY" -pubout ;;
esac
`,
  0o700,
);

const authority = newAuthority();
const signerServer = await startSignerServer({
  server: authority.issue('signer'),
  authorityPem: authority.certificatePem,
  keys: { 'acme-2026': { privateKeyPem: readFileSync(vectorPath('pseudo-key.pem'), 'utf8'), clients: ['keeper'] } },
});

const settings = {
  file: { signer: `file:${copyOf('encrypted-key.pem', 0o644)}`, passphraseFile: fileWith('passphrase', `${PASSPHRASE}\n`) },
  exec: { signer: `exec:${program}`, passEnvironment: ['SEAL_KEY'] },
  https: { signer: signerServer.url, keyId: 'acme-2026', ...authority.issueFiles('keeper') },
  down: { signer: 'exec:/none/seal' },
};

const of = { environment: here.environment, connections: Object.keys(settings).map((kind) => `acme-${kind}`) };
writeFileSync(file, JSON.stringify(Object.fromEntries(Object.entries(settings).map(([kind, entry]) => [kind, { ...entry, ...of }]))));

const worker = await here.startWorker();
const provider = (kind: string, certificate = 'pseudo-cert.pem') => [
  '--certificate',
  vectorPath(certificate),
  '--signer',
  kind,
  '--callback-url',
  'https://acme.example/',
];

// it takes a minute, in which the others run
beforeAll(async () => {
  expect(await here.run('onboard', 'acme-nobodys', ...provider('nobodys'), '--no-wait')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Warning: No worker polls bunq-keeper\..*\.qseal\.nobodys\. Start one/m),
  });
});

test.each(['file', 'exec', 'https'])('a provider is onboarded with a key behind %s:', async (kind) => {
  const { code, stdout, stderr } = await here.run('onboard', `acme-${kind}`, ...provider(kind), '--json');
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(JSON.parse(stdout) as ConnectionStatus).toMatchObject({ state: 'ACTIVE' });
});

const lines = () =>
  worker.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: number; event?: string; signer?: string; msg: string });

test('at its start the worker looks whether the bank is there, and at its own clock', async () => {
  const told = await until('both are told', () => {
    const looks = lines().filter(({ event }) => event === 'bank' || event === 'clock');
    return looks.length === 2 && looks;
  });
  expect(told).toEqual([
    expect.objectContaining({ level: 30, event: 'bank', msg: expect.stringMatching(/^bank: http:.* answers$/) }),
    expect.objectContaining({ level: 30, event: 'clock', msg: expect.stringMatching(/^clock: \d+ s from the bank's$/) }),
  ]);
});

test('at its start the worker has each signer tell its key; one that is down, and a key that everybody reads, are warnings', async () => {
  const told = await until('all have told', () => {
    const all = lines().filter(({ event }) => event === 'signer');
    return all.length === 4 && Object.fromEntries(all.map(({ signer, level, msg }) => [signer, [level, msg]]));
  });
  expect(told).toEqual({
    file: [30, expect.stringMatching(/^file: it is there: RSA 4096, SHA-256 of its public key [0-9a-f]{64}$/)],
    exec: [30, expect.stringContaining('it is there: RSA 4096')],
    https: [30, expect.stringContaining('it is there: RSA 4096')],
    down: [40, expect.stringContaining('/none/seal cannot be read on the worker (ENOENT)')],
  });
  expect(lines().filter(({ level, msg }) => level === 40 && msg.includes('chmod o-r'))).toHaveLength(1);
});

test('doctor says the same', async () => {
  const { code, stderr } = await here.run('doctor');
  expect(code).toBe(1);
  for (const kind of ['file', 'exec', 'https']) expect(stderr).toMatch(new RegExp(`^✔ signer ${kind}: it is there: RSA 4096`, 'm'));
  expect(stderr).toMatch(/^✖ signer down: \/none\/seal cannot be read/m);
  expect(stderr).toMatch(/^✔ signers: Warning: .*chmod o-r/m);
  expect(stderr).toMatch(/^✔ clock: \d+ s from the bank's$/m);
});

test('onboard --check finds a signer and its key right, and what is not', async () => {
  const checked = await here.run('onboard', 'acme-exec', ...provider('exec'), '--check', '--json');
  const { findings } = JSON.parse(checked.stdout) as { schema: 1; findings: { check: string; ok: boolean; found: string }[] };
  expect(findings.filter(({ check }) => check === 'signer' || check === 'workers')).toEqual([
    { check: 'signer', ok: true, found: 'exec, which KEEPER_QSEAL_SIGNERS lists for acme-exec' },
    { check: 'signer', ok: true, found: 'the key of exec is that of the certificate' },
    { check: 'workers', ok: true, found: expect.stringContaining('is polled') },
  ]);
  const { code, stderr } = await here.run('onboard', 'acme-exec', ...provider('exec', 'expired-cert.pem'), '--check');
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^✖ certificate: .* expired on 2021-01-01/m)]);
});

test('a provider whose signer is down is not parked for it', async () => {
  expect(await here.run('onboard', 'acme-down', ...provider('down'), '--no-wait')).toMatchObject({ code: 0 });
  const status = await until('the signer was asked', async () => {
    const { stdout } = await here.run('status', 'acme-down', '--json');
    const seen = JSON.parse(stdout) as ConnectionStatus;
    return seen.lastError && seen;
  });
  expect(status).toMatchObject({ state: 'ONBOARDING', action: null, lastError: { code: 'SIGNER_UNAVAILABLE' } });
});

test('neither the key nor its passphrase is in Temporal or in what was logged', async () => {
  const secrets = privateKeySecrets('QSEAL key', readFileSync(vectorPath('pseudo-key.pem'), 'utf8'));
  const payloads = await decodedPayloads(
    temporal.client,
    of.connections.map((name) => `provider.${here.environment}.${name}`),
  );
  const haystacks = [{ path: temporal.dbFile }, { path: temporal.logFile }, ...payloads, { name: 'output', bytes: worker.stderr }];
  expect(searchForSecrets(secrets, haystacks)).toEqual([]);
  expect(worker.stderr).not.toContain(PASSPHRASE);
});

test('a named signer that no worker offers holds up nothing: its task is given up, and given again', async () => {
  const status = await until('the task was given up', async () => {
    const seen = await here.keeper.status('acme-nobodys');
    return seen.lastError && seen;
  });
  expect(status).toMatchObject({
    state: 'ONBOARDING',
    action: null,
    lastError: { code: 'NOT_SENT', text: 'No worker took the task in time.' },
  });
});
