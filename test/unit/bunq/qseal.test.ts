import { createHash, createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  createQsealSignature,
  isQsealSignature,
  QsealError,
  type QsealSigner,
  qsealDigest,
  qsealText,
  readPrivateKey,
  signerFromPrivateKey,
} from '../../../bunq/qseal.ts';
import { Secret } from '../../../sealing/secret.ts';
import { vector, vectorBytes } from './support.ts';

const publicKeyPem = vector('installation-public-key.pem');
const installationToken = new Secret(vector('installation-token.txt'));
const certificatePem = vector('pseudo-cert.pem');
const signer = signerFromPrivateKey(vector('pseudo-key.pem'));
const input = { publicKeyPem, installationToken, signer, certificatePem };

describe('the text that a QSEAL signs', () => {
  test('is the PEM as it was sent, one newline, and the token: the bytes that openssl signed', () => {
    expect(Buffer.from(qsealText(publicKeyPem, installationToken))).toEqual(vectorBytes('qseal-text.txt'));
  });

  test('is the same for a PEM that was sent without its last newline', () => {
    expect(qsealText(publicKeyPem.trimEnd(), installationToken)).toEqual(qsealText(publicKeyPem, installationToken));
  });

  test('keeps the line breaks inside a PEM that was sent with CRLF', () => {
    const text = Buffer.from(qsealText(publicKeyPem.replaceAll('\n', '\r\n'), installationToken)).toString();
    expect(text).toBe(`${publicKeyPem.trimEnd().replaceAll('\n', '\r\n')}\n${installationToken.text()}`);
  });

  const ecPublicKey = createPublicKey(vector('ec-key.pem')).export({ type: 'spki', format: 'pem' }).toString();
  const largePublicKey = createPublicKey(vector('pseudo-key.pem')).export({ type: 'spki', format: 'pem' }).toString();
  test.each([
    ['a contract', 'I owe you a million euros.', installationToken],
    ['a contract in front of a key', `I owe you.\n${publicKeyPem}`, installationToken],
    ['a contract behind a key', `${publicKeyPem}I owe you.\n`, installationToken],
    ['two keys', publicKeyPem + publicKeyPem, installationToken],
    ['a blank line behind the key', `${publicKeyPem}\n`, installationToken],
    ['PEM headers inside the key', publicKeyPem.replace('-----\n', '-----\nComment: I owe you\n\n'), installationToken],
    ['a private key', vector('other-key.pem'), installationToken],
    ['a certificate', certificatePem, installationToken],
    ['PEM that is no key', '-----BEGIN PUBLIC KEY-----\nSSBvd2UgeW91\n-----END PUBLIC KEY-----\n', installationToken],
    ['an EC key', ecPublicKey, installationToken],
    ['an RSA key of another size', largePublicKey, installationToken],
    ['a token with a newline', publicKeyPem, new Secret('abc\nI owe you')],
    ['a token with a newline at its end', publicKeyPem, new Secret('abc\n')],
    ['a token with blanks', publicKeyPem, new Secret('I owe you a million')],
    ['no token', publicKeyPem, new Secret('')],
    ['an endless token', publicKeyPem, new Secret('a'.repeat(257))],
  ])('is never %s', (_what, pem, token) => {
    const make = () => qsealText(pem, token);
    expect(make).toThrow(expect.objectContaining({ code: 'QSEAL_TEXT_REFUSED', message: expect.not.stringContaining('owe you') }));
  });
});

