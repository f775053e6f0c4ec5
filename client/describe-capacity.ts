import { DAY_MS, formatDuration, SECOND_MS } from '../workflows/duration.ts';
import type { SlotClass } from '../workflows/slot-classes.ts';
import type { AddressUse } from './address-use.ts';
import type { Capacity } from './capacity.ts';
import { table } from './table.ts';
import { daysOf, whole } from './words.ts';

/** Capacity in words for a person. All pure. */

export function describePlan(plan: Capacity): string {
  const { users, addresses, load, sessionsPerAddress } = plan;
  const all = addresses === 1 ? [] : [[`${whole(addresses)} addresses hold`, whole(addresses * sessionsPerAddress)]];
  return table([...ofOneAddress(plan), ...all, [usersIn(users), `${percent(load)} of the slots`], ...reopeningRows(plan)]);
}

/** Of one egress today. */
export function describeUse(use: AddressUse): string {
  const { egress, connections, users, load, addedPerWeek, fullAt } = use;
  return table([
    ['egress', egress],
    ...ofOneAddress(use),
    ['today', `${whole(connections)} connections (${usersIn(users)}): ${percent(load)} of the slots`],
    [
      'added',
      addedPerWeek === null ? 'not known yet: its first connection is younger than a week' : `${whole(Math.round(addedPerWeek))} a week`,
    ],
    ['full', fullAt === null ? 'no date: it is not known to grow' : `on ${fullAt.slice(0, 10)}, at that rate`],
    ...reopeningRows(use),
  ]);
}

const ofOneAddress = ({ slotSeconds, sessionLifetimeSeconds, renewedAfterSeconds, sessionsPerAddress }: Capacity) => [
  ['a slot', `${slotSeconds} s: one session is opened at a time, and then the gap is kept`],
  ['a session', `lasts ${lasting(sessionLifetimeSeconds)}, renewed after ${lasting(renewedAfterSeconds)}`],
  ['an address holds', `${whole(sessionsPerAddress)} of them`],
];

/** What each class means. */
const CLASSES: Readonly<Record<SlotClass, string>> = {
  interactive: 'somebody waits for it',
  emergency: 'under a tenth of its life is left',
  lapsed: 'it has ended',
  'first-hour': 'it lasts an hour at most',
  renewal: 'it is due',
  bulk: 'renewed before its time',
};

function reopeningRows({ reopenDays, reopenOrder }: Capacity): string[][] {
  const order = reopenOrder.map((slotClass) => `${slotClass} (${CLASSES[slotClass]})`).join(', ');
  return [
    ['to open all anew', `${daysOf(reopenDays)}, if the bank has ended all sessions`],
    ['in the order', `${order}; of one class the session that ends first`],
  ];
}

/** What to do about a plan; null where all is well. */
export function planRemark(plan: Capacity): string | null {
  const { users, addresses, addressesNeeded, sessionsPerAddress, fits, load } = plan;
  if (addressesNeeded === null) return HOPELESS;
  if (fits) return crowded(load);
  const there = addresses === 1 ? 'there is one' : `there are ${whole(addresses)}`;
  return `${usersIn(users)} do not fit: an address holds ${whole(sessionsPerAddress)}, and ${there}. Take ${whole(addressesNeeded)} addresses. ${MORE_ADDRESSES}`;
}

/** The same about what is in use. */
export function useRemark({ egress, load, addressesNeeded, fits }: AddressUse): string | null {
  if (addressesNeeded === null) return HOPELESS;
  if (fits) return crowded(load);
  return `Egress ${egress} does not keep up: renewals want ${percent(load)} of its address's slots, and the least urgent lapse. Take ${whole(addressesNeeded)} addresses. ${MORE_ADDRESSES}`;
}

const HOPELESS = 'Such a session has to be renewed before its successor gets a slot: no number of addresses helps.';

const crowded = (load: number) =>
  load <= 1 / 2
    ? null
    : `${percent(load)} of the slots are taken, and what is left is what an outage is caught up with: plan for less than half. ${MORE_ADDRESSES}`;

/** For a connection that is refused. */
export function overdraws(name: string, use: AddressUse): string {
  const { egress, connections, load, slotSeconds, sessionsPerAddress, reopenDays } = use;
  return [
    `${name} does not fit: nothing was done. With it, the ${whole(connections)} connections of egress ${egress} would take ${percent(load)} of its address's slots.`,
    `At ${slotSeconds} s a slot it holds ${whole(sessionsPerAddress)} sessions of a week, and takes ${daysOf(reopenDays)} to open all of these anew.`,
    `${MORE_ADDRESSES} How full each is: bunq-keeper capacity`,
  ].join(' ');
}

/** For connections that are all to be renewed at once. */
export const cannotRenewAll = (egress: string, connections: number, slotMs: number) =>
  `The ${whole(connections)} connections of egress ${egress} would take ${daysOf((connections * slotMs) / DAY_MS)}: before the last is renewed the first is due again, so nobody was asked. Choose some, with --state, --provider or --egress. How full each address is: bunq-keeper capacity`;

const MORE_ADDRESSES =
  'Another address is another egress: workers that leave by it, with a KEEPER_EGRESS of its own, and a provider that is onboarded there.';

const usersIn = (users: number) => (users === 1 ? '1 user' : `${whole(users)} users`);
/** Rounded up, so that it is 100 % only when nothing is left, and more only when it is too much. */
const percent = (share: number) => `${(Math.ceil(share * 1000 - ROUNDING) / 10).toLocaleString('en-GB')} %`;
const ROUNDING = 1e-6;

/** `7d`; of what is no round number the days or hours: `4.7 days`. */
const lasting = (seconds: number) => {
  const exact = formatDuration(seconds * SECOND_MS);
  return exact.endsWith('d') || seconds < 3600 ? exact : daysOf(seconds / 86_400);
};
