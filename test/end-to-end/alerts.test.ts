import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../support/build.ts';
import { findPromtool } from '../support/promtool.ts';

/** The alert rules, by Prometheus's own program. */

const promtool = findPromtool();
const testWithPromtool = promtool ? test : test.skip;

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(promtool!, args, { cwd: join(ROOT, 'alerts'), encoding: 'utf8' });
  return { status, said: status === 0 ? '' : stdout + stderr };
};

testWithPromtool('the rules are valid', () => {
  expect(run('check', 'rules', 'bunq-keeper.rules.yml')).toEqual({ status: 0, said: '' });
});

testWithPromtool('each alert fires when it should, and none where all is well', () => {
  expect(run('test', 'rules', 'bunq-keeper.rules.test.yml')).toEqual({ status: 0, said: '' });
});
