import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from '../support/build.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Record<string, { 'timeout-minutes': number; strategy?: { matrix: { node: number[] } }; steps: Step[] }>;
}

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown }; // jest's own
const { permissions, jobs } = load(read('.github/workflows/ci.yml')) as Workflow;
const { scripts, engines } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; engines: { node: string } };
const steps = Object.values(jobs).flatMap(({ steps: ofJob }) => ofJob);

test('CI may read the sources and nothing else, ends by itself, and takes actions by their major version', () => {
  expect(permissions).toEqual({ contents: 'read' });
  for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
  expect(steps.flatMap(({ uses }) => uses ?? []).filter((uses) => !/^actions\/[\w-]+@v\d+$/.test(uses))).toEqual([]);
});

test('each command of CI is there', () => {
  const commands = steps.flatMap(({ run }) => run?.split('&&').map((command) => command.trim()) ?? []);
  expect(commands).toEqual(expect.arrayContaining(['npm ci', 'npm test', '.ci/run']));
  for (const command of commands) {
    const [program, first] = command.split(' ') as [string, string];
    if (program.startsWith('.')) expect(() => accessSync(join(ROOT, program), constants.X_OK)).not.toThrow();
    else if (program === 'npm' && first !== 'ci') expect(scripts).toHaveProperty(first);
    else expect(command).toMatch(/^(npm ci$|sudo apt-get )/);
  }
});

test('CI and `npm run test:nodes` test each version of Node.js that the package is said to run on', () => {
  const { node: tested } = jobs.test!.strategy!.matrix;
  expect(read('scripts/node-versions.mjs')).toContain(`const MAJORS = [${tested.map((major) => `'${major}'`).join(', ')}];`);
  const [, oldest, next] = /^\^(\d+)\.\d+ \|\| >=(\d+)\.\d+$/.exec(engines.node)!.map(Number);
  expect(tested.slice(0, 2)).toEqual([oldest, next]);
});
