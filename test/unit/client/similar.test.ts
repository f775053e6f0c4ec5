import { expect, test } from '@jest/globals';
import { didYouMean, similar } from '../../../client/similar.ts';

const NAMES = ['acme', 'acme-two', 'widgets', 'acme/alice'];

test.each<[string, string[]]>([
  ['acmee', ['acme']],
  ['acm', ['acme', 'acme-two', 'acme/alice']],
  ['amce', ['acme']],
  ['wigdets', ['widgets']],
  ['widget', ['widgets']],
  ['acme/alcie', ['acme/alice']],
  ['zebra', []],
  ['x', []],
  ['', []],
])('%j may have been meant for %j', (given, near) => {
  expect(similar(given, NAMES)).toEqual(near);
});

test('letters of another case are the same', () => {
  expect(similar('activ', ['ACTIVE', 'ACTION_REQUIRED'])).toEqual(['ACTIVE']);
});

test('of many no more than three are named', () => {
  const many = Array.from({ length: 1000 }, (_, index) => `acme-${index}`);
  expect(similar('acme', many)).toEqual(['acme-0', 'acme-1', 'acme-2']);
});

test('a question is asked only where something is near', () => {
  expect(didYouMean('ad', ['add', 'remove', 'set'])).toBe(' Did you mean add?');
  expect(didYouMean('amce', NAMES)).toBe(' Did you mean acme?');
  expect(didYouMean('frobnicate', NAMES)).toBe('');
});
