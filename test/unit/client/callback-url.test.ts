import { checkCallbackUrl } from '../../../client/callback-url.ts';

test.each(['https://example.com/callback', 'https://example.com', 'http://localhost:8080/', 'http://127.0.0.1/x?y=z'])(
  '%s is kept exactly as given',
  (url) => {
    expect(checkCallbackUrl(url)).toBe(url);
  },
);

test.each([
  ['http://example.com/callback', 'https'],
  ['http://localhost.evil.example/', 'https'],
  ['ftp://example.com/', 'https'],
  ['example.com/callback', 'not a URL'],
  ['https://ada:secret@example.com/', 'user name'],
  ['https://example.com/#x', 'fragment'],
  ['', 'not a URL'],
])('%j is refused (%s), with the form that is right', (url, why) => {
  expect(() => checkCallbackUrl(url)).toThrow(why);
  expect(() => checkCallbackUrl(url)).toThrow('https://example.com/callback');
});
