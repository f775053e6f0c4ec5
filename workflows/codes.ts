import type { BunqErrorCode } from '../bunq/errors.ts';

/** The closed lists: steps, failures, and why a connection waits for a person. */

export const STEP_NAMES = [
  'key-pair',
  'installation',
  'api-key',
  'device',
  'session',
  'oauth-client',
  'callback-urls',
  'client-credentials',
] as const;

export type StepName = (typeof STEP_NAMES)[number];

/** Failures that activities raise beside the bank's own. */
export type OwnFailureCode =
  | 'ACTIVITY_TIMED_OUT'
  | 'ACTIVITY_FAILED'
  | 'NOT_SENT'
  | 'SEALING_KEY_MISSING'
  | 'SEALED_VALUE_REJECTED'
  | 'SIGNER_UNAVAILABLE'
  | 'SIGNER_REFUSED'
  | 'WRONG_ENVIRONMENT'
  | 'CERTIFICATE_EXPIRED'
  /** Every connection of the egress is refused: its address is, not their API keys. */
  | 'ADDRESS_SUSPECT'
  | 'DIFFERENT_USER';

export type FailureCode = BunqErrorCode | OwnFailureCode;

/** Why a connection waits for a person: a closed list. Each has one remedy, a command to copy, and a page in docs/runbook. */
export const ACTION_CODES = [
  'API_KEY_REJECTED',
  'BANK_REFUSED',
  'CALLBACK_URL_REFUSED',
  'CERTIFICATE_EXPIRED',
  'CREDENTIAL_REFUSED',
  'DIFFERENT_USER',
  'OAUTH_CLIENT_REFUSED',
  'REPAIR_LOOP',
  'SEALED_VALUE_REJECTED',
  'SIGNER_REFUSED',
  'SIGNER_UNREACHABLE',
] as const;

export type ActionCode = (typeof ACTION_CODES)[number];
