import type { BunqUser } from '../../../bunq/user.ts';
import { isSameUser } from '../../../workflows/session-step.ts';

const provider: BunqUser = { kind: 'UserPaymentServiceProvider', id: 1, displayName: 'Acme' };
const grant: BunqUser = {
  kind: 'UserApiKey',
  id: 2,
  displayName: 'Ada',
  requestedBy: { kind: 'UserPaymentServiceProvider', id: 1 },
  grantedBy: { kind: 'UserPerson', id: 3 },
};

test.each<[string, BunqUser, BunqUser, boolean]>([
  ['a provider is itself, whatever its name', provider, { ...provider, displayName: 'Acme B.V.' }, true],
  ['a provider with another id is another', provider, { ...provider, id: 9 }, false],
  ['a grant by the same person to the same provider is the same, whatever its id', grant, { ...grant, id: 9 }, true],
  ['a grant by another person is another', grant, { ...grant, grantedBy: { kind: 'UserPerson', id: 9 } }, false],
  ['a grant to another provider is another', grant, { ...grant, requestedBy: { kind: 'UserPaymentServiceProvider', id: 9 } }, false],
  ['a grant is not the person that gave it', grant, { kind: 'UserPerson', id: 3, displayName: 'Ada' }, false],
])('%s', (_, one, other, expected) => {
  expect(isSameUser(one, other)).toBe(expected);
  expect(isSameUser(other, one)).toBe(expected);
});
