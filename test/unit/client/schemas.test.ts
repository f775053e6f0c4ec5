import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type CertificateFacts, examineQsealCertificate, readCertificateChain } from '../../../bunq/certificates.ts';
import { certificateFindings } from '../../../client/certificate-findings.ts';
import { program, run } from '../../../client/cli.ts';
import { inspection } from '../../../client/commands/certificate.ts';
import type { Finding } from '../../../client/finding.ts';
import { leavesOf } from '../../../client/help.ts';
import type { KnownStatus } from '../../../client/known-status.ts';
import { jsonSchema, OUTPUT_NAMES, type Output, type OutputName } from '../../../client/schemas/index.ts';
import { type KeyUse, keyUse, type SealingWorker, sealingWorkers } from '../../../client/sealing-key-use.ts';
import { NO_AUTHORIZATION } from '../../../workflows/authorization.ts';
import { memoFields, statusOf, statusOfMemo, wantedFacts } from '../../../workflows/status.ts';
import { temporaryFolder } from '../../support/at-end.ts';
import { ROOT } from '../../support/build.ts';
import { documented } from '../../support/documented-json.ts';
import { TrustServiceProvider } from '../../support/qualified-certificates.ts';
import { capture } from '../../support/stdout.ts';
import { DAY, newborn, onboarded, SESSION, T0, trouble } from '../workflows/states.ts';

const RUN = { workflowId: 'provider.sandbox.acme', runId: 'run', running: null };
const NOW = new Date('2026-12-01T10:00:00.000Z');
const expectDocumented = (name: OutputName, value: unknown) => expect(documented(name, value)).toEqual(JSON.parse(JSON.stringify(value)));

describe('a status is documented', () => {
  const refused = trouble({ action: 'CALLBACK_URL_REFUSED' });
  const link = { stateSha256: 's', askedAtMs: T0, expiresAtMs: T0 + DAY, outcome: 'denied' as const };
  test.each([
    ['of one that was just onboarded', newborn()],
    ['of one that lacks nothing', onboarded()],
    ['of one that waits for a person', onboarded({ troubles: { 'callback-urls': refused } })],
    ['of one that has recovered', onboarded({ recovered: { from: 'LAPSED', code: 'BUNQ_UNAVAILABLE', sinceMs: T0, atMs: T0 + DAY } })],
    [
      'of an end user’s',
      onboarded({
        authorization: { ...NO_AUTHORIZATION, answered: [link], consentedAtMs: T0 },
        revoked: { sinceMs: T0, confirmedAtMs: null },
      }),
    ],
  ])('%s', (_, state) => {
    expectDocumented('status', statusOf(state, RUN, T0 + DAY));
  });

  test('whose session is over, as it was published, on a closed workflow', () => {
    const state = onboarded();
    const memo = { ...memoFields(statusOf(state, RUN, SESSION.expiresAtMs), wantedFacts(state)), asOf: NOW.toISOString() };
    const { status, asOf } = statusOfMemo(memo)!;
    expectDocumented('status', { ...status, asOf, worker: false, closed: 'TERMINATED' });
    expectDocumented('disconnected', { ...status, leftOpen: [{ sessionId: 7, expiresAt: asOf }] });
  });
});

/** Each may stand for the other. */
type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

test('the types of what is printed and those of the schemas are the same, or this does not compile', () => {
  const same: [
    Same<Output<'status'>, KnownStatus>,
    Same<Output<'findings'>['findings'][number], Finding>,
    Same<Output<'certificates'>['certificates'][number], CertificateFacts>,
    Same<Output<'sealing-keys'>['keys'][number], KeyUse>,
    Same<Output<'sealing-keys'>['workers'][number], SealingWorker>,
  ] = [true, true, true, true, true];
  expect(same).not.toContain(false);
});

test('what is found of a certificate is documented, right or wrong', () => {
  const issued = new TrustServiceProvider(NOW).issue();
  for (const now of [NOW, new Date('2036-01-01T00:00:00Z')]) {
    const examined = examineQsealCertificate({ ...issued, now });
    expectDocumented('certificates', inspection(examined, readCertificateChain(issued.certificatePem), now));
    expectDocumented('findings', { schema: 1, findings: certificateFindings({ ...issued, now }) });
  }
});

test('the use of sealing keys is documented', () => {
  const workers = sealingWorkers([
    { identity: '7@here keys new,old', silentMs: 0 },
    { identity: 'somebody', silentMs: 0 },
  ]);
  const closedRuns = [{ workflowId: 'provider.sandbox.acme', runId: 'run', closedAtMs: T0, keyIds: ['old'] }];
  const use = { workers, connections: [{ name: 'acme', keyIds: ['old'] }], closedRuns, retentionMs: DAY };
  expectDocumented('sealing-keys', { schema: 1, keys: ['new', 'old'].map((keyId) => keyUse(keyId, 'new', use)), workers });
});

test('what the commands print that need no server is documented', async () => {
  const file = join(temporaryFolder(), 'sealing-keys.json');
  const printed = async (...args: string[]) => JSON.parse(await capture(() => run([...args, '--json', '--quiet'])));
  expectDocumented('new-sealing-keys', await printed('sealing-keys', 'new', '--out', file));
  expectDocumented('added-sealing-key', await printed('sealing-keys', 'add', '--file', file));
  expectDocumented('certificates', await printed('certificate', 'inspect', join(ROOT, 'test/vectors/pseudo-cert.pem')));
});

describe('docs/json.md', () => {
  const page = readFileSync(join(ROOT, 'docs/json.md'), 'utf8');
  const sections = new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n')[0]!, section]),
  );
  const table = page.split('\n').filter((line) => line.startsWith('| `'));

  test('has a section for each output, and each output stands in the table', () => {
    expect([...sections.keys()].sort()).toEqual([...OUTPUT_NAMES].sort());
    const named = new Set(table.flatMap((line) => [...line.matchAll(/\(#([\w-]+)\)/g)].map(([, name]) => name)));
    expect([...named].sort()).toEqual([...OUTPUT_NAMES].sort());
  });

  test.each(OUTPUT_NAMES.filter((name) => name !== 'disconnected'))('shows an example of %s that is as documented', (name) => {
    const [, example] = /```json\n([\s\S]+?)\n```/.exec(sections.get(name)!)!;
    expectDocumented(name, JSON.parse(example!));
  });

  test('names every command that takes --json', async () => {
    const withJson = leavesOf(await program()).filter(({ options }) => options.some(({ long }) => long === '--json'));
    const paths = withJson.map((leaf) => (leaf.parent?.parent ? `${leaf.parent.name()} ${leaf.name()}` : leaf.name()));
    for (const path of paths) expect(table.some((line) => line.includes(`\`${path}\``) || line.includes(`\`${path} NAME\``))).toBe(true);
  });
});

test('a schema lets fields pass that later versions add, and nothing that lacks one or has another type', async () => {
  const { z } = await import('zod');
  const schema = z.fromJSONSchema(jsonSchema('resealed') as Parameters<typeof z.fromJSONSchema>[0]);
  const right = { schema: 1, keyId: 'k', resealed: 1, left: [] };
  expect(schema.safeParse({ ...right, later: true }).success).toBe(true);
  expect(() => documented('resealed', { ...right, undocumented: true })).toThrow();
  for (const wrong of [
    { ...right, schema: 2 },
    { ...right, resealed: '1' },
    { schema: 1, keyId: 'k', resealed: 1 },
  ])
    expect(schema.safeParse(wrong).success).toBe(false);
});
