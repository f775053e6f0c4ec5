import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/at-end.ts';
import { currentBuild } from '../support/build.ts';
import { modulesOf, type SourceModule } from '../support/modules.ts';

const FOLDERS = ['activities', 'bunq', 'client', 'sealing', 'settings', 'signers', 'simulator', 'worker', 'workflows'];
const OF_OURS = new RegExp(`^(${FOLDERS.join('|')})/`);

/** The parts of workflows/ that run anywhere: ids and durations, messages, and how a state is made and shown. */
const ANYWHERE = [
  'actions',
  'authorization',
  'certificate-life',
  'codes',
  'duration',
  'markdown',
  'messages',
  'names',
  'renewal',
  'roll-over',
  'sealed-values',
  'slot-classes',
  'state',
  'status',
  'steps',
].map((name) => `workflows/${name}.ts`);

/** Who may load whom: folders, or single modules of one. */
const MAY_LOAD: Record<string, readonly string[]> = {
  sealing: [],
  simulator: [],
  bunq: ['sealing/secret.ts'],
  settings: ['bunq', 'sealing', 'workflows/duration.ts', 'workflows/names.ts'],
  signers: ['bunq', 'sealing', 'settings', 'workflows/duration.ts', 'workflows/names.ts'],
  activities: ['bunq', 'sealing', 'workflows/names.ts'],
  workflows: [],
  worker: [
    'activities',
    'bunq',
    'client/authorizations.ts',
    'client/connection-list.ts',
    'client/notifications.ts',
    'client/pollers.ts',
    'client/sealing-key-use.ts',
    'sealing',
    'settings',
    'signers',
    'workflows/names.ts',
    'workflows/slot-classes.ts',
    'workflows/slots.ts',
  ],
  client: ['bunq', 'sealing', 'settings', 'signers', ...ANYWHERE],
};

/** Whose types it may know besides. */
const MAY_KNOW: Record<string, readonly string[]> = {
  activities: ['workflows'],
  signers: ['activities'],
  workflows: ['activities', 'bunq', 'sealing'],
  worker: ['workflows'],
  client: ['workflows'],
};

/** The commands that run something, and what of: loaded when they are, and known by its types. */
const RUNS: Record<string, string> = {
  'client/commands/simulator.ts': 'simulator',
  'client/commands/worker.ts': 'worker',
  'client/dev/dev.ts': 'simulator',
};

const modules = modulesOf(FOLDERS);
const isAmong = (target: string, allowed: readonly string[] = []) => allowed.some((one) => target === one || target.startsWith(`${one}/`));

function forbiddenImports({ path, folder, imports }: SourceModule): string[] {
  return imports
    .filter(({ target }) => OF_OURS.test(target) && !target.startsWith(`${folder}/`))
    .filter(({ kind, target }) => {
      if (isAmong(target, MAY_LOAD[folder])) return false;
      if (kind === 'type' && isAmong(target, MAY_KNOW[folder])) return false;
      return kind === 'static' || !isAmong(target, [RUNS[path] ?? '-']);
    })
    .map(({ kind, target }) => `${path}: ${kind} ${target}`);
}

test('folders import only what they may', () => {
  expect(modules.length).toBeGreaterThan(100);
  expect(modules.flatMap(forbiddenImports)).toEqual([]);
});

test('relative imports stay within the sources', () => {
  const strays = modules.flatMap(({ path, imports }) => imports.filter(({ target }) => target.startsWith('.')).map(() => path));
  expect(strays).toEqual([]);
});

test('what others may load of workflows/ loads nothing that runs in a workflow only', () => {
  const beyond = modules
    .filter(({ path }) => ANYWHERE.includes(path))
    .flatMap(({ imports }) => imports.filter(({ kind, target }) => kind !== 'type' && !ANYWHERE.includes(target)))
    .map(({ target }) => target);
  expect(beyond).toEqual(['@temporalio/workflow']); // its definitions of queries and updates
});

test('only those that have to know of Temporal do, and workflows know of nothing else', () => {
  const packagesOf = (...folders: string[]) => [
    ...new Set(
      modules
        .filter(({ folder }) => folders.includes(folder))
        .flatMap(({ imports }) =>
          imports.filter(({ kind, target }) => kind !== 'type' && !OF_OURS.test(target)).map(({ target }) => target),
        ),
    ),
  ];
  expect(packagesOf('bunq', 'sealing', 'signers', 'simulator').filter((name) => name.startsWith('@temporalio'))).toEqual([]);
  expect(packagesOf('settings').filter((name) => name.startsWith('@temporalio'))).toEqual(['@temporalio/envconfig']);
  expect(packagesOf('workflows').sort()).toEqual(['@temporalio/common', '@temporalio/workflow']);
  expect(packagesOf('client')).not.toContain('@temporalio/worker');
  expect(packagesOf('client')).not.toContain('@temporalio/testing');
});

test('bunq/ and activities/ read no clock and set no timers', () => {
  const clocks = /^(Date\.now|new Date\(\)|performance(\..+)?|set(Timeout|Interval|Immediate)|AbortSignal\.timeout)$/;
  const clockModules = /^(node:)?(timers|timers\/promises|perf_hooks|process)$/;
  const found = modules
    .filter(({ folder }) => folder === 'bunq' || folder === 'activities')
    .flatMap(({ path, globals, imports }) =>
      [...globals, ...imports.map(({ target }) => target)]
        .filter((name) => clocks.test(name) || clockModules.test(name))
        .map((name) => `${path}: ${name}`),
    );
  expect(found).toEqual([]);
});

test('the environment is read where the program is entered, and nowhere else', () => {
  const readers = modules.filter(({ globals }) => globals.has('process.env')).map(({ folder }) => folder);
  expect(new Set(readers)).toEqual(new Set(['client']));
});

test('the workflow bundle holds the workflows and their SDK: no HTTP client, no crypto', () => {
  const bundle = readFileSync(currentBuild().workflowBundle, 'utf8');
  const held = [...bundle.matchAll(/^\/\*\*\*\/ "(.+?)"/gm)].map(([, name]) => name!);
  const packages = held.map((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1]).filter((name) => name !== undefined);
  expect([...new Set(packages)].sort()).toEqual(['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']);
  const folders = held.map((name) => /\/(\w+)\/[\w-]+\.js$/.exec(name.includes('node_modules') ? '' : name)?.[1]).filter(Boolean);
  expect([...new Set(folders)]).toEqual(['workflows']);
  expect(bundle).not.toMatch(/require\(["'](node:)?(crypto|https?|net|fs)["']\)/);
});

test('the library loads neither the native part of the SDK nor the worker nor the simulator', () => {
  const script = join(temporaryFolder(), 'loads.mjs');
  writeFileSync(
    script,
    `import { createRequire } from 'node:module';
    await import(process.argv[2]);
    const { sharedObjects } = process.report.getReport();
    console.log(JSON.stringify([...Object.keys(createRequire(import.meta.url).cache), ...sharedObjects]));`,
  );
  const library = join(currentBuild().folder, 'client/index.js');
  const { stdout, stderr } = spawnSync(process.execPath, [script, library], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  expect(stderr).toBe('');
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded).toContainEqual(expect.stringContaining('@temporalio/client'));
  for (const unwanted of ['core-bridge', '@temporalio/worker', '@temporalio/testing', '@hono', '.node'])
    expect(loaded.filter((path) => path.includes(`/${unwanted}`) || (unwanted === '.node' && path.endsWith(unwanted)))).toEqual([]);
});
