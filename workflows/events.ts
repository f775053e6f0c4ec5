import { proxySinks, type Sinks } from '@temporalio/workflow';
import type { FailureCode, StepName } from './codes.ts';
import type { ConnectionStatus } from './messages.ts';
import type { WebhookEventType } from './outbox.ts';
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
    /** The receiver of the webhook did not take an event. */
    eventUndelivered(status: ConnectionStatus, event: UndeliveredEvent): void;
    /** A provider's certificate ends soon, or has ended. */
    certificateExpiring(status: ConnectionStatus, expiry: CertificateExpiry): void;
    /** A session took the place of another. */
    sessionRenewed(status: ConnectionStatus): void;
    /** A try of a step did not succeed; `isRenewal`: it was to replace a session. */
    stepFailed(status: ConnectionStatus, step: StepName, code: FailureCode, isRenewal: boolean): void;
    /** What the bank no longer takes was given up, and is made anew. */
    repaired(status: ConnectionStatus, what: Repair['what']): void;
  };
}

export interface UndeliveredEvent {
  readonly id: string;
  readonly type: WebhookEventType;
  /** When it is tried again; null: it is given up. */
  readonly againAtMs: number | null;
  readonly why: string;
}

export interface CertificateExpiry {
  /** Begun days; 0 or less when it is over. */
  readonly daysLeft: number;
  /** What a person is to do: a sentence that ends in the command. */
  readonly remedy: string;
}

const { keeper } = proxySinks<KeeperSinks>();

export const publishChange = (status: ConnectionStatus, change: LifecycleChange): void => keeper.stateChanged(status, change);
export const publishServed = (status: ConnectionStatus, sessionId: number | null): void => keeper.sessionServed(status, sessionId);
export const publishRevoked = (status: ConnectionStatus): void => keeper.grantRevoked(status);
export const publishUndelivered = (status: ConnectionStatus, event: UndeliveredEvent): void => keeper.eventUndelivered(status, event);
export const publishExpiring = (status: ConnectionStatus, expiry: CertificateExpiry): void => keeper.certificateExpiring(status, expiry);
export const publishRenewed = (status: ConnectionStatus): void => keeper.sessionRenewed(status);
export const publishFailed = (status: ConnectionStatus, step: StepName, code: FailureCode, isRenewal: boolean): void =>
  keeper.stepFailed(status, step, code, isRenewal);
export const publishRepaired = (status: ConnectionStatus, what: Repair['what']): void => keeper.repaired(status, what);
