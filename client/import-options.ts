import type { WantedCredential } from '../workflows/state.ts';
import type { BunqContext } from './bunq-context.ts';
import { UsageError } from './errors.ts';

/** What a connection is imported with. */
export interface ImportOptions {
  readonly context: BunqContext;
  /** Of a PSD2 provider: what another API key would be made from; null for a person or company. */
  readonly credential: Extract<WantedCredential, { type: 'qseal' }> | null;
  readonly callbackUrls: string[];
  /** Used when the API key has to be bound again. */
  readonly permittedIps: string[];
}

/** Whether it fits the environment and the user. @throws UsageError */
export function checkImport({ context, credential }: ImportOptions, environment: string): void {
  const isOfOther =
    environment === 'production' ? context.environment === 'sandbox' : isSandbox(environment) && context.environment === 'production';
  if (isOfOther)
    throw new UsageError(
      `The context is of ${context.environment}, and the settings say ${environment}. Set BUNQ_ENVIRONMENT=${context.environment}, or give another file.`,
    );
  const kind = context.user?.kind;
  if (kind === 'UserPaymentServiceProvider' && !credential)
    throw new UsageError('The context is of a PSD2 provider: give its --certificate and --signer too, for when it needs another API key.');
  if (kind && kind !== 'UserPaymentServiceProvider' && credential)
    throw new UsageError(`The context is of a ${kind}, who has no certificate: leave out --certificate.`);
}

/** Any other bank may be either. */
const isSandbox = (environment: string) => environment === 'sandbox' || environment === 'simulator';
