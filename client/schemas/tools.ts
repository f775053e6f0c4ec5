import { z } from 'zod';
import type { CertificateFacts } from '../../bunq/certificates.ts';
import type { Permit } from '../../bunq/permits.ts';
import { SLOT_CLASSES } from '../../workflows/slot-classes.ts';
import type { AddressUse } from '../address-use.ts';
import type { Capacity } from '../capacity.ts';
import type { Finding } from '../finding.ts';
import type { KeyUse, SealingWorker } from '../sealing-key-use.ts';
import { schema1, time } from './connection.ts';

/** What is printed of everything but connections. */

const finding = z.object({
  check: z.string().describe('what was looked at'),
  ok: z.boolean(),
  found: z.string().describe('what was found; where it is wrong, with the remedy'),
}) satisfies z.ZodType<Finding>;

export const findings = z.object({ schema: schema1, findings: z.array(finding).readonly() });

const seconds = z.number().positive();

export const capacity = z.object({
  schema: schema1,
  slotSeconds: seconds.describe('from one session to the next at one address, where many wait'),
  sessionLifetimeSeconds: seconds.describe('of those that sessionsPerAddress is for'),
  renewedAfterSeconds: seconds.describe('how long after its opening such a session is renewed'),
  sessionsPerAddress: z.number().int(),
  addresses: z.number().int(),
  users: z.number().int(),
  load: z.number().describe('the share of the slots that renewals take: 1 is all of them'),
  fits: z.boolean(),
  addressesNeeded: z.number().int().nullable().describe('null: a session does not outlive the waiting, whatever their number'),
  reopenDays: z.number().describe('to open every session anew, after the bank has ended all of them'),
  reopenOrder: z.array(z.enum(SLOT_CLASSES)).readonly().describe('the most urgent first; of one class the session that ends first'),
  egress: z.string().exactOptional().describe('this and what follows: without --users, of what is in use'),
  connections: z.number().int().exactOptional().describe('that have a session, or are about to: end users and all others'),
  addedPerWeek: z.number().nullable().exactOptional().describe('of the last four weeks; null while that is not known'),
  fullAt: time('when all slots are taken, at that rate').nullable().exactOptional().describe('null: it is not known to grow'),
}) satisfies z.ZodType<Capacity & Partial<AddressUse>>;

export const bankAnswer = z.object({
  schema: schema1,
  status: z.number().int().describe('HTTP'),
  responseId: z.string().nullable(),
  body: z.unknown().describe("the bank's JSON as it came; a string where it was none"),
});

const role = z.enum(['AISP', 'PISP', 'CBPII', 'ASPSP']);
const fingerprint = z.string().describe('SHA-256, lower-case hex');

const certificate = z.object({
  subject: z.string().describe('/CN=My App PISP AISP/C=NL'),
  issuer: z.string(),
  commonName: z.string().nullable(),
  serialNumber: z.string().describe('upper-case hex'),
  authorizationNumber: z.string().nullable().describe('PSDNL-DNB-12345678'),
  authorization: z.object({ country: z.string(), authority: z.string(), number: z.string() }).nullable().describe('the same, taken apart'),
  competentAuthority: z.object({ name: z.string(), id: z.string() }).nullable(),
  roles: z.array(role).readonly(),
  rolesFrom: z.enum(['qcStatements', 'commonName']),
  type: z.enum(['QSEAL', 'QWAC', 'QSIGN']).nullable(),
  qualified: z.boolean(),
  keyInDevice: z.boolean(),
  validFrom: time('when it becomes valid'),
  expiresAt: time('when it expires'),
  keyType: z.string(),
  keyBits: z.number().int().describe('of an RSA key; 0 for another'),
  signatureAlgorithm: z.string(),
  isAuthority: z.boolean(),
  selfSigned: z.boolean(),
  fingerprintSha256: fingerprint,
  publicKeyPem: z.string(),
}) satisfies z.ZodType<CertificateFacts>;

const permit = z.object({
  what: z.string().describe('behind "may"'),
  methods: z.array(z.string()).readonly(),
  paths: z.array(z.string()).readonly(),
  allowed: z.array(role.exclude(['ASPSP'])).readonly(),
  refused: z.array(role.exclude(['ASPSP'])).readonly(),
  sources: z.array(z.string()).readonly(),
}) satisfies z.ZodType<Permit>;

export const certificates = z.object({
  schema: schema1,
  certificates: z.array(certificate).readonly().describe('all that are in the file'),
  provider: z
    .object({
      fingerprintSha256: fingerprint,
      daysLeft: z.number().int().describe('begun days; 0 or less when it is over'),
      chain: z.array(fingerprint).readonly().describe('from its issuer upwards'),
      permits: z.array(permit).readonly(),
      problems: z
        .array(z.object({ code: z.string(), message: z.string() }))
        .readonly()
        .describe('none: bunq can be given it'),
      remarks: z.array(z.string()).readonly(),
    })
    .nullable()
    .describe("the provider's; null in a file that holds authorities alone"),
});

export const pseudoCertificate = z.object({
  schema: schema1,
  certificate: z.string().describe('the file'),
  key: z.string().describe('the file, mode 0600'),
});

const keyIds = z.array(z.string()).readonly().describe('of all keys in the file; the first seals');
const sealingKeyFile = z.object({ schema: schema1, file: z.string(), keyIds });

export const newSealingKeys = sealingKeyFile;
export const addedSealingKey = sealingKeyFile.extend({ added: z.string() });
export const promotedSealingKey = sealingKeyFile.extend({
  promoted: z.string(),
  workers: z.number().int().describe('that were seen to have it'),
});
export const removedSealingKey = sealingKeyFile.extend({ removed: z.string() });

export const resealed = z.object({
  schema: schema1,
  keyId: z.string(),
  resealed: z.number().int().describe('connections that were sealed anew'),
  left: z.array(z.string()).describe('connections that were not, or not wholly'),
});

const names = z.array(z.string()).readonly();

const keyUse = z.object({
  keyId: z.string(),
  seals: z.boolean(),
  connections: names.describe('with something that is sealed by it'),
  histories: z.number().int().describe('closed runs that Temporal still has, with something that is sealed by it'),
  historiesUntil: time('when the last of them is gone').nullable(),
  lackedBy: names.describe('workers that do not have it'),
  sealedWithBy: names.describe('workers that seal by it'),
  neededFor: names.describe('why it may not be removed, each with what to do; none: it may'),
}) satisfies z.ZodType<KeyUse>;

const worker = z.object({
  identity: z.string(),
  keyIds: keyIds.nullable().describe('null: it does not say'),
}) satisfies z.ZodType<SealingWorker>;

export const sealingKeys = z.object({ schema: schema1, keys: z.array(keyUse).readonly(), workers: z.array(worker).readonly() });

export const simulator = z.object({ schema: schema1, apiUrl: z.url(), manageUrl: z.url() });
