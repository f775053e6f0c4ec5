import { certificateRemark } from '../workflows/certificate-life.ts';
import type { SeenFacts } from '../workflows/messages.ts';
import { isUserName } from '../workflows/names.ts';
import { consentRemark, rollOverRemark } from '../workflows/status.ts';
import { consentAgeRemark } from './consent-age.ts';
import { lifeLeft } from './describe-certificate.ts';
import type { KnownStatus } from './known-status.ts';
import { paintState } from './look.ts';
import { egressQueue, missingWorker } from './pollers.ts';
import { table } from './table.ts';

/** A status for a person. */
export function describeStatus(status: KnownStatus): string {
  const { certificate, session, oauthClient, action, lastError, recovered } = status;
  const rows: string[][] = [
    ['connection', `${status.name} (${status.environment}, egress ${status.egress})`],
    ['state', `${paintState(status.state)} since ${status.since}`],
  ];
  rows.push(...consentRows(status));
  if (certificate) rows.push(['certificate', describeCertificate(certificate)]);
  const rollOver = rollOverRemark(status);
  if (rollOver) rows.push(['rolling over', rollOver]);
  if (session) rows.push(['session', `of user ${session.userId}, expires ${session.expiresAt}, renewed on ${session.renewAt}`]);
  if (oauthClient) rows.push(['OAuth client', `${oauthClient.id}, client id ${oauthClient.clientId ?? 'not read yet'}`]);
  for (const url of oauthClient?.callbackUrls ?? []) rows.push(['callback URL', url]);
  if (lastError) rows.push(['last error', describeError(lastError)]);
  if (action)
    rows.push(['waits for', `${action.code}, seen ${action.seen.times} times since ${action.seen.since}`], ['to do', action.remedy]);
  if (recovered) rows.push(['recovered', `at ${recovered.at} from ${recovered.from}${recovered.code ? ` (${recovered.code})` : ''}`]);
  rows.push(['workflow', status.workflowId]);
  const shown = isUserName(status.name) ? status.steps.filter((step) => step.status !== 'skipped') : status.steps; // never an end user's
  const steps = shown.map(({ name, status: done, at }) => ['', `${name.padEnd(18)} ${done.padEnd(8)} ${at ?? ''}`.trimEnd()]);
  return table([...rows, ['steps', ''], ...steps]);
}

const describeCertificate = ({ subject, roles, expiresAt }: NonNullable<KnownStatus['certificate']>) =>
  `${subject}, ${roles.join(' ')}, expires ${expiresAt}, ${lifeLeft({ expiresAt }, new Date())}`;

export const describeError = (error: SeenFacts): string =>
  [
    error.code,
    error.endpoint,
    error.status === null ? null : `HTTP ${error.status}`,
    error.text,
    error.responseId && `response ${error.responseId}`,
  ]
    .filter(Boolean)
    .join(', ');

/** Of an end user: what it granted, and what its latest link came to. */
function consentRows({ consentedAt, authorization, revoked }: KnownStatus): string[][] {
  const rows: string[][] = [];
  if (consentedAt) rows.push(['consented at', consentedAt]);
  if (revoked) rows.push(['revoked', `since ${revoked.since}${revoked.confirmedAt ? `, refused again at ${revoked.confirmedAt}` : ''}`]);
  if (authorization)
    rows.push(['latest link', authorization.status === 'asked' ? `good until ${authorization.expiresAt}` : authorization.status]);
  return rows;
}

/** What a person is to do, if anything: a sentence that ends in a command. */
export const toDo = (status: KnownStatus): string | null => status.action?.remedy ?? consentRemark(status);

/** The same, and what is well to be done though nothing waits for it. */
export const advice = (status: KnownStatus, consentAgeMs: number): string | null =>
  toDo(status) ?? certificateRemark(status, Date.now()) ?? consentAgeRemark(status, consentAgeMs, Date.now());

/** What there is to say beside the status itself; empty when a worker answered, its egress has one, and the workflow runs. */
export function remarks(status: KnownStatus): string[] {
  const { name, closed, worker, asOf } = status;
  const said: string[] = [];
  if (closed) said.push(`The workflow is closed (${closed}). It goes on from its last state with: bunq-keeper resume ${name}`);
  else if (worker === false) said.push(`No worker answered: this is what was published at ${asOf}.`);
  const missing = missingEgressWorker(status);
  if (missing) said.push(missing);
  return said;
}

/** Why it will not be renewed, and the command that starts what is missing; null where a worker takes its bank calls. */
export const missingEgressWorker = ({ environment, egress, egressWorker }: KnownStatus): string | null =>
  egressWorker === false ? missingWorker(egressQueue(environment, egress)) : null;
