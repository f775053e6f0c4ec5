import { bind, openSession } from '../../simulator/client.ts';
import type { ContractBank } from '../bank.ts';
import { type Case, itemOf, needed, say, statusOf } from '../case.ts';
import { newSandboxUser, user } from '../parties.ts';

const INCORRECT = '400 User credentials are incorrect. Incorrect API key or IP address.';

const bindNew = async (bank: ContractBank, permittedIps?: string[]) => bind(await bank.install(), await newSandboxUser(bank), permittedIps);

/** A session from another address than the one that the key was bound from. */
async function openElsewhere(bank: ContractBank, permittedIps?: string[]): Promise<string> {
  const from = bank.elsewhere();
  const [installed, apiKey] = [await bank.install(), await newSandboxUser(bank)];
  needed(await bind(installed, apiKey, permittedIps), 'device-server');
  return say(await openSession(installed, apiKey, from));
}

export const device: readonly Case[] = [
  {
    name: 'an API key that nobody was given is refused',
    expected: INCORRECT,
    see: async (bank) => say(await bind(await bank.install(), 'f'.repeat(64))),
  },
  { name: 'an empty permitted_ips is taken', expected: '200 Id', see: async (bank) => say(await bindNew(bank, [])) },
  { name: 'a bare wildcard is taken', expected: '200 Id', see: async (bank) => say(await bindNew(bank, ['*'])) },
  {
    name: 'a list with neither the calling address nor the wildcard is refused as wrong credentials',
    expected: INCORRECT,
    see: async (bank) => say(await bindNew(bank, ['192.0.2.1'])),
  },
  {
    name: 'what is no address is refused',
    expected: '400',
    settings: ['badParameterStatus'],
    see: async (bank) => statusOf(await bindNew(bank, ['localhost', '*'])),
  },
  {
    name: 'an IPv6 address is refused',
    expected: '400',
    settings: ['permitIpv6', 'badParameterStatus'],
    see: async (bank) => statusOf(await bindNew(bank, ['2001:db8::1', '*'])),
  },
  {
    name: 'an API key may be bound on several installations',
    expected: '200 Id',
    see: async (bank) => say(await bind(await bank.install(), (await user(bank)).apiKey)),
  },
  {
    name: 'an API key may be bound again on the same installation',
    expected: '200 Id',
    settings: ['refuseRebinding'],
    see: async (bank) => {
      const { installed, apiKey } = await user(bank);
      return say(await bind(installed, apiKey));
    },
  },
  {
    name: 'a device is shown as ACTIVE, with its description and address',
    expected: 'DeviceServer, test, ACTIVE, an address',
    see: async (bank) => {
      const { session, bound } = await user(bank);
      const read = needed(await session.call('GET', `/device-server/${itemOf(bound).id}`), 'the device');
      const { description, status, ip } = itemOf(read);
      return `${Object.keys(read.json.Response[0])[0]}, ${description}, ${status}, ${ip ? 'an address' : String(ip)}`;
    },
  },
  {
    name: 'an API key opens no session where it is not bound',
    expected: INCORRECT,
    see: async (bank) => say(await openSession(await bank.install(), await newSandboxUser(bank))),
  },
  { name: 'without a list a key is refused from another address', expected: INCORRECT, see: (bank) => openElsewhere(bank) },
  {
    name: 'with a bare wildcard it is taken from another address',
    expected: '200 Id, Token, UserPerson',
    settings: ['bareWildcardBindsCaller'],
    see: (bank) => openElsewhere(bank, ['*']),
  },
];
