import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { temporaryFolder } from '../support/at-end.ts';
import { currentBuild, ROOT } from '../support/build.ts';
import { cleanEnvironment } from '../support/process.ts';
import { temporalServer } from '../support/temporal.ts';
import { BankProcess } from './support/bank-process.ts';
import { scene } from './support/scene.ts';

const EXAMPLE = join(ROOT, 'client/examples/onboard.ts');

test('the example is under 25 lines and needs only the Temporal client and our types', () => {
  const source = readFileSync(EXAMPLE, 'utf8');
  expect(source.trimEnd().split('\n').length).toBeLessThan(25);
  const imports = [...source.matchAll(/^import (type )?.* from '(.+)';$/gm)].map(([, type = '', from]) => `${type}${from}`);
  expect(imports).toEqual(['node:timers/promises', '@temporalio/client', 'type bunq-keeper']);
});

test('the example compiles in a project that has the package, and onboards a sandbox user', async () => {
  const project = projectWithThePackage();
  await execa(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], { cwd: project, all: true });

  const [temporal, bank] = await Promise.all([temporalServer(), BankProcess.start()]);
  const keeper = scene(temporal, bank, { BUNQ_ENVIRONMENT: 'sandbox' });
  await keeper.startWorker();
  const env = { ...cleanEnvironment(), TEMPORAL_ADDRESS: temporal.address };
  const { stdout } = await execa(process.execPath, ['onboard.js'], { cwd: project, env, extendEnv: false, timeout: 60_000 });

  expect(stdout).toMatch(/^ACTIVE/m);
  const status = JSON.parse((await keeper.run('status', 'example', '--json')).stdout) as { oauthClient: unknown };
  const [oauthClient] = (await bank.state()).oauthClients;
  expect(status.oauthClient).toMatchObject({ id: oauthClient?.id, callbackUrls: ['https://localhost/callback'] });
}, 180_000);

/** As after `npm install bunq-keeper`: the package is found by its name, through its `exports`. */
function projectWithThePackage(): string {
  const project = temporaryFolder();
  const modules = join(project, 'node_modules');
  const installed = join(modules, 'bunq-keeper');
  mkdirSync(join(modules, '@types'), { recursive: true });
  mkdirSync(installed);
  copyFileSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  symlinkSync(currentBuild().folder, join(installed, 'dist'));
  for (const dependency of ['@temporalio', '@types/node']) symlinkSync(join(ROOT, 'node_modules', dependency), join(modules, dependency));
  copyFileSync(EXAMPLE, join(project, 'onboard.ts'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const compilerOptions = { target: 'es2023', module: 'nodenext', strict: true, skipLibCheck: true, types: ['node'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['onboard.ts'] }));
  return project;
}
