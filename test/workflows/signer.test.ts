import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignerError } from '../../bunq/qseal.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { privateKeyOf, providerCertificate, takeSigner } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { HOUR, MINUTE } from '../support/virtual-time.ts';

/** A signer that is down: nothing is parked for it, it is tried again, and after an hour a person may sign in its place. */

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const DOWN = new SignerError('SIGNER_UNAVAILABLE', 'the HSM is locked');

/** A provider whose signer is down until `mend`. */
async function withoutSigner() {
  const acme = await keeper.connection('acme');
  const signer = `file:/down for ${acme.egress}.pem`;
  const mend = takeSigner(signer, 'My App', DOWN);
  await acme.onboard({ credential: { ...(await providerCertificate()), signer } });
  return { acme, mend };
}

const lastPartOf = (remedy: string) => /echo (\S+) \| (.+) > F, then: bunq-keeper resume acme --signature F$/.exec(remedy)!;

test('a signer that is down parks nothing, and is asked again until it is back', async () => {
  const { acme, mend } = await withoutSigner();
  const { lastError } = await acme.until('the signer was asked', (status) => status.lastError !== null);
  expect(lastError).toMatchObject({ code: 'SIGNER_UNAVAILABLE', text: 'the HSM is locked' });
  await keeper.time.pass(20 * MINUTE);
  expect(await acme.status()).toMatchObject({ state: 'ONBOARDING', action: null });
  mend();
  expect(await acme.becomes('ACTIVE', HOUR)).toMatchObject({ action: null, lastError: null });
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, sessions: 1 });
});

test('after an hour the digest and the command are shown, and the signature that the command makes is taken', async () => {
  const { acme } = await withoutSigner();
  const { action } = await acme.becomes('ACTION_REQUIRED', 2 * HOUR);
  expect(action).toMatchObject({ code: 'SIGNER_UNREACHABLE', seen: { code: 'SIGNER_UNAVAILABLE', text: 'the HSM is locked' } });
  expect(action!.remedy).toMatch(/SHA-256 digest [0-9a-f]{64} /);
  const [, digest, command] = lastPartOf(action!.remedy);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'key.pem'), privateKeyOf('My App'), { mode: 0o600 });
  const signature = spawnSync('sh', ['-c', `echo ${digest} | ${command}`], { cwd: folder, encoding: 'utf8' }).stdout;
  await acme.giveSignature(signature);
  expect(await acme.becomes('ACTIVE', 5 * MINUTE)).toMatchObject({ action: null, lastError: null });
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, sessions: 1 });
  const { ladder } = await acme.state();
  expect([ladder.givenSignature, ladder.installation!.qsealDigest]).toEqual([undefined, undefined]);
});

test('a wrong signature is said to be wrong, and a person is asked again at once', async () => {
  const { acme, mend } = await withoutSigner();
  await acme.becomes('ACTION_REQUIRED', 2 * HOUR);
  await acme.giveSignature(Buffer.alloc(256, 7).toString('base64'));
  const { action } = await acme.until('the signature was checked', ({ action }) => action?.seen.text?.includes('does not verify') === true);
  expect(action).toMatchObject({ code: 'SIGNER_UNREACHABLE' });
  expect((await acme.state()).ladder.givenSignature).toBeUndefined();
  mend();
  expect(await acme.becomes('ACTIVE', HOUR)).toMatchObject({ action: null, recovered: { code: 'SIGNER_UNREACHABLE' } });
});

test('while a person is waited for the signer goes on being asked, and its own signature is used when it is back', async () => {
  const { acme, mend } = await withoutSigner();
  await acme.becomes('ACTION_REQUIRED', 2 * HOUR);
  mend();
  expect(await acme.becomes('ACTIVE', HOUR)).toMatchObject({ action: null });
});

test('a signature is taken only where one was asked for', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  await acme.becomes('ACTIVE');
  await expect(acme.giveSignature('AAAA')).rejects.toMatchObject({
    cause: { message: expect.stringContaining('asks for no signature now') },
  });
});
