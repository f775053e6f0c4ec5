import proto from '@temporalio/proto';
import type { Lapse } from '../../simulator/index.ts';
import type { TestConnection } from '../support/connection.ts';
import { startKeeper } from '../support/keeper.ts';
import { dice, seed } from '../support/seed.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../support/virtual-time.ts';

/** A hundred years of one provider. The bank counts the lapses itself, from the instants of serving, expiry, deletion and revocation. */

const YEARS = 100;
const YEAR = 365.25 * DAY;

/** That the bank is back is known at the next try: after 4 to 6 minutes without a session, and then the slot. */
const BACK_WITHIN_MS = 7 * MINUTE;
/** After the first report. */
const REPLACED_WITHIN_MS = MINUTE;

const keeper = await startKeeper('century');

interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

test(`for ${YEARS} years a session is served at every moment, but in outages longer than the margin and right after a revocation`, async () => {
  const rolls = dice(seed('CENTURY_SEED'));
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  const { simulator } = acme;
  const outages: Stretch[] = [];
  const revocations: Stretch[] = [];
  let refusals = 0;

  const outage = (lengthMs: number, fault: object) => {
    const fromMs = simulator.nowMs();
    simulator.fault({ endpoint: '*', times: null, forMs: lengthMs, kind: 'reset', ...fault });
    outages.push({ fromMs, untilMs: fromMs + lengthMs });
  };
  const refuseKey = () => {
    refusals++;
    for (const { id, status } of simulator.state().credentials) if (status === 'ACTIVE') simulator.revokeCredential(id);
  };
  const happenings = [
    async () => outage(rolls.between(5, 48 * 60) * MINUTE, {}),
    async () => outage(rolls.between(1, 6) * DAY, {}),
    async () => outage(rolls.between(10, 8 * 60) * MINUTE, { kind: 'status', status: 491 }),
    /** Noticed at the next renewal. */
    async () => {
      refuseKey();
      await acme.passUntil((await acme.becomes('ACTIVE', HOUR)).session!.renewAt);
      await keeper.time.pass(DAY);
    },
    /** A new API key's first session lasts an hour: the bank goes down before it is renewed. */
    async () => {
      refuseKey();
      await acme.renew();
      await keeper.time.pass(20 * MINUTE);
      outage(rolls.between(45, 90) * MINUTE, {});
    },
    async () => {
      await acme.becomes('ACTIVE', HOUR);
      const { sessionId } = (await acme.session())!;
      const fromMs = simulator.nowMs();
      simulator.revokeSession(sessionId);
      await keeper.time.pass(rolls.between(0, 10) * MINUTE + SECOND);
      revocations.push({ fromMs, untilMs: simulator.nowMs() + REPLACED_WITHIN_MS });
      expect(await acme.reportRefused(sessionId)).toMatchObject({ outcome: 'replaced' });
    },
  ] as const;

  await acme.onboard({ callbackUrls: ['https://acme.example/callback'] });
  const { oauthClient } = await acme.becomes('ACTIVE');
  const startMs = simulator.nowMs();
  await keeper.time.pass(DAY);
  while (simulator.nowMs() < startMs + YEARS * YEAR) {
    await rolls.pick(happenings as unknown as [() => Promise<void>])();
    await keeper.time.pass(rolls.between(12, 350) * DAY); // longer than any outage
    simulator.clearFaults();
    // the API key of a century is the first one, unless the bank refused it
    expect(simulator.state().credentials.length).toBeLessThanOrEqual(1 + refusals);
  }

  expect(await acme.becomes('ACTIVE', HOUR)).toMatchObject({ oauthClient });
  const lapses = simulator.lapses({ connection: acme.name });
  expect(lapses.filter((lapse) => !isAllowed(lapse, { acme, outages, revocations }))).toEqual([]);
  expect(acme.states.filter(({ state }) => state === 'ACTION_REQUIRED')).toEqual([]);
  await report(acme, { outages, revocations, refusals, lapses });
  await keeper.end(acme);
});

function isAllowed(
  lapse: Lapse,
  { acme, outages, revocations }: { acme: TestConnection; outages: Stretch[]; revocations: Stretch[] },
): boolean {
  const isWithin = ({ fromMs, untilMs }: Stretch) => fromMs <= lapse.fromMs && lapse.untilMs <= untilMs;
  if (revocations.some(isWithin)) return true;
  const over = acme.served.findLast(({ expiresAtMs }) => expiresAtMs <= lapse.fromMs + SECOND);
  return outages.some(
    ({ fromMs, untilMs }) =>
      over !== undefined && untilMs - fromMs > over.expiresAtMs - over.renewAtMs && isWithin({ fromMs, untilMs: untilMs + BACK_WITHIN_MS }),
  );
}

const { History } = proto.temporal.api.history.v1;

async function report(
  acme: TestConnection,
  { outages, revocations, refusals, lapses }: { outages: Stretch[]; revocations: Stretch[]; refusals: number; lapses: readonly Lapse[] },
): Promise<void> {
  const { renewals } = (await acme.state()).counts;
  const gate = await acme.gateHistories(); // since the last time that the test server ended it: it gives every run ten years
  const gateSinceMs = Number(gate[0]!.events![0]!.eventTime!.seconds) * SECOND;
  const slots = acme.requests('POST /session-server').filter(({ at }) => at >= gateSinceMs).length;
  const cost = (histories: Awaited<ReturnType<TestConnection['histories']>>, by: number) => {
    const events = histories.reduce((sum, { events }) => sum + (events?.length ?? 0), 0);
    const bytes = histories.reduce((sum, history) => sum + History.encode(history).finish().length, 0);
    return `${(events / by).toFixed(1)} events and ${(bytes / by / 1000).toFixed(1)} kB each, in ${histories.length} runs`;
  };
  const lapsedMs = lapses.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0);
  process.stderr.write(
    `${YEARS} years: ${renewals} renewals, ${cost(await acme.histories(), renewals)}; its gate's last ${slots} slots: ${cost(gate, slots)}.\n` +
      `${outages.length} outages, ${revocations.length} revoked sessions, ${refusals} refused API keys; ${lapses.length} lapses, ${(lapsedMs / HOUR).toFixed(1)} h in all.\n`,
  );
}
