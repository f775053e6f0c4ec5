import { gateDetails } from '../../../workflows/gate-details.ts';
import { NO_SLOTS, type SlotRequest, type Slots } from '../../../workflows/slots.ts';
import { T0 } from './states.ts';

const GATE = { egress: 'default', environment: 'sandbox', gapMs: 30_000 };
const request = (name: string, slotClass: SlotRequest['class'], deadlineMs = T0): SlotRequest => ({
  workflowId: `provider.sandbox.${name}`,
  requestId: name,
  class: slotClass,
  deadlineMs,
  provider: name,
});
const details = (slots: Partial<Slots>) => gateDetails({ ...NO_SLOTS, ...slots }, GATE, T0);

test('who waits is told with the reason, the most urgent first', () => {
  const told = details({ queue: [request('later', 'renewal', T0 + 1), request('sooner', 'renewal'), request('lapsed', 'lapsed')] });
  expect(told).toContain('one new session is opened per 30s');
  expect(told.match(/^\| provider.*/gm)).toEqual([
    '| provider.sandbox.lapsed | lapsed: it has no valid session |',
    '| provider.sandbox.sooner | renewal: its renewal is due |',
    '| provider.sandbox.later | renewal: its renewal is due |',
  ]);
});

test('whose turn it is, or when the next one comes, or that nobody waits', () => {
  expect(details({ out: { workflowId: 'provider.sandbox.acme', requestId: 'r', grantedAtMs: T0 } })).toContain(
    '`provider.sandbox.acme` opens one',
  );
  expect(details({ freeAtMs: T0 + 1000 })).toContain('The next one from 2026-12-01 12:00:01 UTC on.');
  expect(details({ freeAtMs: T0 })).not.toContain('The next one');
  expect(details({})).toContain('Nobody waits.');
});

test('of a long queue the first are shown, and how many there are', () => {
  const told = details({ queue: Array.from({ length: 25 }, (_, index) => request(`c${index}`, 'renewal', T0 + index)) });
  expect(told).toContain('25 waiting:');
  expect(told.match(/^\| provider/gm)).toHaveLength(20);
  expect(told).toContain('… and 5 more.');
});
