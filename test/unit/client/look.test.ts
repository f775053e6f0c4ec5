import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { COMMAND, dress, paintCommands, paintLine } from '../../../client/look.ts';
import { remedyFor } from '../../../workflows/actions.ts';
import { ACTION_CODES } from '../../../workflows/codes.ts';
import { temporaryFolder } from '../../support/at-end.ts';
import { currentBuild } from '../../support/build.ts';
import { Terminal } from './terminal.ts';

const ESCAPE = String.fromCharCode(27);
const cyan = (text: string) => `${ESCAPE}[36m${text}${ESCAPE}[39m`;

beforeEach(() => dress(true));
afterEach(() => dress(false));

/** Prints a state on a stdout that is, or seems to be, a terminal: what stands in the environment is Node's to judge, so it has to be a process's own. */
const SCRIPT = `
  import tty from 'node:tty';
  const { dress, paintState } = await import(process.argv[2]);
  if (process.argv[3] === 'terminal')
    Object.assign(process.stdout, { isTTY: true, getColorDepth: tty.WriteStream.prototype.getColorDepth });
  dress(process.argv[4] !== 'plain');
  process.stdout.write(paintState('ACTIVE'));`;

function statePainted(env: Readonly<Record<string, string>>, ...how: string[]): string {
  const script = join(temporaryFolder(), 'paint.mjs');
  writeFileSync(script, SCRIPT);
  const look = join(currentBuild().folder, 'client/look.js');
  const { PATH = '' } = process.env;
  return execFileSync(process.execPath, [script, look, ...how], { encoding: 'utf8', env: { PATH, TERM: 'xterm-256color', ...env } });
}

describe('a state', () => {
  const green = `${ESCAPE}[32mACTIVE${ESCAPE}[39m`;
  test.each<[string, string[], Record<string, string>, string]>([
    ['has its colour on a terminal', ['terminal'], {}, green],
    ['has none in a pipe', ['pipe'], {}, 'ACTIVE'],
    ['has none with NO_COLOR', ['terminal'], { NO_COLOR: '1' }, 'ACTIVE'],
    ['has none on a dumb terminal', ['terminal'], { TERM: 'dumb' }, 'ACTIVE'],
    ['has it in a pipe with FORCE_COLOR', ['pipe'], { FORCE_COLOR: '1' }, green],
    ['has none with FORCE_COLOR=0', ['terminal'], { FORCE_COLOR: '0' }, 'ACTIVE'],
    ['has none where the command line does not run', ['terminal', 'plain'], {}, 'ACTIVE'],
  ])('%s', (_, how, env, expected) => {
    expect(statePainted(env, ...how)).toBe(expected);
  });
});

test('a line is set off by its mark and by the command in it, and by nothing else', () => {
  expect(paintLine('✔ workers: polled', new Terminal())).toBe(`${ESCAPE}[32m✔${ESCAPE}[39m workers: polled`);
  expect(paintLine('Start one: npx bunq-keeper worker', new Terminal())).toBe(`Start one: ${cyan('npx bunq-keeper worker')}`);
  for (const plain of ['A ✔ within', 'bunq-keeper: the worker', 'To try bunq-keeper on this machine'])
    expect(paintLine(plain, new Terminal())).toBe(plain);
});

test.each([
  ['With: bunq-keeper resume acme', 'bunq-keeper resume acme'],
  ['Look at it (bunq-keeper doctor acme), then wait.', 'bunq-keeper doctor acme'],
  ['To change it: bunq-keeper disconnect acme, then onboard again', 'bunq-keeper disconnect acme'],
  ['Start one: KEEPER_EGRESS=fra-1 npx bunq-keeper worker', 'KEEPER_EGRESS=fra-1 npx bunq-keeper worker'],
  ['To do: bunq-keeper connect-user acme alice. It is good once.', 'bunq-keeper connect-user acme alice'],
])('in "%s" the command ends where the sentence goes on', (sentence, command) => {
  expect(paintCommands(sentence, new Terminal())).toBe(sentence.replace(command, cyan(command)));
});

test.each(ACTION_CODES)('the remedy for %s has a command to set off', (code) => {
  const remedy = remedyFor(code, { name: 'acme', credential: 'qseal', permittedIps: [], qsealDigest: undefined });
  expect(remedy.match(COMMAND)).not.toBeNull();
});
