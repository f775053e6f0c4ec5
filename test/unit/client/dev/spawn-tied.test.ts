import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { transformSync } from '@swc/core';
import { exited, spawnTied } from '../../../../client/dev/spawn-tied.ts';
import { isAlive } from '../../../../client/dev/temporal-cache.ts';
import { atEnd, temporaryFolder } from '../../../support/at-end.ts';
import { ROOT } from '../../../support/build.ts';
import { until } from '../../../support/until.ts';

const node = process.execPath;

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = await once(createInterface(child.stdout!), 'line');
  return line;
}

test('pid, output, exit code and signal are those of the command', async () => {
  const exits = spawnTied(node, ['-e', 'console.log(process.pid); process.exitCode = 7']);
  expect(await firstLine(exits)).toBe(String(exits.pid));
  expect(await exited(exits)).toEqual({ code: 7, signal: null });

  const killed = spawnTied(node, ['-e', 'console.log("up"); setInterval(() => {}, 1000)']);
  await firstLine(killed);
  killed.kill('SIGKILL');
  expect(await exited(killed)).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await exited(killed)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a command that does not exist ends with 127', async () => {
  expect(await exited(spawnTied('/nowhere/temporal', []))).toEqual({ code: 127, signal: null });
});

test('a process ends when its parent is killed, even one that ignores SIGTERM', async () => {
  const folder = temporaryFolder();
  const { code } = transformSync(readFileSync(join(ROOT, 'client/dev/spawn-tied.ts'), 'utf8'), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
  });
  const stubborn = 'process.on("SIGTERM", () => {}); process.on("SIGINT", () => {}); console.log(process.pid); setInterval(() => {}, 1000)';
  writeFileSync(join(folder, 'spawn-tied.mjs'), code);
  writeFileSync(
    join(folder, 'parent.mjs'),
    `import { spawnTied } from './spawn-tied.mjs'; spawnTied(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdout: 'inherit' });`,
  );
  const parent = spawn(node, [join(folder, 'parent.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  atEnd(() => parent.kill('SIGKILL'));
  const pid = Number(await firstLine(parent));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until('the child of the killed process is gone', () => !isAlive(pid));
});
