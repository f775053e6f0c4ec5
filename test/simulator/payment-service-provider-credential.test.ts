import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { der, type EtsiRole, qcStatements, TrustServiceProvider } from '../support/qualified-certificates.ts';
import { bankForEachTest, HOUR_MS } from './bank.ts';
import { issue, pseudoCertificate } from './certificates.ts';
import {
  bind,
  type Certified,
  createCredential,
  credentialBody,
  errorOf,
  install,
  logInProvider,
  newKeyPair,
  qsealTextOf,
} from './client.ts';

const bank = bankForEachTest();
const keys = newKeyPair();
const certified = pseudoCertificate();

test('the answer is the credential, waiting for its first use', async () => {
  const { json, status } = await createCredential(await install(bank.apiUrl, keys), certified);
  expect(status).toBe(200);
  expect(json.Response).toEqual([
    {
      CredentialPasswordIp: {
        id: expect.any(Number),
        created: expect.any(String),
        updated: expect.any(String),
        status: 'PENDING_FIRST_USE',
        expiry_time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
        token_value: expect.stringMatching(/^[0-9a-f]{64}$/),
        permitted_device: null,
      },
    },
  ]);
});

describe('the QSEAL signs the public key as it was sent, one newline, the token', () => {
  const [crlf, oneLine] = [
    keys.publicKeyPem.replaceAll('\n', '\r\n').trimEnd(),
    keys.publicKeyPem.replace(/(?<=[\w+/=])\n(?=[\w+/=])/g, ''),
  ];
  test.each([
    ['ending in a newline', keys.publicKeyPem],
    ['without a newline at its end', keys.publicKeyPem.trimEnd()],
    ['with CRLF', crlf],
    ['in one line', oneLine],
  ])('the key %s', async (_, publicKeyText) => {
    const installed = await install(bank.apiUrl, keys, publicKeyText);
    expect((await createCredential(installed, certified, `${publicKeyText.trimEnd()}\n${installed.token}`)).status).toBe(200);
  });

  test.each([
    ['two newlines between', (pem: string, token: string) => `${pem}\n\n${token}`],
    ['no newline between', (pem: string, token: string) => `${pem}${token}`],
    ['a newline at the end', (pem: string, token: string) => `${pem}\n${token}\n`],
    ['the key with other line ends than sent', (pem: string, token: string) => `${pem.replaceAll('\n', '\r\n')}\n${token}`],
    ['the token alone', (_: string, token: string) => token],
  ])('%s is refused', async (_, text) => {
    const installed = await install(bank.apiUrl, keys);
    expect((await createCredential(installed, certified, text(keys.publicKeyPem.trimEnd(), installed.token))).status).toBe(400);
    expect(bank.simulator.state().credentials).toEqual([]);
  });

  test("another installation's text is refused", async () => {
    const [one, other] = [await install(bank.apiUrl, keys), await install(bank.apiUrl, keys)];
    expect((await createCredential(one, certified, qsealTextOf(other))).status).toBe(400);
  });
});

test('a qualified certificate has its roles in its PSD2 statement, and none in its name', async () => {
  const vector = (name: string) => readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8');
  const qualified = { certificatePem: vector('qseal-cert.pem'), chainPem: vector('chain.pem'), privateKeyPem: vector('qseal-key.pem') };
  expect((await createCredential(await install(bank.apiUrl, keys), qualified)).status).toBe(200);
  const [user] = bank.simulator.state().users;
  expect(user).toMatchObject({ displayName: 'Betaalhulp', roles: ['AISP', 'PISP'] });
});

describe('a certificate is refused', () => {
  const refusedWith = async (text: RegExp, given: Partial<Certified>) => {
    const refused = await createCredential(await install(bank.apiUrl, keys), { ...certified, ...given });
    expect(refused.status).toBe(400);
    expect(errorOf(refused)).toMatch(text);
    expect(bank.simulator.state().users).toEqual([]);
  };
  const root = issue({ commonName: 'Root' });

  test('that names no role', () => refusedWith(/no role/, pseudoCertificate('My App')));
  test('whose role is only part of a word', () => refusedWith(/no role/, pseudoCertificate('My LAISPER')));
  test('whose common name is longer than 64 characters', () => refusedWith(/64 characters/, pseudoCertificate(`${'x'.repeat(60)} AISP`)));
  test('that is expired', () => refusedWith(/expired/, pseudoCertificate('My App AISP', [-2, -1])));
  test('that is not valid yet', () => refusedWith(/not valid yet/, pseudoCertificate('My App AISP', [1, 2])));
  test('that is not PEM', () => refusedWith(/not PEM/, { certificatePem: 'certificate' }));
  test('whose PEM has lost its line breaks', () =>
    refusedWith(/not PEM/, { certificatePem: certified.certificatePem.replaceAll('\n', '') }));
  test('whose key did not sign', () => refusedWith(/signature/, { privateKeyPem: pseudoCertificate().privateKeyPem }));
  test('without a chain', () => refusedWith(/not PEM/, { chainPem: '' }));
  test('whose chain is of another', () => refusedWith(/does not lead/, { chainPem: root.certificatePem }));
  test('with more than one certificate', () =>
    refusedWith(/Exactly one/, { certificatePem: certified.certificatePem + root.certificatePem }));
  test('whose chain ends before the root', () => {
    const intermediate = issue({ commonName: 'Intermediate' }, { issuer: root });
    const leaf = issue({ commonName: 'My App PISP' }, { issuer: intermediate });
    return refusedWith(/root/, {
      certificatePem: leaf.certificatePem,
      privateKeyPem: leaf.keys.privateKeyPem,
      chainPem: intermediate.certificatePem,
    });
  });
  test('whose chain is in the wrong order', () => {
    const intermediate = issue({ commonName: 'Intermediate' }, { issuer: root });
    const leaf = issue({ commonName: 'My App PISP' }, { issuer: intermediate });
    return refusedWith(/does not lead/, {
      certificatePem: leaf.certificatePem,
      privateKeyPem: leaf.keys.privateKeyPem,
      chainPem: root.certificatePem + intermediate.certificatePem,
    });
  });
});

