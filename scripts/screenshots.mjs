/**
 * Takes the pictures of docs/temporal-ui.md: `npm run screenshots`. Brings connections into the states of a long life, with a Temporal
 * server, a simulated bank and a worker of their own, and photographs Temporal's UI in a Chromium. Three minutes.
 *
 *     node scripts/screenshots.mjs                    writes docs/pictures/
 *     node scripts/screenshots.mjs list.png           one of them
 *     node scripts/screenshots.mjs --stay             and stays until Ctrl-C, to look around
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, ROOT } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

/** Of what a page loads. */
const MOST_BYTES = 150 * 1024;
/** So that a queue can be seen; one worker is on the stage. */
const SESSION_GAP = '5s';

installDependencies();
const [{ openStage }, { bringOnStage, prepareCredentials }, { PICTURES, take }, { chromium }] = await Promise.all([
  import('../bench/stage.mjs'),
  import('./screenshots/cast.mjs'),
  import('./screenshots/pictures.mjs'),
  import('playwright-core'),
]);
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = wanted.filter((name) => !(name in PICTURES));
if (unknown.length > 0) end(2, `there is no ${unknown.join(', ')}; there are ${Object.keys(PICTURES).join(', ')}`);
const executablePath = findBrowser();

const stage = await openStage(build());
try {
  stage.env.KEEPER_SESSION_GAP = SESSION_GAP;
  const credentials = await prepareCredentials(stage);
  await stage.startWorker();
  console.error(`screenshots: Temporal UI ${stage.uiUrl}; connections come into their states …`);
  await bringOnStage(stage, credentials);
  await takeAll();
  if (process.argv.includes('--stay')) await untilCtrlC();
} finally {
  await stage.close();
}

async function takeAll() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const folder = join(ROOT, 'docs/pictures');
  const tooLarge = [];
  mkdirSync(folder, { recursive: true });
  try {
    for (const [name, picture] of Object.entries(PICTURES)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const png = await take(picture, browser, stage);
      writeFileSync(join(folder, name), png);
      console.error(`docs/pictures/${name}: ${Math.ceil(png.length / 1024)} KB`);
      if (png.length > MOST_BYTES) tooLarge.push(name);
    }
  } finally {
    await browser.close();
  }
  if (tooLarge.length > 0) throw new Error(`larger than ${MOST_BYTES / 1024} KB: ${tooLarge.join(', ')}`);
}

function findBrowser() {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/browser.mjs')], { stdio: ['ignore', 'pipe', 2] });
  if (status !== 0) end(1, 'a Chromium is needed (see above)');
  return stdout.toString().trim();
}

function untilCtrlC() {
  console.error(`screenshots: ${stage.uiUrl} is there until Ctrl-C`);
  return new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
}

function end(code, why) {
  console.error(`screenshots: ${why}`);
  process.exit(code);
}
