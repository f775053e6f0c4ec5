import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CallOptions, InstallationCaller, SessionCaller } from '../bunq/bank.ts';
import { SealingError } from '../sealing/errors.ts';
import { saidOf } from '../sealing/key-set.ts';
import { SECRET_KINDS, type Sealed, type SecretKind } from '../sealing/sealed.ts';
import type { Secret } from '../sealing/secret.ts';
import { parseWorkflowId, providerIdOf } from '../workflows/names.ts';
import type { Installation, KeyPair } from '../workflows/state.ts';
import type { AttemptRecord, Dependencies } from './dependencies.ts';
import { toFailure, WrongEnvironmentError } from './failures.ts';
import { demandFirstAttempt, demandFreshLook, demandUnused, fence, NotSentError } from './fence.ts';

/** An installation as it stands in the workflow's state: its secrets sealed. */
export interface SealedInstallation {
  installationToken: Installation['installationToken'];
  /** Of the PEM what stands inside its frame. */
  serverPublicKey: string;
  privateKey: KeyPair['privateKey'];
  /** An end user's connection uses the provider's: both are sealed for the provider's connection. */
  ofProvider?: true;
}

/** What a call on a session needs, its secrets sealed; without the private key for calls that send no body. */
export interface SealedSession {
  sessionToken: Sealed<'session-token'>;
  /** Of the PEM what stands inside its frame. */
  serverPublicKey: string;
  privateKey?: KeyPair['privateKey'];
  /** On the provider's installation: the private key is sealed for the provider's connection. */
  ofProvider?: true;
}

/** What the creation of something that may not be there twice has to know. */
export interface Looked {
  /** When the look that did not find it was begun, on the workflow's clock, which is Temporal's: never a worker's. */
  lookedAtMs: number;
}

/** What an end user's connection may open of its provider's: see docs/decisions/0009-users-installation.md. */
const KINDS_OF_PROVIDER = ['client-secret', 'installation-token', 'private-key'] as const satisfies SecretKind[];
type KindOfProvider = (typeof KINDS_OF_PROVIDER)[number];

/** One activity attempt, on behalf of one connection. */
export interface Attempt extends Dependencies {
  /** The calling connection's name and workflow id, from Temporal and not from an argument. */
  readonly connection: { readonly name: string; readonly workflowId: string };
  /** For every POST: fenced, as late as can be. */
  readonly fenced: CallOptions;
  /** For POSTs that are expensive to lose: a connection of their own besides. */
  readonly fencedAlone: CallOptions;
  /** The same, for what one attempt was allowed: an operator can let it have more. */
  readonly fencedOnce: CallOptions;
  /** The same, for what is good once: see `demandUnused`. */
  fencedUnused(broughtAtMs: number): CallOptions;
  /** For POSTs of what may not be there twice: sent only close after a look, which was at that time of Temporal's. */
  closeAfterLook(options: CallOptions, lookedAtMs: number): CallOptions;
  seal<Kind extends SecretKind>(kind: Kind, secret: Secret): Promise<Sealed<Kind>>;
  open<Kind extends SecretKind>(kind: Kind, sealed: Sealed<Kind>): Promise<Secret>;
  /** Of an end user's connection: what was sealed for its provider's. */
  openOfProvider<Kind extends KindOfProvider>(kind: Kind, sealed: Sealed<Kind>): Promise<Secret>;
  /**
   * The same secret sealed by the present key, for whom it was sealed before: the calling connection or, of what that may open of its
   * provider's, the provider. Null when it is so already.
   * @throws SealingError
   */
  reseal(sealed: Sealed): Promise<Sealed | null>;
  openInstallation(installation: SealedInstallation): Promise<InstallationCaller>;
  openSession(session: SealedSession): Promise<SessionCaller>;
}

/** Makes an activity of a function: it gets its attempt, and whatever it throws becomes a failure without secrets. */
export function activity<Input extends unknown[], Result>(
  dependencies: Dependencies,
  perform: (attempt: Attempt, ...input: Input) => Promise<Result>,
): (...input: Input) => Promise<Result> {
  return async (...input) => {
    try {
      return await perform(attemptNow(dependencies), ...input);
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      const failure = toFailure(error, activityInfo().attempt);
      if (failure.type === 'ACTIVITY_FAILED' && error instanceof Error) {
        log.error('activity failed', {
          error: error.constructor.name,
          at: error.stack?.split('\n').filter((line) => /^\s+at /.test(line)),
        });
      }
      throw failure;
    }
  };
}

