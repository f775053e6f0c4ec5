/** What the bank and Temporal show after the kills, judged; pure. Times are milliseconds. */

/**
 * What the bank has of one connection that may be there once only.
 * @param state the simulator's `GET /state`
 */
export function registrationOf({ credentials, devices, oauthClients, callbackUrls }, userId) {
  const isTheirs = (entity) => entity.userId === userId;
  const clientIds = oauthClients.filter(isTheirs).map(({ id }) => id);
  return {
    apiKeys: credentials.filter((credential) => isTheirs(credential) && credential.boundInstallations.length > 0).map(({ id }) => id),
    devices: devices.filter(isTheirs).map(({ id }) => id),
    oauthClients: clientIds,
    callbackUrls: callbackUrls.filter(({ oauthClientId }) => clientIds.includes(oauthClientId)).map(({ url }) => url),
  };
}

/**
 * @param expected callback URLs; with any there is an OAuth client, else none is wanted
 * @returns what is not as it should be, a sentence each
 */
export function registrationProblems(name, { apiKeys, devices, oauthClients, callbackUrls }, expected) {
  const problems = [];
  const one = (what, ids, count = 1) => {
    if (ids.length !== count) problems.push(`${name} has ${ids.length} ${what} at the bank, not ${count}: ${ids.join(', ')}`);
  };
  one('API keys in use', apiKeys);
  one('devices', devices);
  one('OAuth clients', oauthClients, expected.length > 0 ? 1 : 0);
  one('callback URLs', callbackUrls, expected.length);
  return problems;
}

/**
 * The sessions that a workflow served, and from when: those whose opening stands in its history.
 * @param history `temporal workflow show -o json`
 */
export function servedSessions({ events }) {
  const scheduled = new Map(
    events.map(({ eventId, activityTaskScheduledEventAttributes: activity }) => [eventId, activity?.activityType.name]),
  );
  return events.flatMap(({ eventTime, activityTaskCompletedEventAttributes: completed }) => {
    if (completed === undefined || scheduled.get(completed.scheduledEventId) !== 'openSession') return [];
    return [{ sessionId: payload(completed.result).sessionId, atMs: Date.parse(eventTime) }];
  });
}

const payload = ({ payloads: [{ data }] }) => JSON.parse(Buffer.from(data, 'base64').toString());

/** The session of these that ended where the lapse begins: its renewal was due at half of its life. */
const dueMs = (lapse, sessions) => {
  const last = sessions.filter(({ expiresAt }) => Date.parse(expiresAt) <= lapse.fromMs).at(-1) ?? sessions[0];
  return (Date.parse(last.createdAt) + Date.parse(last.expiresAt)) / 2;
};

/**
 * Whether outages explain that there was no valid session: for more than half of the time since its renewal was due something was
 * down, be it a worker only.
 * @param outages `{fromMs, untilMs}` each, one after another
 */
export function isExplained(lapse, sessions, outages) {
  const fromMs = dueMs(lapse, sessions);
  const down = outages.map((outage) => Math.min(outage.untilMs, lapse.untilMs) - Math.max(outage.fromMs, fromMs));
  return down.filter((ms) => ms > 0).reduce((sum, ms) => sum + ms, 0) > (lapse.untilMs - fromMs) / 2;
}

/** How many calls for a session reached the bank, and how many of them it refused for want of distance from the one before. */
export function refusedSessionCalls(requests) {
  const calls = requests.filter(({ endpoint }) => endpoint === 'POST /session-server');
  return { calls: calls.length, refused: calls.filter(({ admitted }) => !admitted).length };
}
