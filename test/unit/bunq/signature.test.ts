import { expect, test } from '@jest/globals';
import { signBody, verifyBody } from '../../../bunq/signature.ts';
import { privateKey, vector, vectorBytes } from './support.ts';

const body = vectorBytes('body.json');
const publicKeyPem = vector('installation-public-key.pem');
const signature = vector('body-signature.base64');

test("a body's signature is the one that openssl makes", () => {
  expect(signBody(body, privateKey)).toBe(signature);
});

test("openssl's signature verifies", () => {
  expect(verifyBody(body, signature, publicKeyPem)).toBe(true);
});

test('the public key may come with CRLF, or with its base64 in one line', () => {
  const [begin, ...rest] = publicKeyPem.trim().split('\n');
  const oneLine = [begin, rest.slice(0, -1).join(''), rest.at(-1)].join('\n');
  expect(verifyBody(body, signature, publicKeyPem.replaceAll('\n', '\r\n'))).toBe(true);
  expect(verifyBody(body, signature, oneLine)).toBe(true);
});

test.each([
  ['one blank more', Buffer.concat([body, Buffer.from(' ')]), signature],
  ['one bit changed', Buffer.from(body).fill(body[0]! ^ 1, 0, 1), signature],
  ['the same JSON in another form', Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString()))), signature],
  ['no body', new Uint8Array(), signature],
  ["another key's signature", body, vector('body-signature-by-other-key.base64')],
  ['no signature', body, ''],
  ['half a signature', body, signature.slice(0, 100)],
  ['something else than base64', body, '<>'],
])('%s does not verify', (_what, bytes, given) => {
  expect(verifyBody(bytes, given, publicKeyPem)).toBe(false);
});
