import { isSignedByBank, newKeyPair, type Received } from '../../simulator/client.ts';
import type { ContractBank } from '../bank.ts';
import { type Case, itemOf, needed, say } from '../case.ts';
import { user } from '../parties.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SECOND_MS = 1_000;

const ownUser = async (bank: ContractBank) => (await user(bank)).session.call('GET', '/user');
const notFound = async (bank: ContractBank) => (await user(bank)).session.call('GET', '/user/1');

function shapeOf({ text }: Received): string {
  const outside = text.replace(/"(\\.|[^"\\])*"/g, '');
  const wrong = [/\s/.test(outside) && 'blanks', /[^\x20-\x7e]/.test(text) && 'more than ASCII', /(?<!\\)\//.test(text) && '/ as it is'];
  return wrong.filter(Boolean).join(', ') || 'compact, ASCII, \\/';
}

const contentTypeOf = ({ headers }: Received): string => headers['content-type'] ?? 'none';

export const envelopes: readonly Case[] = [
  {
    name: 'an answer has exactly this content type',
    expected: 'application/json',
    see: async (bank) => contentTypeOf(await ownUser(bank)),
  },
  {
    name: 'an error has exactly this content type',
    expected: 'application/json',
    see: async (bank) => contentTypeOf(await notFound(bank)),
  },
  {
    name: 'a body is compact JSON as PHP writes it',
    expected: 'compact, ASCII, \\/',
    see: async (bank) => shapeOf(await bank.send('POST', '/installation', { body: { client_public_key: newKeyPair().publicKeyPem } })), // its key holds many a /
  },
  {
    name: 'what is not ASCII is escaped',
    expected: 'Caf\\u00e9\\/Contract',
    see: async (bank) => {
      const { apiKey, session } = await user(bank);
      const body = { description: 'Café/Contract', secret: apiKey };
      const bound = needed(await (await bank.install()).call('POST', '/device-server', { body }), 'device-server');
      const { text } = await session.call('GET', `/device-server/${itemOf(bound).id}`);
      return /Caf[^"]*/.exec(text)?.[0] ?? 'not there';
    },
  },
  {
    name: 'an error has one description, also translated',
    expected: 'error_description, error_description_translated',
    see: async (bank) => Object.keys((await notFound(bank)).json?.Error?.[0] ?? {}).join(', '),
  },
  {
    name: 'the request id is echoed',
    expected: 'echoed',
    see: async (bank) => {
      const id = `contract-${Math.random()}`;
      const { headers } = await (await user(bank)).session.call('GET', '/user', { headers: { 'X-Bunq-Client-Request-Id': id } });
      return headers['x-bunq-client-request-id'] === id ? 'echoed' : 'not echoed';
    },
  },
  ...[
    { what: 'an answer', see: ownUser },
    { what: 'an error', see: notFound },
  ].flatMap(({ what, see }) => [
    {
      name: `${what} has a UUID as response id`,
      expected: 'a UUID',
      see: async (bank: ContractBank) => {
        const id = (await see(bank)).headers['x-bunq-client-response-id'];
        return id === undefined ? 'none' : UUID.test(String(id)) ? 'a UUID' : 'another id';
      },
    },
    {
      name: `${what} is signed over its raw bytes`,
      expected: 'signed',
      see: async (bank: ContractBank) => {
        const received = await see(bank);
        if (received.headers['x-bunq-server-signature'] === undefined) return 'no signature';
        return isSignedByBank(received, (await user(bank)).installed.serverPublicKeyPem) ? 'signed' : 'a wrong signature';
      },
    },
  ]),
  {
    name: 'times are UTC with six digits after the point',
    expected: 'YYYY-MM-DD hh:mm:ss.ffffff, UTC',
    see: async (bank) => {
      const { opened } = await user(bank);
      const { created } = itemOf(opened, 1);
      if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(created)) return created;
      const offMs = Math.abs(Date.parse(`${created.replace(' ', 'T').slice(0, 23)}Z`) - Date.parse(opened.headers.date ?? ''));
      return `YYYY-MM-DD hh:mm:ss.ffffff, ${offMs < 60 * SECOND_MS ? 'UTC' : 'not UTC'}`;
    },
  },
  {
    name: 'ids are whole numbers',
    expected: 'whole numbers',
    see: async (bank) => {
      const { json } = (await user(bank)).opened;
      const ids = json.Response.map((item: object) => (Object.values(item)[0] as { id: unknown }).id);
      return ids.every(Number.isInteger) ? 'whole numbers' : ids.map((id: unknown) => typeof id).join(', ');
    },
  },
  {
    name: 'a list of one has Response and Pagination',
    expected: '200 UserPerson; Response, Pagination',
    see: async (bank) => {
      const received = await ownUser(bank);
      return `${say(received)}; ${Object.keys(received.json ?? {}).join(', ')}`;
    },
  },
];
