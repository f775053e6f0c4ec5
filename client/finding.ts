import { UsageError } from './errors.ts';
import { printJson, tell } from './output.ts';

/** What became of looking at one thing: on lists where everything stands at once. */
export interface Finding {
  /** What was looked at. */
  check: string;
  ok: boolean;
  /** What was found; where it is wrong, with the remedy. */
  found: string;
}

export const right = (check: string, found: string): Finding => ({ check, ok: true, found });
export const wrong = (check: string, found: string): Finding => ({ check, ok: false, found });

export const hasProblem = (findings: readonly Finding[]) => findings.some(({ ok }) => !ok);

/** All that is wrong among them, a line each. */
export const refusal = (findings: readonly Finding[]) =>
  new UsageError(
    findings
      .filter(({ ok }) => !ok)
      .map(({ found }) => found)
      .join('\n'),
  );

export function showFindings(findings: readonly Finding[], json: boolean): void {
  if (json) printJson({ schema: 1, findings });
  else for (const { check, ok, found } of findings) tell(`${ok ? '✔' : '✖'} ${check}: ${found}`);
}
