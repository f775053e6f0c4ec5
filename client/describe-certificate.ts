import type { CertificateFacts, ExaminedCertificate, Role } from '../bunq/certificates.ts';
import { permitsOf } from '../bunq/permits.ts';
import { daysLeft, SOON_DAYS } from '../workflows/certificate-life.ts';

/** What a certificate says, in words for a person. All pure. */

const IN_PLAIN_WORDS: Readonly<Record<Role, string>> = {
  AISP: 'account information (PSP_AI)',
  PISP: 'payment initiation (PSP_PI)',
  CBPII: 'card-based payment instruments (PSP_IC)',
  ASPSP: 'a bank’s own accounts (PSP_AS), which is no role at another bank',
};

const TYPES: Readonly<Record<NonNullable<CertificateFacts['type']>, string>> = {
  QSEAL: 'QSEAL, a seal: what bunq wants',
  QWAC: 'QWAC, for websites: not what bunq wants',
  QSIGN: 'for a person’s signatures: not what bunq wants',
};

export function lifeLeft({ expiresAt }: Pick<CertificateFacts, 'expiresAt'>, now: Date): string {
  const days = daysLeft(expiresAt, now.getTime());
  if (days <= 0) return 'expired';
  return days === 1 ? '1 day left' : `${days} days left`;
}

/** What each role allows at bunq, a line a role: `AISP may read transactions; read cards`. Empty where no role allows anything. */
export const permitLines = (roles: readonly string[]): string[] =>
  roles.flatMap((role) => {
    const whats = permitsOf([role]).map(({ what }) => what);
    return whats.length > 0 ? [`${role} may ${whats.join('; ')}`] : [];
  });

/** Name and value of all that stands in it. */
export function certificateRows(facts: CertificateFacts, now: Date): string[][] {
  const { authorization, competentAuthority, validFrom, expiresAt } = facts;
  const rows = [
    ['certificate', facts.subject],
    ['issued by', facts.selfSigned ? 'itself' : facts.issuer],
    ['serial number', facts.serialNumber],
  ];
  if (facts.authorizationNumber !== null) {
    const parts = authorization && `: number ${authorization.number} at ${authorization.authority} in ${authorization.country}`;
    rows.push(['authorization', `${facts.authorizationNumber}${parts ?? ', which is no authorization number'}`]);
  }
  if (competentAuthority) rows.push(['competent authority', `${competentAuthority.name} (${competentAuthority.id})`]);
  rows.push(...roleRows(facts));
  rows.push(['type', typeOf(facts)]);
  rows.push(['valid', `${validFrom} to ${expiresAt}, ${lifeLeft(facts, now)}`]);
  rows.push([
    'key',
    `${facts.keyType}${facts.keyBits > 0 ? `, ${facts.keyBits} bits` : ''}${facts.keyInDevice ? ', in a qualified device' : ''}`,
  ]);
  rows.push(['signed with', facts.signatureAlgorithm], ['SHA-256', facts.fingerprintSha256]);
  return rows;
}

function roleRows({ roles, rolesFrom, isAuthority }: CertificateFacts): string[][] {
  if (roles.length === 0) return isAuthority ? [] : [['roles', 'none']];
  const from = rolesFrom === 'qcStatements' ? 'by its PSD2 statement' : 'by the words of its common name, as the sandbox reads it';
  return roles.map((role, index) => [index === 0 ? 'roles' : '', `${role}, ${IN_PLAIN_WORDS[role]}${index === 0 ? `; ${from}` : ''}`]);
}

const typeOf = ({ type, qualified, isAuthority, roles }: CertificateFacts): string => {
  if (type === null && isAuthority && roles.length === 0) return 'it may issue certificates';
  return `${type ? TYPES[type] : 'it does not say'}${qualified ? '; qualified' : ''}`;
};

/** What is not wrong, and well to be known before the bank is asked. */
export function certificateRemarks(facts: CertificateFacts, now: Date): string[] {
  const { authorization, authorizationNumber, competentAuthority, type, qualified, rolesFrom, signatureAlgorithm } = facts;
  const remarks: string[] = [];
  const days = daysLeft(facts.expiresAt, now.getTime());
  if (days > 0 && days <= SOON_DAYS) remarks.push(`It expires in ${days === 1 ? '1 day' : `${days} days`}: have the next one issued.`);
  if (rolesFrom === 'commonName') {
    remarks.push('It has no PSD2 statement: a certificate for the sandbox. In production the roles have to stand in the statement.');
    return remarks;
  }
  if (type === null) remarks.push('It does not say (QcType) whether it is a seal.');
  if (!qualified) remarks.push('It does not say (QcCompliance) that it is qualified.');
  if (authorizationNumber === null) remarks.push('Its subject has no organizationIdentifier: the authorization number is missing.');
  else if (!authorization)
    remarks.push(`Its organizationIdentifier ${authorizationNumber} is no authorization number, as PSDNL-DNB-12345678 is.`);
  if (authorization && competentAuthority && competentAuthority.id !== `${authorization.country}-${authorization.authority}`)
    remarks.push(
      `Its statement names the authority ${competentAuthority.id}, and its authorization number another one: ${authorizationNumber}.`,
    );
  if (/^(md5|sha1)/.test(signatureAlgorithm)) remarks.push(`It is signed with ${signatureAlgorithm}, which is broken.`);
  return remarks;
}

/** The chain above it, from its issuer upwards; a self-signed one is its own. */
export function chainRows({ chain, facts }: Pick<ExaminedCertificate, 'chain' | 'facts'>): string[][] {
  if (facts.selfSigned) return [['chain', 'its own']];
  if (chain.length === 0) return [['chain', 'none that leads from it']];
  const rows = chain.map(({ subject }, index) => [index === 0 ? 'chain' : '', `${index + 1}. ${subject}`]);
  const top = chain.at(-1)!;
  return [...rows, ['', top.selfSigned ? 'up to the root' : `up to one that is issued by ${top.issuer}`]];
}