function attemptNow(dependencies: Dependencies): Attempt {
  const { sealingKeys, confirmAttempt, clock, settings } = dependencies;
  const { taskToken, workflowExecution } = activityInfo();
  const connection = connectionOf(workflowExecution?.workflowId ?? '', dependencies.environment);
  const beforeSend = () => fence(() => confirmAttempt(taskToken), clock);
  const fencedAlone: CallOptions = { beforeSend, freshConnection: true };
  /** Besides, Temporal is asked what it knows of this attempt. */
  const demanding = (options: CallOptions, demand: (record: AttemptRecord) => void): CallOptions => ({
    ...options,
    beforeSend: async () => {
      demand(await readThisAttempt(dependencies));
      await options.beforeSend?.();
    },
  });
  const open: Attempt['open'] = (kind, sealed) => sealingKeys.open(kind, connection.workflowId, sealed);
  const openOfProvider: Attempt['openOfProvider'] = (kind, sealed) => sealingKeys.open(kind, providerIdOf(connection.workflowId), sealed);
  const reseal: Attempt['reseal'] = async (sealed) => {
    const { keyId, kind, connection: owner } = saidOf(sealed);
    if (keyId === sealingKeys.keyIds[0]) return null;
    const known = SECRET_KINDS.find((one) => one === kind);
    const isOfProvider = (KINDS_OF_PROVIDER as readonly string[]).includes(kind) && owner === providerIdOf(connection.workflowId);
    const sealedFor = isOfProvider ? owner : connection.workflowId;
    if (!known) throw new SealingError('SEALED_VALUE_REJECTED', `A sealed value of ${connection.workflowId} is of no known kind.`);
    return sealingKeys.seal(known, sealedFor, await sealingKeys.open(known, sealedFor, sealed));
  };
  const openerOf = (ofProvider: true | undefined) => (ofProvider ? openOfProvider : open);
  return {
    ...dependencies,
    connection,
    fenced: { beforeSend },
    fencedAlone,
    fencedOnce: demanding(fencedAlone, demandFirstAttempt),
    fencedUnused: (broughtAtMs) => demanding(fencedAlone, (record) => demandUnused(record, broughtAtMs)),
    closeAfterLook: (options, lookedAtMs) => demanding(options, (record) => demandFreshLook(record, lookedAtMs, settings.settleMs)),
    seal: (kind, secret) => sealingKeys.seal(kind, connection.workflowId, secret),
    open,
    openOfProvider,
    reseal,
    openInstallation: async ({ installationToken, privateKey, serverPublicKey, ofProvider }) => ({
      installationToken: await openerOf(ofProvider)('installation-token', installationToken),
      privateKey: await openerOf(ofProvider)('private-key', privateKey),
      serverPublicKeyPem: framed(serverPublicKey),
    }),
    openSession: async ({ sessionToken, privateKey, serverPublicKey, ofProvider }) => ({
      sessionToken: await open('session-token', sessionToken),
      ...(privateKey && { privateKey: await openerOf(ofProvider)('private-key', privateKey) }),
      serverPublicKeyPem: framed(serverPublicKey),
    }),
  };
}

const framed = (publicKey: string) => `-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`;

async function readThisAttempt({ readAttempt }: Dependencies): Promise<AttemptRecord> {
  const { workflowExecution, activityId, attempt, currentAttemptScheduledTimestampMs: scheduledAtMs } = activityInfo();
  try {
    return await readAttempt({ ...workflowExecution!, activityId, attempt, scheduledAtMs });
  } catch {
    throw new NotSentError('Not sent: Temporal did not say what it knows of this attempt.');
  }
}

function connectionOf(workflowId: string, environment: string) {
  const id = parseWorkflowId(workflowId);
  if (id?.environment === environment) return { name: id.name, workflowId };
  throw new WrongEnvironmentError(`${workflowId} is not a connection of ${environment}, which this worker serves.`);
}
