import { randomUUID } from 'node:crypto';
import type { Sent } from '../../simulator/client.ts';
import type { ContractBank } from '../bank.ts';
import { type Case, say, statusOf } from '../case.ts';
import { user } from '../parties.ts';

const REQUEST_ID = 'X-Bunq-Client-Request-Id';
const userWith = async (bank: ContractBank, headers: Record<string, string>) =>
  say(await (await user(bank)).session.call('GET', '/user', { headers }));

/** The statuses of two calls under one request id. */
async function twice(call: (sent: Sent) => Promise<{ status: number }>): Promise<string> {
  const headers = { [REQUEST_ID]: randomUUID() };
  return `${(await call({ headers })).status}, ${(await call({ headers })).status}`;
}

export const requests: readonly Case[] = [
  { name: 'Content-Type may be missing', expected: '200 Id', see: async (bank) => say((await user(bank)).bound) },
  {
    name: 'Content-Type may be application/json',
    expected: '400 User credentials are incorrect. Incorrect API key or IP address.',
    see: async (bank) => {
      const body = { description: 'contract', secret: 'f'.repeat(64) };
      const { installed } = await user(bank);
      return say(await installed.call('POST', '/device-server', { body, headers: { 'Content-Type': 'application/json' } }));
    },
  },
  {
    name: 'Cache-Control may be missing',
    expected: '200 UserPerson',
    settings: ['demandDocumentedHeaders'],
    see: (bank) => userWith(bank, { 'Cache-Control': '' }),
  },
  {
    name: 'User-Agent may be missing',
    expected: '200 UserPerson',
    settings: ['demandDocumentedHeaders'],
    see: (bank) => userWith(bank, { 'User-Agent': '' }),
  },
  {
    name: 'language, region and geolocation are taken',
    expected: '200 UserPerson',
    see: (bank) => userWith(bank, { 'X-Bunq-Language': 'en_US', 'X-Bunq-Region': 'nl_NL', 'X-Bunq-Geolocation': '0 0 0 0 000' }),
  },
  { name: 'the request id may be missing', expected: '200 UserPerson', see: (bank) => userWith(bank, { [REQUEST_ID]: '' }) },
  {
    name: 'a request id is good once on a session',
    expected: '200, 400',
    settings: ['refuseRepeatedRequestIds', 'badParameterStatus'],
    see: async (bank) => {
      const { session } = await user(bank);
      return twice((sent) => session.call('GET', '/user', sent));
    },
  },
  {
    name: 'a call without a token may repeat its request id',
    expected: '200, 200',
    see: (bank) => twice((sent) => bank.send('POST', '/sandbox-user-person', { ...sent, body: {} })),
  },
  {
    name: 'a body that is no JSON is refused',
    expected: '400',
    settings: ['badParameterStatus'],
    see: async (bank) => statusOf(await (await user(bank)).installed.call('POST', '/device-server', { body: '{' })),
  },
  {
    name: 'a missing field is refused',
    expected: '400',
    settings: ['badParameterStatus'],
    see: async (bank) => statusOf(await (await user(bank)).installed.call('POST', '/device-server', { body: { description: 'contract' } })),
  },
];
