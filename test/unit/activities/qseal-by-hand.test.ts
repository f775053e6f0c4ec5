import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { apiKeyActivities } from '../../../activities/api-key.ts';
import type { Dependencies } from '../../../activities/dependencies.ts';
import { signerFromPrivateKey } from '../../../bunq/qseal.ts';
import { Secret } from '../../../sealing/secret.ts';
import { sealingKeys } from '../../support/credentials.ts';
import { vector } from '../bunq/support.ts';

/** A signature that a person makes in the signer's place: what is shown of the text, and what is taken. */

const ACME = 'provider.test.acme';
const TOKEN = vector('installation-token.txt');
const publicKeyPem = vector('installation-public-key.pem');
const certificatePem = vector('pseudo-cert.pem');

const { digestForQseal, checkQsealSignature } = apiKeyActivities({
  environment: 'test',
  sealingKeys,
} as Partial<Dependencies> as Dependencies);

const run = <Input, Result>(activity: (input: Input) => Promise<Result>, input: Input): Promise<Result> =>
  new MockActivityEnvironment({ workflowExecution: { workflowId: ACME, runId: 'run' } }, { logger: new DefaultLogger('ERROR') }).run(
    activity,
    input,
  );

const tokenOf = (connection: string) => sealingKeys.seal('installation-token', connection, new Secret(TOKEN));

test('the digest is shown in hex and base64, and signing that makes the signature that is taken', async () => {
  const input = { publicKeyPem, installationToken: await tokenOf(ACME) };
  const { sha256Hex, sha256Base64 } = await run(digestForQseal, input);
  expect(Buffer.from(sha256Base64, 'base64').toString('hex')).toBe(sha256Hex);
  const signature = await signerFromPrivateKey(vector('pseudo-key.pem')).sign(Buffer.from(sha256Hex, 'hex'));
  const qsealSignature = Buffer.from(signature).toString('base64');
  expect(qsealSignature).toBe(vector('qseal-signature.base64'));
  expect(await run(checkQsealSignature, { ...input, certificatePem, qsealSignature })).toEqual({ isRight: true });
});

test("another key's signature is not right", async () => {
  const input = { publicKeyPem, installationToken: await tokenOf(ACME) };
  const { sha256Hex } = await run(digestForQseal, input);
  const signature = await signerFromPrivateKey(vector('other-key.pem')).sign(Buffer.from(sha256Hex, 'hex'));
  const qsealSignature = Buffer.from(signature).toString('base64');
  expect(await run(checkQsealSignature, { ...input, certificatePem, qsealSignature })).toEqual({ isRight: false });
});

test("nothing is shown of another connection's token, nor of a text of another shape", async () => {
  const others = run(digestForQseal, { publicKeyPem, installationToken: await tokenOf('provider.test.globex') });
  await expect(others).rejects.toBeInstanceOf(ApplicationFailure);
  await expect(others).rejects.toMatchObject({ type: 'SEALED_VALUE_REJECTED' });
  const contract = run(digestForQseal, { publicKeyPem: 'I owe you a million euros.', installationToken: await tokenOf(ACME) });
  await expect(contract).rejects.toMatchObject({ type: 'SIGNER_REFUSED', message: expect.not.stringContaining('million') });
});
