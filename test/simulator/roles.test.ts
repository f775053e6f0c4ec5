import { PERMITS } from '../../bunq/permits.ts';
import { ENDPOINTS } from '../../simulator/index.ts';
import { bankForEachTest } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { type Certified, errorOf, logInUser, newSandboxKey } from './client.ts';
import { accountOf, ELSEWHERE, euros, pointerTo } from './money.ts';
import { connect, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();

const ROLES = ['AISP', 'PISP', 'CBPII'] as const;
const certificates = Object.fromEntries(ROLES.map((role) => [role, pseudoCertificate(`An App ${role}`)])) as Record<string, Certified>;

async function grantedTo(role: string, balance = '50.00') {
  const user = bank.simulator.createEndUser({ balance });
  const client = await providerWithClient(bank.apiUrl, certificates[role]);
  const { session, user: shown } = await connect(bank.simulator, bank.apiUrl, client, { user: user.id });
  return { user, client, session, shown, account: await accountOf(session) };
}

/** What the project knows to be refused or allowed, and what of it the simulator does not have. */
const calls = PERMITS.flatMap(({ methods, paths, allowed, refused }) =>
  methods.flatMap((method) => paths.map((path) => ({ endpoint: `${method} ${path}`, allowed, refused }))),
);

describe.each(ROLES)('to whom has the role %s', (role) => {
  test('the bank refuses what the project takes for refused, and nothing that it takes for allowed', async () => {
    const { session, account, client } = await grantedTo(role);
    for (const { endpoint, allowed, refused } of calls.filter((one) => ENDPOINTS.includes(one.endpoint))) {
      if (!allowed.includes(role) && !refused.includes(role)) continue;
      const caller = endpoint.includes('/payment-service-provider-draft-payment') ? client.provider : session;
      const [method = '', template = ''] = endpoint.split(' ');
      const path = template.replace('/user/{itemId}', `/user/${caller.userId}`).replace('{userID}', String(caller.userId));
      const { status } = await caller.call(method, path.replace('{monetary-accountID}', String(account.id)).replace('{itemId}', '1'), {
        ...(method !== 'GET' && { body: {} }),
      });
      expect([endpoint, status === 403]).toEqual([endpoint, refused.includes(role)]);
    }
  });
});

test('of what the project knows of roles the bank lacks card transactions, batches and schedules', () => {
  const lists = new Set(PERMITS.flatMap(({ paths }) => paths).filter((path) => !path.endsWith('/{itemId}')));
  const lacking = [...lists].filter((path) => !ENDPOINTS.some((endpoint) => endpoint.endsWith(` ${path}`)));
  expect(lacking.map((path) => path.split('/').at(-1))).toEqual([
    'mastercard-action',
    'payment-batch',
    'schedule-payment',
    'schedule-payment-batch',
  ]);
});

test('an AISP reads name, IBAN, nationality, cards, transactions and balance', async () => {
  const { session, shown, account, user } = await grantedTo('AISP');
  expect(shown.granted_by_user.UserPerson).toMatchObject({ display_name: user.displayName, nationality: 'NL' });
  const read = async (path: string) => (await session.call('GET', path)).json.Response;
  expect(await read(account.path)).toMatchObject([{ MonetaryAccountBank: { balance: euros('50.00'), alias: [{ type: 'IBAN' }] } }]);
  expect(await read(`${account.path}/payment`)).toEqual([]);
  const [{ Card }] = await read(`/user/${session.userId}/card`);
  expect(Card).toMatchObject({
    status: 'ACTIVE',
    expiry_date: expect.stringMatching(/^\d{4}-12-31$/),
    name_on_card: user.displayName,
    primary_account_numbers: [{ four_digit: expect.stringMatching(/^\d{4}$/) }],
    label_monetary_account_current: { iban: account.iban },
  });
  expect(await read(`/user/${session.userId}/card/${Card.id}`)).toEqual([{ Card }]);
  expect((await session.call('GET', `/user/${session.userId}/card/1`)).status).toBe(404);
});

test.each(['PISP', 'CBPII'] as const)('a %s reads neither nationality nor balance', async (role) => {
  const { shown, account, session } = await grantedTo(role);
  expect(shown.granted_by_user.UserPerson.nationality).toBeNull();
  expect((await session.call('GET', account.path)).json.Response[0].MonetaryAccountBank.balance).toBeNull();
});

describe('whether the balance covers an amount', () => {
  const ask = ({ call, userId }: Awaited<ReturnType<typeof grantedTo>>['session'], iban: string, value: string) =>
    call('POST', `/user/${userId}/confirmation-of-funds`, { body: { pointer_iban: { type: 'IBAN', value: iban }, amount: euros(value) } });

  test.each(['PISP', 'CBPII'] as const)('a %s is told, and no more', async (role) => {
    const { session, account, client } = await grantedTo(role);
    const answers = [];
    for (const caller of [session, client.provider])
      for (const value of ['50.00', '50.01']) answers.push((await ask(caller, account.iban, value)).json.Response);
    const [yes, no] = [true, false].map((has_sufficient_funds) => [{ ConfirmationOfFunds: { has_sufficient_funds } }]);
    expect(answers).toEqual([yes, no, yes, no]);
  });

  test('of accounts of those who granted it only, for as long as the grant lives', async () => {
    const { session, client, account, shown } = await grantedTo('CBPII');
    const stranger = await accountOf(await logInUser(bank.apiUrl));
    for (const caller of [session, client.provider])
      for (const iban of [stranger.iban, ELSEWHERE.value]) expect((await ask(caller, iban, '1.00')).status).toBe(404);
    bank.simulator.revokeGrant({ userApiKeyId: shown.id });
    expect((await ask(client.provider, account.iban, '1.00')).status).toBe(404);
  });

  test('an AISP is not, who reads the balance', async () => {
    const { session, account } = await grantedTo('AISP');
    const refused = await ask(session, account.iban, '1.00');
    expect([refused.status, errorOf(refused)]).toEqual([403, 'Insufficient authorisation.']);
  });
});

test('an ordinary user has no role and needs none', async () => {
  expect(await newSandboxKey(bank.apiUrl)).toMatch(/^sandbox_/);
  const user = await logInUser(bank.apiUrl);
  const { path, iban } = await accountOf(user);
  for (const readable of [`${path}/payment`, `${path}/draft-payment`, `/user/${user.userId}/card`])
    expect([readable, (await user.call('GET', readable)).status]).toEqual([readable, 200]);
  const body = { pointer_iban: pointerTo({ iban }), amount: euros('1.00') };
  expect((await user.call('POST', `/user/${user.userId}/confirmation-of-funds`, { body })).status).toBe(200);
});
