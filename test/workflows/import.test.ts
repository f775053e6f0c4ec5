import { parseBunqContext } from '../../client/bunq-context.ts';
import { importedState } from '../../client/imported-state.ts';
import { newApiKey, sealedApiKey, sealingKeys } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { registerAsSdk } from '../support/sdk-context.ts';
import { DAY, MINUTE } from '../support/virtual-time.ts';

const ENVIRONMENT = 'test';
const keeper = await startKeeper(ENVIRONMENT);

afterEach(() => keeper.finish());

test('the session of an SDK is served until its successor is: there is no moment without one', async () => {
  const ada = await keeper.connection('ada');
  const apiKey = await newApiKey(ada.simulator.apiUrl);
  const nowMs = await keeper.time.nowMs();
  const context = parseBunqContext(JSON.stringify(await registerAsSdk(ada.simulator.apiUrl, apiKey, nowMs)), 'bunq.conf', nowMs);
  const { name, egress, workflowId } = ada;
  const credential = await sealedApiKey(workflowId, apiKey);
  const request = { version: 1 as const, name, environment: ENVIRONMENT, egress, credential, callbackUrls: [], permittedIps: [] };
  await ada.start({ state: await importedState(request, context, sealingKeys, workflowId, nowMs) });
  await ada.becomes('ACTIVE', 10 * MINUTE);
  expect(ada.served.map(({ sessionId }) => sessionId)).toEqual([0]); // nobody noted its id
  expect(ada.simulator.lapses({ connection: 'ada' })).toEqual([]);
  await keeper.time.pass(14 * DAY);
  expect(ada.served.length).toBeGreaterThan(2);
  expect(ada.simulator.lapses({ connection: 'ada' })).toEqual([]);
});
