import { newSealingKeys } from '../../../sealing/key-set.ts';
import type { SettingsError } from '../../../settings/read.ts';
import { readWorkerSettings } from '../../../worker/settings.ts';
import { fileWith } from '../../support/at-end.ts';

const SECRET = `whsec_${Buffer.from('a secret of the test, 32 bytes..').toString('base64')}`;
const BANK = { BUNQ_ENVIRONMENT: 'sandbox', KEEPER_SEALING_KEYS_FILE: fileWith('keys.json', newSealingKeys(new Date(0))) };
const URL = { KEEPER_WEBHOOK_URL: 'https://hooks.example/keeper' };

const read = (env: Record<string, string>) => readWorkerSettings({ ...BANK, ...env }).webhook;

function problems(env: Record<string, string>): string {
  try {
    read(env);
  } catch (error) {
    return (error as SettingsError).problems.join('\n');
  }
  return '';
}

test('nobody is told unless an address and a secret are given, and one line a secret', () => {
  expect(read({})).toBeNull();
  const texts = (env: Record<string, string>) => read({ ...URL, ...env })?.secrets.map((secret) => secret.text());
  expect(texts({ KEEPER_WEBHOOK_SECRET: SECRET })).toEqual([SECRET]);
  expect(texts({ KEEPER_WEBHOOK_SECRET_FILE: fileWith('secret', `${SECRET}\n${SECRET}\n`) })).toEqual([SECRET, SECRET]);
  expect(read({ ...URL, KEEPER_WEBHOOK_SECRET: SECRET })?.url.href).toBe('https://hooks.example/keeper');
});

test.each<[string, Record<string, string>, RegExp]>([
  ['an address without a secret', URL, /^KEEPER_WEBHOOK_URL needs KEEPER_WEBHOOK_SECRET_FILE.*openssl rand -base64 32/],
  ['a secret without an address', { KEEPER_WEBHOOK_SECRET: SECRET }, /KEEPER_WEBHOOK_URL: set that too$/],
  ['both a secret and a file', { ...URL, KEEPER_WEBHOOK_SECRET: SECRET, KEEPER_WEBHOOK_SECRET_FILE: '/x' }, /both set: give one of them$/],
  ['a file that is not there', { ...URL, KEEPER_WEBHOOK_SECRET_FILE: '/nowhere/secret' }, /\/nowhere\/secret cannot be read \(ENOENT\)\.$/],
  ['an empty file', { ...URL, KEEPER_WEBHOOK_SECRET_FILE: fileWith('empty', '\n') }, /holds secrets, one a line/],
  [
    'a secret that is none',
    { ...URL, KEEPER_WEBHOOK_SECRET: 'hunter2-hunter2' },
    /^KEEPER_WEBHOOK_SECRET holds secrets, one a line, each whsec_/,
  ],
  [
    'plain http',
    { KEEPER_WEBHOOK_URL: 'http://hooks.example/?key=hunter2', KEEPER_WEBHOOK_SECRET: SECRET },
    /^KEEPER_WEBHOOK_URL has to be https/,
  ],
])('%s is refused with a remedy, and nothing secret is shown', (_what, env, expected) => {
  expect(problems(env)).toMatch(expected);
  expect(problems(env)).not.toMatch(/hunter2|YSBzZWNyZXQ/);
});
