import { CertificateError, type CheckInput, type ExaminedCertificate, examineQsealCertificate } from '../bunq/certificates.ts';
import { certificateRemarks, lifeLeft, permitLines } from './describe-certificate.ts';
import { type Finding, right, wrong } from './finding.ts';
import type { KnownStatus } from './known-status.ts';

/** Everything that is wrong with a certificate that is about to be used, and what it allows where nothing is. Pure. */
export function certificateFindings(given: CheckInput): Finding[] {
  const examined = examine(given);
  if (examined instanceof CertificateError) return [wrong('certificate', examined.message)];
  const { facts, chain, problems } = examined;
  if (problems.length > 0) return problems.map(({ code, message }) => wrong(CHECKS[code] ?? 'certificate', message));
  const remarks = certificateRemarks(facts, given.now);
  const upTo = chain.at(-1)!.subject;
  return [
    right('certificate', [`${facts.subject}, ${facts.type ?? 'of no type'}, ${lifeLeft(facts, given.now)}.`, ...remarks].join(' ')),
    ...(given.privateKeyPem === undefined ? [] : [right('private key', 'belongs to the certificate')]),
    right('chain', facts.selfSigned ? 'the certificate is its own' : `${chain.length} up to ${upTo}`),
    right('permits', `${permitLines(facts.roles).join('. ')}.`),
  ];
}

const CHECKS: Partial<Record<CertificateError['code'], string>> = {
  CERTIFICATE_CHAIN_MISMATCH: 'chain',
  CERTIFICATE_KEY_MISMATCH: 'private key',
  PRIVATE_KEY_UNREADABLE: 'private key',
};

function examine(given: CheckInput): ExaminedCertificate | CertificateError {
  try {
    return examineQsealCertificate(given);
  } catch (error) {
    if (error instanceof CertificateError) return error;
    throw error;
  }
}

/** The certificate that a provider was onboarded with; nothing for who has none. Pure. */
export function onboardedCertificateFindings({ name, certificate }: Pick<KnownStatus, 'name' | 'certificate'>, now: Date): Finding[] {
  if (!certificate) return [];
  const { subject, expiresAt, roles } = certificate;
  const isOver = Date.parse(expiresAt) <= now.getTime();
  const found = isOver
    ? `${subject} expired on ${expiresAt}. The sessions go on; for another API key give a new one: bunq-keeper resume ${name} --certificate F --chain F --signer S`
    : `${subject}, expires ${expiresAt}, ${lifeLeft(certificate, now)}. ${permitLines(roles).join('. ')}.`;
  return [{ check: `certificate of ${name}`, ok: !isOver, found }];
}
