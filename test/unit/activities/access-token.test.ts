import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { accessTokenActivities, type ExchangeInput } from '../../../activities/access-token.ts';
import type { AttemptRecord, Dependencies } from '../../../activities/dependencies.ts';
import type { Sealed } from '../../../sealing/sealed.ts';
import { Secret } from '../../../sealing/secret.ts';
import { sealingKeys } from '../../support/credentials.ts';
import { closeAll, httpBank, realClock, type SeenRequest } from '../bunq/support.ts';

const ALICE = 'user.sandbox.acme.alice';
const ACME = 'provider.sandbox.acme';
const CODE = 'c0de'.repeat(16);
const SECRET = '5ec2e7'.repeat(10);
const TOKEN = 'acce55'.repeat(10);
const FIRST: AttemptRecord = { startedAtMs: 2000, isRepeated: false, resetAtMs: null };

const seal = <Kind extends 'authorization-code' | 'client-secret' | 'api-key'>(kind: Kind, connection: string, text: string) =>
  sealingKeys.seal(kind, connection, new Secret(text));

let input: ExchangeInput;
beforeAll(async () => {
  input = {
    code: await seal('authorization-code', ALICE, CODE),
    broughtAtMs: 1000,
    redirectUrl: 'https://acme.example/callback',
    clientId: 'c1'.repeat(32),
    clientSecret: await seal('client-secret', ACME, SECRET),
  };
});
afterEach(closeAll);

/** As an activity of a connection's workflow, at a bank that takes every code. */
async function exchange(change: Partial<ExchangeInput> = {}, { workflowId = ALICE, attempt = FIRST } = {}) {
  const { bank, seen } = await httpBank(() => ({ signature: null, body: { access_token: TOKEN } }));
  const { exchangeAuthorizationCode } = accessTokenActivities({
    environment: 'sandbox',
    bank: { ...bank, tokenUrl: new URL('/v1/token', bank.apiUrl).href },
    sealingKeys,
    clock: realClock,
    confirmAttempt: async () => {},
    readAttempt: async () => attempt,
  } as Partial<Dependencies> as Dependencies);
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId, runId: 'a run' } },
    { logger: new DefaultLogger('ERROR') },
  );
  const outcome = environment.run(exchangeAuthorizationCode, { ...input, ...change });
  return { outcome: await (outcome as Promise<{ accessToken: Sealed<'api-key'> }>).catch((error: unknown) => error), seen };
}

async function refusalOf(change: Partial<ExchangeInput>, options = {}): Promise<[ApplicationFailure, SeenRequest[]]> {
  const { outcome, seen } = await exchange(change, options);
  expect(outcome).toBeInstanceOf(ApplicationFailure);
  return [outcome as ApplicationFailure, seen];
}

test('a user’s activity opens its own code and its provider’s client secret, and seals the access token for the user', async () => {
  const { outcome, seen } = await exchange();
  const sent = Object.fromEntries(new URL(seen[0]!.url, 'http://bank').searchParams);
  expect(sent).toMatchObject({ code: CODE, client_secret: SECRET });
  const { accessToken } = outcome as { accessToken: Sealed<'api-key'> };
  expect((await sealingKeys.open('api-key', ALICE, accessToken)).text()).toBe(TOKEN);
  await expect(sealingKeys.open('api-key', ACME, accessToken)).rejects.toThrow('rejected');
});

describe('what is not the user’s to open is refused before anything is sent:', () => {
  test.each([
    ['another provider’s client secret', 'clientSecret', 'client-secret', 'provider.sandbox.other'],
    ['the client secret of another environment', 'clientSecret', 'client-secret', 'provider.production.acme'],
    ['a client secret sealed for another user', 'clientSecret', 'client-secret', 'user.sandbox.acme.bob'],
    ['a client secret sealed for the user', 'clientSecret', 'client-secret', ALICE],
    ['the provider’s API key as client secret', 'clientSecret', 'api-key', ACME],
    ['a code sealed for the provider', 'code', 'authorization-code', ACME],
    ['another user’s code', 'code', 'authorization-code', 'user.sandbox.acme.bob'],
    ['the provider’s client secret as code', 'code', 'client-secret', ACME],
  ] as const)('%s', async (_what, field, kind, connection) => {
    const [failure, seen] = await refusalOf({ [field]: await seal(kind, connection, SECRET) });
    expect(failure).toMatchObject({ type: 'SEALED_VALUE_REJECTED', nonRetryable: true, details: [{ sent: false }] });
    expect(failure.message).not.toContain(SECRET);
    expect(seen).toEqual([]);
  });

  test('by the activity of another connection', async () => {
    for (const workflowId of ['user.sandbox.other.alice', 'user.sandbox.acme.bob', 'provider.sandbox.acme', 'user.production.acme.alice'])
      expect((await refusalOf({}, { workflowId }))[1]).toEqual([]);
  });
});

test.each([
  ['an earlier attempt', { ...FIRST, isRepeated: true }],
  ['a run from before a reset', { ...FIRST, resetAtMs: 1500 }],
])('a code that %s may have used is not sent, and does not count as unused', async (_what, attempt) => {
  const [failure, seen] = await refusalOf({}, { attempt });
  expect(failure).toMatchObject({ type: 'NOT_SENT', details: [expect.objectContaining({ sent: 'unknown' })] });
  expect(seen).toEqual([]);
});
