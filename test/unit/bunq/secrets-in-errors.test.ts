import { inspect } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import type { Bank } from '../../../bunq/bank.ts';
import { createDeviceServer } from '../../../bunq/device-server.ts';
import { createPaymentServiceProviderCredential } from '../../../bunq/payment-service-provider-credential.ts';
import { rawCall } from '../../../bunq/raw-call.ts';
import { createSessionServer } from '../../../bunq/session-server.ts';
import { Secret } from '../../../sealing/secret.ts';
import { type AnswerOf, bunqErrorOf, closeAll, httpBank, installationCaller, privateKey, sessionCaller, tcpBank } from './support.ts';

afterEach(closeAll);

const apiKey = new Secret('3'.repeat(63).concat('4'));
const SEAL = 'c2VhbC1zZWFsLXNlYWwtc2VhbC1zZWFsLXNlYWw=';
const calls: Record<string, (bank: Bank) => Promise<unknown>> = {
  'device-server': (bank) => createDeviceServer(bank, installationCaller, { description: 'keeper', apiKey, permittedIps: [] }),
  'session-server': (bank) => createSessionServer(bank, installationCaller, { apiKey }),
  credential: (bank) =>
    createPaymentServiceProviderCredential(bank, installationCaller, { certificatePem: 'C', chainPem: 'C', qsealSignature: SEAL }),
  'a raw call with a query': (bank) => rawCall(bank, sessionCaller, { method: 'GET', path: '/user?code=authorization-code-1234' }),
};

const sent = [
  apiKey.text(),
  installationCaller.installationToken.text(),
  sessionCaller.sessionToken.text(),
  SEAL,
  'authorization-code-1234',
  Buffer.from(privateKey.bytes()).toString('base64').slice(100, 140),
];

/** Everything that a logger, an inspector or a serializer could get out of an error. */
function everythingOf(error: Error): string {
  const own = Object.getOwnPropertyNames(error).map((name) => `${name}=${String((error as unknown as Record<string, unknown>)[name])}`);
  return [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error), error.stack, ...own].join('\n');
}

/** A bank that gives back whatever it was sent, in its explanation. */
const echo = (request: { headers: object; body: Buffer; url: string }): AnswerOf => ({
  status: 400,
  body: { Error: [{ error_description: `${request.body.toString().slice(0, 90)} ${JSON.stringify(request.headers).slice(0, 400)}` }] },
});

test.each(Object.entries(calls).slice(0, 3))(
  '%s: a bank that repeats our secrets does not get them into the error',
  async (_name, call) => {
    const { bank } = await httpBank(echo);
    const text = everythingOf(await bunqErrorOf(call(bank)));
    for (const secret of sent.slice(0, 3)) expect(text).not.toContain(secret.slice(0, 24));
  },
);

test.each(Object.entries(calls))('%s: no secret in the error of an answer that was lost', async (_name, call) => {
  const { bank } = await tcpBank((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const text = everythingOf(await bunqErrorOf(call(bank)));
  for (const secret of sent) expect(text).not.toContain(secret.slice(0, 24));
});

test.each([
  ['is not JSON', '{"Response":[{"Token":{"token":"555555555555555555555555555555"'],
  ['has the wrong shape', '{"Response":[{"Token":{"token":{"value":"555555555555555555555555555555"}}}]}'],
])('an answer that %s: its token is not in the error', async (_what, body) => {
  const { bank } = await httpBank(() => ({ body }));
  const error = await bunqErrorOf(createSessionServer(bank, installationCaller, { apiKey }));
  expect(error.code).toBe('BUNQ_RESPONSE_INVALID');
  expect(everythingOf(error)).not.toContain('5555');
});

test('a response id that is no id is not repeated', async () => {
  const { bank } = await httpBank(() => ({ status: 400, body: {}, headers: { 'X-Bunq-Client-Response-Id': 'secret <script>' } }));
  expect((await bunqErrorOf(createSessionServer(bank, installationCaller, { apiKey }))).responseId).toBeNull();
});
