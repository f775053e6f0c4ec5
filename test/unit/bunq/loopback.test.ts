import { isLoopback } from '../../../bunq/loopback.ts';

test('what merely looks like loopback is none', () => {
  expect(isLoopback(new URL('https://127.0.0.1.nip.io/'))).toBe(false);
  expect(isLoopback(new URL('https://[::ffff:7f00:1]/'))).toBe(false);
  expect(isLoopback(new URL('https://0x7f.1/'))).toBe(true);
});
