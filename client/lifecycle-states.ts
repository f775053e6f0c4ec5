import type { LifecycleState } from '../workflows/state.ts';

/** Every state, as a person thinks of them: from the beginning to the end. */
export const LIFECYCLE_STATES = [
  'ONBOARDING',
  'AWAITING_AUTHORIZATION',
  'ACTIVE',
  'RENEWING',
  'DEGRADED',
  'LAPSED',
  'REVOKED',
  'ACTION_REQUIRED',
  'DISCONNECTED',
] as const satisfies readonly LifecycleState[];
