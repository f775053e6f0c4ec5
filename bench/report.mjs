import { eventList } from './event-list.mjs';
import { measureHistories } from './histories.mjs';

/** What is measured, each giving rows: what, its aim, what was measured. */
export const PARTS = {
  async histories(build, { listEvents }) {
    const { onboarding, connection, gate, connectionEvents, gateEvents } = await measureHistories(build);
    if (listEvents) {
      console.log(`\nOne renewal, the connection:\n${eventList(connectionEvents)}`);
      console.log(`\nOne slot, the gate:\n${eventList(gateEvents)}\n`);
    }
    return [
      row('onboarding: events', null, onboarding.events),
      row('onboarding: bytes', null, onboarding.bytes),
      row('renewal: events', 36, connection.events),
      row('renewal: bytes', 9 * 1024, connection.bytes),
      row('slot of the gate: events', 20, gate.events),
      row('slot of the gate: bytes', 2.5 * 1024, gate.bytes),
    ];
  },
};

const row = (what, aim, measured, unit = '') => ({ what, aim, measured, unit });

export function show(rows) {
  const text = (value, unit) => (value === null ? '' : `${Number.isInteger(value) ? value : value.toFixed(2)}${unit}`);
  const table = [['', 'aim', 'measured', ''], ...rows.map(({ what, aim, measured, unit }) => [
    what,
    aim === null ? '' : `≤ ${text(aim, unit)}`,
    text(measured, unit),
    aim === null ? '' : measured <= aim ? 'met' : 'MISSED',
  ])];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((line) => line[column].length)));
  for (const [what, aim, measured, verdict] of table)
    console.log(`${what.padEnd(widths[0])}  ${aim.padStart(widths[1])}  ${measured.padStart(widths[2])}  ${verdict}`.trimEnd());
}
