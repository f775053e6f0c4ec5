import { activity } from './context.ts';
import type { Dependencies, WorkerFacts } from './dependencies.ts';

export interface Surroundings extends WorkerFacts {
  searchAttributes: readonly string[];
}

export const surroundingsActivities = (dependencies: Dependencies) => ({
  /** A local activity at the start of each run. An unregistered search attribute would stop the workflow for ever. */
  readSurroundings: activity(dependencies, async ({ settings, searchAttributes }): Promise<Surroundings> => {
    return { ...settings, searchAttributes: await searchAttributes() };
  }),
});
