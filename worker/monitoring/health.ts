/** How a worker is, in the words that `/readyz` answers with. Pure. */

export interface Check {
  /** What was looked at. */
  readonly name: string;
  readonly ok: boolean;
  /** Without it the worker can do nothing; else its work waits, or some of it. */
  readonly needed: boolean;
  /** What was found; where it is wrong, with the remedy. One line. */
  readonly found: string;
}

export interface Health {
  readonly schema: 1;
  /** `degraded`: it works, and something around it does not. */
  readonly status: 'ready' | 'degraded' | 'unready';
  /** What is wrong, in one line; null when nothing is. */
  readonly wrong: string | null;
  readonly checks: readonly Check[];
}

export function healthOf(checks: readonly Check[]): Health {
  const wrong = checks.filter(({ ok }) => !ok).sort((one, other) => Number(other.needed) - Number(one.needed));
  return {
    schema: 1,
    status: wrong.length === 0 ? 'ready' : wrong[0]!.needed ? 'unready' : 'degraded',
    wrong: wrong.length === 0 ? null : wrong.map(({ name, found }) => `${name}: ${found}`).join(' | '),
    checks,
  };
}

/** Only what is unready takes no traffic. */
export const httpStatusOf = ({ status }: Health) => (status === 'unready' ? 503 : 200);
