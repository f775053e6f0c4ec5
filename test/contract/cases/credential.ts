import { pseudoCertificate } from '../../simulator/certificates.ts';
import { type Certified, createCredential, type Installed, newKeyPair, qsealTextOf } from '../../simulator/client.ts';
import type { ContractBank } from '../bank.ts';
import { type Case, itemOf, say, statusOf } from '../case.ts';
import { newCertificate, provider, providerAgain } from '../parties.ts';

const MINUTE_MS = 60_000;
const taken = { expected: '200 CredentialPasswordIp', settings: ['idInsteadOfObject'] };
const refused = { expected: '400', settings: ['badParameterStatus'] };
const keys = newKeyPair();
const certified = newCertificate();

/** The key as it is sent at the installation, and the text that the QSEAL signs. */
const register = async (bank: ContractBank, publicKeyText: string, textOf: (installed: Installed) => string = qsealTextOf) => {
  const installed = await bank.install(keys, publicKeyText);
  return createCredential(installed, certified, textOf(installed));
};
const registerCertificate = async (bank: ContractBank, given: Partial<Certified>) =>
  createCredential(await bank.install(), { ...certified, ...given });

const timeOf = (text: string): number => Date.parse(`${text.replace(' ', 'T').slice(0, 23)}Z`);

export const credential: readonly Case[] = [
  { name: 'the answer is the API key as an object', ...taken, see: async (bank) => say((await provider(bank)).created) },
  {
    name: 'an API key waits for its first use on no device',
    expected: 'PENDING_FIRST_USE, permitted_device null, token_value letters and digits',
    see: async (bank) => {
      const { status, permitted_device, token_value } = itemOf((await provider(bank)).created);
      const signs = /^[A-Za-z0-9]+$/.test(token_value) ? 'letters and digits' : 'other signs too';
      return `${status}, permitted_device ${JSON.stringify(permitted_device)}, token_value ${signs}`;
    },
  },
  {
    name: 'an API key waits for an hour',
    expected: '60 minutes',
    settings: ['credentialLifetimeMs'],
    see: async (bank) => {
      const { created, expiry_time } = itemOf((await provider(bank)).created);
      return `${Math.round((timeOf(expiry_time) - timeOf(created)) / MINUTE_MS)} minutes`;
    },
  },
  {
    name: 'the QSEAL signs PEM, one newline, token, of a PEM that was sent with a newline at its end',
    ...taken,
    see: async (bank) => say(await register(bank, keys.publicKeyPem)),
  },
  {
    name: 'the same of a PEM that was sent without',
    ...taken,
    see: async (bank) => say(await register(bank, keys.publicKeyPem.trimEnd())),
  },
  {
    name: 'the same of a PEM that was sent with CRLF, as it was sent',
    ...taken,
    see: async (bank) => say(await register(bank, keys.publicKeyPem.trimEnd().replaceAll('\n', '\r\n'))),
  },
  {
    name: 'a text with two newlines between is refused',
    ...refused,
    see: async (bank) => statusOf(await register(bank, keys.publicKeyPem, ({ token }) => `${keys.publicKeyPem}\n${token}`)),
  },
  {
    name: 'a text with a newline at its end is refused',
    ...refused,
    see: async (bank) => statusOf(await register(bank, keys.publicKeyPem, (installed) => `${qsealTextOf(installed)}\n`)),
  },
  {
    name: 'a certificate that names no role is refused',
    ...refused,
    see: async (bank) => statusOf(await registerCertificate(bank, newCertificate(''))),
  },
  {
    name: 'an expired certificate is refused',
    ...refused,
    see: async (bank) => statusOf(await registerCertificate(bank, pseudoCertificate('Contract AISP', [-2, -1]))),
  },
  {
    name: "another's chain is refused",
    ...refused,
    see: async (bank) => statusOf(await registerCertificate(bank, { chainPem: newCertificate().certificatePem })),
  },
  {
    name: 'a PEM that has lost its line breaks is refused',
    ...refused,
    see: async (bank) => statusOf(await registerCertificate(bank, { certificatePem: certified.certificatePem.replaceAll('\n', '') })),
  },
  {
    name: "a signature by another's QSEAL is refused",
    ...refused,
    see: async (bank) => statusOf(await registerCertificate(bank, { privateKeyPem: newCertificate().privateKeyPem })),
  },
  {
    name: 'the user carries the distinguished name of its certificate',
    expected: '/CN=Contract … PISP AISP/C=NL',
    see: async (bank) => {
      const { certificate_distinguished_name: name } = itemOf((await provider(bank)).opened, 2);
      return String(name).replace(/(?<=Contract )[0-9a-f]{12}(?= )/, '…');
    },
  },
  {
    name: 'registering again with the same certificate gives another API key of the same user',
    expected: 'another API key, the same user',
    see: async (bank) => {
      const [first, again] = [await provider(bank), await providerAgain(bank)];
      const key = first.apiKey === again.apiKey ? 'the same API key' : 'another API key';
      return `${key}, ${first.session.userId === again.session.userId ? 'the same user' : 'another user'}`;
    },
  },
];
