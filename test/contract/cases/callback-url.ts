import type { ContractBank } from '../bank.ts';
import { type Case, itemOf, needed, say, statusOf } from '../case.ts';
import { oauthClient } from '../parties.ts';

const create = async (bank: ContractBank, url: string) => {
  const { provider, urls } = await oauthClient(bank);
  return provider.session.call('POST', urls, { body: { url } });
};

/** One that is there, and a call on it. */
async function withOne(bank: ContractBank) {
  const { provider, urls } = await oauthClient(bank);
  const { id } = itemOf(needed(await create(bank, 'https://contract.example/one'), 'callback-url'));
  return { id, on: (method: string, body?: object) => provider.session.call(method, `${urls}/${id}`, body && { body }) };
}

export const callbackUrls: readonly Case[] = [
  { name: 'it is made', expected: '200 Id', see: async (bank) => say(await create(bank, 'https://contract.example/made')) },
  {
    name: 'it is shown under its type name',
    expected: '200 OauthCallbackUrl: id, created, updated, url',
    see: async (bank) => {
      const read = await (await withOne(bank)).on('GET');
      return `${say(read)}: ${Object.keys(itemOf(needed(read, 'the callback URL'))).join(', ')}`;
    },
  },
  {
    name: 'it is changed by PUT',
    expected: '200 Id, https://contract.example/other',
    see: async (bank) => {
      const { on } = await withOne(bank);
      return `${say(await on('PUT', { url: 'https://contract.example/other' }))}, ${itemOf(await on('GET')).url}`;
    },
  },
  {
    name: 'it is removed by DELETE, which answers an empty list',
    expected: '200 {"Response":[]}, then 404',
    settings: ['emptyObjectOnDelete'],
    see: async (bank) => {
      const { on } = await withOne(bank);
      const removed = await on('DELETE');
      return `${removed.status} ${removed.text}, then ${statusOf(await on('GET'))}`;
    },
  },
  {
    name: 'the same URL twice is two',
    expected: 'two',
    see: async (bank) => {
      const [one, other] = [await withOne(bank), await withOne(bank)];
      return one.id === other.id ? 'one' : 'two';
    },
  },
  {
    name: 'plain http to elsewhere is refused',
    expected: '400',
    settings: ['badParameterStatus'],
    see: async (bank) => statusOf(await create(bank, 'http://contract.example/callback')),
  },
  {
    name: 'plain http to this machine is taken',
    expected: '200',
    see: async (bank) => statusOf(await create(bank, 'http://localhost:3000/callback')),
  },
];
