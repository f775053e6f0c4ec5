/** `bunq-keeper` in a checkout: installs what is missing, builds what is stale, and runs it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

try {
  installDependencies();
  const folder = build();
  await import(pathToFileURL(join(folder, 'client/main.js')).href);
} catch (error) {
  console.error(`bunq-keeper: ${error.message}`);
  process.exitCode = 1;
}
