import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRedirectUrl } from '../../../client/commands/connect-user.ts';
import { usersGoOn } from '../../../client/commands/disconnect.ts';
import { UsageError } from '../../../client/errors.ts';
import { connectionArgument, providerArgument, userArgument } from '../../../client/options.ts';
import { temporaryFolder } from '../../support/at-end.ts';

const folder = temporaryFolder();
let files = 0;

function fileWith(text: string): string {
  const path = join(folder, `redirect-${++files}`);
  writeFileSync(path, text);
  return path;
}

const CODE = 'c0de'.repeat(16);

test.each([`https://acme.example/callback?code=${CODE}&state=s`, 'http://localhost:8091/callback?error=access_denied&state=s'])(
  'the redirect URL %s is taken from a file, with white space around it',
  (url) => {
    expect(readRedirectUrl(fileWith(`\n ${url}\r\n`)).href).toBe(url);
  },
);

test.each<[string, string, RegExp]>([
  ['nothing', '', /does not hold one URL alone\. Give the whole address/],
  ['two URLs', `https://a.example/?code=${CODE}&state=s\nhttps://a.example/?code=${CODE}&state=t\n`, /no URL that the bank|one URL alone/],
  ['half of it', `code=${CODE}&state=s`, /does not hold one URL alone/],
  [
    'the link itself',
    'https://oauth.bunq.com/auth?response_type=code&client_id=1&state=s',
    /no URL that the bank sends an end user back to/,
  ],
  ['a URL without its state', `https://acme.example/callback?code=${CODE}`, /no URL that the bank sends/],
])('%s in the file is refused before anything connects, and no code is shown', (_what, text, says) => {
  const read = () => readRedirectUrl(fileWith(text));
  expect(read).toThrow(UsageError);
  expect(read).toThrow(says);
  expect(read).not.toThrow(CODE);
});

test('a file that is not there is named', () => {
  expect(() => readRedirectUrl('/nowhere/redirect')).toThrow(/--redirect-url-file \/nowhere\/redirect cannot be read \(ENOENT\)/);
});

describe('names', () => {
  test.each(['acme', 'acme/alice'])('%s is a connection', (name) => expect(connectionArgument(name)).toBe(name));

  test.each<[string, RegExp]>([
    ['acme/', /PROVIDER\/USER, as acme\/alice/],
    ['acme/alice/1', /PROVIDER\/USER/],
    ['acme/alice@example.com', /PROVIDER\/USER.*no e-mail address/],
    ['Acme', /A name is a-z, 0-9 and -/],
  ])('%s is none', (name, says) => expect(() => connectionArgument(name)).toThrow(says));

  test('what only a provider has is not asked of an end user, and it is said why', () => {
    const argument = providerArgument('callback URLs are its provider’s.');
    expect(argument('acme')).toBe('acme');
    expect(() => argument('acme/alice')).toThrow('acme/alice is an end user’s connection, and callback URLs are its provider’s.');
  });

  test('provider and user are given apart', () => {
    expect(userArgument('alice')).toBe('alice');
    expect(() => userArgument('acme/alice')).toThrow(/Give the provider and the user apart: acme alice/);
  });
});

describe('a provider that is disconnected', () => {
  test('leaves its end users, who are named', () => {
    const said = usersGoOn('acme', ['acme/alice', 'acme/bob']);
    expect(said).toMatch(/acme has 2 end users, whose connections are not touched and go on: acme\/alice, acme\/bob\./);
    expect(said).toMatch(/bunq-keeper disconnect acme\/alice$/);
  });

  test('with very many names some, and the command for all', () => {
    const users = Array.from({ length: 200 }, (_, index) => `acme/u${index}`);
    expect(usersGoOn('acme', users)).toMatch(/acme\/u9 and 190 more \(bunq-keeper list --provider acme\)/);
    expect(usersGoOn('acme', users)).not.toContain('acme/u10');
  });
});
