import { type Case, statusOf } from '../case.ts';
import { user } from '../parties.ts';

export const errors: readonly Case[] = [
  {
    name: 'an unknown path is not found',
    expected: '404',
    see: async (bank) => statusOf(await (await user(bank)).session.call('GET', '/nowhere')),
  },
  {
    name: 'a known path with another method is not allowed',
    expected: '405',
    see: async (bank) => statusOf(await (await user(bank)).session.call('DELETE', '/user')),
  },
  {
    name: 'an id that is no number is not found',
    expected: '404',
    see: async (bank) => statusOf(await (await user(bank)).session.call('GET', '/user/me')),
  },
];
