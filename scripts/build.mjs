/**
 * Compiles the TypeScript sources and bundles the workflows.
 *
 *     node scripts/build.mjs        into .build/<hash of the sources>/, if that is not there yet; prints the folder
 *     node scripts/build.mjs dist   into dist/, for the package
 *
 * A build's folder carries the hash of what it was made from and appears by one rename: any number of processes may
 * build at the same time, and a running one keeps the files that it started with.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BUILDS = join(ROOT, '.build');
const SOURCES = ['activities', 'bunq', 'client', 'sealing', 'settings', 'signers', 'simulator', 'worker', 'workflows'];
const SETTINGS = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.mjs',
  'scripts/bundle-workflows.mjs',
];
const KEPT_BUILD_MS = 24 * 60 * 60 * 1000;

function sourceFiles() {
  const found = SETTINGS.filter((file) => existsSync(join(ROOT, file)));
  for (const folder of SOURCES)
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true })) if (entry.endsWith('.ts')) found.push(join(folder, entry));
  return found.sort();
}

function hashOfSources() {
  const hash = createHash('sha256');
  for (const file of sourceFiles())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

function compile(outDir) {
  const tsc = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', outDir],
    { cwd: ROOT, stdio: ['ignore', 2, 2] },
  );
  if (tsc.status !== 0) throw new Error('the TypeScript sources do not compile (see above)');
  const bundle = spawnSync(process.execPath, [join(ROOT, 'scripts/bundle-workflows.mjs'), outDir], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (bundle.status !== 0) throw new Error('the workflows could not be bundled (see above)');
}

function forgetOldBuilds(keep) {
  for (const name of readdirSync(BUILDS)) {
    const folder = join(BUILDS, name);
    try {
      if (folder !== keep && Date.now() - statSync(folder).mtimeMs > KEPT_BUILD_MS) rmSync(folder, { recursive: true, force: true });
    } catch {
      // another process was faster
    }
  }
}

/** The folder of a build of the sources as they are now. */
export function build() {
  const folder = join(BUILDS, hashOfSources());
  if (!existsSync(folder)) {
    const unfinished = join(BUILDS, `unfinished-${process.pid}`);
    mkdirSync(unfinished, { recursive: true });
    try {
      compile(unfinished);
      renameSync(unfinished, folder);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      if (!existsSync(folder)) throw error; // it is there when another process built the same
    }
    forgetOldBuilds(folder);
  }
  utimesSync(folder, new Date(), new Date());
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (process.argv[2] === 'dist') {
      rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
      compile(join(ROOT, 'dist'));
    } else console.log(build());
  } catch (error) {
    console.error(`build: ${error.message}`);
    process.exit(1);
  }
}
