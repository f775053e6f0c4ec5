import { bankForEachTest } from './bank.ts';
import { logInProvider, logInUser } from './client.ts';

const bank = bankForEachTest();

test('a session sees its own user only', async () => {
  const [one, other] = [await logInProvider(bank.apiUrl), await logInUser(bank.apiUrl)];
  expect((await one.call('GET', '/user')).json.Response).toHaveLength(1);
  expect((await one.call('GET', `/user/${one.userId}`)).json.Response[0].UserPaymentServiceProvider.id).toBe(one.userId);
  for (const path of ['', '/oauth-client', '/monetary-account', '/monetary-account-bank'])
    expect((await one.call('GET', `/user/${other.userId}${path}`)).status).toBe(404);
  expect((await one.call('POST', `/user/${other.userId}/oauth-client`, { body: {} })).status).toBe(404);
  expect((await other.call('GET', `/user-payment-service-provider/${other.userId}`)).status).toBe(404);
});

test('a provider carries the distinguished name of its certificate and has no accounts', async () => {
  const { call, userId } = await logInProvider(bank.apiUrl);
  expect((await call('GET', `/user-payment-service-provider/${userId}`)).json.Response[0].UserPaymentServiceProvider).toMatchObject({
    id: userId,
    certificate_distinguished_name: '/CN=My App PISP AISP/C=NL',
    alias: [{ type: 'CERTIFICATE_DISTINGUISHED_NAME', value: '/CN=My App PISP AISP/C=NL' }],
    status: 'ACTIVE',
  });
  expect((await call('GET', `/user/${userId}/monetary-account`)).json.Response).toEqual([]);
  expect((await call('GET', `/user/${userId}/monetary-account-bank`)).json.Response).toEqual([]);
});

test.each(['person', 'company'] as const)('a sandbox %s has exactly one account, ACTIVE, with a Dutch IBAN', async (type) => {
  const { call, userId } = await logInUser(bank.apiUrl, type);
  for (const name of ['monetary-account', 'monetary-account-bank']) {
    const { json } = await call('GET', `/user/${userId}/${name}`);
    expect(json.Response).toHaveLength(1);
    const account = json.Response[0].MonetaryAccountBank;
    expect(account).toMatchObject({ status: 'ACTIVE', currency: 'EUR', user_id: userId });
    expect(ibanRemainder(account.alias[0].value)).toBe(1n);
    expect((await call('GET', `/user/${userId}/${name}/${account.id}`)).json.Response).toEqual(json.Response);
    expect((await call('GET', `/user/${userId}/${name}/1`)).status).toBe(404);
  }
});

/** ISO 13616: 1 for every right IBAN. */
function ibanRemainder(iban: string): bigint {
  expect(iban).toMatch(/^NL\d\dBUNQ\d{10}$/);
  return BigInt([...`${iban.slice(4)}${iban.slice(0, 4)}`].map((sign) => Number.parseInt(sign, 36)).join('')) % 97n;
}
