import { DAY_MS } from '../workflows/duration.ts';
import { EXIT } from './errors.ts';
import { leftMs, type RenewalProgress } from './mass-renewal.ts';
import { table } from './table.ts';
import { daysOf, several, verb, whole } from './words.ts';

/** The renewal of many connections in words for a person. All pure. */

const lasting = (ms: number) => daysOf(ms / DAY_MS);

/** Before it begins. */
export function describeForecast(progress: RenewalProgress): string {
  const { connections, forecast } = progress;
  if (connections === 0) return 'There is nothing to renew.';
  const each = forecast.map(({ egress, connections: number, takesMs }) => `egress ${egress}: ${whole(number)}, ${lasting(takesMs)}`);
  return `${connections === 1 ? '1 connection' : `${whole(connections)} connections`} to renew, in ${lasting(leftMs(progress))} at least: one at a time from each address, after all that is due or urgent there (${each.join('; ')}).`;
}

const askedOf = ({ connections, unasked, failed }: RenewalProgress) => connections - unasked - failed.length;

/** One line that is drawn over. */
export function progressLine(progress: RenewalProgress): string {
  const { connections, waiting, renewed, closed, waitForPerson, failed } = progress;
  const some = [
    [closed, 'closed meanwhile'],
    [waitForPerson.length, 'waiting for a person'],
    [failed.length, 'failed'],
  ] as const;
  const others = some.flatMap(([number, what]) => (number > 0 ? [`${whole(number)} ${what}`] : []));
  const parts = [
    `asked ${whole(askedOf(progress))} of ${whole(connections)}`,
    `${whole(renewed)} renewed`,
    `${whole(waiting)} waiting for a slot`,
    ...others,
  ];
  return `${parts.join(', ')}; ${lasting(leftMs(progress))} to go`;
}

/** Elsewhere than on a terminal a line is written when this changes: at each tenth, and when all were asked. */
export const milestone = ({ connections, unasked, waiting }: RenewalProgress) =>
  `${Math.floor((10 * (connections - unasked - waiting)) / Math.max(1, connections))} ${unasked === 0}`;

export function describeRenewed(progress: RenewalProgress): string {
  const { connections, renewed, waiting, unasked, closed, waitForPerson, failed } = progress;
  const rows: [string, number][] = [
    ['waiting for a slot', waiting],
    ['not asked', unasked],
    ['closed meanwhile', closed],
    ['waiting for a person', waitForPerson.length],
    ['could not be asked', failed.length],
  ];
  return table([
    ['renewed', `${whole(renewed)} of ${whole(connections)}`],
    ...rows.flatMap(([what, number]) => (number > 0 ? [[what, whole(number)]] : [])),
  ]);
}

/** What is left, and who does it. */
export function renewalRemarks(progress: RenewalProgress): string[] {
  const { waiting, waitForPerson, failed, trouble } = progress;
  const remarks: string[] = [];
  if (waiting > 0)
    remarks.push(
      `${whole(waiting)} ${waiting === 1 ? 'waits' : 'wait'} for a slot, and ${waiting === 1 ? 'goes' : 'go'} on without this command, for ${lasting(leftMs(progress))} at least: bunq-keeper list --state RENEWING`,
    );
  if (waitForPerson.length > 0)
    remarks.push(`${several(waitForPerson)} ${verb(waitForPerson, 'waits', 'wait')} for a person. What to do: bunq-keeper list --action`);
  if (failed.length > 0) remarks.push(`${several(failed)} could not be asked${trouble ? `: ${trouble}` : '.'}`);
  return remarks;
}

/** After Ctrl-C. */
export const interrupted = (progress: RenewalProgress) =>
  `${whole(askedOf(progress))} of ${whole(progress.connections)} were asked: ${whole(progress.renewed)} are renewed, and the others go on without this command. ${whole(progress.unasked)} were not asked.`;

export function exitCodeOf({ failed, waiting, unasked, waitForPerson }: RenewalProgress, wasWaitedFor: boolean): number {
  if (failed.length > 0) return EXIT.failed;
  if (wasWaitedFor && waiting + unasked > 0) return EXIT.notDoneInTime;
  return waitForPerson.length > 0 ? EXIT.waitsForPerson : EXIT.done;
}
