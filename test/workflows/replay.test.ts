import { readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { eventLog } from '../../worker/event-log.ts';
import { currentBuild } from '../support/build.ts';
import { type Change, mutant } from '../support/mutant.ts';
import { readRecorded, recordedHistories } from '../support/recorded-histories.ts';
import { quietRuntime } from '../support/temporal.ts';

/** A workflow that started years ago runs on today's code: the histories of every released version are replayed. */

quietRuntime();

const SILENT = eventLog({ info: () => {}, warn: () => {}, error: () => {} });
const names = recordedHistories();
const bundle = { code: readFileSync(currentBuild().workflowBundle, 'utf8') };

const replay = (name: string, workflowBundle: { code: string }) =>
  Worker.runReplayHistory({ workflowBundle, sinks: SILENT }, readRecorded(name));

test('there are recorded histories of every shape: `npm run histories` makes those of this version', () => {
  const shapes = new Set(names.map((name) => name.replace(/^.*\/|\.json(\.gz)?$/g, '')));
  for (const shape of [
    'provider',
    'repairs',
    'action-required-and-resume',
    'refusal-reported',
    'callback-urls',
    'continued-as-new-run-1',
    'continued-as-new-run-2',
    'import',
    'gate',
    'gate-continued-as-new-run-1',
    'gate-continued-as-new-run-2',
    'address-suspect',
    'gate-second-opinion',
  ])
    expect(shapes).toContain(shape);
});

for (const name of names) test(`${name} still replays`, () => replay(name, bundle), 30_000);

const ASK_FOR_SIGNATURE = 'state.ladder.qsealSignature ??= await signQseal(state, credential);';
const AFTER_CREDENTIAL = 'const { apiKey, credentialId, bindWithinMs } = created;';
const WAIT = 'await condition(() => this.woken, Math.max(1, wake.atMs - nowMs), { summary: wake.summary })';

/** Temporal does not compare how long a timer runs: that may be changed at any time. */
const MUTANTS: Record<string, Change[]> = {
  'two activities in the other order': [
    { file: 'ladder-steps.js', text: ASK_FOR_SIGNATURE, becomes: '' },
    { file: 'ladder-steps.js', text: AFTER_CREDENTIAL, becomes: `${ASK_FOR_SIGNATURE} ${AFTER_CREDENTIAL}` },
  ],
  'a timer less': [{ file: 'connection.js', text: WAIT, becomes: 'await condition(() => this.woken)' }],
  'a timer more': [{ file: 'connection.js', text: WAIT, becomes: `(await condition(() => false, 1000)) || (${WAIT})` }],
};

for (const [what, changes] of Object.entries(MUTANTS))
  test(`workflows with ${what} do not replay`, async () => {
    const [provider] = names.filter((name) => name.endsWith('/provider.json'));
    await expect(replay(provider!, await mutant(changes))).rejects.toThrow(DeterminismViolationError);
  }, 60_000);

test('a copy of the workflows without a change does replay', async () => {
  const unchanged = await mutant([]);
  for (const name of names.filter((one) => one.endsWith('/provider.json'))) await replay(name, unchanged);
}, 60_000);
