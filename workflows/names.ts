/**
 * Names that other people's tools meet: workflow ids and task queues. They are stored in every history and stand in
 * search attributes and metrics in plain text, so they hold no e-mail address and no account number.
 */

const NAME = '[a-z0-9][a-z0-9-]{0,62}';

/** A connection's name, an egress's and a signer's: no dots, so that ids can be taken apart again. */
export const NAME_PATTERN = new RegExp(`^${NAME}$`);

/** An end user's connection is PROVIDER/USER, everywhere. */
export const USER_NAME_PATTERN = new RegExp(`^${NAME}/${NAME}$`);

/** The provider that a connection is of: itself, or an end user's. */
export const providerOf = (name: string) => name.split('/')[0]!;

/** Whose installation and client secret a connection may use beside its own: an end user's its provider's, by its workflow id alone. */
export function providerIdOf(workflowId: string): string {
  const id = parseWorkflowId(workflowId);
  return id?.type === 'user' ? providerWorkflowId(id.environment, providerOf(id.name)) : workflowId;
}

export const isUserName = (name: string) => name.includes('/');

export const connectionWorkflowId = (environment: string, name: string) =>
  isUserName(name) ? `user.${environment}.${name.replace('/', '.')}` : providerWorkflowId(environment, name);

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

const USER_ID = new RegExp(`^user\\.(.+)\\.(${NAME})\\.(${NAME})$`);
const OTHER_ID = new RegExp(`^(provider|session-gate)\\.(.+)\\.(${NAME})$`);

/** The parts of a workflow id of ours; the environment may hold dots, the names do not. A user's name is PROVIDER/USER. */
export function parseWorkflowId(workflowId: string): WorkflowName | undefined {
  const user = USER_ID.exec(workflowId);
  if (user) return { type: 'user', environment: user[1]!, name: `${user[2]}/${user[3]}` };
  const other = OTHER_ID.exec(workflowId);
  return other ? { type: other[1] as 'provider' | 'session-gate', environment: other[2]!, name: other[3]! } : undefined;
}

export interface WorkflowName {
  type: 'provider' | 'user' | 'session-gate';
  environment: string;
  name: string;
}
