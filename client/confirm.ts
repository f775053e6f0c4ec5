import { createInterface } from 'node:readline/promises';
import { UsageError } from './errors.ts';

/** Somebody sits at a terminal who can be asked. */
export const canAsk = () => process.stdin.isTTY === true && process.stderr.isTTY === true;

/** @throws UsageError unless the answer is yes */
export async function confirm(question: string): Promise<void> {
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asked.question(`${question} [y/N] `);
  asked.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('Nothing was done.');
}
