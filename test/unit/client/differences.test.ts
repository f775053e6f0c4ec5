import { differences } from '../../../client/differences.ts';
import type { WantedFacts } from '../../../workflows/status.ts';

const present: WantedFacts = {
  credential: 'qseal',
  fingerprintSha256: 'aa',
  signer: 'hsm',
  callbackUrls: ['https://a/'],
  permittedIps: [],
};

test('what is there already and what is given again are the same', () => {
  expect(differences('acme', present, { ...present, callbackUrls: ['https://a/'] })).toEqual([]);
});

test.each<[string, Partial<WantedFacts>, string]>([
  ['a certificate', { fingerprintSha256: 'bb' }, 'bunq-keeper resume acme --certificate F --chain F --signer S'],
  ['a signer', { signer: 'other' }, 'bunq-keeper resume acme --certificate F --chain F --signer other'],
  ['a callback URL more', { callbackUrls: ['https://a/', 'https://b/'] }, 'bunq-keeper callback-urls acme add https://b/'],
  ['a callback URL fewer', { callbackUrls: [] }, 'bunq-keeper callback-urls acme remove https://a/'],
  ['another kind of user', { credential: 'sandbox-user', fingerprintSha256: null, signer: null }, 'bunq-keeper disconnect acme'],
  ['other addresses', { permittedIps: ['any'] }, 'bunq-keeper disconnect acme'],
])('%s is one difference, with the command that makes it', (_what, change, command) => {
  const found = differences('acme', present, { ...present, ...change });
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(command);
});
