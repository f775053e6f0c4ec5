import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { GivenBack, SlotRequest, Slots } from '../../../workflows/slots.ts';
import type { HistoryEvent } from './history.ts';

const { HistoryEvent: EncodedEvent } = proto.temporal.api.history.v1;

/** A gate, as an operator sees it: its queries, and the histories of all its runs. */
export class ObservedGate {
  readonly workflowId: string;
  readonly #client: Client;
  readonly #runIds = new Set<string>();

  constructor(client: Client, workflowId: string) {
    this.#client = client;
    this.workflowId = workflowId;
  }

  slots(): Promise<Slots> {
    return this.#client.workflow.getHandle(this.workflowId).query<Slots>('slots');
  }

  async terminate(): Promise<void> {
    await this.noteRun();
    await this.#client.workflow.getHandle(this.workflowId).terminate('an operator did it');
  }

  /** Remembers the run that there is now, for `runs`. */
  async noteRun(): Promise<string> {
    const { runId } = await this.#client.workflow.getHandle(this.workflowId).describe();
    this.#runIds.add(runId);
    return runId;
  }

  /** The histories of the runs that were noted, the earliest first. */
  async runs(): Promise<HistoryEvent[][]> {
    return Promise.all([...this.#runIds].map((runId) => this.#history(runId)));
  }

  /** The histories of all runs that there were, the earliest first. */
  async allRuns(): Promise<HistoryEvent[][]> {
    const runs: { runId: string; startTime: Date }[] = [];
    for await (const run of this.#client.workflow.list({ query: `WorkflowId = '${this.workflowId}'` })) runs.push(run);
    const histories: HistoryEvent[][] = [];
    for (const { runId } of runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime())) histories.push(await this.#history(runId));
    return histories;
  }

  async #history(runId: string): Promise<HistoryEvent[]> {
    const { events } = await this.#client.workflow.getHandle(this.workflowId, runId).fetchHistory();
    return events ?? [];
  }
}

/** A slot, by the gate's history. */
export interface GrantedSlot {
  readonly workflowId: string;
  readonly requestId: string;
  readonly grantedAtMs: number;
  /** Null: never; its lease ended, or its connection was gone. */
  readonly givenBackAtMs: number | null;
}

export function grantedSlots(events: readonly HistoryEvent[]): GrantedSlot[] {
  const givenBack = new Map<string, number>();
  for (const event of events) {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName !== 'giveBack') continue;
    const { requestId } = argumentOf<GivenBack>(signal.input);
    if (!givenBack.has(requestId)) givenBack.set(requestId, atMs(event));
  }
  return events.flatMap((event) => {
    const signal = event.signalExternalWorkflowExecutionInitiatedEventAttributes;
    if (signal?.signalName !== 'slotGranted') return [];
    const { requestId } = argumentOf<{ requestId: string }>(signal.input);
    const workflowId = signal.workflowExecution!.workflowId!;
    return [{ workflowId, requestId, grantedAtMs: atMs(event), givenBackAtMs: givenBack.get(requestId) ?? null }];
  });
}

/** What the event asks the gate for: nothing, a slot for one connection, or for several. */
export function asksOf({ workflowExecutionSignaledEventAttributes: signal }: HistoryEvent): readonly SlotRequest[] {
  if (signal?.signalName === 'ask') return [argumentOf<SlotRequest>(signal.input)];
  return signal?.signalName === 'asks' ? argumentOf<readonly SlotRequest[]>(signal.input) : [];
}

export interface Cost {
  readonly events: number;
  readonly bytes: number;
}

/** What events cost the server, as it stores them. */
export const costOf = (events: readonly HistoryEvent[]): Cost => ({
  events: events.length,
  bytes: events.reduce((sum, event) => sum + EncodedEvent.encode(event).finish().length, 0),
});

export const atMs = ({ eventTime }: HistoryEvent): number => Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;

export const argumentOf = <Argument>(input: { payloads?: proto.temporal.api.common.v1.IPayload[] | null } | null | undefined) =>
  defaultPayloadConverter.fromPayload<Argument>(input!.payloads![0]!);
