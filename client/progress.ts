import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { StepName } from '../workflows/codes.ts';
import { STEP_NAMES } from '../workflows/codes.ts';
import { isUserName } from '../workflows/names.ts';
import { STEPS, USER_LADDER_STEPS } from '../workflows/steps.ts';
import { describeError, remarks } from './describe.ts';
import type { Keeper } from './keeper.ts';
import type { KnownStatus } from './known-status.ts';
import { needsPerson, showOutcome } from './outcome.ts';
import { canRedraw, complain, isQuiet, tell } from './output.ts';
import { waitFor } from './wait.ts';

/** Onboarding as a person watches it: live on a terminal, plain lines elsewhere; all of it on stderr. */

export const isSettled = (status: KnownStatus) => status.state === 'ACTIVE' || needsPerson(status);

/** Waits until the connection is ACTIVE or waits for a person; prints what it has. Resolves with the exit code. */
export async function onboardWithProgress(
  keeper: Keeper,
  name: string,
  { json, timeoutMs }: { json: boolean; timeoutMs: number },
): Promise<number> {
  const status = await watchSteps(keeper, name, timeoutMs);
  for (const remark of remarks(status)) complain(remark);
  return showOutcome(status, json);
}

/** @param until when there is nothing more to watch: ACTIVE, or it waits for a person, unless something else is said */
export function watchSteps(
  keeper: Keeper,
  name: string,
  timeoutMs: number,
  until: (status: KnownStatus) => boolean = isSettled,
): Promise<KnownStatus> {
  const steps = isUserName(name) ? USER_LADDER_STEPS : STEP_NAMES;
  const progress = isQuiet() ? NO_PROGRESS : canRedraw() ? liveProgress(steps) : plainProgress(steps);
  return waitFor(keeper, name, { until, timeoutMs, onStatus: progress.show }).finally(progress.end);
}

interface Progress {
  show: (status: KnownStatus) => void;
  end: () => Promise<void> | void;
}

const NO_PROGRESS: Progress = { show: () => {}, end: () => {} };

/** One line a step as it is done, and one an error that is new. */
function plainProgress(names: readonly StepName[]): Progress {
  const said = new Set<string>();
  const sayOnce = (line: string) => {
    if (!said.has(line)) tell(line);
    said.add(line);
  };
  return {
    show: ({ steps, lastError }) => {
      for (const name of names) {
        const status = steps.find((step) => step.name === name)?.status;
        if (status === 'done' || status === 'skipped') sayOnce(`${status === 'done' ? '✔' : '–'} ${name}: ${STEPS[name].title}`);
      }
      if (lastError) sayOnce(`! ${describeError(lastError)} (tried again by itself)`);
    },
    end: () => {},
  };
}

/** A list of steps that is redrawn. */
function liveProgress(names: readonly StepName[]): Progress {
  const waiting = new Map<StepName, { done: () => void; say: (text: string) => void }>();
  const list = new Listr(
    names.map((name) => ({
      title: STEPS[name].title,
      task: (_: unknown, task: { output: string }) =>
        new Promise<void>((resolve) => {
          const say = (text: string) => {
            task.output = text;
          };
          waiting.set(name, { done: resolve, say });
        }),
    })),
    {
      concurrent: true,
      rendererOptions: { logger: new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) }) },
    },
  );
  const drawn = list.run();
  return {
    show: ({ steps, lastError }) => {
      for (const { name, status } of steps) {
        if (status === 'done' || status === 'skipped') waiting.get(name)?.done();
        else if (status === 'retrying' || status === 'waiting') waiting.get(name)?.say(lastError ? describeError(lastError) : status);
      }
    },
    end: async () => {
      for (const { done } of waiting.values()) done();
      await drawn;
    },
  };
}
