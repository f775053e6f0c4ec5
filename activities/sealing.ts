import { SealingError } from '../sealing/errors.ts';
import type { Sealed } from '../sealing/sealed.ts';
import { activity } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export const sealingActivities = (dependencies: Dependencies) => ({
  /**
   * Local: no bank is called, and of all these values the history gets the new ones only. Of each what it is sealed as now; null for
   * one that stays as it is: by the present key already, or not to be opened here, now.
   */
  reseal: activity(dependencies, async ({ reseal }, values: readonly Sealed[]): Promise<(Sealed | null)[]> => {
    return Promise.all(values.map((value) => reseal(value).catch(unlessSealing)));
  }),
});

/** One that cannot be opened keeps none of the others back. */
function unlessSealing(error: unknown): null {
  if (error instanceof SealingError) return null;
  throw error;
}
