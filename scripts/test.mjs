/**
 * Installs what is missing, checks style and types, and runs the tests.
 *
 *     node scripts/test.mjs [jest arguments]         everything but the long end-to-end tests (`npm test`)
 *     node scripts/test.mjs --all [jest arguments]   everything (`npm run test:all`)
 *     node scripts/test.mjs --ci                     everything; a skipped test is a failure (`.ci/run`)
 *     node scripts/test.mjs test/unit/bunq           the tests of these paths
 *
 * Ends with what failed and why, in a few lines each, and `N passed, N failed`, over all runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { build, ROOT } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

/** Jest matches them against the absolute path of each test file. */
const LONG_UNDER_TIME_SKIPPING =
  '(address|century|crossing|disconnect|end-user-matrix|fault-matrix-(brief|outage)|hostile|lost-answers|parked-renewals|providers-installation|random-walk|refusals|renewal|repair|reports|resealing|resume|roll-over|signer|uncached|webhook)\\.test\\.ts$';
/** A thousand workflows: no other test runs in their process. */
const OF_A_THOUSAND = 'address-of-many\\.test\\.ts$';
const LONG_OF_UNIT = 'workflows/a-year-at-one-address\\.test\\.ts$';
const LONG_OF_SIMULATOR = '(contract|killed|whole-bank)\\.test\\.ts$';
/** Runs of jest, each with the patterns of its files. */
const QUICK = {
  patterns: [
    `/test/unit/(?!${LONG_OF_UNIT})`,
    `/test/simulator/(?!${LONG_OF_SIMULATOR})`,
    `/test/(workflows|conformance)/(?!${LONG_UNDER_TIME_SKIPPING}|${OF_A_THOUSAND})`,
    '/test/end-to-end/onboarding\\.test\\.ts$',
  ],
};
const WORKERS = Math.max(2, availableParallelism() - 1);
const LONG = [
  {
    patterns: [
      `/test/(workflows|conformance)/${LONG_UNDER_TIME_SKIPPING}`,
      `/test/simulator/${LONG_OF_SIMULATOR}`,
      `/test/unit/${LONG_OF_UNIT}`,
    ],
    eachFileAlone: true, // in a process that has run many such files the last ones take twice their time
  },
  { patterns: [`/test/workflows/${OF_A_THOUSAND}`] },
  { patterns: ['/test/end-to-end/(?!(onboarding|gate|gate-at-scale)\\.test\\.ts$)'] },
  { patterns: ['/test/end-to-end/gate\\.test\\.ts$'] }, // how many of its slots are used shows only where nothing else wants the processors
  { patterns: ['/test/end-to-end/gate-at-scale\\.test\\.ts$'] }, // the same
];
/** These want a Chromium, these an HSM, and these Prometheus's promtool. */
const IN_A_BROWSER = /consent/;
const WITH_AN_HSM = /pkcs11|rehearsal/;
const WITH_PROMTOOL = /alerts|monitoring/;
/** What the shell says about other servers and banks is not for the tests. */
const FOREIGN = /^(TEMPORAL_|BUNQ_|KEEPER_(?!TEMPORAL_CLI$))/;

/** A file whose test server stopped by a fault of its own (test/support/stopped-server.ts) is run again, so often at most. */
const RUNS_AGAIN = 2;
/** How test-sdk.mjs ends when it cannot run. */
const SKIPPED = 77;

const options = process.argv.slice(2);
const ci = options.includes('--ci');
const all = ci || options.includes('--all');
const jestArguments = options.filter((option) => option !== '--ci' && option !== '--all');
const paths = jestArguments.filter((argument) => !argument.startsWith('-') && existsSync(argument.split(':')[0]));

const total = { passed: 0, failed: 0, skipped: [], names: [] };

