import { expect, test } from '@jest/globals';
import { NotPermittedError, PermitCheck } from '../../../client/permit-check.ts';

const DRAFT = { method: 'POST', path: '/user/{userId}/monetary-account/12/draft-payment?a=secret' };
const TRANSACTIONS = { method: 'GET', path: '/user/{userId}/monetary-account/12/payment' };

/** The connections that there are, by their certificate's roles. */
function scene(roles: Record<string, readonly string[] | null>) {
  const asked: string[] = [];
  const permits = new PermitCheck(async (provider) => {
    asked.push(provider);
    return roles[provider] ?? null;
  });
  return { permits, asked, roles };
}

test('what the certificate does not allow is refused, naming connection, roles, what it takes and where that is written', async () => {
  const { permits } = scene({ acme: ['AISP'] });
  const refused = permits.check('acme', DRAFT);
  await expect(refused).rejects.toBeInstanceOf(NotPermittedError);
  await expect(refused).rejects.toMatchObject({ name: 'NotPermittedError', exitCode: 2, roles: ['AISP'], needs: ['PISP'] });
  await expect(refused).rejects.toThrow(
    /^POST \/user\/\{userId\}\/monetary-account\/12\/draft-payment: the certificate of acme allows AISP, by which nobody may make draft payments.*; it takes PISP \(https:.*\)\. Nothing was sent\.$/,
  );
});

test("an end user's connection has its provider's roles", async () => {
  const { permits, asked } = scene({ acme: ['AISP'] });
  await expect(permits.check('acme/alice', DRAFT)).rejects.toThrow('the certificate of acme allows AISP');
  await expect(permits.check('acme/bob', TRANSACTIONS)).resolves.toBeUndefined();
  expect(new Set(asked)).toEqual(new Set(['acme']));
});

test('what any role may do, and what the table does not know, is asked of nobody', async () => {
  const { permits, asked } = scene({ acme: ['CBPII'] });
  await permits.check('acme', { method: 'GET', path: '/user' });
  await permits.check('acme', { method: 'POST', path: '/user/{userId}/oauth-client' });
  expect(asked).toEqual([]);
});

test('roles are asked for once, and once more before a call is refused', async () => {
  const { permits, asked, roles } = scene({ acme: ['AISP'] });
  for (let call = 0; call < 3; call++) await permits.check('acme', TRANSACTIONS);
  expect(asked).toHaveLength(1);
  roles.acme = ['AISP', 'PISP']; // a new certificate
  await permits.check('acme', DRAFT);
  await permits.check('acme', DRAFT);
  expect(asked).toHaveLength(2);
});

test('where roles cannot be told every call goes through, and who has no certificate is asked once', async () => {
  const { permits, asked } = scene({ ada: [], gone: null });
  for (let call = 0; call < 2; call++) await permits.check('ada', DRAFT);
  expect(asked).toEqual(['ada']);
  await permits.check('gone', DRAFT);
  await permits.check('gone', DRAFT);
  expect(asked).toEqual(['ada', 'gone', 'gone']);
});
