import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { newSealingKeys } from '../../sealing/key-set.ts';
import { SEARCH_ATTRIBUTES } from '../../worker/search-attributes.ts';
import { readWorkerSettings } from '../../worker/settings.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
const compose = read('docker-compose.yml');

/** What stands indented under a key: the first with that name at that depth. */
function under(text: string, key: string, depth: number): string {
  const lines = text.split('\n');
  const start = lines.indexOf(`${' '.repeat(depth)}${key}:`);
  if (start < 0) throw new Error(`docker-compose.yml has no ${key}: at depth ${depth}`);
  const length = lines.slice(start + 1).findIndex((line) => line !== '' && line.search(/\S/) <= depth);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n');
}

const services = [...under(compose, 'services', 0).matchAll(/^ {2}([\w-]+):$/gm)].map(([, name]) => name!);
const service = (name: string) => `${under(under(compose, 'services', 0), name, 2)}\n`;

const environment = (name: string): Record<string, string> =>
  Object.fromEntries(
    [...under(service(name), 'environment', 4).matchAll(/^ {6}(\w+): (.+)$/gm)].map(([, key, value]) => [
      key!,
      value!.replace(/^'|'$/g, ''),
    ]),
  );

const images = [...compose.matchAll(/^ +image: (\S+)$/gm)].map(([, image]) => image!);

describe('docker-compose.yml', () => {
  test('registers the search attributes that the worker sets, with their types', () => {
    const registered = [...service('temporal-init').matchAll(/^ {8}(\w+)=(\w+)$/gm)].map(([, name, type]) => [name!, type!] as const);
    expect(Object.fromEntries(registered)).toEqual(SEARCH_ATTRIBUTES);
  });

  test('gives the worker settings that it accepts, and the simulated bank on loopback', () => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    try {
      const file = join(folder, 'sealing-keys.json');
      writeFileSync(file, newSealingKeys(new Date()), { mode: 0o600 });
      const { bank } = readWorkerSettings({ ...environment('worker'), KEEPER_SEALING_KEYS_FILE: file });
      expect(bank).toMatchObject({ name: 'simulator', apiUrl: 'http://127.0.0.1:8090/v1/' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('lets no process of ours that has secrets open leave a core dump', () => {
    expect(compose).toMatch(/^x-keeper: &keeper\n(?: {2}.+\n)* {2}ulimits: \{ core: 0 \}/m);
    for (const name of ['secrets', 'simulator', 'worker']) expect(service(name)).toMatch(/^ {4}<<: \*keeper$/m);
  });

  test('publishes ports on loopback only', () => {
    const published = services.flatMap((name) =>
      [...service(name).matchAll(/^ {4}ports:\n((?: {6}.+\n)+)/gm)].flatMap(([, ports]) => ports!.trim().split('\n')),
    );
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^ *- 127\.0\.0\.1:/);
  });

  test('names a version of every image, and one for all of the Temporal server', () => {
    expect(images.length).toBeGreaterThan(4);
    for (const image of images) expect(image).toMatch(/^[\w/-]+:(\d|local$)/);
    const versions = images.filter((image) => /temporalio\/(server|admin-tools)/.test(image)).map((image) => image.split(':')[1]);
    expect(new Set(versions).size).toBe(1);
  });

  test('passes every secret as a file and takes none from the environment', () => {
    const secret = compose.split('\n').filter((line) => /(PASSWORD|PWD|SEALING_KEYS)\w*["']?\s*[:=]/.test(line));
    expect(secret.length).toBeGreaterThan(2);
    for (const line of secret) expect(line).toMatch(/_FILE: \/|="\$\$\(cat \//);
    const interpolated = [...compose.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name);
    expect(interpolated.sort()).toEqual(['TEMPORAL_PORT', 'UI_PORT']);
  });
});

test('the image is built from every folder that the build compiles', () => {
  const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
  const letIn = read('.dockerignore').split('\n');
  for (const folder of include) expect(letIn).toContain(`!${folder}`);
});
