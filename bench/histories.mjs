/**
 * Events and bytes that a connection and its gate add to their histories: for the onboarding, and for each renewal. Counted by the
 * server (`describe`), as the difference over several renewals between two moments at which everything is at rest.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openStage, providerCredential, waitFor } from './stage.mjs';

const RENEWALS = 6;
const CALLBACK_URL = 'https://bench.example/callback';

/** From the bank's answer to the last event of it. */
const SETTLE_MS = 1500;

/** So short that a renewal comes every 7 s; its events are those of a renewal after two months. */
const LIFETIME = '14s';

export async function measureHistories(build) {
  const stage = await openStage(build, ['--no-rate-limits', '--session-lifetime', LIFETIME, '--first-session-lifetime', LIFETIME]);
  try {
    const { keeper, client, startWorker, load } = stage;
    const { stateQuery } = await load('workflows/messages.js');
    const { sessionGateWorkflowId, providerWorkflowId } = await load('workflows/names.js');
    await startWorker();
    const { credential } = await providerCredential(stage, 'Histories');
    await keeper.onboard('acme', { credential, callbackUrls: [CALLBACK_URL], permittedIps: [] });
    const connection = client.workflow.getHandle(providerWorkflowId(keeper.environment, 'acme'));
    const gate = client.workflow.getHandle(sessionGateWorkflowId(keeper.environment, keeper.egress));
    await waitFor('acme is ACTIVE', async () => (await keeper.status('acme')).state === 'ACTIVE');
    const onboarding = await sizeOf(connection);
    const { serving } = await connection.query(stateQuery);

    /** After that many renewals: the former session is closed. The bank is asked: a query to the workflow may cost it a task. */
    const atRest = async (renewals) => {
      await waitFor(`acme is at rest after ${renewals} renewals`, async () => {
        const { sessions } = await stage.manage('GET', '/state');
        if (sessions.length > renewals + 1) throw new Error('a renewal was missed: this machine is too busy');
        return sessions.length === renewals + 1 && sessions.filter(({ status }) => status === 'ACTIVE').length === 1;
      });
      await sleep(SETTLE_MS);
      return { connection: await sizeOf(connection), gate: await sizeOf(gate) };
    };
    const before = await atRest(1);
    const after = await atRest(1 + RENEWALS);
    const perRenewal = (of) => ({
      events: (after[of].events - before[of].events) / RENEWALS,
      bytes: (after[of].bytes - before[of].bytes) / RENEWALS,
    });
    const { events } = await connection.fetchHistory();
    return {
      onboarding,
      connection: perRenewal('connection'),
      gate: perRenewal('gate'),
      sealedSessionTokenBytes: serving.session.sessionToken.length,
      sealedPrivateKeyBytes: serving.keyPair.privateKey.length,
      connectionEvents: events.slice(before.connection.events, before.connection.events + Math.round(perRenewal('connection').events)),
      gateEvents: (await gate.fetchHistory()).events.slice(before.gate.events, before.gate.events + Math.round(perRenewal('gate').events)),
    };
  } finally {
    await stage.close();
  }
}

async function sizeOf(handle) {
  const { historyLength, historySize } = await handle.describe();
  return { events: historyLength, bytes: historySize };
}
