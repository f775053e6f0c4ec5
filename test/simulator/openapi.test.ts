import { ENDPOINTS, type Simulator, startSimulator } from '../../simulator/index.ts';
import { send } from './client.ts';
import { everyCall, type Spoken } from './every-call.ts';
import { answerDifferences, DOCUMENTED, type Documented, errorDifferences, hasEnvelope, INFO, requestDifferences } from './openapi.ts';
import { ADDITIONS, ANSWER_MISTAKES, TOKEN_MISTAKES } from './openapi-mistakes.ts';

/** The simulator against bunq's own description of its API: test/vectors/bunq-openapi.json. */

let simulator: Simulator;
let spoken: Spoken[];

beforeAll(async () => {
  simulator = await startSimulator({ rateLimits: false });
  spoken = await everyCall(simulator);
});
afterAll(() => simulator.close());

const documentedOf = ({ endpoint }: Spoken): Documented => DOCUMENTED.find((documented) => documented.endpoint === endpoint)!;
const sorted = (names: Iterable<string>) => [...new Set(names)].sort();

/** An error of that very endpoint: what is no JSON, or a token that is none. */
const refusedCall = ({ endpoint, again }: Spoken) =>
  again(/^(POST|PUT)/.test(endpoint) ? { body: '{' } : { token: 'no token of this bank' });

test("the file is bunq's, under its licence, and says what was left out of it", () => {
  expect(INFO.license.name).toBe('Apache 2.0');
  expect(INFO['x-trimmed']).toMatch(/^Excerpt of swagger\.json of github\.com\/bunq\/doc /);
});

test('every path and method of the file is there, and no other but those that are listed with a reason', () => {
  expect(sorted(ENDPOINTS)).toEqual(sorted([...DOCUMENTED.map(({ endpoint }) => endpoint), ...Object.keys(ADDITIONS)]));
  expect(new Set(ENDPOINTS).size).toBe(ENDPOINTS.length);
});

test('every answer is as the file has it but for its known mistakes, each of which is still one', () => {
  expect(spoken.filter(({ received }) => received.status !== 200)).toEqual([]);
  expect(sorted(spoken.map(({ endpoint }) => endpoint))).toEqual(sorted(DOCUMENTED.map(({ endpoint }) => endpoint)));
  const found = spoken.flatMap((one) => answerDifferences(documentedOf(one), one.received.json));
  expect(sorted(found)).toEqual(sorted(Object.keys(ANSWER_MISTAKES)));
  expect(hasEnvelope()).toBe(false); // a mistake too: SDKs and recorded answers have `Response`
});

test('every endpoint refuses in the envelope that the file has for errors', async () => {
  for (const one of spoken) {
    const { status, json } = await refusedCall(one);
    expect([one.endpoint, status]).toEqual([one.endpoint, /^(POST|PUT)/.test(one.endpoint) ? 400 : 401]);
    expect(json.Error).toHaveLength(1);
    expect(errorDifferences(json, one.endpoint)).toEqual([]);
  }
});

test('every answer, also of a refusal, has the headers that the file has', async () => {
  for (const one of spoken)
    for (const { headers } of [one.received, await refusedCall(one)])
      expect(Object.keys(headers)).toEqual(expect.arrayContaining(documentedOf(one).headers.map((name) => name.toLowerCase())));
});

test('every member of a request that the file has is accepted, and none that it demands may be missing', async () => {
  const asking = spoken.filter((one) => documentedOf(one).request !== null);
  for (const one of asking) {
    const { endpoint, body = {} } = one;
    const { members, required } = documentedOf(one).request!;
    expect([endpoint, ...Object.keys(body)]).toEqual([endpoint, ...members]);
    expect(requestDifferences(documentedOf(one), body)).toEqual([]);
    for (const name of required) {
      const { [name]: _, ...rest } = body;
      expect([endpoint, name, (await one.again({ body: rest })).status]).toEqual([endpoint, name, 400]);
    }
  }
});

test('every call needs the token that the file demands, but for those that can have none', async () => {
  const needless = [];
  for (const { endpoint } of DOCUMENTED) {
    const [method = '', path = ''] = endpoint.split(' ');
    const { status } = await send(simulator.apiUrl, method, path.replaceAll(/\{[^}]+\}/g, '1'));
    if (status !== 401) needless.push(endpoint);
  }
  expect(DOCUMENTED.filter(({ needsToken }) => !needsToken)).toEqual([]);
  expect(sorted(needless)).toEqual(sorted(Object.keys(TOKEN_MISTAKES)));
});
