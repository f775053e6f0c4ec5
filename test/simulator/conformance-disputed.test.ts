import { bankForEachTest } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import {
  bind,
  createCredential,
  errorOf,
  install,
  isSignedByBank,
  logInProvider,
  logInUser,
  newSandboxKey,
  responseId,
  send,
} from './client.ts';
import { askSugarDaddy } from './money.ts';
import { CALLBACK_URL, connect, providerWithClient } from './oauth.ts';

/** What sources disagree on, where no other file is about it: the documented way by default, the other by a setting. */

const bank = bankForEachTest();

test.each([491, 500, 502])('an answer with status %i is not signed, unless signAllAnswers has it signed', async (status) => {
  const { call, installed } = await logInProvider(bank.apiUrl);
  bank.simulator.fault({ endpoint: 'GET /user', kind: 'status', status, times: 2 });
  expect((await call('GET', '/user')).headers).not.toHaveProperty('x-bunq-server-signature');
  bank.simulator.changeSettings({ signAllAnswers: true });
  expect(isSignedByBank(await call('GET', '/user'), installed.serverPublicKeyPem)).toBe(true);
});

test('a bad parameter is answered 400, or 490 by badParameterStatus; wrong credentials are 400 always', async () => {
  for (const status of [400, 490] as const) {
    bank.simulator.changeSettings({ badParameterStatus: status });
    expect((await send(bank.apiUrl, 'POST', '/installation', { body: {} })).status).toBe(status);
    expect((await bind(await install(bank.apiUrl), 'f'.repeat(64))).status).toBe(400);
    expect((await askSugarDaddy(await logInUser(bank.apiUrl), '500.01')).status).toBe(status);
  }
});

test('permitted_ips takes IPv4 addresses only, unless permitIpv6 lets others in', async () => {
  const [installed, apiKey] = [await install(bank.apiUrl), await newSandboxKey(bank.apiUrl)];
  const refused = await bind(installed, apiKey, ['127.0.0.1', '2001:db8::1']);
  expect([refused.status, errorOf(refused)]).toEqual([400, expect.stringMatching(/permitted_ips.*IPv4/)]);
  expect(bank.simulator.state().devices).toEqual([]);
  bank.simulator.changeSettings({ permitIpv6: true });
  expect((await bind(installed, apiKey, ['127.0.0.1', '2001:db8::1'])).status).toBe(200);
});

test('an API key and a sandbox user are shown as SDKs read them, or by their Id alone by idInsteadOfObject', async () => {
  const answers = async () => [
    await createCredential(await install(bank.apiUrl), pseudoCertificate()),
    await send(bank.apiUrl, 'POST', '/sandbox-user-person'),
  ];
  const types = async () => (await answers()).map(({ json }) => Object.keys(json.Response[0])[0]);
  expect(await types()).toEqual(['CredentialPasswordIp', 'ApiKey']);
  bank.simulator.changeSettings({ idInsteadOfObject: true });
  for (const answer of await answers()) expect(answer.json.Response).toEqual([{ Id: { id: responseId(answer) } }]);
});

test('redirect URLs match to the last slash, unless ignoreLastSlash is on; any other mismatch is "Connection not found"', async () => {
  const { clientId } = await providerWithClient(bank.apiUrl);
  const authorize = (redirectUri: string) => () => bank.simulator.authorize({ clientId, redirectUri });
  const page = async (redirect_uri: string) => {
    const parameters = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri });
    return (await fetch(`${bank.simulator.authorizeUrl}?${parameters}`)).text();
  };
  expect(authorize(`${CALLBACK_URL}/`)).toThrow();
  expect(await page(`${CALLBACK_URL}/`)).toContain('Connection not found');
  bank.simulator.changeSettings({ ignoreLastSlash: true });
  expect(authorize(`${CALLBACK_URL}/`)()).toMatch(/\/callback\/\?code=/);
  expect(await page(`${CALLBACK_URL}/`)).not.toContain('Connection not found');
  expect(await page(`${CALLBACK_URL}/other`)).toContain('Connection not found');
});

test('a connection taken back is told to filters of category OAUTH, unless oauthCallbacks is off', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const { provider } = client;
  const filter = { category: 'OAUTH', notification_target: 'http://127.0.0.1:9/told' };
  await provider.call('POST', `/user/${provider.userId}/notification-filter-url`, { body: { notification_filters: [filter] } });
  const revoke = async () => {
    const { userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client);
    bank.simulator.revokeGrant({ userApiKeyId });
    return bank.simulator.state().notifications.length;
  };
  bank.simulator.changeSettings({ oauthCallbacks: false });
  expect(await revoke()).toBe(0);
  bank.simulator.changeSettings({ oauthCallbacks: true });
  expect(await revoke()).toBe(1);
});

test('a notification filter is HTTPS only, but for this machine', async () => {
  const { call, userId } = await logInUser(bank.apiUrl);
  const set = (notification_target: string) =>
    call('POST', `/user/${userId}/notification-filter-url`, {
      body: { notification_filters: [{ category: 'OAUTH', notification_target }] },
    });
  expect((await set('http://app.example/told')).status).toBe(400);
  expect((await set('https://app.example/told')).status).toBe(200);
});