test('a chain of intermediate and root, without the leaf, is taken', async () => {
  const root = issue({ commonName: 'Root' });
  const intermediate = issue({ commonName: 'Intermediate' }, { issuer: root });
  const leaf = issue({ commonName: 'My App CBPIII' }, { issuer: intermediate });
  const chained = {
    certificatePem: leaf.certificatePem,
    privateKeyPem: leaf.keys.privateKeyPem,
    chainPem: intermediate.certificatePem + root.certificatePem,
  };
  expect((await createCredential(await install(bank.apiUrl, keys), chained)).status).toBe(200);
  expect(bank.simulator.state().users[0]).toMatchObject({ roles: ['CBPII'], distinguishedName: '/CN=My App CBPIII/C=NL' });
});

test('the same distinguished name is the same user, with another API key', async () => {
  const create = async () =>
    (await createCredential(await install(bank.apiUrl, keys), pseudoCertificate())).json.Response[0].CredentialPasswordIp;
  expect((await create()).token_value).not.toBe((await create()).token_value);
  await createCredential(await install(bank.apiUrl, keys), pseudoCertificate('Another App AISP'));
  const { users, credentials } = bank.simulator.state();
  expect(users).toHaveLength(2);
  expect(credentials.map(({ userId }) => userId)).toEqual([users[0]?.id, users[0]?.id, users[1]?.id]);
});

test('a qualified certificate of the same distinguished name is the same user, with the roles of the later one', async () => {
  const authority = new TrustServiceProvider();
  const sealOf = (...roles: EtsiRole[]) => authority.issue({ statements: der.bytes(qcStatements({ roles, types: ['eseal'] })) });
  const present = async (seal: Certified, text?: string) => createCredential(await install(bank.apiUrl, keys), seal, text);
  await present(sealOf('PSP_AI'));
  await present(sealOf('PSP_AI', 'PSP_IC'), 'not what a QSEAL signs');
  expect(bank.simulator.state().users).toMatchObject([{ roles: ['AISP'] }]);
  await present(sealOf('PSP_PI', 'PSP_IC'));
  expect(bank.simulator.state().users).toMatchObject([{ roles: ['PISP', 'CBPII'] }]);
});

test('an API key that is not bound within its hour is dead', async () => {
  const installed = await install(bank.apiUrl, keys);
  const { token_value } = (await createCredential(installed, certified)).json.Response[0].CredentialPasswordIp;
  bank.simulator.advanceClock(HOUR_MS - 1);
  expect(bank.simulator.state().credentials[0]?.status).toBe('PENDING_FIRST_USE');
  bank.simulator.advanceClock(1);
  expect(bank.simulator.state().credentials[0]?.status).toBe('EXPIRED');
  const refused = await bind(installed, token_value);
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toBe('User credentials are incorrect. Incorrect API key or IP address.');
});

test('a bound API key outlives its hour and is shown with its device instead of its value', async () => {
  const { installed, call } = await logInProvider(bank.apiUrl, certified);
  bank.simulator.advanceClock(HOUR_MS - 1);
  const [credential] = bank.simulator.state().credentials;
  for (const read of [call, installed.call])
    expect(
      (await read('GET', `/payment-service-provider-credential/${credential?.id}`)).json.Response[0].CredentialPasswordIp,
    ).toMatchObject({
      status: 'ACTIVE',
      expiry_time: null,
      token_value: null,
      permitted_device: { description: 'test', ip: '127.0.0.1' },
    });
});

test('it needs the installation token', async () => {
  const { installed, call } = await logInProvider(bank.apiUrl, certified);
  const body = credentialBody(certified, qsealTextOf(installed));
  expect((await call('POST', '/payment-service-provider-credential', { body })).status).toBe(403);
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

(hasOpenssl ? test : test.skip)(
  `a certificate as the guide makes it with openssl is taken${hasOpenssl ? '' : ' (skipped: there is no openssl)'}`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const how = '-x509 -newkey rsa:4096 -days 365 -nodes'.split(' ');
    execFileSync('openssl', ['req', ...how, '-keyout', key, '-out', certificate, '-subj', '/CN=My App PISP AISP/C=NL'], {
      stdio: 'ignore',
    });
    const certificatePem = readFileSync(certificate, 'utf8');
    const made = { certificatePem, chainPem: certificatePem, privateKeyPem: readFileSync(key, 'utf8') };
    rmSync(folder, { recursive: true });
    bank.simulator.setClock(Date.now()); // the bank's clock stands still since before the certificate was made
    const { call, userId } = await logInProvider(bank.apiUrl, made);
    expect((await call('GET', `/user-payment-service-provider/${userId}`)).json.Response[0].UserPaymentServiceProvider).toMatchObject({
      certificate_distinguished_name: '/CN=My App PISP AISP/C=NL',
      alias: [{ type: 'CERTIFICATE_DISTINGUISHED_NAME', value: '/CN=My App PISP AISP/C=NL' }],
    });
  },
);
