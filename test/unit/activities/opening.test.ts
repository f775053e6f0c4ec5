import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Attempt, activity } from '../../../activities/context.ts';
import type { Dependencies } from '../../../activities/dependencies.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { Secret } from '../../../sealing/secret.ts';

/** Whose sealed values an activity opens: its own connection's; and of its provider's the few that an end user's connection works by. */

const sealingKeys = SealingKeySet.parse(newSealingKeys(new Date()), 'the test');
const dependencies = { environment: 'test', sealingKeys } as unknown as Dependencies;

/** Each refusal would be a warning. */
const QUIET = new DefaultLogger('ERROR');

const ADA = 'user.test.acme.ada';
const ACME = 'provider.test.acme';

const installationOf = async (connection: string, ofProvider?: true) => ({
  installationToken: await sealingKeys.seal('installation-token', connection, new Secret('token')),
  privateKey: await sealingKeys.seal('private-key', connection, new Secret('key')),
  serverPublicKey: 'server key',
  ...(ofProvider && { ofProvider }),
});

const sessionOf = async (user: string, keyOf: string) => ({
  sessionToken: await sealingKeys.seal('session-token', user, new Secret('session')),
  privateKey: await sealingKeys.seal('private-key', keyOf, new Secret('key')),
  serverPublicKey: 'server key',
  ofProvider: true as const,
});

/** In an activity of this workflow's. */
const as = (workflowId: string, open: (attempt: Attempt) => Promise<unknown>): Promise<unknown> =>
  new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'run' } }, { logger: QUIET }).run(activity(dependencies, open));

const opens = (workflowId: string, installation: Awaited<ReturnType<typeof installationOf>>) =>
  as(workflowId, async ({ openInstallation }) => (await openInstallation(installation)).installationToken.text()).catch(
    ({ type }: { type: string }) => type,
  );

test.each<[string, string, string, true | undefined, string]>([
  ['an end user’s activity opens its own installation', ADA, ADA, undefined, 'token'],
  ['and its provider’s where that is marked', ADA, ACME, true, 'token'],
  ['but not unmarked', ADA, ACME, undefined, 'SEALED_VALUE_REJECTED'],
  ['nor its own that is marked as the provider’s', ADA, ADA, true, 'SEALED_VALUE_REJECTED'],
  ['nor another provider’s', ADA, 'provider.test.other', true, 'SEALED_VALUE_REJECTED'],
  ['nor another user’s of the same provider', ADA, 'user.test.acme.bob', true, 'SEALED_VALUE_REJECTED'],
  ['nor its provider’s of another environment', ADA, 'provider.production.acme', true, 'SEALED_VALUE_REJECTED'],
  ['a provider’s activity opens no user’s', ACME, ADA, undefined, 'SEALED_VALUE_REJECTED'],
  ['nor when it is marked', ACME, ADA, true, 'SEALED_VALUE_REJECTED'],
  ['nor another provider’s', ACME, 'provider.test.other', true, 'SEALED_VALUE_REJECTED'],
  ['a gate that is named like a provider opens nothing of it', 'session-gate.test.acme', ACME, true, 'SEALED_VALUE_REJECTED'],
])('%s', async (_what, caller, sealedFor, ofProvider, opened) => {
  expect(await opens(caller, await installationOf(sealedFor, ofProvider))).toBe(opened);
});

test('a session on the provider’s installation has a token of the user’s own, and the provider’s key', async () => {
  const open = async (session: Awaited<ReturnType<typeof sessionOf>>) =>
    as(ADA, async ({ openSession }) => (await openSession(session)).sessionToken.text());
  expect(await open(await sessionOf(ADA, ACME))).toBe('session');
  await expect(open(await sessionOf(ACME, ACME))).rejects.toMatchObject({ type: 'SEALED_VALUE_REJECTED' });
  await expect(open(await sessionOf(ADA, 'provider.test.other'))).rejects.toMatchObject({ type: 'SEALED_VALUE_REJECTED' });
});
