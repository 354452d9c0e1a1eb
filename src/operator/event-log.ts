/** What has happened lately, numbered, for whoever looks afterwards and whoever follows: in the tree, decided, ordered, filled, alerted; bounded, and without secrets. */
import type { HappenedMessage, JournalEntryDraft } from '../protocol/messages.ts';
import type { AlertView } from '../protocol/read-models.ts';
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';
import type { Clock } from '../supervision/clock.ts';
import { isoTime } from '../supervision/clock.ts';
import type { LifecycleEvent } from '../supervision/inspection.ts';
import { redact } from '../supervision/redact.ts';
import { Ring } from '../supervision/ring.ts';
import type { Escalation } from './health-tree.ts';

/** Of each kind: a restart of the whole tree is some hundred events, a cycle of a hundred symbols too; none pushes out another's. */
const KEPT = 1_000;
const ESCALATIONS_KEPT = 20;

/** As they are called in the stream. */
export const EVENT_NAMES = ['lifecycle', 'decision', 'order', 'fill', 'alert'] as const;
export type EventName = (typeof EVENT_NAMES)[number];

export interface LoggedEvent {
  /** Rises by one over all kinds; begins at 1 with the process. */
  readonly id: number;
  readonly at: string;
  readonly name: EventName;
  readonly event: { readonly type: string };
}

/** Decisions of their own: the log tells of these. And what a Snapshot says has been told. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['IntentAccepted', 'PlanMade', 'PermitGranted', SNAPSHOT_TYPE]);
const LIVES = 'symbol/';

export class EventLog {
  readonly #rings = new Map<EventName, Ring<LoggedEvent>>(EVENT_NAMES.map((name) => [name, new Ring<LoggedEvent>()]));
  readonly #escalations = new Ring<Escalation>();
  readonly #listeners = new Set<(logged: LoggedEvent) => void>();
  readonly #clock: Clock;
  #alerts: ReadonlyMap<string, AlertView> = new Map();
  #id = 0;

  /** `subscribe`: to the life of the tree; for as long as the process lasts. */
  constructor(subscribe: (listener: (event: LifecycleEvent) => void) => unknown, clock: Clock) {
    this.#clock = clock;
    subscribe((event) => this.#lifecycle(event));
  }

  /** What actors tell of: a decision that is new, entries that are durable now. */
  happened(message: HappenedMessage): void {
    if (message.what === 'decision') {
      const { at, lastAt, ...decision } = message.decision;
      this.#add('decision', { type: 'decision', decidedAt: isoTime(at), lastAt: isoTime(lastAt), ...decision });
    } else for (const entry of message.entries) this.#entry(entry, message.tookMs);
  }

  /** What stands wrong now: an event for each that begins and each that ends. */
  alerts(standing: readonly AlertView[]): void {
    const now = new Map(standing.map((alert) => [alert.name, alert]));
    for (const [name, alert] of now) if (!this.#alerts.has(name)) this.#add('alert', { type: 'alert', state: 'raised', ...alert });
    for (const [name, alert] of this.#alerts) if (!now.has(name)) this.#add('alert', { type: 'alert', state: 'over', ...alert });
    this.#alerts = now;
  }

  /** The kept ones after that number, oldest first. A number that has not been given is of an earlier process: then all. */
  after(id: number): readonly LoggedEvent[] {
    return [...this.#rings.values()].flatMap((ring) => ring.toArray()).filter((one) => id > this.#id || one.id > id).toSorted((a, b) => a.id - b.id);
  }

  get escalations(): readonly Escalation[] {
    return this.#escalations.toArray();
  }

  /** Each one from now on, until the returned function is called. */
  follow(listener: (logged: LoggedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #lifecycle(raw: LifecycleEvent): void {
    const event = this.#add('lifecycle', raw);
    if (event.type !== 'escalated') return;
    this.#escalations.push({ path: event.path, child: event.child, reason: event.reason, at: this.#clock.now() });
    if (this.#escalations.length > ESCALATIONS_KEPT) this.#escalations.shift();
  }

  #entry({ entity, type, at, payload }: JournalEntryDraft, tookMs: number): void {
    if (!entity.startsWith(LIVES) || TOLD_OTHERWISE.has(type)) return;
    const name = type === 'FillRecorded' ? 'fill' : 'order';
    this.#add(name, { type: name, symbol: entity.slice(LIVES.length), happened: type, recordedAt: isoTime(at), appendMs: tookMs, ...(payload as object) });
  }

  #add<Event extends { readonly type: string }>(name: EventName, raw: Event): Event {
    const event = redact(raw) as Event;
    const logged: LoggedEvent = { id: ++this.#id, at: isoTime(this.#clock.now()), name, event };
    const ring = this.#rings.get(name);
    ring?.push(logged);
    if (ring !== undefined && ring.length > KEPT) ring.shift();
    for (const listener of this.#listeners) listener(logged);
    return event;
  }
}
