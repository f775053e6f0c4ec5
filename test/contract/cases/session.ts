import { openSession, type Received } from '../../simulator/client.ts';
import type { ContractBank } from '../bank.ts';
import { type Case, itemOf, needed, say, statusOf } from '../case.ts';
import { logIn, newSandboxUser, provider, providerAgain, user } from '../parties.ts';

const timeoutOf = (opened: Received): string => `${itemOf(opened, 2).session_timeout} s`;

const company = (bank: ContractBank) => bank.once('company', async () => logIn(bank, await newSandboxUser(bank, 'company')));

/** A second session of the user, on the installation of its first. */
const second = (bank: ContractBank) =>
  bank.once('second session', async () => {
    const { installed, apiKey } = await user(bank);
    return openSession(installed, apiKey);
  });

export const session: readonly Case[] = [
  {
    name: 'its items come in the order that SDKs index',
    expected: '200 Id, Token, UserPerson',
    see: async (bank) => say((await user(bank)).opened),
  },
  { name: 'that of a company', expected: '200 Id, Token, UserCompany', see: async (bank) => say((await company(bank)).opened) },
  {
    name: 'that of a provider',
    expected: '200 Id, Token, UserPaymentServiceProvider',
    see: async (bank) => say((await provider(bank)).opened),
  },
  {
    name: "an ordinary user's session lasts a week",
    expected: '604800 s',
    settings: ['userSessionLifetimeMs'],
    see: async (bank) => timeoutOf((await user(bank)).opened),
  },
  {
    name: "a new provider's first session lasts an hour",
    expected: '3600 s',
    settings: ['firstSessionLifetimeMs'],
    see: async (bank) => timeoutOf((await provider(bank)).opened),
  },
  {
    name: 'its next lasts 90 days',
    expected: '7776000 s',
    settings: ['sessionLifetimeMs'],
    see: async (bank) => timeoutOf((await providerAgain(bank)).opened),
  },
  {
    name: 'a second session is opened on one installation',
    expected: '200 Id, Token, UserPerson',
    settings: ['oneSessionPerInstallation'],
    see: async (bank) => say(await second(bank)),
  },
  {
    name: 'the first lives on beside it',
    expected: '200 UserPerson',
    see: async (bank) => {
      needed(await second(bank), 'a second session');
      return say(await (await user(bank)).session.call('GET', '/user'));
    },
  },
  {
    name: 'another session is not ended by its id',
    expected: '404',
    see: async (bank) => statusOf(await (await user(bank)).session.call('DELETE', `/session/${(await provider(bank)).session.sessionId}`)),
  },
  {
    name: 'a session is ended by DELETE, which answers an empty list',
    expected: '200 {"Response":[]}, then 401 Insufficient authentication.',
    settings: ['emptyObjectOnDelete', 'refusedTokenStatus'],
    see: async (bank) => {
      const { call } = (await company(bank)).session;
      const ended = await call('DELETE', '/session/0');
      return `${ended.status} ${ended.text}, then ${say(await call('GET', '/user'))}`;
    },
  },
];
