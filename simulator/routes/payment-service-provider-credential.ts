import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { answer, answerId, BadParameter, readBody, refusals } from '../answers.ts';
import { type Bank, credentialStatus } from '../bank.ts';
import { CertificateRefused, type QsealCertificate, readQsealCertificate } from '../certificates.ts';
import { bunqTime } from '../clock.ts';
import type { Credential, User } from '../entities.ts';
import { newToken } from '../random.ts';
import type { InstallationCall, Route } from '../route.ts';
import { isSignedBy, qsealText } from '../signatures.ts';

const bodySchema = z.object({
  client_payment_service_provider_certificate: z.string(),
  client_payment_service_provider_certificate_chain: z.string(),
  client_public_key_signature: z.string(),
});

function readCertificate(certificatePem: string, chainPem: string, nowMs: number): QsealCertificate {
  try {
    return readQsealCertificate(certificatePem, chainPem, nowMs);
  } catch (error) {
    throw error instanceof CertificateRefused ? new BadParameter(error.message) : error;
  }
}

/** The same distinguished name is the same user, with the roles of its latest certificate. */
function userOf({ store }: Bank, { distinguishedName, commonName, roles }: QsealCertificate, nowMs: number): User {
  const known = store.find('users', (user) => user.distinguishedName === distinguishedName);
  if (known !== undefined) return store.put('users', { ...known, roles });
  return store.put('users', {
    id: store.nextId(),
    type: 'UserPaymentServiceProvider',
    displayName: commonName,
    distinguishedName,
    roles,
    uuid: randomUUID(),
    createdAtMs: nowMs,
  });
}

function create({ bank, body, caller, nowMs }: InstallationCall) {
  const { store, settings } = bank;
  const fields = readBody(bodySchema, body);
  const certificate = readCertificate(
    fields.client_payment_service_provider_certificate,
    fields.client_payment_service_provider_certificate_chain,
    nowMs,
  );
  const text = qsealText(caller.installation.publicKeyText, caller.installation.token);
  if (!isSignedBy(text, fields.client_public_key_signature, certificate.publicKey))
    throw new BadParameter('The signature of the client public key is invalid.');
  const credential = store.put('credentials', {
    id: store.nextId(),
    userId: userOf(bank, certificate, nowMs).id,
    origin: 'certificate',
    apiKey: newToken(),
    createdAtMs: nowMs,
    bindUntilMs: nowMs + settings.credentialLifetimeMs,
    boundAtMs: null,
    revokedAtMs: null,
    permittedIps: [],
  });
  return settings.idInsteadOfObject ? answerId(credential.id) : answer(showCredential(bank, credential, nowMs));
}

/** While it waits for its first use it shows its expiry and API key, then the device that may use it. */
function showCredential({ store }: Bank, credential: Credential, nowMs: number): object {
  const status = credentialStatus(credential, nowMs);
  const isPending = status === 'PENDING_FIRST_USE';
  const device = store.find('devices', ({ credentialId }) => credentialId === credential.id);
  return {
    CredentialPasswordIp: {
      id: credential.id,
      created: bunqTime(credential.createdAtMs),
      updated: bunqTime(credential.boundAtMs ?? credential.createdAtMs),
      status,
      expiry_time: isPending && credential.bindUntilMs !== null ? bunqTime(credential.bindUntilMs) : null,
      token_value: isPending ? credential.apiKey : null,
      permitted_device: device === undefined ? null : { description: device.description, ip: device.ip },
    },
  };
}

/** On a session: those of its user; on an installation: those bound on it. */
function read({ bank, caller, id, nowMs }: InstallationCall) {
  const credential = bank.store.get('credentials', id('itemId'));
  const isOwn =
    credential !== undefined &&
    credential.origin === 'certificate' &&
    (caller.session === null
      ? bank.store.find('devices', (device) => device.credentialId === credential.id && device.installationId === caller.installation.id)
      : caller.session.userId === credential.userId);
  if (!isOwn) throw refusals.notFound('PaymentServiceProviderCredential');
  return answer(showCredential(bank, credential, nowMs));
}

export const credentialRoutes: readonly Route[] = [
  { method: 'POST', path: '/payment-service-provider-credential', token: 'installation', perform: create },
  { method: 'GET', path: '/payment-service-provider-credential/{itemId}', token: 'installation-or-session', perform: read },
];