try {
  installDependencies();
  check('Style', 'node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']);
  check('Types', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', '.']);
  await installServers();
  if (all || paths.some((path) => IN_A_BROWSER.test(path))) installFor('browser.mjs');
  if (all || paths.some((path) => WITH_AN_HSM.test(path))) installFor('softhsm.mjs');
  if (all || paths.some((path) => WITH_PROMTOOL.test(path))) installFor('promtool.mjs');
  if (paths.length > 0) runJest({ patterns: [] });
  else for (const run of all ? [QUICK, ...LONG] : [QUICK]) runJest(run);
  if (all && paths.length === 0) runSdkTest();
} catch (error) {
  console.error(`test: ${error.message}`);
  total.failed++;
}
for (const name of total.names) console.error(`failed: ${name}`);
if (ci) {
  for (const name of total.skipped) console.error(`skipped, which is a failure here: ${name}`);
  total.failed += total.skipped.length;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

function check(what, program, args) {
  console.error(`${what}: ${program.split('/').at(-1)} ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [join(ROOT, program), ...args], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  console.error(`${what}: not in order (see above), which counts as one failure`);
  total.failed++;
  total.names.push(what);
}

async function installServers() {
  const load = (file) => import(pathToFileURL(join(folder, 'client/dev', file)).href);
  const folder = build();
  const { projectCacheDir } = await load('temporal-cache.js');
  const search = { cacheDir: projectCacheDir(), say: (line) => console.error(line), env: process.env };
  await (await load('temporal-binary.js')).findTemporalBinary(search);
  await (await load('temporal-test-server.js')).findTestServer(search);
}

/** Where what it finds or installs is not to be had, its tests are skipped. */
function installFor(script) {
  spawnSync(process.execPath, [join(ROOT, 'scripts', script)], { cwd: ROOT, stdio: ['ignore', 'ignore', 2] });
}

/** Without patterns: what the arguments say. */
function runJest({ patterns, eachFileAlone }) {
  const chosen = patterns.length > 0 ? ['--testPathPatterns', ...patterns] : [];
  countOrRunAgain(runJestOnce([...jestArguments, ...chosen], { ...(eachFileAlone && { TESTS_EACH_FILE_ALONE: 'yes' }) }), RUNS_AGAIN);
}

function countOrRunAgain(run, times) {
  const failed = run.testResults.filter(({ name, status }) => status === 'failed' && run.stopped.has(name)).map(({ name }) => name);
  const again = times > 0 ? failed : [];
  count(run, again);
  if (again.length === 0) return;
  console.error(`Once more, as the time-skipping server stopped there: ${again.map((file) => relative(ROOT, file)).join(', ')}`);
  countOrRunAgain(runJestOnce(['--runTestsByPath', ...again]), times - 1);
}

function runJestOnce(chosen, variables = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bunq-keeper-jest-'));
  const [results, stopped] = [join(folder, 'results.json'), join(folder, 'stopped-servers.txt')];
  const flags = ['--passWithNoTests', '--json', `--outputFile=${results}`, `--maxWorkers=${WORKERS}`, ...(ci ? ['--ci'] : [])];
  // as flags of node, not in NODE_OPTIONS: the processes that tests start do not inherit them
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
  try {
    const { status } = spawnSync(process.execPath, [...node, jest, ...flags, ...chosen], {
      cwd: ROOT,
      stdio: ['inherit', 2, 2],
      env: { ...testEnvironment(), ...variables, TESTS_STOPPED_SERVERS_FILE: stopped },
    });
    if (!existsSync(results)) throw new Error(`jest ended (${status}) without results`);
    const inWhich = existsSync(stopped) ? readFileSync(stopped, 'utf8').trim().split('\n') : [];
    return { ...JSON.parse(readFileSync(results, 'utf8')), status, stopped: new Set(inWhich) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function testEnvironment() {
  const ignored = Object.keys(process.env).filter((name) => FOREIGN.test(name));
  if (ignored.length > 0) console.error(`Ignoring ${ignored.join(', ')}: the tests use servers of their own`);
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name) && !/^(http|https|all|no)_proxy$/i.test(name));
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };
}

/** Of files that are run again, only the last time counts. */
function count({ testResults, status }, again = []) {
  const results = testResults.filter(({ name }) => !again.includes(name));
  let failed = 0;
  for (const { name, assertionResults, status } of results) {
    const file = relative(ROOT, name);
    if (status === 'failed' && assertionResults.every((test) => test.status !== 'failed')) {
      failed++;
      total.names.push(`${file} as a whole`);
    }
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'passed') total.passed++;
      if (status === 'pending' || status === 'todo') total.skipped.push(`${file}: ${fullName}`);
      if (status !== 'failed') continue;
      failed++;
      total.names.push(`${file}: ${fullName}${firstLines(failureMessages[0])}`);
    }
  }
  total.failed += failed + again.length === 0 && status !== 0 ? 1 : failed;
}

/** Of a message with colours, up to where it begins to say from where it was called. */
function firstLines(message = '') {
  const lines = stripVTControlCharacters(message)
    .split(/\n +at /)[0]
    .split('\n')
    .slice(0, 12);
  return lines.map((line) => `\n    ${line.slice(0, 300)}`).join('');
}

/** bunq's own SDK against the simulator: one test. */
function runSdkTest() {
  const script = join(ROOT, 'scripts/test-sdk.mjs');
  const { status } = spawnSync(process.execPath, [script], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status === 0) total.passed++;
  else if (status === SKIPPED) total.skipped.push('npm run test:sdk');
  else {
    total.failed++;
    total.names.push('npm run test:sdk');
  }
}
