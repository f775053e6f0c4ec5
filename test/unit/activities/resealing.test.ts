import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Dependencies } from '../../../activities/dependencies.ts';
import { sealingActivities } from '../../../activities/sealing.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { SECRET_KINDS, type Sealed, type SecretKind } from '../../../sealing/sealed.ts';
import { Secret } from '../../../sealing/secret.ts';

/** What is sealed by a former key is sealed by the present one, for whom it was sealed before. */

const setOf = (...texts: string[]) =>
  SealingKeySet.parse(JSON.stringify({ keys: texts.flatMap((text) => (JSON.parse(text) as { keys: object[] }).keys) }), 'the test');
const [formerText, presentText, lostText] = [2020, 2021, 2022].map((year) => newSealingKeys(new Date(Date.UTC(year, 0))));
const [former, lost, rotated, present] = [setOf(formerText!), setOf(lostText!), setOf(presentText!, formerText!), setOf(presentText!)];

const ALICE = 'user.test.acme.alice';
const ACME = 'provider.test.acme';
const QUIET = new DefaultLogger('ERROR');

const reseal = (workflowId: string, values: readonly Sealed[], sealingKeys = rotated): Promise<(Sealed | null)[]> => {
  const { reseal } = sealingActivities({ environment: 'test', sealingKeys } as unknown as Dependencies);
  return new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'run' } }, { logger: QUIET }).run(reseal, values);
};

const by = <Kind extends SecretKind>(keys: SealingKeySet, kind: Kind, connection: string) =>
  keys.seal(kind, connection, new Secret('secret'));

test.each(SECRET_KINDS)('a value of kind %s opens by the present key alone, for the same kind and connection', async (kind) => {
  const [sealed] = await reseal(ACME, [await by(former, kind, ACME)]);
  expect((await present.open(kind, ACME, sealed as Sealed<typeof kind>)).text()).toBe('secret');
});

test('what is sealed by the present key stays as it is: to do it again changes nothing', async () => {
  expect(await reseal(ACME, [await by(rotated, 'api-key', ACME)])).toEqual([null]);
});

test.each(['client-secret', 'installation-token', 'private-key'] as const)(
  'a provider’s %s in a user’s state stays the provider’s',
  async (kind) => {
    const [sealed] = await reseal(ALICE, [await by(former, kind, ACME)]);
    expect((await present.open(kind, ACME, sealed as Sealed<typeof kind>)).text()).toBe('secret');
    await expect(present.open(kind, ALICE, sealed as Sealed<typeof kind>)).rejects.toMatchObject({ code: 'SEALED_VALUE_REJECTED' });
  },
);

test.each<[string, SecretKind, string, string]>([
  ['its provider’s session token', 'session-token', ALICE, ACME],
  ['its provider’s API key', 'api-key', ALICE, ACME],
  ['another provider’s client secret', 'client-secret', ALICE, 'provider.test.other'],
  ['another user’s private key', 'private-key', ALICE, 'user.test.acme.bob'],
  ['a user’s API key', 'api-key', ACME, ALICE],
])('a connection does not have %s sealed anew', async (_whose, kind, caller, owner) => {
  expect(await reseal(caller, [await by(former, kind, owner)])).toEqual([null]);
});

test('one value whose key is missing, or that was changed, keeps none of the others back', async () => {
  const good = await by(former, 'api-key', ACME);
  const changed = `${good.slice(0, -4)}AAAA` as Sealed;
  const sealed = await reseal(ACME, [await by(lost, 'api-key', ACME), changed, 'no JWE' as Sealed, good]);
  expect(sealed).toEqual([null, null, null, expect.any(String)]);
});
