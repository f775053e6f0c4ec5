import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { sinksOf } from '../../worker/events.ts';
import { builtWorkflows } from '../support/build.ts';
import { type Change, mutant } from '../support/mutant.ts';
import { readRecorded, recordedHistories } from '../support/recorded-histories.ts';
import { quietRuntime } from '../support/temporal.ts';

/** A workflow that started years ago runs on today's code: the histories of every released version are replayed. */

quietRuntime();

const SILENT = sinksOf();
const names = recordedHistories();
const bundle = builtWorkflows();

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
    'user',
    'user-on-providers-installation',
    'user-denied',
    'user-lost-code',
    'user-consent-again',
    'user-revoked',
    'user-disconnected',
    'gate',
    'gate-continued-as-new-run-1',
    'gate-continued-as-new-run-2',
    'address-suspect',
    'gate-second-opinion',
    'sealed-anew',
    'certificate-rolled-over',
    'signed-by-hand',
  ])
    expect(shapes).toContain(shape);
});

for (const name of names) test(`${name} still replays`, () => replay(name, bundle));

const ASK_FOR_SIGNATURE = 'state.ladder.qsealSignature ??= await signQseal(state, credential);';
const AFTER_CREDENTIAL = 'const { apiKey, credentialId, bindWithinMs } = created;';
const WAIT = 'await condition(() => this.woken, Math.max(1, wake.atMs - nowMs), { summary: wake.summary })';
const USER_STEPS = "const USER_LADDER_STEPS = ['api-key', 'key-pair', 'installation', 'device', 'session'];";
const IS_UNUSED = "sent === false || code === 'BUNQ_RATE_LIMITED'";

/** Temporal does not compare how long a timer runs: that may be changed at any time. */
const MUTANTS: Record<string, { of: string; changes: Change[] }> = {
  'two activities in the other order': {
    of: 'provider',
    changes: [
      { file: 'ladder-steps.js', text: ASK_FOR_SIGNATURE, becomes: '' },
      { file: 'ladder-steps.js', text: AFTER_CREDENTIAL, becomes: `${ASK_FOR_SIGNATURE} ${AFTER_CREDENTIAL}` },
    ],
  },
  'a timer less': { of: 'provider', changes: [{ file: 'connection.js', text: WAIT, becomes: 'await condition(() => this.woken)' }] },
  'a timer more': {
    of: 'provider',
    changes: [{ file: 'connection.js', text: WAIT, becomes: `(await condition(() => false, 1000)) || (${WAIT})` }],
  },
  'an end user’s key pair made before the code is exchanged': {
    of: 'user',
    changes: [{ file: 'steps.js', text: USER_STEPS, becomes: USER_STEPS.replace("'api-key', 'key-pair'", "'key-pair', 'api-key'") }],
  },
  'a code exchanged again after a lost answer': {
    of: 'user-lost-code',
    changes: [{ file: 'authorization-step.js', text: IS_UNUSED, becomes: 'true' }],
  },
};

for (const [what, { of, changes }] of Object.entries(MUTANTS))
  test(`workflows with ${what} do not replay`, async () => {
    const [recorded] = names.filter((name) => name.endsWith(`/${of}.json`));
    await expect(replay(recorded!, await mutant(changes))).rejects.toThrow(DeterminismViolationError);
  });

test('a copy of the workflows without a change does replay', async () => {
  const unchanged = await mutant([]);
  for (const name of names.filter((one) => /\/(provider|user|user-lost-code)\.json$/.test(one))) await replay(name, unchanged);
});
