import { currentDetails } from '../../../workflows/current-details.ts';
import { forPeople } from '../../../workflows/markdown.ts';
import type { ConnectionStatus } from '../../../workflows/messages.ts';
import type { ConnectionState } from '../../../workflows/state.ts';
import { statusOf } from '../../../workflows/status.ts';
import { DAY, newborn, onboarded, SERVING, SESSION, T0, trouble } from './states.ts';

const RUN = { workflowId: 'provider.sandbox.acme', runId: 'run', running: null };
const error = {
  code: 'BUNQ_BAD_REQUEST',
  endpoint: 'POST /v1/x',
  status: 400,
  text: 'Not that one.',
  responseId: 'r-1',
  atMs: T0,
} as const;
const refusal = trouble({ error, failures: 3, action: 'CALLBACK_URL_REFUSED' });
const detailsOf = (state: ConnectionState, nowMs = T0) => currentDetails(statusOf(state, RUN, nowMs), nowMs);

test('they begin with the state and what it means, then what a person is to do, with the command to copy, and why', () => {
  const details = detailsOf(onboarded({ troubles: { 'callback-urls': refusal } }));
  const [heading, story, toDo, why] = details.split('\n\n');
  expect(heading).toBe('## ACTION_REQUIRED');
  expect(story).toMatch(
    /^A step waits for a person\. The session served goes on being kept\. In this state since 2026-12-01 12:00:00 UTC\.$/,
  );
  expect(toDo).toMatch(
    /^\*\*What to do:\*\* The bank does not take a callback URL\. Give others: `bunq-keeper callback-urls acme set U …`$/,
  );
  expect(why).toBe(
    '**Why:** CALLBACK_URL_REFUSED, seen 3 times since 2026-12-01 12:00:00 UTC: “Not that one.” (POST /v1/x, HTTP 400, BUNQ_BAD_REQUEST, response r-1)',
  );
});

test('they say that nothing is served where a person is waited for and there is no session', () => {
  const state: ConnectionState = { ...newborn(), troubles: { 'api-key': trouble({ error, action: 'CREDENTIAL_REFUSED' }) } };
  expect(detailsOf(state)).toContain('A step waits for a person. There is no valid session.');
});

test('they tell the session, the OAuth client, the certificate, and each step with its time', () => {
  const details = detailsOf(onboarded({ doneAtMs: { session: T0 }, troubles: { 'callback-urls': refusal } }));
  expect(details).toContain('**Session** of user 5: opened 2026-12-01 12:00:00 UTC, to be renewed at 2027-01-30 12:00:00 UTC');
  expect(details).toContain('**OAuth client** 6, client id `client-id`: https://acme.example/callback');
  expect(details).toContain('**Certificate** `/CN=Acme PISP AISP/C=NL`');
  expect(details).toContain('| session | done | 2026-12-01 12:00:00 UTC |');
  expect(details).toContain('| callback-urls | waiting |  |');
});

test('what is being retried is told with the last error, and that nobody has to do anything', () => {
  const details = detailsOf(onboarded({ serving: { ...SERVING, renewAtMs: T0 }, troubles: { session: trouble({ error }) } }), T0 + DAY);
  expect(details).toMatch(/^## DEGRADED\n\nThe session served is good; something does not succeed, and is tried again by itself\./);
  expect(details).toContain('**Last error** at 2026-12-01 12:00:00 UTC: “Not that one.”');
  expect(details).not.toContain('What to do');
});

test('a connection that has ended tells that alone', () => {
  const status: ConnectionStatus = { ...statusOf(onboarded(), RUN, SESSION.expiresAtMs), state: 'DISCONNECTED' };
  const details = currentDetails(status, SESSION.expiresAtMs);
  expect(details).toMatch(/^## DISCONNECTED\n\nIt was ended by a person/);
  expect(details).not.toContain('|');
});

test('the bank’s words are shown as they are, whatever they would mean in Markdown', () => {
  const text = 'See [here](https://x.example) <b>*now*</b>';
  const details = detailsOf(onboarded({ troubles: { 'callback-urls': { ...refusal, error: { ...error, text } } } }));
  expect(details).toContain('“See \\[here\\](https://x.example) \\<b>\\*now\\*\\</b>”');
});

test('each command of a sentence is to be copied alone, and the sentence goes on in words', () => {
  expect(forPeople('Check it (bunq-keeper certificate inspect F), then: bunq-keeper resume acme')).toContain(
    'Check it (`bunq-keeper certificate inspect F`), then: `bunq-keeper resume acme`',
  );
  expect(forPeople('yourself: echo D | openssl base64 -A > F, then: bunq-keeper resume acme --signature F')).toContain(
    'yourself: `echo D | openssl base64 -A > F`, then: `bunq-keeper resume acme --signature F`',
  );
});
