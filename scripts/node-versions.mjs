/**
 * Runs the tests with each major version of Node.js that `engines` names (`npm run test:nodes`), one after the other:
 *
 *     node scripts/node-versions.mjs                          `npm test` with 20, 22 and 24
 *     node scripts/node-versions.mjs 22 24                    with these
 *     node scripts/node-versions.mjs -- test/unit/workflows   and only these tests
 *
 * The programs come from the npm registry, once, into the project's cache (130 MB each). Prints a table; exit code 1 where a test failed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, ROOT } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

const MAJORS = ['20', '22', '24'];

const given = process.argv.slice(2);
const separator = given.indexOf('--');
const majors = separator < 0 ? given : given.slice(0, separator);
const testArguments = separator < 0 ? [] : given.slice(separator + 1);
const unknown = majors.filter((major) => !MAJORS.includes(major));
if (unknown.length > 0) {
  console.error(`node-versions: there is no ${unknown.join(', ')}; there are ${MAJORS.join(', ')}`);
  process.exit(2);
}

installDependencies();
const { intoCache, projectCacheDir } = await import(pathToFileURL(join(build(), 'client/dev/temporal-cache.js')).href);
const rows = [['Node.js', 'passed', 'failed']];
for (const major of majors.length > 0 ? majors : MAJORS) rows.push(await testedWith(major));
for (const row of rows) console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(10) : cell.padStart(8))).join(''));
process.exitCode = rows.slice(1).every(([, , failed]) => failed === '0') ? 0 : 1;

async function testedWith(major) {
  try {
    const folder = join(await programOf(major), 'bin');
    const version = spawnSync(join(folder, 'node'), ['--version'], { encoding: 'utf8' }).stdout.trim();
    console.error(`node-versions: ${version} …`);
    const [, passed, failed] = /(\d+) passed, (\d+) failed$/.exec(await outputOf(folder)) ?? [null, '0', 'all'];
    return [version, passed, failed];
  } catch (error) {
    console.error(`node-versions: ${error.message}`);
    return [major, '0', 'all'];
  }
}

/** The package that holds the program alone, for this machine: nothing of it has to run to be installed. */
function programOf(major) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  return intoCache(join(projectCacheDir(), `node-${major}`), console.error, async (unfinished) => {
    const wanted = `${name}@${major}`;
    console.error(`Installing ${wanted} (130 MB, under a minute, once) …`);
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
    const { status } = spawnSync('npm', ['install', ...options, '--prefix', unfinished, wanted], { stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`npm could not install ${wanted} (see above)`);
    return join(unfinished, 'node_modules', name);
  });
}

/** What the tests end with; the rest is passed on. */
function outputOf(folder) {
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
  const test = spawn(join(folder, 'node'), [join(ROOT, 'scripts/test.mjs'), ...testArguments], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 2],
  });
  let output = '';
  test.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    test.once('error', reject);
    test.once('close', () => resolve(output.trim()));
  });
}
