import { setTimeout as sleep } from 'node:timers/promises';
import { isExplained, refusedSessionCalls, registrationOf, registrationProblems, servedSessions } from './findings.mjs';
import { keeper, simulator, temporal } from './stack.mjs';

const MANAGEMENT = 'http://127.0.0.1:8091';
const ENVIRONMENT = 'simulator';
const LOOK_EVERY_MS = 2000;

/**
 * @returns the statuses, by name
 * @throws Error with the states, when one of them is not ACTIVE within so long
 */
export async function untilActive(connections, withinMs) {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const lines = (await keeper(['list', '--json'])).trim().split('\n').filter(Boolean);
    const statuses = new Map(lines.map((line) => JSON.parse(line)).map((status) => [status.name, status]));
    const states = connections.map(({ name }) => `${name} ${statuses.get(name)?.state ?? 'unknown'}`);
    if (states.every((state) => state.endsWith(' ACTIVE'))) return { statuses, connections };
    if (Date.now() > deadlineMs) throw new Error(`not all are ACTIVE within ${withinMs / 1000} s: ${states.join(', ')}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * @param before the connections that were ACTIVE before the first fault, and `after` all of them, after the last
 * @returns what was lost, a sentence each, and what was seen, likewise
 */
export async function examine({ before, after, outages, backMs, activeMs }) {
  const state = await simulator('GET', `${MANAGEMENT}/state`);
  const { requests } = await simulator('GET', `${MANAGEMENT}/requests`);
  const problems = [...sameAsBefore(before, after), ...(await workflowProblems(after))];
  const figures = [];
  for (const { name, callbackUrls } of after.connections) {
    const { userId } = after.statuses.get(name).session;
    problems.push(...registrationProblems(name, registrationOf(state, userId), callbackUrls));
    const { sessions, lapses } = await keptSessions(name, state);
    if (sessions.length < 2) problems.push(`${name} opened ${sessions.length} sessions, so it was not renewed: give it more --minutes`);
    const unexplained = lapses.filter((lapse) => !isExplained(lapse, sessions, outages));
    problems.push(...unexplained.map((lapse) => `${name} had no valid session for ${duration(lapse)}, and no outage explains it`));
    figures.push(
      `${name}: user ${userId}, ${sessions.length} sessions, ${lapses.length} lapses${lapses.map((lapse) => ` ${duration(lapse)}`)}`,
    );
  }
  const { calls, refused } = refusedSessionCalls(requests);
  if (refused > 0) problems.push(`the bank refused ${refused} of ${calls} session calls: they came less than 30 s apart`);
  figures.push(
    `bank: ${calls} session calls, ${refused} refused; all ACTIVE ${Math.round((activeMs - backMs) / 1000)} s after the last container was back`,
  );
  return { problems, figures };
}

const duration = ({ fromMs, untilMs }) => `${Math.round((untilMs - fromMs) / 1000)} s`;

function sameAsBefore(before, after) {
  return before.connections.flatMap(({ name }) => {
    const [then, now] = [before, after].map(({ statuses }) => statuses.get(name));
    const facts = { 'user at the bank': (status) => status.session.userId, 'OAuth client': (status) => status.oauthClient?.id };
    return Object.entries(facts).flatMap(([what, of]) =>
      of(then) === of(now) ? [] : [`${name} has another ${what}: ${of(now)}, not ${of(then)}`],
    );
  });
}

/** Every connection's workflow and the gate's run, under the ids that they began with, and no other. */
async function workflowProblems({ connections, statuses }) {
  const running = JSON.parse(await temporal(['workflow', 'list', '--query', 'ExecutionStatus="Running"', '--output', 'json']));
  const ids = running.map(({ execution }) => execution.workflowId).sort();
  const wanted = [`session-gate.${ENVIRONMENT}.default`, ...connections.map(({ name }) => statuses.get(name).workflowId)].sort();
  return ids.join() === wanted.join() ? [] : [`these workflows run: ${ids.join(', ')}; and these should: ${wanted.join(', ')}`];
}

/** The sessions that it served, and when none of them was valid, as the bank computes it from both. */
async function keptSessions(name, { sessions }) {
  const shown = await temporal([
    'workflow',
    'show',
    '--workflow-id',
    `provider.${ENVIRONMENT}.${name}`,
    '--output',
    'json',
    '--no-json-shorthand-payloads',
  ]);
  const served = servedSessions(JSON.parse(shown));
  for (const { sessionId, atMs } of served) await simulator('POST', `${MANAGEMENT}/published`, { connection: name, sessionId, atMs });
  const { lapses } = await simulator('GET', `${MANAGEMENT}/lapses?connection=${name}`);
  return { sessions: served.map(({ sessionId }) => sessions.find(({ id }) => id === sessionId)), lapses };
}
