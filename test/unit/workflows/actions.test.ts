import { actionFor, remedyFor } from '../../../workflows/actions.ts';
import { TREATMENT } from '../../../workflows/blame.ts';
import { ACTION_CODES, type FailureCode, STEP_NAMES } from '../../../workflows/codes.ts';

const FACTS = { name: 'acme', credential: 'qseal', permittedIps: [] } as const;

test.each([
  ['api-key', 'BUNQ_BAD_REQUEST', 'CREDENTIAL_REFUSED'],
  ['api-key', 'SIGNER_REFUSED', 'SIGNER_REFUSED'],
  ['api-key', 'CERTIFICATE_EXPIRED', 'CERTIFICATE_EXPIRED'],
  ['session', 'DIFFERENT_USER', 'DIFFERENT_USER'],
  ['session', 'BUNQ_FORBIDDEN', 'BANK_REFUSED'],
  ['oauth-client', 'BUNQ_FORBIDDEN', 'OAUTH_CLIENT_REFUSED'],
  ['callback-urls', 'BUNQ_BAD_REQUEST', 'CALLBACK_URL_REFUSED'],
  ['client-credentials', 'SEALED_VALUE_REJECTED', 'SEALED_VALUE_REJECTED'],
] as const)('the step %s that meets %s asks for %s', (step, code, action) => {
  expect(actionFor(step, code)).toBe(action);
});

test('each refusal that parks leads to an action of the closed list, on every step', () => {
  const parking = (Object.keys(TREATMENT) as FailureCode[]).filter((code) => TREATMENT[code] === 'park');
  for (const step of STEP_NAMES) for (const code of parking) expect(ACTION_CODES).toContain(actionFor(step, code));
});

test.each(ACTION_CODES)('the remedy for %s is one paragraph that ends in a command for this connection', (code) => {
  const remedy = remedyFor(code, FACTS);
  expect(remedy).toMatch(/bunq-keeper (resume|callback-urls) acme[^\n]*$/);
  expect(remedy).not.toContain('\n');
});

test('a rejected API key is told with the addresses that it was bound for, and how another is given', () => {
  const provider = remedyFor('API_KEY_REJECTED', { ...FACTS, permittedIps: ['203.0.113.7', 'any'] });
  expect(provider).toContain('bound for: 203.0.113.7, any address');
  expect(provider).toMatch(/bunq-keeper resume acme$/);
  const user = remedyFor('API_KEY_REJECTED', { ...FACTS, credential: 'api-key' });
  expect(user).toContain('bound for: the calling address');
  expect(user).toMatch(/bunq-keeper resume acme --api-key-file F$/);
});

test('a sandbox user cannot be given another API key: it is disconnected, and onboarded again', () => {
  const remedy = remedyFor('API_KEY_REJECTED', { ...FACTS, credential: 'sandbox-user' });
  expect(remedy).toMatch(/onboard a new user: bunq-keeper disconnect acme$/);
  expect(remedy).not.toContain('resume');
});

test('where the signer is unreachable the digest is shown, and the command that signs it', () => {
  const remedy = remedyFor('SIGNER_UNREACHABLE', { ...FACTS, qsealDigest: { sha256Hex: 'ab12', sha256Base64: 'qxI=' } });
  expect(remedy).toContain('SHA-256 digest ab12');
  expect(remedy).toContain(
    'echo qxI= | openssl base64 -d -A | openssl pkeyutl -sign -inkey key.pem -pkeyopt digest:sha256 | openssl base64 -A > F',
  );
  expect(remedy).toMatch(/bunq-keeper resume acme --signature F$/);
});
