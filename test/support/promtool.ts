import { foundBy } from './found.ts';

/** The program that checks alert rules and metrics; null where there is none, and tests that want it are skipped. */
export const findPromtool = (): string | null => foundBy('promtool.mjs');
