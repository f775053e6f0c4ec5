import { ContractBank, type Target, Unreachable } from './bank.ts';
import { type Case, NotTried } from './case.ts';

export interface Outcome {
  readonly area: string;
  readonly name: string;
  readonly expected: string;
  readonly settings: readonly string[];
  readonly result: 'as expected' | 'different' | 'not tried';
  /** What was seen, or why it was not tried. */
  readonly seen: string;
}

export interface Ran {
  readonly outcomes: readonly Outcome[];
  /** What was made at the bank, and what became of it. */
  readonly leftovers: string;
}

interface Options {
  /** Is told of each case as it begins. */
  readonly tell?: (line: string) => void;
  /** Ends it after the case under way: what was made is cleared away still. */
  readonly signal?: AbortSignal;
}

/**
 * Tries the cases one after the other, and clears away what they made.
 * @throws Unreachable when the bank gives no answer at all
 */
export async function run(target: Target, areas: Readonly<Record<string, readonly Case[]>>, { tell, signal }: Options = {}): Promise<Ran> {
  const bank = new ContractBank(target);
  const outcomes: Outcome[] = [];
  for (const [area, cases] of Object.entries(areas))
    for (const one of cases) {
      tell?.(`${area}: ${one.name}`);
      const { result, seen } = signal?.aborted ? INTERRUPTED : await look(bank, one);
      outcomes.push({ area, name: one.name, expected: one.expected, settings: one.settings ?? [], result, seen });
    }
  tell?.('clearing away');
  return { outcomes, leftovers: await bank.leftovers.remove(bank.send) };
}

const INTERRUPTED = { result: 'not tried', seen: 'interrupted' } as const;

async function look(bank: ContractBank, { expected, see }: Case): Promise<Pick<Outcome, 'result' | 'seen'>> {
  try {
    const seen = withoutSecrets(await see(bank), bank.target);
    return { result: seen === expected ? 'as expected' : 'different', seen };
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    const { message } = error as Error;
    return { result: error instanceof NotTried ? 'not tried' : 'different', seen: withoutSecrets(message, bank.target) };
  }
}

/** No case shows one; a bank that repeats one in an error's text might. */
function withoutSecrets(text: string, { apiKey, accessToken }: Target): string {
  const given = [apiKey, accessToken].filter((secret) => secret !== null);
  const shown = given.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
  return shown.replace(/(sandbox_)?[A-Za-z0-9]{32,}/g, '…');
}
