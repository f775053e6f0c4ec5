import type { Role } from './certificate-facts.ts';
import { ANY_API, belowApi } from './raw-call.ts';

/** Of the roles in a certificate those that are one's at bunq; ASPSP is a bank's at its own. */
export type PermitRole = Exclude<Role, 'ASPSP'>;

/**
 * What bunq lets a payment service provider do by its role, as far as it has said so. `allowed` and `refused` say what a source says;
 * a role in neither is one of which nothing is known, or of which bunq's texts disagree.
 */
export interface Permit {
  /** For people, behind "may". */
  readonly what: string;
  readonly methods: readonly string[];
  /** Below `/v1`; what is in braces is any segment. */
  readonly paths: readonly string[];
  readonly allowed: readonly PermitRole[];
  readonly refused: readonly PermitRole[];
  readonly sources: readonly string[];
}

/** "You are allowed to authenticate in a user's account and access (read) …": name, IBAN, nationality, cards, transactions, balance. */
const AISP_PAGE = 'https://doc.bunq.com/psd2/account-information-service-provider-aisp';
/** "… with the following permissions": name and IBAN, draft payments and their statuses, whether the balance covers a payment. */
const PISP_PAGE = 'https://doc.bunq.com/psd2/payment-initiation-service-provider-pisp';
/** "… to validate the availability of funds for the payment in question". */
const CBPII_PAGE = 'https://doc.bunq.com/psd2/card-based-payment-instrument-issuer-cbpii';
/** The announcement of 2019, with a list for each role that differs from today's pages: cards for CBPII, payments for PISP. */
const ANNOUNCEMENT =
  'https://medium.com/bunq-developers-corner/bunq-api-update-psd2-endpoints-impact-on-existing-integrations-8eb88eb58745';

const ACCOUNT = '/user/{userID}/monetary-account/{monetary-accountID}';
const withItem = (...paths: string[]) => paths.flatMap((path) => [path, `${path}/{itemId}`]);

export const PERMITS: readonly Permit[] = [
  {
    what: 'read name and IBAN of a user and its accounts',
    methods: ['GET'],
    paths: withItem('/user', '/user/{userID}/monetary-account', '/user/{userID}/monetary-account-bank'),
    allowed: ['AISP', 'PISP'],
    refused: [],
    sources: [AISP_PAGE, PISP_PAGE, ANNOUNCEMENT],
  },
  {
    what: 'read transactions',
    methods: ['GET'],
    paths: withItem(`${ACCOUNT}/payment`, `${ACCOUNT}/mastercard-action`),
    allowed: ['AISP'],
    refused: ['PISP', 'CBPII'],
    sources: [AISP_PAGE, PISP_PAGE, CBPII_PAGE],
  },
  {
    what: 'read cards',
    methods: ['GET'],
    paths: withItem('/user/{userID}/card'),
    allowed: ['AISP', 'CBPII'],
    refused: ['PISP'],
    sources: [AISP_PAGE, PISP_PAGE, ANNOUNCEMENT],
  },
  {
    what: 'make draft payments, which the user confirms',
    methods: ['POST', 'PUT'],
    paths: withItem(`${ACCOUNT}/draft-payment`, '/user/{userID}/payment-service-provider-draft-payment'),
    allowed: ['PISP'],
    refused: ['AISP', 'CBPII'],
    sources: [AISP_PAGE, PISP_PAGE, CBPII_PAGE],
  },
  {
    what: 'read how draft payments stand',
    methods: ['GET'],
    paths: withItem(`${ACCOUNT}/draft-payment`, '/user/{userID}/payment-service-provider-draft-payment'),
    allowed: ['PISP'],
    refused: ['CBPII'],
    sources: [PISP_PAGE, CBPII_PAGE],
  },
  {
    what: 'ask whether the balance covers an amount',
    methods: ['POST'],
    paths: ['/user/{userID}/confirmation-of-funds'],
    allowed: ['PISP', 'CBPII'],
    refused: ['AISP'],
    sources: [AISP_PAGE, PISP_PAGE, CBPII_PAGE],
  },
  {
    // Of PISP the announcement says it may, and its page of today that it makes drafts: the bank decides.
    what: 'make payments without the user’s confirmation',
    methods: ['POST', 'PUT'],
    paths: withItem(`${ACCOUNT}/payment`, `${ACCOUNT}/payment-batch`, `${ACCOUNT}/schedule-payment`, `${ACCOUNT}/schedule-payment-batch`),
    allowed: [],
    refused: ['AISP', 'CBPII'],
    sources: [AISP_PAGE, PISP_PAGE, CBPII_PAGE, ANNOUNCEMENT],
  },
];

/** What these roles allow, in the table's order. */
export const permitsOf = (roles: readonly string[]): Permit[] =>
  PERMITS.filter(({ allowed }) => allowed.some((role) => roles.includes(role)));

/** The row that a call belongs to; null for one of which the table knows nothing. @param path as a caller writes it: with or without `/v1`, with or without a query */
export function permitFor(method: string, path: string): Permit | null {
  const segments = segmentsOf(path);
  return segments && (PERMITS.find((permit) => permit.methods.includes(method.toUpperCase()) && isAmong(permit.paths, segments)) ?? null);
}

/**
 * Whether the bank is known to refuse a call to whoever has these roles: each of them is named as refused. Without any role that counts
 * here nothing is known.
 */
export function isRefused({ refused }: Permit, roles: readonly string[]): boolean {
  const known = roles.filter((role) => role !== 'ASPSP');
  return known.length > 0 && known.every((role) => (refused as readonly string[]).includes(role));
}

const isAmong = (paths: readonly string[], segments: readonly string[]) =>
  paths.some((path) => {
    const parts = path.split('/').slice(1);
    return parts.length === segments.length && parts.every((part, at) => part.startsWith('{') || part === segments[at]);
  });

/** As the bank will see them, with `..` resolved; null for what is no path. */
function segmentsOf(path: string): string[] | null {
  const below = belowApi(path);
  if (!URL.canParse(below, ANY_API)) return null;
  try {
    return new URL(below, ANY_API).pathname
      .split('/')
      .filter((segment) => segment !== '')
      .slice(1)
      .map(decodeURIComponent);
  } catch {
    return null; // no URL encoding
  }
}
