import { ActivityFailure } from '@temporalio/common';
import { proxyActivities, upsertMemo } from '@temporalio/workflow';

const { tell, fail } = proxyActivities<{ tell(): Promise<string>; fail(): Promise<void> }>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 1 },
});

/** Does all that must never be done with a secret: to prove that the search would find it. */
export async function leak(): Promise<void> {
  upsertMemo({ told: await tell() });
  try {
    await fail();
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
  }
}
