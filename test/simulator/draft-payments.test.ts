import { bankForEachTest, SECOND_MS } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { errorOf, type LoggedIn, logInUser, responseId, send } from './client.ts';
import { type Account, accountOf, askSugarDaddy, balanceOf, draftBody, ELSEWHERE, euros } from './money.ts';
import { CALLBACK_URL, connect, type ProviderWithClient, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();
const pispCertificate = pseudoCertificate('Payments PISP');

let user: LoggedIn;
let account: Account;

beforeEach(async () => {
  user = await logInUser(bank.apiUrl);
  account = await accountOf(user);
  await askSugarDaddy(user, '100.00');
});

describe('a draft payment', () => {
  let session: LoggedIn;
  let drafts: string;

  beforeEach(async () => {
    const client = await providerWithClient(bank.apiUrl, pispCertificate);
    ({ session } = await connect(bank.simulator, bank.apiUrl, client, { user: user.userId }));
    drafts = `/user/${session.userId}/monetary-account/${account.id}/draft-payment`;
  });

  const draft = async (...values: string[]) =>
    responseId(await session.call('POST', drafts, { body: draftBody(...values.map((value) => ({ value, to: ELSEWHERE }))) }));
  const shown = async (id: number) => (await session.call('GET', `${drafts}/${id}`)).json.Response[0].DraftPayment;
  const answerOf = ({ call }: LoggedIn, id: number, status: string, more: object = {}) =>
    call('PUT', `${call === user.call ? `${account.path}/draft-payment` : drafts}/${id}`, { body: { status, ...more } });

  test('waits for the user, who accepts it, and it is paid', async () => {
    const id = await draft('12.50');
    expect(await shown(id)).toMatchObject({
      id,
      monetary_account_id: account.id,
      status: 'PENDING',
      type: 'BUNQ',
      responses: [],
      entries: [{ amount: euros('12.50'), counterparty_alias: { iban: ELSEWHERE.value }, alias: { iban: account.iban } }],
      object: null,
    });
    expect(await balanceOf(user)).toBe('100.00');
    expect(responseId(await answerOf(user, id, 'ACCEPTED'))).toBe(id);
    expect(await shown(id)).toMatchObject({
      status: 'ACCEPTED',
      responses: [{ status: 'ACCEPTED' }],
      object: { Payment: { amount: euros('-12.50') } },
    });
    expect(await balanceOf(user)).toBe('87.50');
  });

  test('of several entries is paid whole or not at all', async () => {
    const [tooMuch, fitting] = [await draft('60.00', '40.01'), await draft('60.00', '40.00')];
    const refused = await answerOf(user, tooMuch, 'ACCEPTED');
    expect([refused.status, errorOf(refused)]).toEqual([400, 'Insufficient balance.']);
    expect([await balanceOf(user), (await shown(tooMuch)).status]).toEqual(['100.00', 'PENDING']);
    await answerOf(user, fitting, 'ACCEPTED');
    expect(await balanceOf(user)).toBe('0.00');
    expect((await shown(fitting)).object.PaymentBatch.payments).toHaveLength(2);
  });

  test('is accepted or rejected by the user only, cancelled by who drafted it only, and once', async () => {
    const [rejected, cancelled] = [await draft('1.00'), await draft('2.00')];
    for (const status of ['ACCEPTED', 'REJECTED']) expect((await answerOf(session, rejected, status)).status).toBe(403);
    expect((await answerOf(user, cancelled, 'CANCELLED')).status).toBe(403);
    expect((await answerOf(user, rejected, 'REJECTED')).status).toBe(200);
    expect((await answerOf(session, cancelled, 'CANCELLED')).status).toBe(200);
    for (const id of [rejected, cancelled]) expect((await answerOf(user, id, 'ACCEPTED')).status).toBe(400);
    const listed = (await session.call('GET', drafts)).json.Response;
    expect(listed.map(({ DraftPayment }: { DraftPayment: { status: string } }) => DraftPayment.status)).toEqual(['CANCELLED', 'REJECTED']);
    expect(await balanceOf(user)).toBe('100.00');
  });

  test('is not answered by who has seen another version of it', async () => {
    const id = await draft('1.00');
    const { updated } = await shown(id);
    bank.simulator.advanceClock(SECOND_MS);
    const stale = await answerOf(user, id, 'ACCEPTED', { previous_updated_timestamp: '2020-01-01 00:00:00.000000' });
    expect(stale.status).toBe(400);
    expect((await answerOf(user, id, 'ACCEPTED', { previous_updated_timestamp: updated })).status).toBe(200);
  });

  test('needs a signature to be made and to be answered', async () => {
    const unsigned = (token: string, method: string, path: string, body: object) => send(bank.apiUrl, method, path, { token, body });
    expect((await unsigned(session.token, 'POST', drafts, draftBody({ value: '1.00', to: ELSEWHERE }))).status).toBe(466);
    const id = await draft('1.00');
    expect((await unsigned(user.token, 'PUT', `${account.path}/draft-payment/${id}`, { status: 'ACCEPTED' })).status).toBe(466);
  });

  test.each([
    ['no entries', { entries: [] }],
    ['two accepts', { number_of_required_accepts: 2 }],
    ['a schedule', { schedule: { recurrence_unit: 'MONTHLY' } }],
  ])('with %s is refused', async (_, change) => {
    const body = { ...draftBody({ value: '1.00', to: ELSEWHERE }), ...change };
    expect((await session.call('POST', drafts, { body })).status).toBe(400);
  });
});

describe("a provider's draft payment, before anybody has granted it anything,", () => {
  let client: ProviderWithClient;
  let drafts: string;

  beforeEach(async () => {
    client = await providerWithClient(bank.apiUrl, pispCertificate);
    drafts = `/user/${client.provider.userId}/payment-service-provider-draft-payment`;
  });

  const bodyOf = (value: string) => ({
    sender_iban: account.iban,
    counterparty_iban: ELSEWHERE.value,
    counterparty_name: ELSEWHERE.name,
    description: 'Order 7',
    amount: euros(value),
  });
  const draft = async (value: string) => responseId(await client.provider.call('POST', drafts, { body: bodyOf(value) }));
  const statusOf = async (id: number) =>
    (await client.provider.call('GET', `${drafts}/${id}`)).json.Response[0].PaymentServiceProviderDraftPayment.status;
  const authorize = (deny = false) =>
    bank.simulator.authorize({ clientId: client.clientId, redirectUri: CALLBACK_URL, user: user.userId, deny });

  test('is shown where that user consents, and paid with the consent', async () => {
    const id = await draft('12.50');
    expect((await client.provider.call('GET', drafts)).json.Response).toEqual([
      {
        PaymentServiceProviderDraftPayment: {
          id,
          created: expect.any(String),
          updated: expect.any(String),
          sender_iban: account.iban,
          receiver_iban: ELSEWHERE.value,
          amount: euros('12.50'),
          status: 'PENDING',
        },
      },
    ]);
    const query = new URLSearchParams({ response_type: 'code', client_id: client.clientId, redirect_uri: CALLBACK_URL });
    const { text } = await send(bank.simulator.authorizeUrl.replace(/auth$/, ''), 'GET', `/auth?${query}`);
    expect(text).toMatch(/pays 12\.50 EUR to Energie B\.V\., NL91ABNA0417164300: Order 7/);
    authorize(true);
    expect([await statusOf(id), await balanceOf(user)]).toEqual(['PENDING', '100.00']);
    authorize();
    expect([await statusOf(id), await balanceOf(user)]).toEqual(['ACCEPTED', '87.50']);
    authorize();
    expect(await balanceOf(user)).toBe('87.50');
  });

  test('that the balance does not cover is rejected with the consent', async () => {
    const id = await draft('100.01');
    authorize();
    expect([await statusOf(id), await balanceOf(user)]).toEqual(['REJECTED', '100.00']);
  });

  test('is left alone by the consent of another user, and paid no more once it is cancelled', async () => {
    const id = await draft('1.00');
    const other = bank.simulator.createEndUser();
    bank.simulator.authorize({ clientId: client.clientId, redirectUri: CALLBACK_URL, user: other.id });
    expect(await statusOf(id)).toBe('PENDING');
    const cancel = () => client.provider.call('PUT', `${drafts}/${id}`, { body: { status: 'CANCELLED' } });
    expect((await cancel()).status).toBe(200);
    expect((await cancel()).status).toBe(400);
    authorize();
    expect([await statusOf(id), await balanceOf(user)]).toEqual(['CANCELLED', '100.00']);
  });

  test.each([
    ['whose sender has no account here', { sender_iban: ELSEWHERE.value }],
    ['without a name', { counterparty_name: '' }],
    ['that says ACCEPTED where an IBAN belongs', { counterparty_iban: 'ACCEPTED' }],
  ])('%s is refused', async (_, change) => {
    expect((await client.provider.call('POST', drafts, { body: { ...bodyOf('1.00'), ...change } })).status).toBe(400);
  });

  test('is asked for by the provider itself, signed', async () => {
    const { session } = await connect(bank.simulator, bank.apiUrl, client, { user: user.userId });
    const path = `/user/${session.userId}/payment-service-provider-draft-payment`;
    expect((await session.call('POST', path, { body: bodyOf('1.00') })).status).toBe(403);
    expect((await send(bank.apiUrl, 'POST', drafts, { token: client.provider.token, body: bodyOf('1.00') })).status).toBe(466);
  });
});
