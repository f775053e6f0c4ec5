import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { claimDatabase } from '../../../../client/dev/temporal-database.ts';
import { startTemporalServer } from '../../../../client/dev/temporal-server.ts';
import { atEnd, temporaryFolder } from '../../../support/at-end.ts';
import { temporalServer } from '../../../support/temporal.ts';

const quiet = () => {};

test('a database that a live server holds is refused, naming that server', async () => {
  const temporal = await temporalServer();
  const second = startTemporalServer({ binary: '/nowhere', dbFile: temporal.dbFile, say: quiet });
  await expect(second).rejects.toThrow(
    `The database ${temporal.dbFile} is in use by the Temporal server at ${temporal.address} (process ${temporal.server.pid}). End that one first, or use another folder.`,
  );
  await temporal.server.stop();
  expect(existsSync(`${temporal.dbFile}.holder`)).toBe(false);
});

test('a claim that a killed process left behind holds nobody up, nor one whose process id somebody else has now', async () => {
  const dbFile = join(temporaryFolder(), 'temporal.db');
  for (const pid of [2 ** 22 + 1, process.pid]) {
    writeFileSync(`${dbFile}.holder`, JSON.stringify({ pid, address: '127.0.0.1:7233' }));
    (await claimDatabase(dbFile)).release();
    expect(existsSync(`${dbFile}.holder`)).toBe(false);
  }
});

test('of two who claim a database at the same time one gets it', async () => {
  const dbFile = join(temporaryFolder(), 'temporal.db');
  const claims = await Promise.allSettled([claimDatabase(dbFile), claimDatabase(dbFile)]);
  expect(claims.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a taken port is passed over for another, and that is said; a server that does not start is quoted', async () => {
  const folder = temporaryFolder();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  atEnd(() => taken.close());
  const { port } = taken.address() as { port: number };
  const binary = join(folder, 'temporal');
  writeFileSync(binary, '#!/bin/sh\necho "arguments: $*"\necho "disk is full" >&2\nexit 3\n');
  chmodSync(binary, 0o755);
  const said: string[] = [];
  const logFile = join(folder, 'logs/temporal.log');
  const failure = await startTemporalServer({ binary, port, logFile, say: (line) => said.push(line) }).catch((error) => error.message);
  expect(said).toEqual([expect.stringMatching(`^Port ${port} is taken: Temporal uses \\d+$`)]);
  expect(failure).toMatch(/^The Temporal server \(.*\) ended while starting; its log \(.*temporal\.log\) ends with:\n/);
  expect(failure).toContain('disk is full');
  expect(failure).not.toContain(`--port ${port} `);
});

test('a server that panics is quoted from there on, and started again where one of its own ports was taken meanwhile', async () => {
  const folder = temporaryFolder();
  const binary = join(folder, 'temporal');
  const starts = join(folder, 'starts');
  const stack = 'goroutine 1 [running]:\n\tmain.go:1\n\tmain.go:2\n\tmain.go:3\n\tmain.go:4\n\tmain.go:5';
  const panic = (why: string) => `#!/bin/sh\necho x >> ${starts}\nprintf 'begun\\npanic: ${why}\\n${stack}\\n' >&2\nexit 2\n`;
  const failure = (why: string) => {
    writeFileSync(binary, panic(why), { mode: 0o755 });
    writeFileSync(starts, '');
    return startTemporalServer({ binary, logFile: join(folder, 'temporal.log'), say: () => {} }).catch((error) => error.message);
  };
  expect(await failure('disk is full')).toMatch(/ says:\npanic: disk is full\ngoroutine 1/);
  expect(readFileSync(starts, 'utf8')).toBe('x\n');
  expect(await failure('listen tcp 127.0.0.1:40001: bind: address already in use')).toContain('panic: listen tcp');
  expect(readFileSync(starts, 'utf8')).toBe('x\nx\nx\n');
});
