import type { TestConnection } from '../support/connection.ts';
import { startKeeper } from '../support/keeper.ts';
import { HOUR, MINUTE, SECOND } from '../support/virtual-time.ts';

/** Reports of refused calls. */

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

async function onboarded(name: string) {
  const connection = await keeper.connection(name, { firstSessionLifetimeMs: 12 * HOUR });
  await connection.onboard();
  await connection.becomes('ACTIVE');
  await keeper.time.pass(MINUTE);
  connection.simulator.resetRequests();
  return { connection, session: (await connection.session())! };
}

const opened = (connection: TestConnection) => connection.requests('POST /session-server').length;

test('however many report a session that is refused, it is proven and renewed once, and all go on with its successor', async () => {
  const { connection: acme, session } = await onboarded('acme');
  acme.simulator.revokeSession(session.sessionId);
  const shared = Array.from({ length: 20 }, (_, i) => `refused/${session.sessionId}/${i % 2}`);
  const alone = Array.from({ length: 5 }, () => undefined);
  const reports = await acme.reports(session.sessionId, [...shared, ...alone]);
  const successor = (await acme.session())!;
  expect(successor.sessionId).not.toBe(session.sessionId);
  for (const { answer, afterMs } of reports) {
    expect(answer).toMatchObject({ outcome: 'replaced', session: { sessionId: successor.sessionId } });
    expect(afterMs).toBeLessThan(MINUTE);
  }
  for (const minute of [1, 2, 3]) {
    const { answer, afterMs } = await acme.report(session.sessionId, `refused/${session.sessionId}/later-${minute}`);
    expect(answer).toMatchObject({ outcome: 'replaced', session: { sessionId: successor.sessionId } });
    expect(afterMs).toBeLessThan(5 * SECOND);
    await keeper.time.pass(MINUTE);
  }
  expect(opened(acme)).toBe(1);
});

test('a false report spends no slot, and is told that the session is good', async () => {
  const { connection: acme, session } = await onboarded('acme');
  for (let minute = 0; minute < 5; minute++) {
    expect((await acme.report(session.sessionId)).answer).toMatchObject({
      outcome: 'good',
      session: { sessionId: session.sessionId, doubtful: false },
    });
    await keeper.time.pass(MINUTE);
  }
  expect(opened(acme)).toBe(0);
  expect(acme.requests('GET /user')).toHaveLength(5);
  expect(await acme.status()).toMatchObject({ state: 'ACTIVE', lastError: null });
});

test('while the bank is down a report is answered within a minute: still repairing, with the session that there is', async () => {
  const { connection: acme, session } = await onboarded('acme');
  acme.bankGoesDown();
  const { answer, afterMs } = await acme.report(session.sessionId);
  expect(answer).toMatchObject({ outcome: 'repairing', session: { sessionId: session.sessionId } });
  expect(afterMs).toBeLessThanOrEqual(MINUTE);
  acme.bankComesBack();
  expect((await acme.report(session.sessionId)).answer.outcome).toBe('good');
  expect(opened(acme)).toBe(0);
});

test('while no successor can be opened a report is answered within a minute: still repairing, in doubt', async () => {
  const { connection: acme, session } = await onboarded('acme');
  acme.simulator.revokeSession(session.sessionId);
  acme.simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 503, forMs: 10 * MINUTE });
  const { answer, afterMs } = await acme.report(session.sessionId);
  expect(answer).toMatchObject({ outcome: 'repairing', session: { sessionId: session.sessionId, doubtful: true } });
  expect(afterMs).toBeLessThanOrEqual(MINUTE);
  await keeper.time.pass(10 * MINUTE);
  await acme.becomes('ACTIVE', 35 * MINUTE);
  expect((await acme.report(session.sessionId)).answer.outcome).toBe('replaced');
});

test('a report that comes while a lost answer settles is answered within a minute all the same', async () => {
  const { connection: acme, session } = await onboarded('acme');
  const endpoint = 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url';
  acme.simulator.fault({ endpoint, kind: 'lose-answer-after-effect' });
  await acme.setCallbackUrls(['https://acme.example/callback']);
  await acme.until('settles', ({ lastError }) => lastError !== null);
  const { answer, afterMs } = await acme.report(session.sessionId);
  expect(['good', 'repairing']).toContain(answer.outcome);
  expect(afterMs).toBeLessThanOrEqual(MINUTE);
  await acme.becomes('ACTIVE', 5 * MINUTE);
  expect(acme.bankHolds()).toMatchObject({ callbackUrls: ['https://acme.example/callback'] });
  expect(opened(acme)).toBe(0);
});

test('a report for a session of long ago is answered at once with the present one', async () => {
  const { connection: acme, session } = await onboarded('acme');
  await acme.renew();
  await acme.until('is renewed', ({ session: now }) => now?.openedAt !== session.openedAt);
  acme.bankGoesDown();
  const { answer, afterMs } = await acme.report(session.sessionId);
  expect(answer).toMatchObject({ outcome: 'replaced', session: { sessionId: (await acme.session())!.sessionId } });
  expect(afterMs).toBeLessThan(5 * SECOND);
});

test('callback URLs that are set anew while their refusal is being looked into leave the loop going', async () => {
  const { connection: acme } = await onboarded('acme');
  const endpoint = 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url';
  acme.simulator.fault({ endpoint, kind: 'status', status: 403, description: 'Insufficient authorisation.', times: null });
  await acme.setCallbackUrls(['https://acme.example/callback']);
  await acme.until('was refused', ({ lastError }) => lastError !== null);
  const held = acme.simulator.fault({ endpoint: 'GET /user', kind: 'hold' });
  await keeper.time.pass(29 * SECOND);
  const looksIntoIt = () => acme.simulator.faults().some(({ id, held: now }) => id === held.id && now > 0);
  while (!looksIntoIt()) await keeper.time.pass(SECOND);
  await acme.setCallbackUrls([]);
  acme.bankComesBack();
  expect(await acme.becomes('ACTIVE')).toMatchObject({ action: null });
});
