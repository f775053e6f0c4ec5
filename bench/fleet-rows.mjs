/** What a fleet costs, as rows of the report. */
import { atLeast, row } from './rows.mjs';
import { median } from './stage.mjs';

const MIB = 1024 * 1024;
/** Of bunq, for which the gap is shortened here. */
const BUNQ_GAP_MS = 30_000;
/** What is the same for each user, whatever their number, grows no more than so, from the least of them to the most. */
const LINEAR = 1.25;
const IDLE_MIB = 512;
const IDLE_USERS = 20_000;
const RECOVERY = 1.05;

export function fleetRows({ gapMs, pace, sizes, drilled }) {
  const ownMs = pace.cycleMs - gapMs;
  return [
    row('fleet: gap between two sessions', null, gapMs, ' ms'),
    row('fleet: from one session to the next where many wait', null, pace.cycleMs, ' ms'),
    row('fleet: share of the slots that can be used at a gap of 30 s', null, BUNQ_GAP_MS / (BUNQ_GAP_MS + ownMs)),
    ...sizes.flatMap(sizeRows),
    ...(sizes.length > 1 ? growthRows(sizes) : []),
    ...(drilled ? drillRows(drilled) : []),
  ];
}

function sizeRows(size) {
  const { users, memory, database, history, consentsMs, waitsMs, processorMs } = size;
  const of = (what, aim, measured, unit) => row(`fleet, ${users.toLocaleString('en')} users: ${what}`, aim, measured, unit);
  const idleAim = users >= IDLE_USERS ? IDLE_MIB : null;
  return [
    of('life of a session', null, size.lifeMs / 1000, ' s'),
    of('started a second', null, size.startedPerSecond, '/s'),
    of('lapses', 0, size.lapses),
    of('refused session calls', 0, size.refused),
    of('renewals in the window', null, size.renewals),
    of('renewals', null, size.perSecond, '/s'),
    of('slots used, of those by the pace above', null, size.slotUse),
    atLeast(`fleet, ${users.toLocaleString('en')} users: least distance of two session calls`, size.gapMs, size.leastDistanceMs, ' ms'),
    of('from due to renewed, median', null, waitsMs.median, ' ms'),
    of('from due to renewed, most', null, waitsMs.most, ' ms'),
    of('from consent to live session, median', null, median(consentsMs), ' ms'),
    of('from consent to live session, most', null, Math.max(...consentsMs), ' ms'),
    of('memory of the worker, no users', null, memory.empty.memory.worker.now / MIB, ' MiB'),
    of('memory of the worker, all at rest', idleAim, memory.rest.memory.worker.now / MIB, ' MiB'),
    of('memory of the worker, after the window', null, memory.end.memory.worker.now / MIB, ' MiB'),
    of('memory of the worker, at its most', null, memory.end.memory.worker.peak / MIB, ' MiB'),
    of('memory of the worker, each at rest', null, perUser(size, 'worker') / 1024, ' KiB'),
    of('memory of the Temporal server, all at rest', null, memory.rest.memory.server.now / MIB, ' MiB'),
    of('memory of the Temporal server, each at rest', null, perUser(size, 'server') / 1024, ' KiB'),
    of('database, each', null, database.perUser / 1024, ' KiB'),
    of('database, a session opened', null, database.perSession / 1024, ' KiB'),
    of('history, a renewal: events', null, history.events),
    of('history, a renewal: bytes', null, history.bytes),
    of('processor time of the worker, a session opened', null, processorMs.worker, ' ms'),
    of('processor time of the Temporal server, a session opened', null, processorMs.server, ' ms'),
    of('list of all', null, size.listMs, ' ms'),
  ];
}

const perUser = ({ users, memory: { empty, rest } }, name) => (rest.memory[name].now - empty.memory[name].now) / users;

/** The most against the least: of what would be the same if all grew as the users do, or better. */
function growthRows(sizes) {
  const [least, most] = [sizes[0], sizes.at(-1)];
  const ratio = (what, of) =>
    row(`fleet, ${most.users.toLocaleString('en')} / ${least.users.toLocaleString('en')} users: ${what}`, LINEAR, of(most) / of(least));
  return [
    ratio('processor time of the worker, a session opened', ({ processorMs }) => processorMs.worker),
    ratio('processor time of the Temporal server, a session opened', ({ processorMs }) => processorMs.server),
    ratio('memory of the worker, each at rest', (size) => perUser(size, 'worker')),
    ratio('memory of the Temporal server, each at rest', (size) => perUser(size, 'server')),
    ratio('database, each', ({ database }) => database.perUser),
    ratio('history, a renewal: bytes', ({ history }) => history.bytes),
    ratio('list of all, each', ({ listMs, users }) => listMs / users),
    ratio('from consent to live session, median', ({ consentsMs }) => median(consentsMs)),
  ];
}

function drillRows({ users, gapMs, callers, answers, forecastMs, tookMs, passedOver }) {
  const of = (what, aim, measured, unit) => row(`fleet, all ${users.toLocaleString('en')} sessions ended: ${what}`, aim, measured, unit);
  return [
    of('gap between two sessions', null, gapMs, ' ms'),
    of('callers who call', null, callers),
    of('of them answered with 200 by one call of `keeper.fetch`', null, answers[200] ?? 0),
    of('foretold by `capacity`', null, forecastMs / 1000, ' s'),
    of('until all have new ones', null, tookMs / 1000, ' s'),
    of('taken / foretold', RECOVERY, tookMs / forecastMs),
    of('opened while somebody more urgent waited', 0, passedOver),
  ];
}
