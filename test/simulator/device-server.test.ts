import { bankForEachTest } from './bank.ts';
import { bind, errorOf, install, logInProvider, logInUser, newKeyPair, newSandboxKey, openSession, responseId, send } from './client.ts';

const bank = bankForEachTest();
const keys = newKeyPair();
const INCORRECT = 'User credentials are incorrect. Incorrect API key or IP address.';
const ELSEWHERE = { from: '127.0.0.2' };

const start = async () => ({ installed: await install(bank.apiUrl, keys), apiKey: await newSandboxKey(bank.apiUrl) });

function expectIncorrect(received: Awaited<ReturnType<typeof bind>>) {
  expect(received.status).toBe(400);
  expect(errorOf(received)).toBe(INCORRECT);
}

test('an API key that nobody was given is refused, and binds nothing', async () => {
  const { installed } = await start();
  expectIncorrect(await bind(installed, 'f'.repeat(64)));
  expect(bank.simulator.state().devices).toEqual([]);
});

describe('a key bound without a list, or with an empty one, may be used from the calling address only', () => {
  test.each([[undefined], [[]]])('%j', async (permittedIps) => {
    const { installed, apiKey } = await start();
    expect((await bind(installed, apiKey, permittedIps)).status).toBe(200);
    expectIncorrect(await openSession(installed, apiKey, ELSEWHERE));
    expectIncorrect(await bind(installed, apiKey, undefined, ELSEWHERE));
    expectIncorrect(await bind(await install(bank.apiUrl, keys), apiKey, ['*'], ELSEWHERE));
    expect((await openSession(installed, apiKey)).status).toBe(200);
  });
});

test.each([[['127.0.0.1', '*']], [['*']]])('a key bound with %j may be used from anywhere', async (permittedIps) => {
  const { installed, apiKey } = await start();
  expect((await bind(installed, apiKey, permittedIps)).status).toBe(200);
  expect((await openSession(installed, apiKey, ELSEWHERE)).status).toBe(200);
});

test('a switch makes a bare wildcard mean the calling address', async () => {
  bank.simulator.changeSettings({ bareWildcardBindsCaller: true });
  const { installed, apiKey } = await start();
  await bind(installed, apiKey, ['*']);
  expectIncorrect(await openSession(installed, apiKey, ELSEWHERE));
});

test('a list with neither the calling address nor the wildcard is refused, and binds nothing', async () => {
  const { installed, apiKey } = await start();
  expectIncorrect(await bind(installed, apiKey, ['192.0.2.1']));
  expect(bank.simulator.state()).toMatchObject({ devices: [], credentials: [{ status: 'PENDING_FIRST_USE', boundInstallations: [] }] });
  expect((await bind(installed, apiKey, ['127.0.0.1', '127.0.0.2'])).status).toBe(200);
  expect((await openSession(installed, apiKey, ELSEWHERE)).status).toBe(200);
});

test('what is no address is named', async () => {
  const { installed, apiKey } = await start();
  const refused = await bind(installed, apiKey, ['localhost']);
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toMatch(/permitted_ips\.0.*not an IP address/);
});

test('the same key may be bound again on the same installation: the same device, unless the switch refuses it', async () => {
  const { installed, apiKey } = await start();
  const first = responseId(await bind(installed, apiKey));
  expect(responseId(await bind(installed, apiKey))).toBe(first);
  bank.simulator.changeSettings({ refuseRebinding: true });
  expectIncorrect(await bind(installed, apiKey));
  expect(bank.simulator.state().devices).toHaveLength(1);
});

test('a key may be bound on several installations, and opens sessions on those only', async () => {
  const { installed, apiKey } = await start();
  const [second, unbound] = [await install(bank.apiUrl, keys), await install(bank.apiUrl, keys)];
  await bind(installed, apiKey);
  await bind(second, apiKey);
  expect(bank.simulator.state().credentials[0]?.boundInstallations).toEqual([installed.id, second.id]);
  expect((await openSession(second, apiKey)).status).toBe(200);
  expectIncorrect(await openSession(unbound, apiKey));
});

test('devices are listed on an installation and on a session, without the key', async () => {
  const { installed, call, apiKey } = await logInUser(bank.apiUrl);
  await logInProvider(bank.apiUrl); // another's device is not shown
  for (const read of [installed.call, call]) {
    const { json, text } = await read('GET', '/device-server');
    expect(json.Response).toEqual([
      {
        DeviceServer: {
          id: expect.any(Number),
          created: expect.any(String),
          updated: expect.any(String),
          description: 'test',
          ip: '127.0.0.1',
          status: 'ACTIVE',
        },
      },
    ]);
    expect(text).not.toContain(apiKey);
    expect((await read('GET', `/device-server/${json.Response[0].DeviceServer.id}`)).status).toBe(200);
    expect((await read('GET', '/device-server/1')).status).toBe(404);
  }
});

test('it needs the installation token', async () => {
  const { call, apiKey } = await logInUser(bank.apiUrl);
  const body = { description: 'test', secret: apiKey };
  expect((await call('POST', '/device-server', { body })).status).toBe(403);
  expect((await send(bank.apiUrl, 'POST', '/device-server', { body })).status).toBe(401);
});
