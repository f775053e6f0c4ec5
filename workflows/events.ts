import { proxySinks, type Sinks } from '@temporalio/workflow';
import type { FailureCode, StepName } from './codes.ts';
import type { ConnectionStatus } from './messages.ts';
import type { LifecycleChange, Repair } from './state.ts';

/** What a connection tells the worker's log, as it happens and not when it is replayed. */
export interface KeeperSinks extends Sinks {
  keeper: {
    /** One line a change of state. */
    stateChanged(status: ConnectionStatus, change: LifecycleChange): void;
    /** From now on readers get this session; null: none. */
    sessionServed(status: ConnectionStatus, sessionId: number | null): void;
    /** The bank refused an end user's access token twice, an hour apart. */
    grantRevoked(status: ConnectionStatus): void;
    /** A session took the place of another. */
    sessionRenewed(status: ConnectionStatus): void;
    /** A try of a step did not succeed; `isRenewal`: it was to replace a session. */
    stepFailed(status: ConnectionStatus, step: StepName, code: FailureCode, isRenewal: boolean): void;
    /** What the bank no longer takes was given up, and is made anew. */
    repaired(status: ConnectionStatus, what: Repair['what']): void;
  };
}

const { keeper } = proxySinks<KeeperSinks>();

export const publishChange = (status: ConnectionStatus, change: LifecycleChange): void => keeper.stateChanged(status, change);
export const publishServed = (status: ConnectionStatus, sessionId: number | null): void => keeper.sessionServed(status, sessionId);
export const publishRevoked = (status: ConnectionStatus): void => keeper.grantRevoked(status);
export const publishRenewed = (status: ConnectionStatus): void => keeper.sessionRenewed(status);
export const publishFailed = (status: ConnectionStatus, step: StepName, code: FailureCode, isRenewal: boolean): void =>
  keeper.stepFailed(status, step, code, isRenewal);
export const publishRepaired = (status: ConnectionStatus, what: Repair['what']): void => keeper.repaired(status, what);
