import { type Case, say, statusOf } from '../case.ts';
import { newSandboxUser, user } from '../parties.ts';

const INSUFFICIENT = '401 Insufficient authentication.';

export const tokens: readonly Case[] = [
  {
    name: 'a call without a token is refused',
    expected: INSUFFICIENT,
    settings: ['refusedTokenStatus'],
    see: async (bank) => say(await bank.send('GET', '/user')),
  },
  {
    name: 'an unknown token is refused',
    expected: INSUFFICIENT,
    settings: ['refusedTokenStatus'],
    see: async (bank) => say(await bank.send('GET', '/user', { token: 'f'.repeat(64) })),
  },
  {
    name: 'the installation token is refused where a session is wanted',
    expected: '403',
    see: async (bank) => statusOf(await (await user(bank)).installed.call('GET', '/user')),
  },
  {
    name: 'a session token is refused where the installation token is wanted',
    expected: '403',
    see: async (bank) => {
      const body = { description: 'contract', secret: await newSandboxUser(bank) };
      return statusOf(await (await user(bank)).session.call('POST', '/device-server', { body }));
    },
  },
  {
    name: 'a session token opens no session',
    expected: '403',
    see: async (bank) => {
      const { session, apiKey } = await user(bank);
      return statusOf(await session.call('POST', '/session-server', { body: { secret: apiKey } }));
    },
  },
];
