/** Durations as settings and options write them: `90s`, `15m`, `12h`, `7d`; milliseconds inside. */

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const UNIT_MS = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

/** Undefined for anything else than a whole number and one of the units ms (for banks that are simulated), s, m, h, d. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|[smhd])$/.exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
}

/** The largest unit that leaves no rest: 5_400_000 → `90m`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const unit = (['d', 'h', 'm'] as const).find((name) => seconds > 0 && (seconds * 1000) % UNIT_MS[name] === 0) ?? 's';
  return `${(seconds * 1000) / UNIT_MS[unit]}${unit}`;
}
