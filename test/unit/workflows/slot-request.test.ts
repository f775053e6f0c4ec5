import { expect, test } from '@jest/globals';
import { slotClassOf } from '../../../workflows/slot-request.ts';
import type { ConnectionState } from '../../../workflows/state.ts';
import { newborn, onboarded, SESSION, T0 } from './states.ts';

/** How urgently one of many that are renewed wants its slot. */

const bulk = { by: 'ada@test', atMs: T0, bulk: true };
const asked = (state: ConnectionState, waitedForUntilMs = 0): ConnectionState => ({
  ...state,
  waitedForUntilMs,
  wishes: { ...state.wishes, renew: bulk },
});
const serving = onboarded().serving!;

test.each<[string, ConnectionState, number, string]>([
  ['before its time it comes last', onboarded(), T0 + 1, 'bulk'],
  ['once it is due it is as any other', onboarded(), serving.renewAtMs, 'renewal'],
  ['with little left it is an emergency', onboarded(), SESSION.expiresAtMs - 1, 'emergency'],
  ['without a valid session it has lapsed', onboarded(), SESSION.expiresAtMs, 'lapsed'],
  ['so has one whose session the bank has refused', onboarded({ serving: { ...serving, doubtful: true } }), T0 + 1, 'lapsed'],
])('%s', (_, state, nowMs, expected) => {
  expect(slotClassOf(asked(state), nowMs)).toBe(expected);
});

test('one that somebody waits for comes first', () => {
  expect(slotClassOf(asked(onboarded(), T0 + 2), T0 + 1)).toBe('interactive');
});

test('an onboarding is not put last by it', () => {
  const { ladder } = onboarded();
  expect(slotClassOf(asked({ ...newborn(), ladder }), T0)).toBe('lapsed');
});
