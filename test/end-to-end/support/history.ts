import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';

export type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

const { EventType } = proto.temporal.api.enums.v1;

/** The events of a workflow's present run. */
export async function eventsOf(client: Client, workflowId: string): Promise<HistoryEvent[]> {
  return (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

/** `ActivityTaskScheduled`, as the Temporal UI writes it. */
export const typeOf = ({ eventType }: HistoryEvent): string =>
  EventType[eventType ?? 0]!.replace(/^EVENT_TYPE_/, '')
    .toLowerCase()
    .replace(/(^|_)(.)/g, (_all, _underscore, letter: string) => letter.toUpperCase());

/** What the Temporal UI shows beside an event; null without. */
export function summaryOf({ userMetadata }: HistoryEvent): string | null {
  const payload = userMetadata?.summary;
  return payload ? defaultPayloadConverter.fromPayload<string>(payload) : null;
}

/** What became of each run of an activity: how many attempts it had, and how the last one ended. */
export interface ActivityRun {
  readonly activity: string;
  readonly attempts: number;
  /** `Completed`, `Failed`, `TimedOut`; null while it runs. */
  readonly end: string | null;
}

export function activityRuns(events: readonly HistoryEvent[]): ActivityRun[] {
  return events.filter(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled).map((event) => runOf(event, events));
}

function runOf({ eventId, activityTaskScheduledEventAttributes: scheduled }: HistoryEvent, events: readonly HistoryEvent[]): ActivityRun {
  const isAbout = (attributes: { scheduledEventId?: unknown } | null | undefined) =>
    attributes != null && String(attributes.scheduledEventId) === String(eventId);
  const started = events.find((event) => isAbout(event.activityTaskStartedEventAttributes));
  const end = events.find(
    (event) =>
      isAbout(event.activityTaskCompletedEventAttributes) ||
      isAbout(event.activityTaskFailedEventAttributes) ||
      isAbout(event.activityTaskTimedOutEventAttributes),
  );
  return {
    activity: scheduled?.activityType?.name ?? '',
    attempts: started?.activityTaskStartedEventAttributes?.attempt ?? 0,
    end: end ? typeOf(end).replace('ActivityTask', '') : null,
  };
}
