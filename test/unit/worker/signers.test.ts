import { createHash, verify } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignerError } from '../../../activities/dependencies.ts';
import { createSigners } from '../../../worker/signers.ts';

const vectors = join(import.meta.dirname, '../../vectors');
const key = join(mkdtempSync(join(tmpdir(), 'signers-')), 'key.pem');
copyFileSync(join(vectors, 'pseudo-key.pem'), key);
chmodSync(key, 0o600);

const named = new Map([['acme-hsm', { signer: `file:${key}`, environment: 'production', connections: ['acme'] }]]);

test('a file signs a digest as its certificate verifies it', async () => {
  const digest = createHash('sha256').update('text').digest();
  const signature = await createSigners('sandbox', new Map()).find(`file:${key}`, 'acme').sign(digest);
  expect(verify('sha256', Buffer.from('text'), readFileSync(join(vectors, 'pseudo-cert.pem')), signature)).toBe(true);
});

test.each([
  ['with production a signer that is given directly', 'production', `file:${key}`, 'acme', 'by name only'],
  ['a name that the worker has not', 'production', 'other', 'acme', 'no signer named other'],
  ['a name for another environment', 'sandbox', 'acme-hsm', 'acme', 'serves production'],
  ['a name for another connection', 'production', 'acme-hsm', 'globex', 'does not serve globex'],
  ['a relative path', 'sandbox', 'file:key.pem', 'acme', 'has to be absolute'],
])('%s is refused', (_what, environment, signer, connection, why) => {
  const find = () => createSigners(environment, named).find(signer, connection);
  expect(find).toThrow(SignerError);
  expect(find).toThrow(why);
});

test('a named signer signs for the connections that it lists', async () => {
  const signer = createSigners('production', named).find('acme-hsm', 'acme');
  expect((await signer.sign(createHash('sha256').digest())).length).toBeGreaterThan(0);
});

test('a key that others can change is refused, and one that is not there is unavailable', () => {
  const open = join(mkdtempSync(join(tmpdir(), 'signers-')), 'key.pem');
  copyFileSync(key, open);
  chmodSync(open, 0o622);
  expect(() => createSigners('sandbox', new Map()).find(`file:${open}`, 'acme')).toThrow(`chmod go-w ${open}`);
  expect(() => createSigners('sandbox', new Map()).find('file:/none.pem', 'acme')).toThrow(
    expect.objectContaining({ code: 'SIGNER_UNAVAILABLE' }),
  );
});
