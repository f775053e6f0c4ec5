interface Event {
  readonly atMs: number;
  /** Of two at the same time the earlier said one comes first. */
  readonly order: number;
  readonly happen: () => void;
}

const isBefore = (a: Event, b: Event) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Virtual time: what is to happen happens at its time, one after another, and nothing else lets time pass. */
export class Timeline {
  nowMs: number;
  #said = 0;
  /** A binary heap. */
  readonly #events: Event[] = [];

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  at(atMs: number, happen: () => void): void {
    const events = this.#events;
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#said++, happen };
    let index = events.length;
    for (let parent = (index - 1) >> 1; index > 0 && isBefore(event, events[parent]!); parent = (index - 1) >> 1) {
      events[index] = events[parent]!;
      index = parent;
    }
    events[index] = event;
  }

  runUntil(untilMs: number): void {
    while (this.#events.length > 0 && this.#events[0]!.atMs <= untilMs) {
      const event = this.#takeFirst();
      this.nowMs = event.atMs;
      event.happen();
    }
    this.nowMs = untilMs;
  }

  #takeFirst(): Event {
    const events = this.#events;
    const [first, last] = [events[0]!, events.pop()!];
    if (events.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < events.length && isBefore(events[child + 1]!, events[child]!)) child++;
      if (child >= events.length || !isBefore(events[child]!, last)) break;
      events[index] = events[child]!;
      index = child;
    }
    events[index] = last;
    return first;
  }
}
