// biome-ignore lint/style/noRestrictedImports: histories from before want them
import { type ActivityOptions, patched, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

/**
 * How activities are run. HTTP gives up after 5 s in all, so 8 s tell a dead worker from a slow bank; a task that a dead
 * worker took costs that long, and no heartbeat would be quicker.
 */
const BANK_CALL = { startToCloseTimeout: '8s' } satisfies ActivityOptions;

/** Reads and harmless repeats: three attempts within 30 s; whatever lasts longer is the loop's to wait out. */
const QUICK: ActivityOptions = { ...BANK_CALL, retry: { initialInterval: '500ms', backoffCoefficient: 4, maximumAttempts: 3 } };

/** By a named signer: programs and addresses take longer than a file, and one that no worker offers is as good as down. */
const SIGN_BY_NAME: ActivityOptions = { ...QUICK, startToCloseTimeout: '20s', scheduleToStartTimeout: '1m' };

/** What must not be repeated unseen: one attempt, and the workflow looks before another. */
const ONCE: ActivityOptions = { ...BANK_CALL, retry: { maximumAttempts: 1 } };

/** A slot is not kept for a worker that is not there. */
const SESSION: ActivityOptions = { ...ONCE, scheduleToStartTimeout: '2s' };

/** The outbox tries again, in its own time. */
const TELL: ActivityOptions = { startToCloseTimeout: '20s', scheduleToStartTimeout: '1m', retry: { maximumAttempts: 1 } };

const OPTIONS = {
  generateKeyPair: QUICK,
  createInstallation: QUICK,
  signQseal: QUICK,
  digestForQseal: QUICK,
  checkQsealSignature: QUICK,
  createCredential: QUICK,
  createSandboxUser: QUICK,
  exchangeAuthorizationCode: ONCE,
  createDevice: QUICK,
  openSession: SESSION,
  readUser: QUICK,
  closeSession: QUICK,
  findOAuthClients: QUICK,
  createOAuthClient: ONCE,
  readOAuthClient: QUICK,
  listCallbackUrls: QUICK,
  createCallbackUrl: ONCE,
  deleteCallbackUrl: QUICK,
  tellWebhook: TELL,
} as const satisfies Partial<Record<keyof Activities, ActivityOptions>>;

export type BankActivity = keyof typeof OPTIONS;

/**
 * Runs one activity on a task queue of workers.
 * @param summary what it does, as a person reads it in the Temporal UI
 */
export function perform<Name extends BankActivity>(
  name: Name,
  taskQueue: string,
  summary: string,
  ...input: Parameters<Activities[Name]>
): ReturnType<Activities[Name]> {
  return execute(name, { ...OPTIONS[name], taskQueue, summary }, input);
}

/** A signature by a signer that workers offer by its name, on a task queue of its own. */
export const performByName = (taskQueue: string, summary: string, ...input: Parameters<Activities['signQseal']>) =>
  execute('signQseal', { ...SIGN_BY_NAME, taskQueue, summary }, input);

function execute<Name extends BankActivity>(
  name: Name,
  options: ActivityOptions,
  input: Parameters<Activities[Name]>,
): ReturnType<Activities[Name]> {
  const run = proxyActivities<Activities>(options)[name] as unknown as (...given: unknown[]) => ReturnType<Activities[Name]>;
  return run(...input);
}

type HereOptions = Pick<ActivityOptions, 'startToCloseTimeout' | 'retry' | 'summary'>;

/** Nothing of these leaves for the bank: any worker of the workflow does them. Not as local activities: docs/decisions/0011-no-local-activities.md. */
function here<Name extends 'readSurroundings' | 'askForSlot' | 'consultGate' | 'reseal'>(
  name: Name,
  options: HereOptions,
): Activities[Name] {
  const run = proxyActivities<Activities>(options)[name] as (...input: unknown[]) => unknown;
  const runAsBefore = proxyLocalActivities<Activities>(options)[name] as (...input: unknown[]) => unknown;
  return ((...input: unknown[]) => (patched('no-local-activities') ? run : runAsBefore)(...input)) as Activities[Name];
}

export const readSurroundings = here('readSurroundings', {
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
  summary: 'read worker settings',
});

/** These are tried again by the loop. */
const QUICK_HERE: HereOptions = { startToCloseTimeout: '4s', retry: { initialInterval: '200ms', maximumAttempts: 2 } };

export const askForSlot = here('askForSlot', { ...QUICK_HERE, summary: 'ask for a slot to open a session' });

export const consultGate = here('consultGate', { ...QUICK_HERE, summary: 'ask what others meet at this address' });

/** What does not succeed is done at the next renewal. */
export const resealValues = here('reseal', { ...QUICK_HERE, summary: 'seal by the present key' });
