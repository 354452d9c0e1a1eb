/** How one cell has worked, over all its incarnations: times, crashes, the last messages; bounded, for those who look. */
import type { Clock } from '../clock.ts';
import { isoTime } from '../clock.ts';
import type { Crash, Exit, RecentMessage, Timing } from '../inspection.ts';
import { Ring } from '../ring.ts';
import type { Envelope } from './envelope.ts';
import { Histogram, rounded } from './histogram.ts';

const RECENT_MESSAGES = 20;
const CRASHES_KEPT = 10;

/** A group of quick messages that took longer than this together is put down to one of them, so that no slow one hides. */
const SLOW_GROUP_MS = 1;

interface Recent {
  type: string;
  from: string;
  at: number;
  queueMs: number;
  serviceMs: number;
  /** Its wall time, once somebody has looked: two looks must not differ by a rounding. */
  wall: string | undefined;
}

export class WorkRecord {
  /** Monotonic ms spent in handlers. */
  busyMs = 0;
  lastAt: number | undefined;
  lastExit: Exit | undefined;
  #recent: Ring<Recent> | undefined;
  #lastLooked: { readonly at: number; readonly wall: string } | undefined;
  #wait: Histogram | undefined;
  #service: Histogram | undefined;
  #crashes: Crash[] | undefined;

  /** One reading of the clock after `count` messages that began at `startedAt`; `last` is the last of them. */
  group(last: Envelope, queuedAt: number, count: number, startedAt: number, now: number): void {
    const tookMs = now - startedAt;
    const each = tookMs / count;
    this.busyMs += tookMs;
    this.lastAt = now;
    this.#wait ??= new Histogram();
    this.#service ??= new Histogram();
    this.#wait.add(Math.max(0, startedAt - queuedAt), count);
    if (count > 1 && tookMs > SLOW_GROUP_MS) {
      this.#service.add(tookMs);
      this.#service.add(0, count - 1);
    } else {
      this.#service.add(each, count);
    }
    this.#remember(last, now, startedAt - queuedAt, each);
  }

  crash(crash: Crash): void {
    const crashes = (this.#crashes ??= []);
    crashes.push(crash);
    if (crashes.length > CRASHES_KEPT) crashes.shift();
  }

  resetTiming(): void {
    this.#wait?.reset();
    this.#service?.reset();
  }

  timing(): Timing {
    const none = { count: 0, p50: 0, p99: 0, max: 0 };
    return { waitMs: this.#wait?.read() ?? none, serviceMs: this.#service?.read() ?? none };
  }

  /** ISO-8601; null before the first message. */
  lastMessageAt(clock: Clock): string | null {
    if (this.lastAt === undefined) return null;
    if (this.#lastLooked?.at !== this.lastAt) this.#lastLooked = { at: this.lastAt, wall: wallTime(clock, this.lastAt) };
    return this.#lastLooked.wall;
  }

  recent(clock: Clock): readonly RecentMessage[] {
    return (this.#recent?.toArray() ?? []).map((one) => ({ type: one.type, at: (one.wall ??= wallTime(clock, one.at)), from: one.from, queueMs: rounded(one.queueMs), serviceMs: rounded(one.serviceMs) }));
  }

  get crashes(): readonly Crash[] {
    return [...(this.#crashes ?? [])];
  }

  /** What is shown no more is filled anew: nothing is allocated for a message. */
  #remember(last: Envelope, at: number, queueMs: number, serviceMs: number): void {
    const recent = (this.#recent ??= new Ring<Recent>());
    const { from } = last;
    const { type } = last.message;
    const oldest = recent.length < RECENT_MESSAGES ? undefined : recent.shift();
    if (oldest === undefined) {
      recent.push({ type, from, at, queueMs, serviceMs, wall: undefined });
      return;
    }
    oldest.type = type;
    oldest.from = from;
    oldest.at = at;
    oldest.queueMs = queueMs;
    oldest.serviceMs = serviceMs;
    oldest.wall = undefined;
    recent.push(oldest);
  }
}

/** The wall time of a monotonic instant. */
function wallTime(clock: Clock, at: number): string {
  return isoTime(clock.now() - (clock.monotonic() - at));
}
