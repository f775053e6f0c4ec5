import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { ConnectionStatus } from '../workflows/messages.ts';

/** A status, and how it was had. */
export type KnownStatus = ConnectionStatus & {
  /** False when no worker answered: then this is what was last published, at `asOf`. */
  worker?: false;
  asOf?: string;
  /** False when no worker takes the bank calls of its egress: nothing is renewed until one does. */
  egressWorker?: false;
  /** The workflow is closed, other than by `disconnect`: `resume` starts it from its last state. */
  closed?: 'TERMINATED' | 'FAILED' | 'TIMED_OUT' | 'CANCELLED';
};

/** How it was closed, other than by `disconnect`. */
export function closedAs({ status: { name } }: Pick<WorkflowExecutionDescription, 'status'>): KnownStatus['closed'] {
  return name === 'TERMINATED' || name === 'FAILED' || name === 'TIMED_OUT' || name === 'CANCELLED' ? name : undefined;
}
