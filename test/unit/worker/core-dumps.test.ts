import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { currentBuild } from '../../support/build.ts';

const onLinux = process.platform === 'linux' ? test : test.skip;

/** A process that may leave core dumps, by its shell's limits, and forbids them itself. */
function forbid(path = process.env.PATH ?? ''): { limits: string; warned: string } {
  const built = pathToFileURL(join(currentBuild().folder, 'worker/core-dumps.js')).href;
  const script = `
    import { readFileSync } from 'node:fs';
    const { forbidCoreDumps } = await import('${built}');
    forbidCoreDumps(console.error);
    console.log(/^Max core file size.*$/m.exec(readFileSync('/proc/self/limits', 'utf8'))[0]);`;
  const { stdout, stderr } = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -S -c 4096 && exec "$0" "$@"', process.execPath, '--input-type=module', '-e', script],
    {
      encoding: 'utf8',
      env: { PATH: path },
    },
  );
  return { limits: stdout.trim(), warned: stderr };
}

onLinux('a worker’s process can leave no core dump, whatever the limits it was started with', () => {
  expect(forbid()).toEqual({ limits: expect.stringMatching(/^Max core file size +0 +0 /), warned: '' });
});

onLinux('where it cannot be forbidden that is said, with what to do', () => {
  const { limits, warned } = forbid('/nonexistent');
  expect(limits).not.toMatch(/^Max core file size +0 /);
  expect(warned).toMatch(/A crash may leave a core dump.*start the worker under `ulimit -c 0`/);
});
