import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Neighbours } from '../../worker/gate-client.ts';

/** The time-skipping server lists what is open, without memo, and takes no query: each is looked at. */
export const openNeighbours =
  ({ client }: TestWorkflowEnvironment): Neighbours =>
  async (egress, workflowId) => {
    const { executions } = await client.workflowService.listOpenWorkflowExecutions({
      namespace: client.options.namespace,
      maximumPageSize: 100,
      typeFilter: { name: 'providerConnection' },
      startTimeFilter: {},
    });
    const others = executions.map(({ execution }) => execution!.workflowId!).filter((id) => id !== workflowId);
    const described = await Promise.all(others.map((id) => client.workflow.getHandle(id).describe()));
    return described.filter(({ memo }) => memo?.egress === egress).map((one) => one.workflowId);
  };
