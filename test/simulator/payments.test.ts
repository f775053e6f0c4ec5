import { join } from 'node:path';
import { startSimulator } from '../../simulator/index.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { bankForEachTest } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { errorOf, type LoggedIn, logInProvider, logInUser, responseId, send } from './client.ts';
import { accountOf, askSugarDaddy, balanceOf, draftBody, ELSEWHERE, euros, paymentBody, pointerTo } from './money.ts';
import { connect, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();

async function userWith(value: string): Promise<LoggedIn> {
  const user = await logInUser(bank.apiUrl);
  expect((await askSugarDaddy(user, value)).status).toBe(200);
  return user;
}

test('a payment moves money from one account of the bank to another, and each sees its side of it', async () => {
  const [payer, payee] = [await userWith('100.00'), await logInUser(bank.apiUrl)];
  const [from, to] = [await accountOf(payer), await accountOf(payee)];
  const body = paymentBody({ value: '12.34', to: pointerTo(to), description: 'Rekening #12' });
  const id = responseId(await payer.call('POST', `${from.path}/payment`, { body }));
  expect([await balanceOf(payer), await balanceOf(payee)]).toEqual(['87.66', '12.34']);

  const [paid, given] = (await payer.call('GET', `${from.path}/payment`)).json.Response;
  expect(paid.Payment).toMatchObject({
    id,
    monetary_account_id: from.id,
    amount: euros('-12.34'),
    balance_after_mutation: euros('87.66'),
    description: 'Rekening #12',
    type: 'BUNQ',
    sub_type: 'PAYMENT',
    alias: { iban: from.iban, country: 'NL' },
    counterparty_alias: { iban: to.iban, is_light: false, label_user: { uuid: expect.any(String) } },
  });
  expect(given.Payment).toMatchObject({ amount: euros('100.00'), sub_type: 'REQUEST', counterparty_alias: { display_name: 'S. Daddy' } });
  const [received] = (await payee.call('GET', `${to.path}/payment`)).json.Response;
  expect(received.Payment).toMatchObject({
    amount: euros('12.34'),
    balance_after_mutation: euros('12.34'),
    counterparty_alias: { iban: from.iban },
  });
  expect(received.Payment.id).not.toBe(id);
  expect((await payer.call('GET', `${from.path}/payment/${id}`)).json.Response).toEqual([paid]);
  expect((await payee.call('GET', `${to.path}/payment/${id}`)).status).toBe(404);
});

test('a payment to an account elsewhere leaves the bank', async () => {
  const payer = await userWith('5.00');
  const { path } = await accountOf(payer);
  expect((await payer.call('POST', `${path}/payment`, { body: paymentBody({ value: '5.00', to: ELSEWHERE }) })).status).toBe(200);
  expect(await balanceOf(payer)).toBe('0.00');
  expect((await payer.call('GET', `${path}/payment`)).json.Response[0].Payment).toMatchObject({
    type: 'EBA_SCT',
    sub_type: 'SCT',
    counterparty_alias: { iban: ELSEWHERE.value, display_name: 'Energie B.V.', label_user: { uuid: null } },
  });
});

test('a payment without a signature is answered 466 and not made', async () => {
  const payer = await userWith('5.00');
  const { path } = await accountOf(payer);
  const body = paymentBody({ value: '5.00', to: ELSEWHERE });
  expect((await send(bank.apiUrl, 'POST', `${path}/payment`, { token: payer.token, body })).status).toBe(466);
  expect(await balanceOf(payer)).toBe('5.00');
});

test.each([
  ['more than there is', { value: '5.01' }, /Insufficient balance/],
  ['nothing', { value: '0.00' }, /amount/],
  ['one decimal', { value: '5.0' }, /amount\.value/],
  ['a negative amount', { value: '-5.00' }, /amount\.value/],
  ['no IBAN', { to: { ...ELSEWHERE, value: 'NL91ABNA0417164301' } }, /counterparty_alias\.value/],
  ['an account that this bank does not have', { to: { ...ELSEWHERE, value: 'NL65BUNQ9900000188' } }, /no account at this bank/],
  ['an alias of another kind', { to: { ...ELSEWHERE, type: 'EMAIL' } }, /counterparty_alias\.type/],
  ['a description that other banks cut', { description: 'x'.repeat(141) }, /140 characters/],
])('%s is refused, and nothing moves', async (_, change, text) => {
  const payer = await userWith('5.00');
  const { path } = await accountOf(payer);
  const refused = await payer.call('POST', `${path}/payment`, { body: paymentBody({ value: '5.00', to: ELSEWHERE, ...change }) });
  expect([refused.status, errorOf(refused)]).toEqual([400, expect.stringMatching(text)]);
  expect(await balanceOf(payer)).toBe('5.00');
});

test('nobody pays from an account of another, or to the same', async () => {
  const [payer, other] = [await userWith('5.00'), await logInUser(bank.apiUrl)];
  const account = await accountOf(payer);
  const body = paymentBody({ value: '1.00', to: ELSEWHERE });
  expect((await other.call('POST', `${account.path}/payment`, { body })).status).toBe(404);
  expect((await other.call('POST', `/user/${other.userId}/monetary-account/${account.id}/payment`, { body })).status).toBe(404);
  expect(
    (await payer.call('POST', `${account.path}/payment`, { body: paymentBody({ value: '1.00', to: pointerTo(account) }) })).status,
  ).toBe(400);
});

test('money comes from Sugar Daddy by up to 500.00, to users themselves', async () => {
  const user = await logInUser(bank.apiUrl);
  expect((await askSugarDaddy(user, '500.01')).status).toBe(400);
  expect((await askSugarDaddy(user, '500.00')).status).toBe(200);
  expect(await balanceOf(user)).toBe('500.00');
  const { session } = await connect(bank.simulator, bank.apiUrl, await providerWithClient(bank.apiUrl), { user: user.userId });
  expect((await askSugarDaddy(session, '1.00')).status).toBe(403);
});

describe('what was granted is to see and to draft, and not to pay', () => {
  async function grantedTo(commonName: string) {
    const user = await userWith('5.00');
    const client = await providerWithClient(bank.apiUrl, pseudoCertificate(commonName));
    const { session } = await connect(bank.simulator, bank.apiUrl, client, { user: user.userId });
    const { path } = await accountOf(session);
    return { user, pay: () => session.call('POST', `${path}/payment`, { body: paymentBody({ value: '5.00', to: ELSEWHERE }) }) };
  }

  test.each(['Reading AISP', 'Paying PISP', 'Asking CBPII', 'All of it AISP PISP CBPII'])('%s is refused with 403', async (commonName) => {
    const { user, pay } = await grantedTo(commonName);
    const refused = await pay();
    expect([refused.status, errorOf(refused)]).toEqual([403, 'Insufficient authorisation.']);
    expect(await balanceOf(user)).toBe('5.00');
  });

  test('unless the switch lets a PISP pay, and no one else', async () => {
    bank.simulator.changeSettings({ pispMakesPayments: true });
    expect((await (await grantedTo('Reading AISP')).pay()).status).toBe(403);
    const { user, pay } = await grantedTo('Paying PISP');
    expect((await pay()).status).toBe(200);
    expect(await balanceOf(user)).toBe('0.00');
  });

  test('a provider has no account to pay from', async () => {
    const { call, userId } = await logInProvider(bank.apiUrl);
    expect((await call('POST', `/user/${userId}/monetary-account/1/payment`, { body: {} })).status).toBe(403);
  });
});

test('an end user may be made with money', async () => {
  const user = bank.simulator.createEndUser({ balance: '86.40' });
  const { session } = await connect(bank.simulator, bank.apiUrl, await providerWithClient(bank.apiUrl), { user: user.id });
  expect(await balanceOf(session)).toBe('86.40');
  expect(() => bank.simulator.createEndUser({ balance: '86.4' })).toThrow(/two decimals/);
});

test('what was paid is remembered by a bank that is started again', async () => {
  const stateFile = join(temporaryFolder(), 'bank.state');
  const first = await startSimulator({ stateFile, rateLimits: false });
  const payer = await logInUser(first.apiUrl);
  await askSugarDaddy(payer, '20.00');
  const { path } = await accountOf(payer);
  await payer.call('POST', `${path}/payment`, { body: paymentBody({ value: '7.50', to: ELSEWHERE }) });
  await payer.call('POST', `${path}/draft-payment`, { body: draftBody({ value: '1.00', to: ELSEWHERE }) });
  const paths = [path, `${path}/payment`, `${path}/draft-payment`, `/user/${payer.userId}/card`];
  const read = (apiUrl: string) =>
    Promise.all(paths.map(async (of) => (await send(apiUrl, 'GET', of, { token: payer.token })).json.Response));
  const before = await read(first.apiUrl);
  await first.close();
  const second = await startSimulator({ stateFile, rateLimits: false });
  expect(await read(second.apiUrl)).toEqual(before);
  await second.close();
  expect(before[0]).toMatchObject([{ MonetaryAccountBank: { balance: euros('12.50') } }]);
  expect(before.map((items) => items.length)).toEqual([1, 2, 1, 1]);
});
