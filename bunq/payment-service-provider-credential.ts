import { z } from 'zod';
import { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions, InstallationCaller } from './bank.ts';
import { itemOf } from './envelope.ts';
import { request } from './request.ts';
import { parseBunqTime, remainingMs } from './times.ts';

const credentialSchema = z.looseObject({
  id: z.int(),
  created: z.string().nullish(),
  expiry_time: z.string().nullish(),
  token_value: z.string().min(1),
});

export interface PaymentServiceProviderCredential {
  readonly credentialId: number;
  readonly apiKey: Secret;
  /** How long the API key may still be bound to a device before it dies, when the answer arrives; null when the bank does not say. */
  readonly bindWithinMs: number | null;
}

export interface CredentialInput {
  /** The QSEAL certificate alone, PEM. */
  readonly certificatePem: string;
  /** Intermediate and root, PEM, one after the other. */
  readonly chainPem: string;
  /** From `createQsealSignature`, over this caller's public key and token. */
  readonly qsealSignature: string;
}

/**
 * `POST /payment-service-provider-credential`: an API key for the provider that the certificate names.
 * @throws BunqError
 */
export function createPaymentServiceProviderCredential(
  bank: Bank,
  caller: InstallationCaller,
  { certificatePem, chainPem, qsealSignature }: CredentialInput,
  options?: CallOptions,
): Promise<PaymentServiceProviderCredential> {
  const { installationToken: token, privateKey, serverPublicKeyPem } = caller;
  const body = {
    client_payment_service_provider_certificate: certificatePem,
    client_payment_service_provider_certificate_chain: chainPem,
    client_public_key_signature: qsealSignature,
  };
  const call = { method: 'POST', path: 'payment-service-provider-credential', body, token, privateKey, serverPublicKeyPem } as const;
  return request(bank, call, options, (items, answer) => {
    const credential = itemOf(items, ['CredentialPasswordIp'], credentialSchema);
    return {
      credentialId: credential.id,
      apiKey: new Secret(credential.token_value),
      bindWithinMs: bindWithinMs(parseBunqTime(credential.created), parseBunqTime(credential.expiry_time), answer),
    };
  });
}

function bindWithinMs(
  createdMs: number | null,
  expiryMs: number | null,
  answer: { bankNowMs: number | null; durationMs: number },
): number | null {
  if (expiryMs === null) return null;
  if (createdMs !== null) return remainingMs(expiryMs - createdMs, createdMs, answer);
  return answer.bankNowMs === null ? null : Math.max(0, expiryMs - answer.bankNowMs);
}
