import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignerError } from '../../../bunq/qseal.ts';
import { execSigner } from '../../../signers/exec-signer.ts';
import { temporaryFolder } from '../../support/at-end.ts';
import { copyOf, DIGEST, isSignature } from '../../support/signing.ts';
import { until } from '../../support/until.ts';

const key = copyOf('pseudo-key.pem');

/** Signs with openssl, as the recipes of docs/signers.md do. */
const OPENSSL = `case $1 in
sign) openssl base64 -d -A | openssl pkeyutl -sign -inkey ${key} -pkeyopt digest:sha256 | openssl base64 ;;
public-key) openssl pkey -in ${key} -pubout ;;
esac`;

function program(script: string, { mode = 0o700, folder = temporaryFolder(), interpreter = '/bin/sh' } = {}): string {
  const path = join(folder, 'seal');
  writeFileSync(path, `#!${interpreter}\n${script}\n`, { mode });
  return path;
}

const LONG_MS = 30_000;

const signer = (path: string, { variables = {}, timeLimitMs = LONG_MS } = {}) => execSigner({ program: path, variables, timeLimitMs });

async function failureOf(attempt: Promise<unknown>): Promise<SignerError> {
  const error = await attempt.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(SignerError);
  return error as SignerError;
}

/** Also one that nobody has buried yet has ended. */
const isRunning = (pid: number) => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

test('a program that gets the digest in base64 and prints the signature in base64 signs', async () => {
  expect(isSignature(await signer(program(OPENSSL)).sign(DIGEST))).toBe(true);
});

test('it tells its public key', async () => {
  const publicKey = await signer(program(OPENSSL)).publicKey();
  expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(4096);
});

test('no shell sees its path', async () => {
  const folder = join(temporaryFolder(), 'a b; echo $HOME');
  mkdirSync(folder);
  expect(isSignature(await signer(program(OPENSSL, { folder })).sign(DIGEST))).toBe(true);
});

test('it gets the digest on stdin, one argument, and of the environment what its settings name alone', async () => {
  process.env.SEAL_SECRET_OF_THE_WORKER = 'x';
  const seen = join(temporaryFolder(), 'seen.json');
  const script = `const { argv, env } = process; const input = require('fs').readFileSync(0, 'utf8');
    require('fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ argv: argv.slice(2), env, input, cwd: process.cwd() }));`;
  await failureOf(signer(program(script, { interpreter: process.execPath }), { variables: { SEAL_KEY: 'acme' } }).sign(DIGEST));
  expect(JSON.parse(readFileSync(seen, 'utf8'))).toEqual({
    argv: ['sign'],
    env: { SEAL_KEY: 'acme' },
    input: `${DIGEST.toString('base64')}\n`,
    cwd: '/',
  });
});

test('one that does not read its input signs all the same', async () => {
  const signature = Buffer.from(await signer(program(OPENSSL)).sign(DIGEST)).toString('base64');
  expect(isSignature(await signer(program(`exec 0<&-; echo ${signature}`)).sign(DIGEST))).toBe(true);
});

test('one that fails is unavailable, with what it said last', async () => {
  const error = await failureOf(signer(program('echo "connecting to the HSM" >&2; echo "the HSM is locked" >&2; exit 3')).sign(DIGEST));
  expect(error.code).toBe('SIGNER_UNAVAILABLE');
  expect(error.message).toMatch(/seal sign ended with exit code 3: connecting to the HSM the HSM is locked$/);
});

test('one that prints nothing is unavailable, with what it said: a pipeline of which the first part failed ends like that', async () => {
  const error = await failureOf(signer(program('{ echo "no HSM" >&2; exit 1; } | cat')).sign(DIGEST));
  expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: expect.stringMatching(/seal sign printed nothing: no HSM$/) });
});

test('what it said is cut, and shows no PIN, token or key, nor a value of its environment', async () => {
  const variables = { SEAL_PIN: 'geheim1', SEAL_PIN_OLD: 'geheim12' };
  const script = `echo "pin: geheim0 --pin 'geheim2' Authorization: Bearer geheim3 token=geheim4" >&2
    echo "$SEAL_PIN $SEAL_PIN_OLD GeheimGeheimGeheimGeheimGeheim+/geheim" >&2
    echo "-----BEGIN PRIVATE KEY-----" >&2; echo geheim5 >&2; exit 1`;
  const { message } = await failureOf(signer(program(script), { variables }).sign(DIGEST));
  expect(message).not.toMatch(/geheim/i);
  const { message: long } = await failureOf(
    signer(program('i=0; while [ $i -lt 20000 ]; do echo "line $i" >&2; i=$((i+1)); done; exit 1')).sign(DIGEST),
  );
  expect(long.length).toBeLessThan(400);
  expect(long).toContain('line 19999');
});

