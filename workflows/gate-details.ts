import { formatDuration } from './duration.ts';
import { forPeople } from './markdown.ts';
import type { SlotClass } from './slot-classes.ts';
import { inOrder } from './slot-order.ts';
import { isSuspect, type Slots } from './slots.ts';
import { iso } from './status.ts';

/** Of a long queue the first: the details are for a person. */
const MOST_SHOWN = 20;

const REASONS: Record<SlotClass, string> = {
  interactive: 'somebody waits for it',
  emergency: 'its session is about to end',
  lapsed: 'it has no valid session',
  'first-hour': 'its session is the first of a new credential',
  renewal: 'its renewal is due',
  bulk: 'many are renewed at once',
};

export interface GateFacts {
  egress: string;
  environment: string;
  gapMs: number;
}

/** Markdown for the Temporal UI: whose turn it is, and who waits, in their turn. Pure. */
export function gateDetails(
  { queue, out, turns, address, freeAtMs }: Slots,
  { egress, environment, gapMs }: GateFacts,
  nowMs: number,
): string {
  const parts = [
    `## Sessions from egress ${egress} (${environment})`,
    `From this address one new session is opened per ${formatDuration(gapMs)}.`,
  ];
  if (isSuspect(address))
    parts.push('**ADDRESS_SUSPECT**: the bank refuses every connection from this address; one tries every 5 minutes.');
  if (out) parts.push(`\`${out.workflowId}\` opens one since ${iso(out.grantedAtMs)}.`);
  else if (freeAtMs > nowMs) parts.push(`The next one from ${iso(freeAtMs)} on.`);
  parts.push(queue.length === 0 ? 'Nobody waits.' : `${queue.length} waiting:`);
  const first = inOrder(queue, turns).slice(0, MOST_SHOWN);
  const rows = first.map((request) => `| ${request.workflowId} | ${request.class}: ${REASONS[request.class]} |`);
  if (rows.length > 0) parts.push(['| connection | why |', '| --- | --- |', ...rows].join('\n'));
  if (queue.length > MOST_SHOWN) parts.push(`… and ${queue.length - MOST_SHOWN} more.`);
  return forPeople(parts.join('\n\n'));
}