describe('the QSEAL signature', () => {
  test('is the one that openssl makes', async () => {
    expect(await createQsealSignature(input)).toBe(vector('qseal-signature.base64'));
  });

  test('is asked for with the digest alone', async () => {
    const seen: Uint8Array[] = [];
    const spy: QsealSigner = {
      sign: async (sha256) => {
        seen.push(sha256);
        return signer.sign(sha256);
      },
    };
    await createQsealSignature({ ...input, signer: spy });
    expect(seen.map((digest) => Buffer.from(digest).toString('hex'))).toEqual([
      createHash('sha256').update(vectorBytes('qseal-text.txt')).digest('hex'),
    ]);
  });

  test.each<[string, QsealSigner]>([
    ["another key's", signerFromPrivateKey(vector('other-key.pem'))],
    ['one over something else', { sign: async () => signer.sign(createHash('sha256').update('else').digest()) }],
    ['empty', { sign: async () => new Uint8Array() }],
    [
      'base64 of one instead of its bytes',
      { sign: async (sha256) => Buffer.from(Buffer.from(await signer.sign(sha256)).toString('base64')) },
    ],
  ])('is not returned when the signer gives back %s', async (_what, wrong) => {
    await expect(createQsealSignature({ ...input, signer: wrong })).rejects.toMatchObject({ code: 'QSEAL_SIGNATURE_WRONG' });
  });

  test('a signer that gives back a wrong one once is asked again', async () => {
    let asked = 0;
    const hasty: QsealSigner = { sign: async (sha256) => (++asked === 1 ? new Uint8Array(512) : signer.sign(sha256)) };
    expect(await createQsealSignature({ ...input, signer: hasty })).toBe(vector('qseal-signature.base64'));
    expect(asked).toBe(2);
  });

  test('a text that must not be signed does not reach the signer', async () => {
    let asked = false;
    const spy: QsealSigner = {
      sign: async () => {
        asked = true;
        return new Uint8Array();
      },
    };
    await expect(createQsealSignature({ ...input, signer: spy, installationToken: new Secret('a b') })).rejects.toThrow(QsealError);
    expect(asked).toBe(false);
  });

  test("the signer's own error comes through", async () => {
    const failure = new Error('the HSM is off');
    await expect(createQsealSignature({ ...input, signer: { sign: () => Promise.reject(failure) } })).rejects.toBe(failure);
  });

  test('a certificate that cannot be read is named', async () => {
    await expect(createQsealSignature({ ...input, certificatePem: 'no PEM' })).rejects.toMatchObject({ code: 'CERTIFICATE_UNREADABLE' });
  });
});

describe('a signature that a person made elsewhere', () => {
  test('is over the digest of the text, as openssl computes it', () => {
    const digest = Buffer.from(qsealDigest(publicKeyPem, installationToken)).toString('hex');
    expect(digest).toBe(createHash('sha256').update(vectorBytes('qseal-text.txt')).digest('hex'));
  });

  test('is taken when it verifies with the certificate, and not otherwise', async () => {
    const elsewhere = await signerFromPrivateKey(vector('other-key.pem')).sign(qsealDigest(publicKeyPem, installationToken));
    expect(isQsealSignature(vector('qseal-signature.base64'), input)).toBe(true);
    expect(isQsealSignature(Buffer.from(elsewhere).toString('base64'), input)).toBe(false);
    expect(isQsealSignature('AAAA', input)).toBe(false);
  });

  test('of a text that must not be signed is neither asked for nor checked', () => {
    expect(() => qsealDigest('I owe you', installationToken)).toThrow(QsealError);
    expect(() => isQsealSignature('AAAA', { ...input, installationToken: new Secret('a b') })).toThrow(QsealError);
  });
});

describe('a private key for signing', () => {
  test('is taken as PKCS#8 and as PKCS#1', async () => {
    const pkcs1 = signerFromPrivateKey(vector('pseudo-key-pkcs1.pem'));
    expect(await createQsealSignature({ ...input, signer: pkcs1 })).toBe(vector('qseal-signature.base64'));
  });

  test.each([
    ['no PEM', 'geheim-geheim-geheim', 'PRIVATE_KEY_UNREADABLE', 'is not PEM'],
    ['a certificate', certificatePem, 'PRIVATE_KEY_UNREADABLE', 'is a CERTIFICATE'],
    ['encrypted', vector('encrypted-key.pem'), 'PRIVATE_KEY_UNREADABLE', 'decrypt it'],
    ['damaged', '-----BEGIN PRIVATE KEY-----\ngeheim++\n-----END PRIVATE KEY-----\n', 'PRIVATE_KEY_UNREADABLE', 'damaged'],
    ['cut off', vector('pseudo-key.pem').slice(0, 600), 'PRIVATE_KEY_UNREADABLE', 'damaged'],
    ['an EC key', vector('ec-key.pem'), 'CERTIFICATE_KEY_UNSUITABLE', 'RSA'],
  ])('%s is refused, without a word of its text', (_what, pem, code, why) => {
    const read = () => readPrivateKey(pem);
    expect(read).toThrow(expect.objectContaining({ code, message: expect.stringContaining(why) }));
    expect(read).not.toThrow('geheim');
  });
});

test('a digest of another length is not signed', async () => {
  await expect(signer.sign(new Uint8Array(20))).rejects.toThrow('32 bytes');
});
