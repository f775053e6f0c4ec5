import { type Case, itemOf, needed, say, statusOf } from '../case.ts';
import { newSandboxUser, provider, user } from '../parties.ts';

export const users: readonly Case[] = [
  {
    name: 'a provider may ask to be told of connections that are taken back',
    expected: '200 Id, then 200 NotificationFilterUrl',
    see: async (bank) => {
      const { session } = await provider(bank);
      const path = `/user/${session.userId}/notification-filter-url`;
      const set = (...filters: object[]) => session.call('POST', path, { body: { notification_filters: filters } });
      const asked = await set({ category: 'OAUTH', notification_target: 'https://contract.example/told' });
      const listed = await session.call('GET', path);
      await set();
      return `${say(asked)}, then ${say(listed)}`;
    },
  },
  {
    name: 'a sandbox user is answered by its API key',
    expected: '200 ApiKey',
    settings: ['idInsteadOfObject'],
    see: async (bank) => say(await bank.send('POST', '/sandbox-user-person', { body: {} })),
  },
  {
    name: 'so is a company',
    expected: '200 ApiKey',
    settings: ['idInsteadOfObject'],
    see: async (bank) => say(await bank.send('POST', '/sandbox-user-company', { body: {} })),
  },
  {
    name: "a sandbox user's API key begins with sandbox_",
    expected: 'sandbox_ and letters and digits',
    see: async (bank) => (/^sandbox_[A-Za-z0-9]+$/.test(await newSandboxUser(bank)) ? 'sandbox_ and letters and digits' : 'another form'),
  },
  {
    name: 'it has an account that is ACTIVE',
    expected: 'MonetaryAccountBank, ACTIVE, an IBAN',
    see: async (bank) => {
      const { session } = await user(bank);
      const read = needed(await session.call('GET', `/user/${session.userId}/monetary-account`), 'monetary-account');
      const { status, alias } = itemOf(read);
      const iban = alias.some(({ type }: { type: string }) => type === 'IBAN') ? 'an IBAN' : 'no IBAN';
      return `${Object.keys(read.json.Response[0])[0]}, ${status}, ${iban}`;
    },
  },
  {
    name: 'a provider has no accounts',
    expected: '200',
    see: async (bank) => {
      const { session } = await provider(bank);
      return say(await session.call('GET', `/user/${session.userId}/monetary-account`));
    },
  },
  {
    name: 'a provider is read as itself',
    expected: '200 UserPaymentServiceProvider',
    see: async (bank) => {
      const { session } = await provider(bank);
      return say(await session.call('GET', `/user-payment-service-provider/${session.userId}`));
    },
  },
  {
    name: "another user's id is not found",
    expected: '404',
    see: async (bank) => statusOf(await (await user(bank)).session.call('GET', `/user/${(await provider(bank)).session.userId}`)),
  },
];
