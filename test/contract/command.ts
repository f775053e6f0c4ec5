import { type Asked, BadArguments, readArguments, USAGE } from './arguments.ts';
import { type Target, Unreachable } from './bank.ts';
import type { Time } from './pace.ts';
import { reportOf } from './report.ts';
import { run } from './run.ts';
import { realTime, remoteTarget, simulatorTarget } from './target.ts';

export interface Surroundings {
  /** The report. */
  readonly print: (text: string) => void;
  /** What goes on. */
  readonly tell: (line: string) => void;
  /** What a bank elsewhere goes by. */
  readonly time?: Time;
  readonly signal?: AbortSignal;
}

/** `npm run contract`. @returns the exit code */
export async function contract(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { print, tell, time = realTime } = surroundings;
  try {
    const asked = readArguments(args);
    if (asked.help) {
      print(USAGE);
      return 0;
    }
    if (asked.sandbox || asked.apiUrl !== null) return await report(remoteTarget(asked, time), asked, surroundings);
    const { target, simulator } = await simulatorTarget();
    try {
      return await report(target, asked, surroundings);
    } finally {
      await simulator.close();
    }
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error;
    tell(`contract: ${error.message.replace(/\.?$/, '.')} --help shows how.`);
    return 2;
  }
}

async function report(target: Target, { areas }: Asked, { print, tell, signal }: Surroundings): Promise<number> {
  try {
    const ran = await run(target, areas, { tell, ...(signal && { signal }) });
    print(reportOf(target.title, ran));
    return signal?.aborted || ran.outcomes.some(({ result }) => result === 'different') ? 1 : 0;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    tell(`contract: ${target.title} cannot be reached: ${error.message}. Nothing was tried.`);
    return 1;
  }
}
