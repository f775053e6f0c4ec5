import { format, inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '../../../sealing/secret.ts';

const PLAIN = 'geheim-0123456789abcdef';
const secret = new Secret(PLAIN);

describe('a secret', () => {
  test('gives its text and its bytes to whoever asks for them', () => {
    expect(secret.text()).toBe(PLAIN);
    expect(Buffer.from(secret.bytes()).toString()).toBe(PLAIN);
    expect([...new Secret(Uint8Array.of(0, 255, 128)).bytes()]).toEqual([0, 255, 128]);
  });

  test.each<[string, string]>([
    ['String()', String(secret)],
    ['a template', `${secret}`],
    ['concatenation', `token: ${[secret].join()}`],
    ['inspect', inspect(secret, { depth: 10, showHidden: true })],
    ['inspect of what holds it', inspect({ caller: { token: secret } }, { depth: 10, showHidden: true })],
    ['inspect without custom inspectors', inspect(secret, { customInspect: false, showHidden: true })],
    ['format', format('%s %o %O %j', secret, secret, secret, 'x')],
    ['its own properties', Object.getOwnPropertyNames(secret).join()],
    ['a spread', inspect({ ...secret })],
    ['an error message', new Error(`failed with ${secret}`).message],
  ])('does not show itself in %s', (_where, shown) => {
    expect(shown).not.toContain('geheim');
    expect(shown).not.toContain(Buffer.from(PLAIN).toString('hex').slice(0, 12));
    expect(shown).not.toMatch(/103, 101/); // "ge" as bytes
  });

  test('refuses JSON, also deep inside something', () => {
    expect(() => JSON.stringify(secret)).toThrow('seal it first');
    expect(() => JSON.stringify({ a: [secret] })).toThrow(TypeError);
  });

  test('does not change with the bytes that it was made from, nor with those it gave', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const made = new Secret(bytes);
    bytes.fill(9);
    made.bytes().fill(9);
    expect([...made.bytes()]).toEqual([1, 2, 3]);
  });
});
