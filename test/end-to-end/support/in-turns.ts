/**
 * Runs tasks side by side, so many at a time, in their order; none waits for the outcome of another.
 * @returns a promise for each; one that nobody awaits rejects silently
 */
export function inTurns<Task, Result>(
  tasks: readonly Task[],
  atATime: number,
  run: (task: Task) => Promise<Result>,
): Map<Task, Promise<Result>> {
  const waiting: (() => void)[] = [];
  let free = atATime;
  const inTurn = async (task: Task): Promise<Result> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run(task);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
  const outcomes = new Map(tasks.map((task) => [task, inTurn(task)]));
  for (const outcome of outcomes.values()) outcome.catch(() => {});
  return outcomes;
}
