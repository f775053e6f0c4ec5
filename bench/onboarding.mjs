/** Onboarding through Temporal against the same bank calls in a bare script, in turns, with a bank that answers at once and one that takes its time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bareOnboarding } from './bare-onboarding.mjs';
import { median, openStage, providerCredential, waitFor } from './stage.mjs';

const CALLBACK_URL = 'https://bench.example/callback';
/** The first rounds warm up: code is compiled, connections are opened. */
const WARM_UP = 2;
const ROUNDS = 9;
/** Above the gap between two sessions of the stage's gate. */
const BETWEEN_MS = 1200;

/** @returns for each bank: the medians in milliseconds, and how many calls each way makes */
export async function measureOnboarding(build, bankMs) {
  const stage = await openStage(build, ['--no-rate-limits']);
  try {
    await stage.startWorker();
    const { createBank } = await stage.load('bunq/bank.js');
    const { systemClock } = await stage.load('settings/clock.js');
    const bank = createBank({ apiUrl: stage.apiUrl, clock: systemClock });
    const script = await bareOnboarding(stage.load);
    let number = 0;
    const calls = async (work) => {
      await stage.manage('POST', '/requests/reset');
      const ms = await work();
      return { ms, calls: (await stage.manage('GET', '/requests')).requests.length };
    };
    const rounds = async (count) => {
      const measured = [];
      for (let round = 0; round < count; round++) {
        const given = await providerCredential(stage, `Bench ${++number}`);
        const other = await providerCredential(stage, `Bench ${++number}`);
        await sleep(BETWEEN_MS);
        const bare = await calls(() => timed(() => script(bank, { ...other, chainPem: other.certificatePem, callbackUrl: CALLBACK_URL })));
        measured.push({ keeper: await calls(() => throughTemporal(stage, `acme-${number}`, given.credential)), bare });
      }
      return measured;
    };
    const results = [];
    for (const ms of bankMs) {
      await stage.manage('DELETE', '/faults');
      if (ms > 0) await stage.manage('POST', '/faults', { endpoint: '*', kind: 'hold', times: null, holdMs: ms });
      await rounds(WARM_UP);
      const measured = await rounds(ROUNDS);
      const of = (way) => ({
        ms: median(measured.map((round) => round[way].ms)),
        calls: median(measured.map((round) => round[way].calls)),
      });
      results.push({ bankMs: ms, keeper: of('keeper'), bare: of('bare') });
    }
    await bank.close();
    return results;
  } finally {
    await stage.close();
  }
}

async function timed(work) {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** From the call of `onboard` to the end of the workflow task that saw the last step done: nobody has to ask meanwhile. */
async function throughTemporal({ keeper, client, manage, load }, name, credential) {
  const { providerWorkflowId } = await load('workflows/names.js');
  const startMs = Date.now();
  await keeper.onboard(name, { credential, callbackUrls: [CALLBACK_URL], permittedIps: [] });
  const isLastCall = ({ endpoint }) => endpoint === 'GET /user/{userID}/oauth-client/{itemId}';
  await waitFor(`${name} has its client id`, async () => (await manage('GET', '/requests')).requests.some(isLastCall), 200);
  await waitFor(`${name} is ACTIVE`, async () => (await keeper.status(name)).state === 'ACTIVE', 200);
  const { events } = await client.workflow.getHandle(providerWorkflowId(keeper.environment, name)).fetchHistory();
  const isRead = ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType.name === 'readOAuthClient';
  const read = events.findIndex(isRead);
  const end = events
    .slice(read)
    .find(({ workflowTaskCompletedEventAttributes: completed }) => completed && isAfterActivity(events, completed));
  return Number(end.eventTime.seconds) * 1000 + end.eventTime.nanos / 1e6 - startMs;
}

const isAfterActivity = (events, { scheduledEventId }) =>
  events[Number(scheduledEventId) - 2]?.activityTaskCompletedEventAttributes != null;
