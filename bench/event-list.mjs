/** A history's events as a table: what each is, what it holds, how many bytes it takes. */
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';

const { HistoryEvent } = proto.temporal.api.history.v1;
const { EventType } = proto.temporal.api.enums.v1;

export function eventList(events) {
  const start = msOf(events[0]);
  const rows = events.map(
    (event) => `${String(sizeOf(event)).padStart(6)}  ${String(msOf(event) - start).padStart(6)} ms  ${nameOf(event)}`,
  );
  const total = events.reduce((sum, event) => sum + sizeOf(event), 0);
  return [...rows, `${String(total).padStart(6)}  in ${events.length} events`].join('\n');
}

const msOf = ({ eventTime }) => Number(eventTime.seconds) * 1000 + Math.round(eventTime.nanos / 1e6);

const sizeOf = (event) => HistoryEvent.encode(HistoryEvent.fromObject(event)).finish().length;

/** `ActivityTaskScheduled: open session (input 4100 bytes)` */
function nameOf(event) {
  const type = EventType[event.eventType]
    .replace('EVENT_TYPE_', '')
    .toLowerCase()
    .replace(/(^|_)(.)/g, (_all, _underscore, letter) => letter.toUpperCase());
  const summary = event.userMetadata?.summary ? `: ${defaultPayloadConverter.fromPayload(event.userMetadata.summary)}` : '';
  return `${type}${summary}${payloadsOf(event)}`;
}

/** The sizes of what is given and returned, by its field. */
function payloadsOf(event) {
  const [, attributes] = Object.entries(event).find(([name, value]) => name.endsWith('EventAttributes') && value) ?? [];
  const found = [];
  const look = (value, name) => {
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return;
    if (value.data instanceof Uint8Array) found.push(`${name} ${value.data.length}`);
    else for (const [key, inner] of Object.entries(value)) look(inner, /^\d+$|^payloads$|^fields$|^indexedFields$/.test(key) ? name : key);
  };
  look(attributes ?? {}, '');
  return found.length > 0 ? `  (${found.join(', ')})` : '';
}
