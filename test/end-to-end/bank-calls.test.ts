import type { ConnectionOptions } from '@temporalio/client';
import { Keeper } from '../../client/keeper.ts';
import { readClientSettings, readSealingKeys } from '../../client/settings.ts';
import { connectTemporalAt } from '../../client/temporal.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { keeper } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf, providerOfItsOwn } from './support/who.ts';

/** The kept session used with one call: by the library, and by the command. */

const CALLBACK = 'https://acme.example/callback';

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_CALL_LIMITS: 'off' });
});
afterAll(() => bank.close());

const requests = (endpoint: string) => bank.requests().filter((request) => request.endpoint === endpoint);

test('call waits for the first session, and says that there is no worker yet', async () => {
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [CALLBACK]));
  const calling = here.start('call', 'acme', 'GET', '/user/{userId}');
  await calling.waitForLine(/No worker polls bunq-keeper\./);
  await here.startWorker();
  const { code, stdout } = await calling.ended();
  const [user] = bank.state().users;
  expect({ code, body: JSON.parse(stdout) }).toMatchObject({
    code: 0,
    body: { Response: [{ UserPaymentServiceProvider: { id: user?.id } }] },
  });
});

describe('keeper.fetch', () => {
  test('gives the answer of the bank as it is, verified', async () => {
    const answer = await here.keeper.fetch('acme', '/user/{userId}/oauth-client');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-bunq-server-signature')).toBeTruthy();
    const { Response } = (await answer.json()) as { Response: [{ OauthClient: { id: number } }] };
    expect(Response[0].OauthClient.id).toBe(bank.state().oauthClients[0]?.id);
  });

  test('a call whose token the bank refuses is repeated on the session that replaces it', async () => {
    await here.keeper.fetch('acme', '/user');
    const { sessionId } = (await here.keeper.session('acme'))!;
    bank.expireSession(sessionId);
    expect((await here.keeper.fetch('acme', '/user')).status).toBe(200);
    expect((await here.keeper.session('acme'))!.sessionId).not.toBe(sessionId);
  });

  test('signs a body that is a stream', async () => {
    const [client] = bank.state().oauthClients;
    const url = 'https://acme.example/streamed';
    const body = new Blob([JSON.stringify({ url })]).stream();
    const answer = await here.keeper.fetch('acme', `/user/{userId}/oauth-client/${client?.id}/callback-url`, { method: 'POST', body });
    expect(answer.status).toBe(200);
    expect(bank.state().callbackUrls.map((one) => one.url)).toContain(url);
  });

  test('costs no request to Temporal while the session is known to be served', async () => {
    let asked = 0;
    const counting = ((options, nextCall) => {
      asked++;
      return nextCall(options);
    }) as NonNullable<ConnectionOptions['interceptors']>[number];
    const client = await connectTemporalAt(temporal.address, 'default', { interceptors: [counting] });
    const keeper = new Keeper(client, readClientSettings(here.env), () => readSealingKeys(here.env));
    await keeper.fetch('acme', '/user');
    const before = [requests('GET /user').length, asked] as const;
    for (let call = 0; call < 10; call++) await keeper.fetch('acme', '/user');
    expect([requests('GET /user').length - before[0], asked - before[1]]).toEqual([10, 0]);
    await keeper.close();
  });

  test("gives a refusal of the bank's as it is", async () => {
    const answer = await here.keeper.fetch('acme', '/user/1');
    expect([answer.ok, answer.status]).toEqual([false, 404]);
    expect(await answer.json()).toMatchObject({ Error: [{ error_description: expect.any(String) }] });
  });

  test('throws when there is no answer to believe, with what to do', async () => {
    bank.fault({ endpoint: 'GET /user', kind: 'wrong-signature', times: 1 });
    await expect(here.keeper.fetch('acme', '/user')).rejects.toMatchObject({
      name: 'BankCallError',
      code: 'BUNQ_RESPONSE_UNVERIFIED',
      message: expect.stringContaining('look for a proxy'),
    });
    await expect(here.keeper.fetch('nobody', '/user')).rejects.toThrow(/There is no connection nobody/);
    await expect(here.keeper.fetch('acme', '/user', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});

describe('call', () => {
  test("prints the bank's body as it came, and ends with 1 on a bank error", async () => {
    const answered = await here.run('call', 'acme', 'get', '/user/{userId}/oauth-client', '--quiet');
    expect(answered).toMatchObject({ code: 0, stderr: '' });
    expect(answered.stdout).toBe(await (await here.keeper.fetch('acme', '/user/{userId}/oauth-client')).text());
    const refused = await here.run('call', 'acme', 'GET', '/user/1');
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('"Error"') });
    expect(refused.stderr).toMatch(/^The bank answered HTTP 404 \(response [0-9a-f-]{36}\)\.$/m);
    const asJson = await here.run('call', 'acme', 'GET', '/user/1', '--json');
    expect(JSON.parse(asJson.stdout)).toMatchObject({ schema: 1, status: 404, body: { Error: [{}] } });
  });

  test('takes a body from the line and from stdin', async () => {
    const [client] = bank.state().oauthClients;
    const path = `/user/{userId}/oauth-client/${client?.id}/callback-url`;
    const fromLine = await here.run('call', 'acme', 'POST', path, '--data', '{"url":"https://acme.example/line"}');
    const fromStdin = await here.runWith('{"url":"https://acme.example/stdin"}', 'call', 'acme', 'POST', path, '--data', '-');
    expect([fromLine.code, fromStdin.code]).toEqual([0, 0]);
    const urls = bank.state().callbackUrls.map(({ url }) => url);
    expect(urls).toEqual(expect.arrayContaining(['https://acme.example/line', 'https://acme.example/stdin']));
  });

  test('says what is wrong before anything connects', async () => {
    const nowhere = { ...here.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    expect(await keeper(['call', 'acme', 'PATCH', '/user'], { env: nowhere })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('"PATCH"'),
    });
    expect(await here.run('call', 'nobody', 'GET', '/user')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no connection nobody'),
    });
  });
});

test('what the certificate does not allow is refused by both, before a session is waited for or anything is sent; all else goes through', async () => {
  const draft = '/user/{userId}/monetary-account/12/draft-payment';
  await here.keeper.onboard('reader', await providerOfItsOwn(here.folder, 'reader', [CALLBACK], ['AISP']));
  expect(await here.run('call', 'reader', 'POST', draft)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/the certificate of reader allows AISP, .* it takes PISP .*Nothing was sent\.$/m),
  });
  await expect(here.keeper.fetch('reader/alice', draft, { method: 'POST', body: '{}' })).rejects.toMatchObject({ needs: ['PISP'] });
  expect((await here.keeper.fetch('acme', draft, { method: 'POST', body: '{}' })).status).toBe(404); // a provider has no accounts
  expect(bank.requests().filter(({ path }) => path.endsWith('/draft-payment'))).toHaveLength(1);
});

test('calls wait their turn within the limits for the address', async () => {
  bank.changeSettings({ rateLimits: true });
  const settings = readClientSettings({ ...here.env, KEEPER_CALL_LIMITS: 'on' });
  const keeper = new Keeper(temporal.client, settings, () => readSealingKeys(here.env));
  const answers = await Promise.all(Array.from({ length: 7 }, () => keeper.fetch('acme', '/user')));
  expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(200));
});
