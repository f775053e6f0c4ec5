import type { Signers } from '../../activities/dependencies.ts';
import { createBank } from '../../bunq/bank.ts';
import { readCertificate } from '../../bunq/certificates.ts';
import { createPseudoCertificate, type PseudoCertificateInput } from '../../bunq/pseudo-certificate.ts';
import { type QsealSigner, SignerError, signerFromPrivateKey } from '../../bunq/qseal.ts';
import { createSandboxUser } from '../../bunq/sandbox-user.ts';
import { withKeyFirst, withNewKey } from '../../sealing/key-rotation.ts';
import { newSealingKeys, SealingKeySet } from '../../sealing/key-set.ts';
import type { Secret } from '../../sealing/secret.ts';
import { systemClock } from '../../settings/clock.ts';
import type { WantedCredential } from '../../workflows/state.ts';

/** What connections are onboarded with, and who opens and signs for them: all in memory. */

const FORMER_KEYS = newSealingKeys(new Date('2020-01-01T00:00:00Z'));
const added = withNewKey(FORMER_KEYS, 'the test', new Date());

/** Before a rotation: the workers have this key too, and seal by another. */
export const formerSealingKeys = SealingKeySet.parse(FORMER_KEYS, 'the test');
export const sealingKeys = SealingKeySet.parse(withKeyFirst(added.text, 'the test', added.keyId), 'the test');

const signersByName = new Map<string, QsealSigner>();

/** Signs for every certificate that `providerCertificate` made. */
export const signers: Signers = {
  find(signer) {
    const found = signersByName.get(signer);
    if (!found) throw new SignerError('SIGNER_REFUSED', `There is no signer ${signer}.`);
    return found;
  },
};

/** From now on `signer` signs too, with the key of the certificate of that name. */
export function lendSigner(signer: string, certificateName: string): void {
  signersByName.set(signer, signersByName.get(`file:/${certificateName}.pem`)!);
}

/** From now on `signer` signs nothing, for that reason; with the key of the certificate of that name once it is called. */
export function takeSigner(signer: string, certificateName: string, reason: Error): () => void {
  signersByName.set(signer, { sign: () => Promise.reject(reason) });
  return () => lendSigner(signer, certificateName);
}

const privateKeys = new Map<string, string>();

/** Of the certificate of that name, which was made already. */
export const privateKeyOf = (certificateName: string) => privateKeys.get(certificateName)!;

const made = new Map<string, Promise<Extract<WantedCredential, { type: 'qseal' }>>>();

/** A pseudo certificate with its signer; the same name gives the same again, as making a key takes its time. */
export function providerCertificate(name = 'My App'): Promise<Extract<WantedCredential, { type: 'qseal' }>> {
  const known = made.get(name);
  if (known) return known;
  const certificate = makeCertificate({ name, now: new Date(), days: 40_000 }); // a virtual century passes
  made.set(name, certificate);
  return certificate;
}

let nextCertificates = 0;

/** Another one, with another key and a signer of its own; the same name is the same user. */
export const nextCertificate = (name: string, { nowMs, days }: { nowMs: number; days: number }) =>
  makeCertificate({ name, now: new Date(nowMs), days }, `file:/${name} ${++nextCertificates}.pem`);

async function makeCertificate(
  input: Pick<PseudoCertificateInput, 'name' | 'now' | 'days'>,
  signer = `file:/${input.name}.pem`,
): Promise<Extract<WantedCredential, { type: 'qseal' }>> {
  const { certificatePem, privateKeyPem } = await createPseudoCertificate({
    ...input,
    roles: ['PISP', 'AISP'],
    bits: 2048, // quicker to make than the usual 4096
  });
  const { fingerprintSha256, subject, authorizationNumber, roles, expiresAt } = readCertificate(certificatePem);
  signersByName.set(signer, signerFromPrivateKey(privateKeyPem));
  privateKeys.set(input.name, privateKeyPem);
  return {
    type: 'qseal',
    certificatePem,
    chainPem: certificatePem,
    signer,
    fingerprintSha256,
    subject,
    authorizationNumber,
    roles: [...roles],
    expiresAt,
  };
}

/** The API key of a new user of the bank. */
export async function newApiKey(apiUrl: string): Promise<Secret> {
  const bank = createBank({ apiUrl, clock: systemClock });
  const { apiKey } = await createSandboxUser(bank, { type: 'person' });
  await bank.close();
  return apiKey;
}

export const sealedApiKey = async (
  workflowId: string,
  apiKey: Secret,
  keys = sealingKeys,
): Promise<Extract<WantedCredential, { type: 'api-key' }>> => ({ type: 'api-key', apiKey: await keys.seal('api-key', workflowId, apiKey) });
