import { proxyActivities } from '@temporalio/workflow';

const { createInstallation } = proxyActivities<{ createInstallation(): Promise<void> }>({
  startToCloseTimeout: '1s',
  retry: { initialInterval: '100ms', maximumAttempts: 2 },
});

/** One POST to the bank, whose first attempt wakes up only after the second has begun. */
export const late = (): Promise<void> => createInstallation();