test.each([
  ['prose', 'echo "signed, sir"'],
  ['half a signature', 'printf AAAA==='],
])('one that prints %s is refused, without what it printed', async (_what, script) => {
  const error = await failureOf(signer(program(script)).sign(DIGEST));
  expect(error).toMatchObject({
    code: 'SIGNER_REFUSED',
    message: expect.stringMatching(/seal sign gave something else than a signature in base64\.$/),
  });
});

test('one that prints a private key for its public one is refused', async () => {
  const error = await failureOf(signer(program(`cat ${key}`)).publicKey());
  expect(error.message).toMatch(/something else than its public key in PEM\.$/);
});

test('one that prints without end is stopped', async () => {
  const error = await failureOf(signer(program('while :; do echo AAAAAAAAAAAAAAAA; done')).sign(DIGEST));
  expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: expect.stringContaining('printed more than 8192 bytes') });
});

test('one that was ended from outside is unavailable', async () => {
  expect((await failureOf(signer(program('kill -9 $$')).sign(DIGEST))).message).toMatch(/was ended by SIGKILL$/);
});

test.each<[string, string | (() => string), string]>([
  ['not there', '/none/seal', 'cannot be read on the worker (ENOENT)'],
  ['not executable', () => program(OPENSSL, { mode: 0o600 }), 'cannot be run (EACCES)'],
  ['without its interpreter', () => program('', { interpreter: '/none/sh' }), 'cannot be run (ENOENT)'],
])('one that is %s is unavailable', async (_what, path, why) => {
  const error = await failureOf(signer(typeof path === 'string' ? path : path()).sign(DIGEST));
  expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: expect.stringContaining(why) });
});

test('one that others can change is not run', async () => {
  const folder = temporaryFolder();
  const path = copyOf('body.json', 0o777);
  writeFileSync(path, `#!/bin/sh\ntouch ${folder}/ran`);
  expect(await failureOf(signer(path).sign(DIGEST))).toMatchObject({
    code: 'SIGNER_REFUSED',
    message: expect.stringContaining('chmod go-w'),
  });
  expect(existsSync(join(folder, 'ran'))).toBe(false);
});

describe('what it leaves behind', () => {
  /** Starts a child of its own that hangs, and notes who that is. */
  const withChild = (then: string, start = 'sleep 300 &') => {
    const noted = join(temporaryFolder(), 'pid');
    const path = program(`${start}\necho $! > ${noted}.new; mv ${noted}.new ${noted}\n${then}`);
    return { path, child: () => Number(readFileSync(noted, 'utf8')) };
  };

  test('a program that hangs is ended at its time limit, and its children with it', async () => {
    const { path, child } = withChild('trap "" TERM; wait');
    const error = await failureOf(signer(path, { timeLimitMs: 500 }).sign(DIGEST));
    expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: expect.stringContaining('gave no answer within 0.5 s') });
    await until('its child has ended', () => !isRunning(child()));
  });

  test('a child that still holds its output neither holds up the signature nor stays', async () => {
    const { path, child } = withChild(OPENSSL);
    expect(isSignature(await signer(path).sign(DIGEST))).toBe(true);
    await until('its child has ended', () => !isRunning(child()));
  });

  test('a child that has left its process group does not hold up the signature either', async () => {
    const left = join(temporaryFolder(), 'left');
    const { path, child } = withChild(`until [ -e ${left} ]; do :; done\n${OPENSSL}`, `setsid sh -c ': > ${left}; exec sleep 600' &`);
    expect(isSignature(await signer(path).sign(DIGEST))).toBe(true);
    expect(isRunning(child())).toBe(true);
    process.kill(child());
  });

  test('no process is left unburied, however many it was', async () => {
    const path = program('exit 1');
    await Promise.all(Array.from({ length: 20 }, () => failureOf(signer(path).sign(DIGEST))));
    const unburied = () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => {
          try {
            const status = readFileSync(`/proc/${pid}/status`, 'utf8');
            return /^State:\s+Z/m.test(status) && new RegExp(`^PPid:\\s+${process.pid}$`, 'm').test(status);
          } catch {
            return false; // it has ended meanwhile
          }
        });
    await until('all are buried', () => unburied().length === 0);
  });
});
