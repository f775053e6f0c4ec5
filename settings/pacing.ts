import type { Pacing } from '../bunq/bank.ts';

export const PACING_SETTINGS = ['KEEPER_CALL_LIMITS', 'KEEPER_EGRESS_WORKERS'] as const;

interface PacingSettings {
  readonly KEEPER_CALL_LIMITS: 'on' | 'off';
  readonly KEEPER_EGRESS_WORKERS: number;
}

/**
 * This process's share of the bank's limits for its address; null where they are not kept.
 * @param longestWaitMs beyond which a call is rather not made
 */
export const pacing = (settings: PacingSettings, longestWaitMs: number): Pacing | null =>
  settings.KEEPER_CALL_LIMITS === 'off' ? null : { processes: settings.KEEPER_EGRESS_WORKERS, longestWaitMs };
