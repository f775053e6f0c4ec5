import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { temporaryFolder } from '../support/at-end.ts';
import { spawnBank, startBank } from './bank-process.ts';
import { send } from './client.ts';

/** `bunq-keeper simulator`, from outside. */

const PATIENCE_MS = 60_000;

const folder = temporaryFolder();

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The command ends with exit code 2 and one line that says what is wrong; where to find help may follow. */
async function expectRefusal(args: readonly string[], says: RegExp): Promise<void> {
  const { code, stderr } = await spawnBank(['--port', '0', '--manage-port', '0', ...args]).ended;
  const [line, ...rest] = stderr.trim().split('\n');
  expect({ code, line }).toEqual({ code: 2, line: expect.stringMatching(says) });
  expect(rest.join('\n')).toMatch(/^(\(.*\)\n?)*$/);
}

describe('refused with exit code 2 and one line:', () => {
  test.each<[what: string, args: string[], says: RegExp]>([
    ['a port that is none', ['--port', 'http'], /A port is a number from 0/],
    ['a port beyond the last', ['--manage-port', '65536'], /A port is a number from 0/],
    ['a duration without a unit', ['--session-lifetime', '90'], /A duration is a whole number and s, m, h or d/],
    ['a session that is over at once', ['--first-session-lifetime', '0s'], /A session lasts from 1s to 3650d/],
    ['a session that outlives everybody', ['--session-lifetime', '99999d'], /A session lasts from 1s to 3650d/],
    ['a gap that is no duration', ['--session-gap', 'soon'], /A duration is a whole number/],
    [
      'an address that this machine does not have',
      ['--host', '203.0.113.7'],
      /bank port 0 on 203\.0\.113\.7 cannot be opened: .*EADDRNOTAVAIL/,
    ],
    ['an unknown option', ['--prot', '1'], /unknown option '--prot'/],
    [
      'somebody else’s file',
      ['--state-file', fileWith('notes.txt', 'important\n')],
      /notes\.txt is not a state file of the simulator: give the path/,
    ],
    [
      'a state file of another version',
      ['--state-file', fileWith('old.state', '{"format":"bunq-simulator","version":1}\n')],
      /another version/,
    ],
    [
      'a damaged state file',
      [
        '--state-file',
        fileWith(
          'damaged.state',
          `{"format":"bunq-simulator","version":2}\n00000000.[]\n${crc32('.[]').toString(16).padStart(8, '0')}.[]\n`,
        ),
      ],
      /damaged\.state is damaged at line 2: restore it, or delete it/,
    ],
    ['a folder', ['--state-file', folder], /cannot be read \(EISDIR/],
    [
      'a folder that is not there',
      ['--state-file', join(folder, 'nowhere', 'bank.state')],
      /cannot be written \(ENOENT.*choose a folder that exists/,
    ],
    ['a folder that cannot be written', ['--state-file', '/proc/bank.state'], /\/proc\/bank\.state cannot be written \(.*choose a folder/],
  ])('%s', (_, args, says) => expectRefusal(args, says), PATIENCE_MS);

  test.each(['--port', '--manage-port'])(
    'a %s that is taken',
    async (option) => {
      const { apiUrl } = await startBank([]);
      const { port } = new URL(apiUrl);
      await expectRefusal(
        [option, port],
        new RegExp(`port ${port} on 127\\.0\\.0\\.1 cannot be opened: it is taken; give another one, or 0`),
      );
    },
    PATIENCE_MS,
  );

  test(
    'a state file that another simulator uses',
    async () => {
      const stateFile = join(folder, 'bank.state');
      await startBank(['--state-file', stateFile]);
      await expectRefusal(['--state-file', stateFile], /in use by another simulator: end that one first/);
    },
    PATIENCE_MS,
  );
});

test(
  'every answer of it says that it is no bank',
  async () => {
    const { apiUrl, manageUrl } = await startBank([]);
    const told = [
      await send(apiUrl, 'POST', '/sandbox-user-person'),
      await send(apiUrl, 'GET', '/user'),
      await send(apiUrl, 'POST', '/token'),
      await send(new URL('/', apiUrl).href, 'GET', '/auth'),
      await send(manageUrl, 'GET', '/secrets'),
      await send(manageUrl, 'GET', '/nowhere'),
    ];
    expect(told.map(({ status }) => status)).toEqual([200, 401, 400, 404, 200, 404]);
    for (const { headers } of told) expect(headers['x-bunq-simulator']).toBe('not a bank; every secret is worthless');
  },
  PATIENCE_MS,
);

test(
  'beyond loopback it warns, on loopback it does not',
  async () => {
    const said = async (host: string) => {
      const bank = await startBank(['--host', host]);
      await bank.look('/clock');
      bank.kill();
      return (await bank.ended).stderr.replace(/\s+/g, ' ');
    };
    expect(await said('0.0.0.0')).toMatch(
      /✖ The simulated bank listens on 0\.0\.0\.0, so whoever reaches this machine can call it, without TLS\./,
    );
    expect(await said('127.0.0.1')).not.toContain('✖');
  },
  PATIENCE_MS,
);

test(
  'two banks have different keys and tokens, also of the same seed',
  async () => {
    const made = async () => {
      const { apiUrl } = await startBank(['--seed', 'same']);
      const { json } = await send(apiUrl, 'POST', '/sandbox-user-person');
      return json.Response[0].ApiKey.api_key;
    };
    expect(await made()).not.toBe(await made());
  },
  PATIENCE_MS,
);
