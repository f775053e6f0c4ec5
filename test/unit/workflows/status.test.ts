import { NO_AUTHORIZATION } from '../../../workflows/authorization.ts';
import { currentDetails } from '../../../workflows/current-details.ts';
import { memoFields, oauthClientView, sessionView, statusOf, statusOfMemo, wantedFacts } from '../../../workflows/status.ts';
import { DAY, newborn, onboarded, SESSION, sealed, T0, trouble } from './states.ts';

const RUN = { workflowId: 'provider.sandbox.acme', runId: 'run', running: null };
const refusal = trouble({
  error: { code: 'BUNQ_BAD_REQUEST', endpoint: 'POST /v1/x', status: 400, text: 'Not that one.', responseId: 'r-1', atMs: T0 + DAY },
  failures: 3,
  action: 'CALLBACK_URL_REFUSED',
});

test('the status of a connection that lacks nothing tells its session, its OAuth client and its certificate', () => {
  expect(statusOf(onboarded(), RUN, T0)).toMatchObject({
    schema: 1,
    name: 'acme',
    workflowId: 'provider.sandbox.acme',
    state: 'ACTIVE',
    since: '2026-12-01T12:00:00.000Z',
    certificate: { subject: '/CN=Acme PISP AISP/C=NL', authorizationNumber: 'PSDNL-DNB-12345678', roles: ['PISP', 'AISP'] },
    session: {
      openedAt: '2026-12-01T12:00:00.000Z',
      expiresAt: '2027-03-01T12:00:00.000Z',
      renewAt: '2027-01-30T12:00:00.000Z',
      userId: 5,
    },
    oauthClient: { id: 6, clientId: 'client-id', callbackUrls: ['https://acme.example/callback'] },
    action: null,
    lastError: null,
  });
});

/** As Temporal does: what is written takes its place in what was, and nothing null is kept. */
const merged = (...written: Record<string, unknown>[]) =>
  Object.fromEntries(Object.entries(Object.assign({}, ...written) as Record<string, unknown>).filter(([, value]) => value !== null));

test.each([
  [
    'a revoked access that was granted again',
    { authorization: NO_AUTHORIZATION, revoked: { sinceMs: T0, confirmedAtMs: null } },
    { revoked: undefined },
  ],
  [
    'a roll-over that is through',
    { wanted: { ...onboarded().wanted, formerCredential: onboarded().wanted.credential } },
    { wanted: onboarded().wanted },
  ],
  ['trouble that is over', { troubles: { 'callback-urls': refusal } }, { troubles: {} }],
])('after %s the memo says what the status says', (_what, before, after) => {
  const memo = ['before', 'after'].map((when) => {
    const state = onboarded({ ...before, ...(when === 'after' && after) } as Parameters<typeof onboarded>[0]);
    const status = JSON.parse(JSON.stringify(statusOf(state, RUN, T0))) as ReturnType<typeof statusOf>;
    return { status, fields: memoFields(status, wantedFacts(state)) };
  });
  const told = statusOfMemo({ ...merged(memo[0]!.fields, memo[1]!.fields), asOf: 'then' })!.status;
  const withoutNulls = (status: object) => merged(status as Record<string, unknown>);
  expect(withoutNulls(told)).toEqual(withoutNulls(memo[1]!.status));
  expect(withoutNulls(told)).not.toEqual(withoutNulls(memo[0]!.status));
});

test('a session that is over is not told', () => {
  expect(statusOf(onboarded(), RUN, SESSION.expiresAtMs)).toMatchObject({ state: 'LAPSED', session: null });
});

test('what waits for a person is told with what was seen, how often, since when, and what to do', () => {
  const state = onboarded({ troubles: { 'callback-urls': refusal } });
  expect(statusOf(state, RUN, T0 + DAY)).toMatchObject({
    state: 'ACTION_REQUIRED',
    action: {
      code: 'CALLBACK_URL_REFUSED',
      seen: {
        code: 'BUNQ_BAD_REQUEST',
        status: 400,
        text: 'Not that one.',
        responseId: 'r-1',
        times: 3,
        since: '2026-12-01T12:00:00.000Z',
      },
      remedy: expect.stringContaining('bunq-keeper callback-urls acme set'),
    },
  });
});

test('of several errors the last is told', () => {
  const state = onboarded({ troubles: { session: trouble(), 'callback-urls': refusal } });
  expect(statusOf(state, RUN, T0 + DAY).lastError).toMatchObject({ code: 'BUNQ_BAD_REQUEST', at: '2026-12-02T12:00:00.000Z' });
});

test('each step is told as pending, running, retrying, waiting, done or skipped', () => {
  const credential = { type: 'api-key', apiKey: sealed<'api-key'>('sealed') } as const;
  const state = {
    ...newborn({ credential, callbackUrls: [] }),
    ladder: { ...onboarded().ladder, apiKey: null, device: null },
    doneAtMs: { 'key-pair': T0 },
    troubles: { installation: trouble(), 'api-key': refusal },
  };
  const { steps } = statusOf(state, { ...RUN, running: 'device' }, T0);
  expect(steps.map(({ name, status }) => [name, status])).toEqual([
    ['key-pair', 'done'],
    ['installation', 'retrying'],
    ['api-key', 'waiting'],
    ['device', 'running'],
    ['session', 'pending'],
    ['oauth-client', 'skipped'],
    ['callback-urls', 'skipped'],
    ['client-credentials', 'skipped'],
  ]);
  expect(steps[0]).toMatchObject({ at: '2026-12-01T12:00:00.000Z' });
});

test('what the provider has done is skipped where its installation is used, and the session says so', () => {
  const state = onboarded();
  state.ladder.installation!.ofProvider = state.serving!.installation.ofProvider = true;
  const skipped = statusOf(state, RUN, T0).steps.filter(({ status }) => status === 'skipped');
  expect(skipped.map(({ name }) => name)).toEqual(['key-pair', 'installation', 'device']);
  expect(sessionView(state)).toMatchObject({ ofProvider: true });
});

test('nothing sealed is in a status, in what was wished or in the details for the Temporal UI', () => {
  const state = onboarded({ troubles: { session: refusal } });
  const status = statusOf(state, RUN, T0);
  expect(JSON.stringify([status, wantedFacts(state), currentDetails(status, T0)])).not.toContain('sealed');
});

test('a session view holds all that a call needs, of one piece, sealed', () => {
  expect(sessionView(onboarded())).toMatchObject({
    sessionId: 4,
    user: { id: 5 },
    sessionToken: 'sealed session token',
    privateKey: 'sealed private key',
    serverPublicKeyPem: 'server key',
  });
  expect(sessionView(newborn())).toBeNull();
  expect(oauthClientView(onboarded())).toMatchObject({ id: 6, clientSecret: 'sealed client secret' });
  expect(oauthClientView(newborn())).toBeNull();
});
