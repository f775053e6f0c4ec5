import { certificateRemark } from './certificate-life.ts';
import { forPeople, plain } from './markdown.ts';
import type { ConnectionStatus, SeenFacts } from './messages.ts';
import type { LifecycleState } from './state.ts';
import { consentRemark, rollOverRemark } from './status.ts';

/** What the Temporal UI shows of a connection as it is now: Markdown, for a person who knows nothing else of it. Pure. */

/** The state in a sentence, what to do about it, why, what there is, and a table of steps with times. */
export function currentDetails(status: ConnectionStatus, nowMs: number): string {
  const heading = [`## ${status.state}`, `${story(status)} In this state since ${status.since}.`];
  const rest = status.state === 'DISCONNECTED' ? [] : [...troublesOf(status, nowMs), ...holdingsOf(status, nowMs), stepsOf(status)];
  return forPeople([...heading, ...rest].join('\n\n'));
}

const STORIES: Record<Exclude<LifecycleState, 'ACTION_REQUIRED'>, string> = {
  ONBOARDING: 'It is being set up at the bank, step by step.',
  ACTIVE: 'A session is served, and renewed by itself.',
  RENEWING: 'The session served is good; the next one is being opened.',
  DEGRADED: 'The session served is good; something does not succeed, and is tried again by itself.',
  LAPSED: 'There is no valid session, so calls to the bank fail. Another one is tried for by itself.',
  AWAITING_AUTHORIZATION: 'It waits for the end user to grant access.',
  REVOKED: 'The end user, or the bank, has taken the access back.',
  DISCONNECTED: 'It was ended by a person; a session that could not be closed at the bank is named in the result.',
};

function story({ state, session }: ConnectionStatus): string {
  if (state !== 'ACTION_REQUIRED') return STORIES[state];
  return `A step waits for a person. ${session ? 'The session served goes on being kept.' : 'There is no valid session.'}`;
}

function troublesOf(status: ConnectionStatus, nowMs: number): string[] {
  const { action, lastError, recovered } = status;
  const lines = [consentRemark(status), rollOverRemark(status), certificateRemark(status, nowMs)].filter((remark) => remark !== null);
  if (action) {
    const { times, since } = action.seen;
    lines.unshift(`**What to do:** ${action.remedy}`);
    lines.splice(1, 0, `**Why:** ${action.code}, seen ${times === 1 ? 'once, at' : `${times} times since`} ${since}: ${told(action.seen)}`);
  } else if (lastError) lines.push(`**Last error** at ${lastError.at}: ${told(lastError)}`);
  if (recovered)
    lines.push(
      `**Recovered** at ${recovered.at} from ${recovered.from}${recovered.code ? ` (${recovered.code})` : ''}, which had lasted since ${recovered.since}.`,
    );
  return lines;
}

function holdingsOf(status: ConnectionStatus, nowMs: number): string[] {
  const { session, oauthClient, certificate, formerCertificate } = status;
  const lines: string[] = [];
  if (session)
    lines.push(
      `**Session** of user ${session.userId}: opened ${session.openedAt}, to be renewed at ${session.renewAt}, expires ${session.expiresAt}.`,
    );
  if (oauthClient)
    lines.push(
      `**OAuth client** ${oauthClient.id}, client id ${oauthClient.clientId ? `\`${oauthClient.clientId}\`` : 'not read yet'}: ${oauthClient.callbackUrls.join(', ') || 'no callback URL'}`,
    );
  if (certificate && !formerCertificate && !certificateRemark(status, nowMs))
    lines.push(`**Certificate** \`${certificate.subject}\` (${certificate.roles.join(', ')}), expires ${certificate.expiresAt}.`);
  return lines;
}

function stepsOf({ steps }: ConnectionStatus): string {
  const rows = steps.map(({ name, status, at }) => `| ${name} | ${status} | ${at ?? ''} |`);
  return ['| step | status | last done |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The bank's words first, as a person looks for these. */
function told({ code, endpoint, status, text, responseId }: SeenFacts): string {
  const facts = [endpoint, status && `HTTP ${status}`, code, responseId && `response ${responseId}`].filter(Boolean).join(', ');
  return text ? `“${plain(text)}” (${facts})` : facts;
}
