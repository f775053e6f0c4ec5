import { parseBunqContext } from '../../client/bunq-context.ts';
import { importedState } from '../../client/imported-state.ts';
import { resealUpdate } from '../../workflows/messages.ts';
import { keyIdsIn } from '../../workflows/sealed-values.ts';
import type { OnboardingRequest } from '../../workflows/state.ts';
import type { TestConnection } from '../support/connection.ts';
import { formerSealingKeys, newApiKey, sealedApiKey, sealingKeys } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { registerAsSdk } from '../support/sdk-context.ts';
import { DAY, MINUTE } from '../support/virtual-time.ts';

/** The sealing keys are rotated under a connection; that all of it replays is looked at after each test. */

const ENVIRONMENT = 'test';
const keeper = await startKeeper(ENVIRONMENT);
const [former] = formerSealingKeys.keyIds;
const [present] = sealingKeys.keyIds;

afterEach(() => keeper.finish());

type Credential = Extract<OnboardingRequest['credential'], { type: 'api-key' }>;

const requestOf = ({ name, egress }: TestConnection, credential: Credential): OnboardingRequest => ({
  version: 1,
  name,
  environment: ENVIRONMENT,
  egress,
  credential,
  callbackUrls: [],
  permittedIps: [],
});

const keysOf = async (connection: TestConnection) => keyIdsIn(await connection.state());

/** How often a connection was sealed anew. */
async function resealings(connection: TestConnection): Promise<number> {
  const events = (await connection.histories()).flatMap(({ events }) => events ?? []);
  return events.filter(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'reseal').length;
}

test('what is sealed by a former key is sealed by the present one as soon as a session is served, once', async () => {
  const ada = await keeper.connection('ada');
  const apiKey = await newApiKey(ada.simulator.apiUrl);
  await ada.start({ request: requestOf(ada, await sealedApiKey(ada.workflowId, apiKey, formerSealingKeys)) });
  await ada.becomes('ACTIVE');
  expect(await keysOf(ada)).toEqual([present]);
  await keeper.time.pass(14 * DAY);
  expect(ada.served.length).toBeGreaterThan(2);
  expect(await resealings(ada)).toBe(1);
  expect(ada.simulator.state().installations).toHaveLength(1);
});

test('it is on demand, with the session that is served; to ask again changes nothing', async () => {
  const ada = await keeper.connection('ada');
  const apiKey = await newApiKey(ada.simulator.apiUrl);
  const nowMs = await keeper.time.nowMs();
  const context = parseBunqContext(JSON.stringify(await registerAsSdk(ada.simulator.apiUrl, apiKey, nowMs)), 'bunq.conf', nowMs);
  const request = requestOf(ada, await sealedApiKey(ada.workflowId, apiKey, formerSealingKeys));
  await ada.start({ state: await importedState(request, context, formerSealingKeys, ada.workflowId, nowMs) });
  await ada.becomes('ACTIVE', 10 * MINUTE);
  expect(await keysOf(ada)).toEqual([former]);
  const calls = ada.simulator.requests().length;
  const ask = () => ada.handle.executeUpdate(resealUpdate, { args: [{ by: 'ada@test' }] });
  expect(await ask()).toEqual({ keyIds: [present] });
  const state = await ada.state();
  expect(keyIdsIn(state)).toEqual([present]);
  expect(state.ladder.apiKey!.apiKey).toBe(state.serving!.apiKey.apiKey); // no new thing to stand on
  expect(await ask()).toEqual({ keyIds: [present] });
  expect(await ada.state()).toEqual(state);
  expect(ada.simulator.requests().length).toBe(calls);
  await keeper.time.pass(10 * DAY);
  expect(ada.simulator.lapses({ connection: 'ada' })).toEqual([]);
  expect(ada.simulator.state().installations).toHaveLength(1);
});

test('ordinary renewals have nothing of it in their history', async () => {
  const ada = await keeper.connection('ada');
  const apiKey = await newApiKey(ada.simulator.apiUrl);
  await ada.start({ request: requestOf(ada, await sealedApiKey(ada.workflowId, apiKey)) });
  await ada.becomes('ACTIVE');
  await keeper.time.pass(14 * DAY);
  expect(ada.served.length).toBeGreaterThan(2);
  expect(await resealings(ada)).toBe(0);
});
