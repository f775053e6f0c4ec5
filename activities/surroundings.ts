import { activity } from './context.ts';
import type { Dependencies, WorkerFacts } from './dependencies.ts';

export interface Surroundings extends WorkerFacts {
  /** Somebody is to be told of events. */
  hasWebhook?: true;
  searchAttributes: readonly string[];
}

export const surroundingsActivities = (dependencies: Dependencies) => ({
  /** At the start of each run. An unregistered search attribute would stop the workflow for ever. */
  readSurroundings: activity(dependencies, async ({ settings, searchAttributes, webhook }): Promise<Surroundings> => {
    return { ...settings, searchAttributes: await searchAttributes(), ...(webhook && { hasWebhook: true }) };
  }),
});
