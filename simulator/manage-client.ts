import type { Management } from './manage.ts';

/** The management of a bank in another process: the methods of the object that `startSimulator` returns, each of which takes its time. */
export type RemoteManagement = {
  readonly [Name in keyof Management]: (...input: Parameters<Management[Name]>) => Promise<ReturnType<Management[Name]>>;
};

/**
 * The bank whose management port is there. Every method throws an Error with what the server said, as `{"error"}`, and without an answer what `fetch` throws.
 *
 *     const simulator = manageSimulator('http://127.0.0.1:8091/');
 *     await simulator.advanceClock(60_000);
 *
 * @param manageUrl as `bunq-keeper simulator --json` prints it
 */
export function manageSimulator(manageUrl: string): RemoteManagement {
  const call = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const answer = await fetch(new URL(path, manageUrl), { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} /${path}: ${await errorOf(answer)}`);
    return (await answer.json()) as Answer;
  };
  /** One member of the answer. */
  const pick = async <Value>(member: string, ...asked: Parameters<typeof call>): Promise<Value> =>
    (await call<Record<string, Value>>(...asked))[member] as Value;
  const tell = async (method: string, path: string, body?: object): Promise<void> => void (await call<object>(method, path, body));

  return {
    state: () => call('GET', 'state'),
    secrets: () => pick('secrets', 'GET', 'secrets'),
    requests: () => pick('requests', 'GET', 'requests'),
    resetRequests: () => tell('POST', 'requests/reset'),
    nowMs: () => pick('nowMs', 'GET', 'clock'),
    advanceClock: (advanceMs) => tell('POST', 'clock', { advanceMs }),
    setClock: (setMs) => tell('POST', 'clock', { setMs }),
    freezeClock: (freeze = true) => tell('POST', 'clock', { freeze }),
    followClock: () => tell('POST', 'clock', { follow: true }),
    settings: () => call('GET', 'settings'),
    changeSettings: (change) => call('PATCH', 'settings', change),
    fault: (options) => call('POST', 'faults', options),
    faults: () => pick('faults', 'GET', 'faults'),
    settle: () => pick('performed', 'POST', 'faults/settle'),
    releaseFaults: (id) => pick('released', 'POST', 'faults/release', { id }),
    clearFaults: (id) => tell('DELETE', id === undefined ? 'faults' : `faults/${id}`),
    expireSession: (id) => tell('POST', `sessions/${id}/expire`),
    revokeSession: (id) => tell('POST', `sessions/${id}/revoke`),
    revokeCredential: (id) => tell('POST', `credentials/${id}/revoke`),
    blockCredential: (id) => tell('POST', `credentials/${id}/block`),
    unblockCredential: (id) => tell('POST', `credentials/${id}/unblock`),
    revokeUser: (id) => tell('POST', `users/${id}/revoke`),
    revokeInstallation: (id) => tell('POST', `installations/${id}/revoke`),
    endUsers: () => pick('endUsers', 'GET', 'end-users'),
    createEndUser: (options) => call('POST', 'end-users', options),
    authorize: (options) => pick('redirectUrl', 'POST', 'authorize', options),
    grants: () => pick('grants', 'GET', 'grants'),
    revokeGrant: ({ userApiKeyId }) => tell('POST', `grants/${userApiKeyId}/revoke`),
    revokeGrantsOf: ({ user }) => tell('POST', `end-users/${user}/revoke-grants`),
    published: (published) => tell('POST', 'published', published),
    lapses: (query) => pick('lapses', 'GET', `lapses?${searchOf(query)}`),
    snapshot: () => call('GET', 'snapshot'),
    restore: (snapshot) => tell('PUT', 'snapshot', snapshot),
    reset: (options) => tell('POST', 'reset', options),
    seed: (options) => call('POST', 'seed', options),
  };
}

async function errorOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    return (JSON.parse(text) as { error: string }).error;
  } catch {
    return `${answer.status} ${text}`;
  }
}

/** What is undefined is left out. */
const searchOf = (query: object) =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]])),
  );
