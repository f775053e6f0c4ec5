import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { newSealingKeys } from '../../sealing/key-set.ts';
import { SEARCH_ATTRIBUTES } from '../../worker/search-attributes.ts';
import { readWorkerSettings } from '../../worker/settings.ts';
import { ROOT } from '../support/build.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const compose = read('docker-compose.yml');
const WORKERS = ['worker-1', 'worker-2'];

/** What stands indented under a key: the first with that name at that depth. */
function under(text: string, key: string, depth: number): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^ {${depth}}${key}:( &[\\w-]+)?$`).test(line));
  if (start < 0) throw new Error(`docker-compose.yml has no ${key}: at depth ${depth}`);
  const length = lines.slice(start + 1).findIndex((line) => line !== '' && line.search(/\S/) <= depth);
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n');
}

const dedented = (text: string, depth: number) => `${text.replaceAll(new RegExp(`^ {${depth}}`, 'gm'), '')}\n`;

const services = [...under(compose, 'services', 0).matchAll(/^ {2}([\w-]+):$/gm)].map(([, name]) => name!);
const service = (name: string) => dedented(under(under(compose, 'services', 0), name, 2), 4);

/** A block, and after it those that it is merged with: the first that has a key says it. */
function merged(block: string): string[] {
  const parent = /^<<: \*([\w-]+)$/m.exec(block)?.[1];
  return parent === undefined ? [block] : [block, ...merged(dedented(under(compose, `x-${parent}`, 0), 2))];
}

/** What follows a key on its line; undefined where the service has none. */
function value(name: string, key: string): string | undefined {
  const found = merged(service(name)).flatMap((block) => [...block.matchAll(new RegExp(`^${key}:(.*)$`, 'gm'))]);
  return found[0]?.[1]?.replace(/ #.*/, '').trim();
}

/** As Compose reads it, with the values that the file of variables gives; without those that it does not give. */
function environment(name: string, variables: Record<string, string>): Record<string, string> {
  const block = merged(service(name)).find((text) => /^environment:/m.test(text))!;
  const own = dedented(under(block, 'environment', 0), 2);
  const lines = (/^<<:/m.test(own) ? merged(own) : [own]).toReversed().flatMap((text) => [...text.matchAll(/^(\w+):(.*)$/gm)]);
  const given = lines.flatMap(([, key, text]) => {
    const plain = text!.replace(/ #.*/, '').trim().replace(/^"|"$/g, '');
    const filled =
      plain === '' ? variables[key!] : plain.replaceAll(/\$\{(\w+)[^}]*\}/g, (_all, variable: string) => variables[variable] ?? '');
    return filled === undefined ? [] : [[key!, filled] as const];
  });
  return Object.fromEntries(given);
}

/** What a file for Compose's variables gives. */
const variablesOf = (file: string): Record<string, string> =>
  Object.fromEntries([...read(file).matchAll(/^(\w+)=(.*)$/gm)].map(([, name, text]) => [name!, text!]));

const images = [...compose.matchAll(/^ +image: (\S+)$/gm)].map(([, image]) => image!);

describe('docker-compose.yml', () => {
  test('registers the search attributes that the worker sets, with their types', () => {
    const registered = [...service('temporal-init').matchAll(/^ +(Keeper\w+)=(\w+)$/gm)].map(([, name, type]) => [name!, type!] as const);
    expect(Object.fromEntries(registered)).toEqual(SEARCH_ATTRIBUTES);
  });

  test.each([
    ['.env', 'simulator', 'http://127.0.0.1:8090/v1/'],
    ['docker/production.env', 'production', 'https://api.bunq.com/v1/'],
    ['test/compose/kill-test.env', 'simulator', 'http://127.0.0.1:8090/v1/'],
  ])('gives the workers, by %s, settings that they accept', (file, name, apiUrl) => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    try {
      const keys = join(folder, 'sealing-keys.json');
      writeFileSync(keys, newSealingKeys(new Date()), { mode: 0o600 });
      const signers = join(folder, 'signers.json');
      writeFileSync(signers, JSON.stringify({ hsm: { signer: 'exec:/sign', environment: 'production', connections: ['acme'] } }));
      for (const worker of WORKERS) {
        const given = environment(worker, variablesOf(file));
        const here = { KEEPER_SEALING_KEYS_FILE: keys, ...(given.KEEPER_QSEAL_SIGNERS && { KEEPER_QSEAL_SIGNERS: signers }) };
        expect(readWorkerSettings({ ...given, ...here }).bank).toMatchObject({ name, apiUrl });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('takes what the workers share an address with into account: each keeps its part of the limits', () => {
    for (const worker of WORKERS) expect(environment(worker, {}).KEEPER_EGRESS_WORKERS).toBe(String(WORKERS.length));
  });

  test('has two workers that differ by their names alone', () => {
    for (const worker of WORKERS) expect(service(worker).trim()).toMatch(new RegExp(`^<<: \\*worker\nhostname: ${worker}( #.*)?$`));
  });

  test('lets no process of ours that has secrets open leave a core dump', () => {
    for (const name of ['secrets', 'keeper', 'simulator', ...WORKERS]) expect(value(name, 'ulimits')).toBe('{ core: 0 }');
  });

  test('gives no service a root file system to write to, a capability, or all of the memory', () => {
    expect(services.length).toBeGreaterThan(8);
    for (const name of services) {
      expect([name, value(name, 'read_only'), value(name, 'cap_drop'), value(name, 'security_opt'), value(name, 'init')]).toEqual([
        name,
        'true',
        '[ALL]',
        '[no-new-privileges:true]',
        'true',
      ]);
      expect([name, value(name, 'mem_limit')]).toEqual([name, expect.stringMatching(/^\d+[mg]$/)]);
    }
  });

  test('runs every service as an ordinary user, but the one-shot that makes the secrets, which has no network', () => {
    for (const name of services.filter((one) => one !== 'secrets'))
      expect([name, value(name, 'user')]).toEqual([name, expect.stringMatching(/^"[1-9]\d*:[1-9]\d*"$/)]);
    for (const name of services)
      expect([name, value(name, 'cap_add')]).toEqual([name, name === 'secrets' ? expect.any(String) : undefined]);
    expect([value('secrets', 'user'), value('secrets', 'network_mode')]).toEqual(['root', 'none']);
  });

  test('asks every service that is to run for long whether it is well, and brings it back', () => {
    const endsByItself = services.filter((name) => value(name, 'restart') !== 'unless-stopped');
    expect(endsByItself).toEqual(['secrets', 'temporal-schema', 'temporal-init', 'keeper']);
    for (const name of services) expect([name, value(name, 'healthcheck')]).toEqual([name, endsByItself.includes(name) ? undefined : '']);
  });

  test('has the simulated bank and Prometheus, and the command line, by a profile; a fresh checkout has the bank', () => {
    const profiles = services.flatMap((name) => (value(name, 'profiles') ? [[name, value(name, 'profiles')]] : []));
    expect(profiles).toEqual([
      ['keeper', '[command-line]'],
      ['simulator', '[simulator]'],
      ['prometheus', '[monitoring]'],
    ]);
    expect(variablesOf('.env').COMPOSE_PROFILES).toBe('simulator');
    expect(variablesOf('docker/production.env').COMPOSE_PROFILES).toBe('monitoring');
    expect(under(compose, 'x-worker', 0)).toContain('simulator: { condition: service_healthy, required: false }');
  });

  test('lets the command line alone write to the sealing keys and the certificates, beside the one-shot', () => {
    const writers = services.filter((name) =>
      merged(service(name)).some((block) => /(sealing-keys|certificates)\}:\/[\w/-]+$/m.test(block)),
    );
    expect(writers).toEqual(['secrets', 'keeper']);
  });

  test('mounts files that are there', () => {
    const mounted = [...compose.matchAll(/^ +- (\.\/[\w./-]+):/gm)].map(([, file]) => file!);
    expect(mounted.length).toBeGreaterThan(1);
    for (const file of mounted) expect(existsSync(join(ROOT, file))).toBe(true);
  });

  test('publishes ports on loopback only', () => {
    const published = services.flatMap((name) =>
      [...service(name).matchAll(/^ports:\n((?: {2}.+\n)+)/gm)].flatMap(([, ports]) => ports!.trim().split('\n')),
    );
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^ *- 127\.0\.0\.1:/);
  });

  test('names a version of every image, and one for all of the Temporal server', () => {
    expect(images.length).toBeGreaterThan(4);
    for (const image of images) expect(image).toMatch(/^([\w/-]+:v?\d|\$\{WORKER_IMAGE:-bunq-keeper:local\}$)/);
    const versions = images.filter((image) => /temporalio\/(server|admin-tools)/.test(image)).map((image) => image.split(':')[1]);
    expect(new Set(versions).size).toBe(1);
  });

  test('passes every secret as a file and takes none from the environment', () => {
    const secret = compose.split('\n').filter((line) => /(PASSWORD|PWD|SEALING_KEYS|SECRET|TOKEN)\w*["']?\s*[:=](?!-)/.test(line));
    expect(secret.length).toBeGreaterThan(2);
    for (const line of secret) expect(line).toMatch(/_FILE: \/|="\$\$\(cat \//);
  });

  test('reads the variables that its files name, and no others', () => {
    const interpolated = [...compose.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name!);
    const passed = [...under(compose, 'x-keeper-environment', 0).matchAll(/^ {2}(\w+):(?: #.*)?$/gm)].map(([, name]) => name!);
    const known = new Set([...interpolated, ...passed]);
    expect([...known].sort()).toEqual([
      'BUNQ_API_URL',
      'BUNQ_ENVIRONMENT',
      'CERTIFICATES_FOLDER',
      'DATABASE_PASSWORD_FOLDER',
      'KEEPER_EGRESS',
      'KEEPER_EGRESS_ADDRESS',
      'KEEPER_EGRESS_VIA',
      'KEEPER_QSEAL_SIGNERS',
      'PROMETHEUS_PORT',
      'SEALING_KEYS_FOLDER',
      'SIMULATOR_PORT',
      'TEMPORAL_PORT',
      'UI_PORT',
      'WORKER_IMAGE',
    ]);
    for (const file of ['.env', 'docker/production.env', 'test/compose/kill-test.env']) {
      const named = [...read(file).matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name!);
      expect({ file, unknown: named.filter((name) => !known.has(name) && !name.startsWith('COMPOSE_')) }).toEqual({ file, unknown: [] });
    }
  });
});

test('the image is built from every folder that the build compiles', () => {
  const { include } = JSON.parse(read('tsconfig.build.json')) as { include: string[] };
  const letIn = read('.dockerignore').split('\n');
  for (const folder of include) expect(letIn).toContain(`!${folder}`);
});
