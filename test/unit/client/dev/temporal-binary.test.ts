import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTemporalBinary, isNewEnough, parseCliVersion } from '../../../../client/dev/temporal-binary.ts';
import { projectCacheDir } from '../../../../client/dev/temporal-cache.ts';
import { temporaryFolder } from '../../../support/at-end.ts';

// the download of the SDK ends at once, on a machine with network too
process.env.HTTPS_PROXY = 'http://127.0.0.1:1';
process.env.https_proxy = 'http://127.0.0.1:1';

const PINNED = 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)';

function program(path: string, script: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function machine() {
  const folder = temporaryFolder();
  const said: string[] = [];
  const cacheDir = join(folder, 'cache');
  return {
    folder,
    said,
    cacheDir,
    find: (PATH: string, KEEPER_TEMPORAL_CLI?: string) =>
      findTemporalBinary({ cacheDir, say: (line) => said.push(line), env: { PATH, KEEPER_TEMPORAL_CLI } }),
  };
}

test.each([
  [PINNED, true],
  ['temporal version 1.5.0 (Server 1.29.1, UI 2.42.1)', false],
  ['temporal version 1.10.0 (Server 1.32.0, UI 2.50.0)', true],
  ['temporal version 1.6.0-rc.1 (Server 1.30.0, UI 2.45.0)', true],
  ['temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)', false],
  ['temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)', true],
  ['temporal version 0.0.0-DEV (Server 1.9.9, UI 2.0.0)', false],
])('%s: new enough is %s', (output, expected) => {
  expect(isNewEnough(parseCliVersion(output)!)).toBe(expected);
});

test('KEEPER_TEMPORAL_CLI comes first, and one that does not run is an error that says so', async () => {
  const { folder, cacheDir, find } = machine();
  program(join(cacheDir, 'temporal-v1.5.1'), `echo '${PINNED}'`);
  const mine = program(join(folder, 'mine'), "echo 'temporal version 1.2.0 (Server 1.26.2, UI 2.32.0)'");
  expect(await find('', mine)).toBe(mine);
  await expect(find('', join(folder, 'missing'))).rejects.toThrow(
    `KEEPER_TEMPORAL_CLI is ${join(folder, 'missing')}, which is not a Temporal CLI that runs here. Install`,
  );
  await expect(find('', program(join(folder, 'other'), 'echo hello'))).rejects.toThrow('not a Temporal CLI');
});

test('the pinned one in the cache comes before PATH', async () => {
  const { folder, cacheDir, find, said } = machine();
  program(join(folder, 'bin/temporal'), `echo '${PINNED}'`);
  const cached = program(join(cacheDir, 'temporal-v1.5.1'), `echo '${PINNED}'`);
  expect(await find(join(folder, 'bin'))).toBe(cached);
  expect(said).toEqual([]);
});

test('an older one on PATH is named and passed over for a newer one behind it', async () => {
  const { folder, find, said } = machine();
  const older = program(join(folder, 'a/temporal'), "echo 'temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)'");
  const newer = program(join(folder, 'b/temporal'), `echo '${PINNED}'`);
  expect(await find(`${join(folder, 'a')}:${join(folder, 'b')}`)).toBe(newer);
  expect(said).toEqual([`${older} is temporal version 1.1.0 (Server 1.25.0, UI 2.30.0); version 1.5.1 or newer is needed: passed over`]);
});

test('where the download host cannot be reached, Go builds it, once for two who ask at the same time', async () => {
  const { folder, cacheDir, find, said } = machine();
  const log = join(folder, 'go.log');
  program(join(folder, 'bin/go'), `echo "$@" >> ${log}; printf '#!/bin/sh\\n' > "$GOBIN/temporal"; /bin/chmod 755 "$GOBIN/temporal"`);
  const both = await Promise.all([find(join(folder, 'bin')), find(join(folder, 'bin'))]);
  expect(both).toEqual([join(cacheDir, 'temporal-v1.5.1'), join(cacheDir, 'temporal-v1.5.1')]);
  expect(readFileSync(log, 'utf8')).toBe('install -ldflags=-s -w github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
  expect(said.filter((line) => !line.startsWith('Another process'))).toEqual([
    'Downloading Temporal CLI 1.5.1 (about 60 MB) …',
    expect.stringMatching(/^It could not be downloaded: ./),
    'Building it instead: go install github.com/temporalio/cli/cmd/temporal@v1.5.1 (up to five minutes the first time, then kept) …',
  ]);
});

test('a lock that a killed process left does not hold anybody up', async () => {
  const { folder, cacheDir, find } = machine();
  program(join(folder, 'bin/go'), 'printf x > "$GOBIN/temporal"; /bin/chmod 755 "$GOBIN/temporal"');
  mkdirSync(cacheDir);
  const beyondEveryPid = 2 ** 22 + 1;
  writeFileSync(join(cacheDir, 'temporal-v1.5.1.lock'), String(beyondEveryPid));
  expect(await find(join(folder, 'bin'))).toBe(join(cacheDir, 'temporal-v1.5.1'));
});

test('without any way the error says what a person can do', async () => {
  const { find } = machine();
  await expect(find('')).rejects.toThrow(
    /^There is no Temporal server, and no Go to build one\. Install the Temporal CLI 1\.5\.1 or newer .* KEEPER_TEMPORAL_CLI .* install Go/,
  );
});

test('a failing go install is quoted with its last line', async () => {
  const { folder, find } = machine();
  program(join(folder, 'bin/go'), 'echo "go: downloading" >&2; echo "go: no such host" >&2; exit 1');
  await expect(find(join(folder, 'bin'))).rejects.toThrow('@v1.5.1 failed: go: no such host. Install the Temporal CLI');
});

test('the cache is shared between checkouts and follows XDG_CACHE_HOME', () => {
  expect(projectCacheDir({ XDG_CACHE_HOME: '/elsewhere' })).toBe('/elsewhere/bunq-keeper');
  expect(projectCacheDir({ XDG_CACHE_HOME: 'relative' })).toBe(projectCacheDir({}));
  expect(projectCacheDir({})).toMatch(/\/\.cache\/bunq-keeper$/);
});
