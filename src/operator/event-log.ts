/** What has happened in the tree lately, numbered, for whoever looks afterwards and whoever follows; bounded, and without secrets. */
import type { Clock } from '../supervision/clock.ts';
import { isoTime } from '../supervision/clock.ts';
import type { LifecycleEvent } from '../supervision/inspection.ts';
import { redact } from '../supervision/redact.ts';
import { Ring } from '../supervision/ring.ts';
import type { Escalation } from './health-tree.ts';

/** A restart of the whole tree is some hundred events: the last few of those can be looked at. */
const KEPT = 1_000;
const ESCALATIONS_KEPT = 20;

export interface LoggedEvent {
  /** Rises by one; begins at 1 with the process. */
  readonly id: number;
  readonly at: string;
  readonly event: LifecycleEvent;
}

export class EventLog {
  readonly #ring = new Ring<LoggedEvent>();
  readonly #escalations = new Ring<Escalation>();
  readonly #listeners = new Set<(logged: LoggedEvent) => void>();
  #id = 0;

  /** `subscribe`: to the life of the tree; for as long as the process lasts. */
  constructor(subscribe: (listener: (event: LifecycleEvent) => void) => unknown, clock: Clock) {
    subscribe((event) => this.#add(event, clock.now()));
  }

  /** The kept ones after that number, oldest first. A number that has not been given is of an earlier process: then all. */
  after(id: number): readonly LoggedEvent[] {
    return this.#ring.toArray().filter((one) => id > this.#id || one.id > id);
  }

  get escalations(): readonly Escalation[] {
    return this.#escalations.toArray();
  }

  /** Each one from now on, until the returned function is called. */
  follow(listener: (logged: LoggedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #add(raw: LifecycleEvent, now: number): void {
    const event = redact(raw) as LifecycleEvent;
    const logged: LoggedEvent = { id: ++this.#id, at: isoTime(now), event };
    this.#ring.push(logged);
    if (this.#ring.length > KEPT) this.#ring.shift();
    if (event.type === 'escalated') {
      this.#escalations.push({ path: event.path, child: event.child, reason: event.reason, at: now });
      if (this.#escalations.length > ESCALATIONS_KEPT) this.#escalations.shift();
    }
    for (const listener of this.#listeners) listener(logged);
  }
}
