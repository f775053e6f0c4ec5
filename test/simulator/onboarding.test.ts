import { startSimulator } from '../../simulator/index.ts';
import { pseudoCertificate } from './certificates.ts';
import { bind, createCredential, install, isSignedByBank, openSession, send } from './client.ts';

test('a provider comes from a certificate to the id and secret of its OAuth client', async () => {
  const simulator = await startSimulator();
  const { apiUrl } = simulator;
  try {
    const installed = await install(apiUrl);
    const credential = (await createCredential(installed, pseudoCertificate())).json.Response[0].CredentialPasswordIp;
    expect((await bind(installed, credential.token_value)).status).toBe(200);
    const session = await openSession(installed, credential.token_value);
    const token = session.json.Response[1].Token.token;
    const userId = session.json.Response[2].UserPaymentServiceProvider.id;
    const call = (method: string, path: string, body?: object) =>
      send(apiUrl, method, path, { token, key: installed.keys.privateKey, ...(body && { body }) });

    const clientId = (await call('POST', `/user/${userId}/oauth-client`, { status: 'ACTIVE' })).json.Response[0].Id.id;
    await call('POST', `/user/${userId}/oauth-client/${clientId}/callback-url`, { url: 'https://app.example/callback' });
    const answer = await call('GET', `/user/${userId}/oauth-client/${clientId}`);

    expect(isSignedByBank(answer, installed.serverPublicKeyPem)).toBe(true);
    expect(answer.json.Response[0].OauthClient).toMatchObject({
      id: clientId,
      status: 'ACTIVE',
      display_name: 'My App PISP AISP',
      client_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      callback_url: [{ id: expect.any(Number), url: 'https://app.example/callback' }],
    });
    expect(simulator.state()).toMatchObject({
      installations: [{ id: installed.id }],
      credentials: [{ status: 'ACTIVE', boundInstallations: [installed.id] }],
      sessions: [{ status: 'ACTIVE', userId, uses: 3 }],
      oauthClients: [{ id: clientId }],
      callbackUrls: [{ url: 'https://app.example/callback' }],
    });
  } finally {
    await simulator.close();
  }
});
