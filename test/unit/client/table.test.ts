import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dress, paintState } from '../../../client/look.ts';
import { table } from '../../../client/table.ts';
import { folded } from '../../../client/wrap.ts';
import { Terminal } from './terminal.ts';

test('a sentence is folded behind its mark, and as it is where it fits', () => {
  const line = '✖ workers: No worker polls bunq-keeper.sandbox.default. Start one: npx bunq-keeper worker';
  expect(folded(line, 100)).toBe(line);
  expect(folded(line, 50).split('\n')).toEqual([
    '✖ workers: No worker polls',
    '  bunq-keeper.sandbox.default. Start one:',
    '  npx bunq-keeper worker',
  ]);
});

const ESCAPE = String.fromCharCode(27);
const REMEDY = 'The bank refuses the key. Find out why, then: bunq-keeper resume acme --certificate F --chain F --signer S';

const LIST = [
  ['NAME', 'STATE', 'TO DO'],
  ['acme', 'ACTION_REQUIRED', REMEDY],
  ['widgets', 'ACTIVE', '-'],
];

test('columns are aligned, and a row is a line where there is no terminal', () => {
  expect(table(LIST).split('\n')).toEqual([
    'NAME     STATE            TO DO',
    `acme     ACTION_REQUIRED  ${REMEDY}`,
    'widgets  ACTIVE           -',
  ]);
});

test('on a terminal the last column is wrapped at words, and a command is left in one piece', () => {
  expect(table(LIST, 80).split('\n')).toEqual([
    'NAME     STATE            TO DO',
    'acme     ACTION_REQUIRED  The bank refuses the key. Find out why, then:',
    '                          bunq-keeper resume acme --certificate F --chain F --signer S',
    'widgets  ACTIVE           -',
  ]);
});

test('where the last column has too little room it goes below its row', () => {
  expect(table(LIST, 50).split('\n')).toEqual([
    'NAME     STATE            TO DO',
    'acme     ACTION_REQUIRED',
    '  The bank refuses the key. Find out why, then:',
    '  bunq-keeper resume acme --certificate F --chain F --signer S',
    'widgets  ACTIVE           -',
  ]);
});

test('nothing is lost, however narrow the terminal is', () => {
  const words = (text: string) => text.split(/\s+/);
  for (let width = 1; width < 130; width++) expect(words(table(LIST, width))).toEqual(words(table(LIST)));
});

describe('with colours', () => {
  beforeEach(() => dress(true));
  afterEach(() => dress(false));

  test('columns are aligned as without', () => {
    const rows = [
      ['acme', paintState('ACTION_REQUIRED', new Terminal()), '1'],
      ['widgets', paintState('ACTIVE', new Terminal()), '2'],
    ];
    const text = table(rows);
    expect(text).toContain(`${ESCAPE}[31mACTION_REQUIRED${ESCAPE}[39m`);
    expect(stripVTControlCharacters(text).split('\n')).toEqual(['acme     ACTION_REQUIRED  1', 'widgets  ACTIVE           2']);
  });
});
