import { generateKeyPairSync } from 'node:crypto';
import { install, newKeyPair } from '../../simulator/client.ts';
import type { ContractBank } from '../bank.ts';
import { type Case, itemOf, say, statusOf } from '../case.ts';

const created = '200 Id, Token, ServerPublicKey';
const keys = newKeyPair();
const oneLine = keys.publicKeyPem.replace(/(?<=[\w+/=])\n(?=[\w+/=])/g, '');
const post = (bank: ContractBank, client_public_key?: unknown) => bank.send('POST', '/installation', { body: { client_public_key } });
const rsa4096 = () => generateKeyPairSync('rsa', { modulusLength: 4096 }).publicKey.export({ type: 'spki', format: 'pem' });

export const installation: readonly Case[] = [
  {
    name: 'its items come in the order that SDKs index',
    expected: created,
    see: async (bank) => say(await post(bank, keys.publicKeyPem)),
  },
  {
    name: 'a public key with CRLF is taken',
    expected: created,
    see: async (bank) => say(await post(bank, keys.publicKeyPem.replaceAll('\n', '\r\n'))),
  },
  {
    name: 'a public key without a newline at its end is taken',
    expected: created,
    see: async (bank) => say(await post(bank, keys.publicKeyPem.trimEnd())),
  },
  {
    name: 'a public key with its base64 in one line is taken',
    expected: created,
    see: async (bank) => say(await post(bank, oneLine)),
  },
  {
    name: 'the same public key makes another installation',
    expected: created,
    settings: ['refuseRepeatedPublicKey'],
    see: async (bank) => {
      await post(bank, keys.publicKeyPem);
      return say(await post(bank, keys.publicKeyPem));
    },
  },
  {
    name: 'a public key of RSA 4096 is refused',
    expected: '400',
    settings: ['badParameterStatus'],
    see: async (bank) => statusOf(await post(bank, rsa4096())),
  },
  { name: 'no public key is refused', expected: '400', settings: ['badParameterStatus'], see: async (bank) => statusOf(await post(bank)) },
  {
    name: 'its token is letters and digits only',
    expected: 'letters and digits',
    see: async (bank) => {
      const { token } = itemOf(await post(bank, keys.publicKeyPem), 1);
      return /^[A-Za-z0-9]+$/.test(token) ? 'letters and digits' : 'other signs too';
    },
  },
  {
    name: 'the server public key is read again with the installation token',
    expected: '200 ServerPublicKey, the same',
    see: async (bank) => {
      const { call, id, serverPublicKeyPem } = await install(bank.send);
      const read = await call('GET', `/installation/${id}/server-public-key`);
      if (read.status !== 200) return say(read);
      return `${say(read)}, ${itemOf(read).server_public_key === serverPublicKeyPem ? 'the same' : 'another'}`;
    },
  },
];
