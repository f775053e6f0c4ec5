import type { Bank, Clock } from '../bunq/bank.ts';
import type { QsealSigner } from '../bunq/qseal.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import type { WebhookEvent } from '../workflows/outbox.ts';
import type { EgressView, GivenBack, SlotRequest } from '../workflows/slots.ts';

/** What the worker gives its activities. */
export interface Dependencies {
  /** The environment that this worker serves; activities of others' connections are refused. */
  readonly environment: string;
  readonly bank: Bank;
  readonly sealingKeys: SealingKeySet;
  readonly clock: Clock;
  readonly signers: Signers;
  /** Asks Temporal whether the attempt with this task token is still the one; throws when it is not, or no answer came. */
  readonly confirmAttempt: (taskToken: Uint8Array) => Promise<void>;
  readonly gate: GateClient;
  /** Asks Temporal what it knows of an attempt; throws when no answer came. */
  readonly readAttempt: (attempt: AttemptName) => Promise<AttemptRecord>;
  /** Tells the receiver of the webhook; null where none is set. Throws a `WebhookError` when it does not take it. */
  readonly webhook: ((event: WebhookEvent) => Promise<void>) | null;
  /** The names of the search attributes that the namespace has. */
  readonly searchAttributes: () => Promise<readonly string[]>;
  readonly settings: WorkerFacts;
}

/** The gates of this environment's egresses, by Temporal. */
export interface GateClient {
  /** Starts the gate where there is none. */
  ask(egress: string, request: SlotRequest): Promise<void>;
  /** Whether a gate is there, and has this very request in its queue. False when it is not known. Never throws. */
  isQueued(egress: string, request: SlotRequest): Promise<boolean>;
  /** Whether the gate got it: it may be gone, or Temporal away. Never throws. */
  giveBack(egress: string, given: GivenBack): Promise<boolean>;
  /** Says that the bank refused this connection, and asks what became of others. */
  consult(egress: string, workflowId: string): Promise<EgressView>;
}

/** An activity's attempt as the worker knows it. */
export interface AttemptName {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
  /** 1 is the first. */
  readonly attempt: number;
  /** By Temporal's clock. */
  readonly scheduledAtMs: number;
}

/** What Temporal knows of an attempt, by its own clock. */
export interface AttemptRecord {
  readonly startedAtMs: number;
  /** An earlier attempt of the same activity has ended, also when the attempts are counted anew. */
  readonly isRepeated: boolean;
  /** When the workflow was last reset to an earlier moment; null: never. */
  readonly resetAtMs: number | null;
}

export interface Signers {
  /**
   * @param signer as given at onboarding: a name, or `file:/abs/key.pem`
   * @param connection the connection's name: each signer serves only those that its settings list
   * @throws SignerError
   */
  find(signer: string, connection: string): QsealSigner;
}

/** The worker's settings that a connection works by. */
export interface WorkerFacts {
  /** The egress's own public address, for `permitted_ips` with a wildcard; null when it is not known. */
  readonly egressAddress: string | null;
  /** The bank's distance between two sessions from one address. */
  readonly sessionGapMs: number;
  /** How long an unclear POST is left to settle before its effect is looked for and it may be repeated. */
  readonly settleMs: number;
}
