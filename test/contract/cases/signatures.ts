import { credentialBody, newKeyPair, qsealTextOf, type Sent, signatureOf } from '../../simulator/client.ts';
import type { ContractBank } from '../bank.ts';
import { type Case, needed, say } from '../case.ts';
import { newCertificate, newSandboxUser, oauthClient, user } from '../parties.ts';

const WRONG = '400 The request signature is invalid.';

/** `GET /user` on the session, changed. */
const getUser = async (bank: ContractBank, sent: Sent) => {
  const { session } = await user(bank);
  return say(await bank.send('GET', '/user', { token: session.token, ...sent }));
};

async function deleteUrl(bank: ContractBank, sent: Sent): Promise<string> {
  const { provider, urls } = await oauthClient(bank);
  const made = needed(await provider.session.call('POST', urls, { body: { url: 'https://contract.example/to-delete' } }), 'callback-url');
  return String((await provider.session.call('DELETE', `${urls}/${made.json.Response[0].Id.id}`, sent)).status);
}

export const signatures: readonly Case[] = [
  {
    name: 'session-server without a signature is refused',
    expected: '466 For this operation a request signature is required. Check the urls for more information.',
    see: async (bank) => {
      const { installed, apiKey } = await user(bank);
      return say(await bank.send('POST', '/session-server', { token: installed.token, body: { secret: apiKey } }));
    },
  },
  { name: 'a GET needs no signature', expected: '200 UserPerson', see: (bank) => getUser(bank, {}) },
  {
    name: 'a GET may be signed over zero bytes',
    expected: '200 UserPerson',
    see: async (bank) => getUser(bank, { key: (await user(bank)).installed.keys.privateKey }),
  },
  {
    name: "a signature by another's key is refused, also where none is demanded",
    expected: WRONG,
    settings: ['wrongSignatureStatus'],
    see: (bank) => getUser(bank, { key: newKeyPair().privateKey }),
  },
  {
    name: 'a signature over other bytes is refused',
    expected: WRONG,
    settings: ['wrongSignatureStatus'],
    see: async (bank) => {
      const signature = signatureOf('other bytes', (await user(bank)).installed.keys.privateKey);
      return getUser(bank, { headers: { 'X-Bunq-Client-Signature': signature } });
    },
  },
  {
    name: 'a signature that is no base64 is refused',
    expected: WRONG,
    settings: ['wrongSignatureStatus'],
    see: (bank) => getUser(bank, { headers: { 'X-Bunq-Client-Signature': 'not base64!' } }),
  },
  {
    name: 'device-server needs no signature',
    expected: '200 Id',
    see: async (bank) => {
      const { token } = await bank.install();
      const body = { description: 'contract', secret: await newSandboxUser(bank) };
      return say(await bank.send('POST', '/device-server', { token, body }));
    },
  },
  {
    name: 'payment-service-provider-credential needs no signature but that of the QSEAL',
    expected: '200 CredentialPasswordIp',
    settings: ['idInsteadOfObject'],
    see: async (bank) => {
      const installed = await bank.install();
      const body = credentialBody(newCertificate(), qsealTextOf(installed));
      return say(await bank.send('POST', '/payment-service-provider-credential', { token: installed.token, body }));
    },
  },
  { name: 'a DELETE may be signed over zero bytes', expected: '200', see: (bank) => deleteUrl(bank, {}) },
  { name: 'a DELETE may carry the body {}, signed', expected: '200', see: (bank) => deleteUrl(bank, { body: '{}' }) },
];
