/** A worker is killed in the middle of a step while another one runs: how long until that one does the step again. */
import { median, openStage, providerCredential, waitFor } from './stage.mjs';

/** One a round: each is tried again by its activity's policy. */
const STEPS = [
  'POST /installation',
  'POST /payment-service-provider-credential',
  'POST /device-server',
  'GET /user',
  'GET /user/{userID}/oauth-client',
];

/** @returns the median in milliseconds, and each round's */
export async function measureTakeover(build) {
  const stage = await openStage(build, ['--no-rate-limits']);
  try {
    const { keeper, client, manage, load } = stage;
    const { providerWorkflowId } = await load('workflows/names.js');
    const workers = [await stage.startWorker()];
    const measured = [];
    for (const [round, endpoint] of STEPS.entries()) {
      workers.push(await stage.startWorker());
      await manage('POST', '/requests/reset');
      await manage('POST', '/faults', { endpoint, kind: 'hold', times: 1 });
      const name = `acme-${round}`;
      const { credential } = await providerCredential(stage, `Takeover ${round}`);
      await keeper.onboard(name, { credential, callbackUrls: [], permittedIps: [] });
      await waitFor(`the bank holds ${endpoint}`, async () => (await manage('GET', '/faults')).faults[0]?.held === 1);
      const handle = client.workflow.getHandle(providerWorkflowId(keeper.environment, name));
      const { raw } = await handle.describe();
      const pid = Number.parseInt(raw.pendingActivities[0].lastWorkerIdentity, 10);
      const victim = workers.findIndex(({ pid: candidate }) => candidate === pid);
      const killedAtMs = Date.now();
      process.kill(pid, 'SIGKILL');
      workers.splice(victim, 1);
      const again = await waitFor(`${endpoint} is asked again`, async () => {
        const { requests } = await manage('GET', '/requests');
        return requests.filter(
          (request) => request.endpoint.endsWith(endpoint.replace(/^\w+ /, '')) && request.endpoint.startsWith(endpoint.split(' ')[0]),
        )[1];
      });
      measured.push(again.at - killedAtMs);
      await manage('DELETE', '/faults');
      await waitFor(`${name} is ACTIVE`, async () => (await keeper.status(name)).state === 'ACTIVE', 200);
    }
    return { medianMs: median(measured), measured };
  } finally {
    await stage.close();
  }
}
