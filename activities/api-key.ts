import { createPaymentServiceProviderCredential } from '../bunq/payment-service-provider-credential.ts';
import { createQsealSignature, isQsealSignature, qsealDigest } from '../bunq/qseal.ts';
import { createSandboxUser } from '../bunq/sandbox-user.ts';
import type { Sealed } from '../sealing/sealed.ts';
import type { Installation, QsealDigest } from '../workflows/state.ts';
import { activity, type SealedInstallation } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export interface Credential {
  credentialId: number;
  apiKey: Sealed<'api-key'>;
  /** By the bank's own clock; null when it did not say. */
  bindWithinMs: number | null;
}

/** What the text that a QSEAL signs is made of. */
export interface SealedTextParts {
  publicKeyPem: string;
  installationToken: Installation['installationToken'];
}

export const apiKeyActivities = (dependencies: Dependencies) => ({
  /** On the signer's worker, recorded before use: a repeated credential does not sign again. Builds the text itself. */
  signQseal: activity(
    dependencies,
    async (
      { open, signers, connection },
      input: SealedTextParts & { certificatePem: string; signer: string },
    ): Promise<{ qsealSignature: string }> => {
      const signer = signers.find(input.signer, connection.name);
      const installationToken = await open('installation-token', input.installationToken);
      const { publicKeyPem, certificatePem } = input;
      return { qsealSignature: await createQsealSignature({ publicKeyPem, installationToken, signer, certificatePem }) };
    },
  ),

  /** For a person who is to sign in the signer's place: of the text that is built here, as for the signer. */
  digestForQseal: activity(dependencies, async ({ open }, input: SealedTextParts): Promise<QsealDigest> => {
    const digest = Buffer.from(qsealDigest(input.publicKeyPem, await open('installation-token', input.installationToken)));
    return { sha256Hex: digest.toString('hex'), sha256Base64: digest.toString('base64') };
  }),

  /** Of a signature that a person gave. */
  checkQsealSignature: activity(
    dependencies,
    async ({ open }, input: SealedTextParts & { certificatePem: string; qsealSignature: string }): Promise<{ isRight: boolean }> => {
      const installationToken = await open('installation-token', input.installationToken);
      return { isRight: isQsealSignature(input.qsealSignature, { ...input, installationToken }) };
    },
  ),

  /** Twice: one unbound credential more, which dies after its hour. */
  createCredential: activity(
    dependencies,
    async (
      { bank, fencedAlone, seal, openInstallation },
      input: { installation: SealedInstallation; certificatePem: string; chainPem: string; qsealSignature: string },
    ): Promise<Credential> => {
      const { certificatePem, chainPem, qsealSignature } = input;
      const caller = await openInstallation(input.installation);
      const credential = await createPaymentServiceProviderCredential(
        bank,
        caller,
        { certificatePem, chainPem, qsealSignature },
        fencedAlone,
      );
      return {
        credentialId: credential.credentialId,
        apiKey: await seal('api-key', credential.apiKey),
        bindWithinMs: credential.bindWithinMs,
      };
    },
  ),

  /** Twice: one unused sandbox user more. */
  createSandboxUser: activity(dependencies, async ({ bank, fenced, seal }): Promise<{ apiKey: Sealed<'api-key'> }> => {
    const { apiKey } = await createSandboxUser(bank, { type: 'person' }, fenced);
    return { apiKey: await seal('api-key', apiKey) };
  }),
});
