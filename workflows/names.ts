/**
 * Names that other people's tools meet: workflow ids and task queues. They are stored in every history and stand in
 * search attributes and metrics in plain text, so they hold no e-mail address and no account number.
 */

/** A connection's name, an egress's and a signer's: no dots, so that ids can be taken apart again. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const providerWorkflowId = (environment: string, name: string) => `provider.${environment}.${name}`;

/** The one that hands out the slots for new sessions from one egress's address. */
export const sessionGateWorkflowId = (environment: string, egress: string) => `session-gate.${environment}.${egress}`;

/** Workflows of one environment. */
export const workflowTaskQueue = (environment: string) => `bunq-keeper.${environment}`;

/** Bank calls that leave by one egress. */
export const egressTaskQueue = (environment: string, egress: string) => `bunq-keeper.${environment}.${egress}`;

/** QSEAL signatures by one named signer. */
export const signerTaskQueue = (environment: string, signer: string) => `bunq-keeper.${environment}.qseal.${signer}`;

/** What stands before the first colon of a signer that is given directly rather than by its name. */
const DIRECT_SIGNER = /^(file|exec|https):/;

export const isNamedSigner = (signer: string) => !DIRECT_SIGNER.test(signer);

/** The parts of a workflow id of ours; the environment may hold dots, the names do not. */
export function parseWorkflowId(workflowId: string): { type: 'provider' | 'session-gate'; environment: string; name: string } | undefined {
  const match = /^(provider|session-gate)\.(.+)\.([a-z0-9][a-z0-9-]{0,62})$/.exec(workflowId);
  return match ? { type: match[1] as 'provider' | 'session-gate', environment: match[2]!, name: match[3]! } : undefined;
}
