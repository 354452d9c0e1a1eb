/** What one cell has done, over all its incarnations: bounded, for those who look. */
import type { Clock } from '../clock.ts';
import { isoTime } from '../clock.ts';
import type { Accounts, Crash, Exit, ParkedMessage, RecentMessage, Timing } from '../inspection.ts';
import { Ring } from '../ring.ts';
import type { Envelope } from './envelope.ts';
import { Histogram, rounded } from './histogram.ts';

const RECENT_MESSAGES = 20;
const CRASHES_KEPT = 10;
const PARKED_KEPT = 100;

/** A group of quick messages that took longer than this together is put down to one of them, so that no slow one hides. */
const SLOW_GROUP_MS = 1;

interface Recent {
  readonly type: string;
  readonly from: string;
  readonly at: number;
  readonly queueMs: number;
  readonly serviceMs: number;
  /** Its wall time, once somebody has looked: two looks must not differ by a rounding. */
  wall: string | undefined;
}

interface Parked {
  readonly envelope: Envelope;
  readonly at: number;
  readonly reason: string;
}

export class WorkRecord {
  /** Every message that was taken into the mailbox is in exactly one of the others, or waits, or is in hand. */
  received = 0;
  handled = 0;
  dropped = 0;
  flushed = 0;
  dead = 0;
  /** Not taken: not among the received. */
  refused = 0;
  /** Monotonic ms spent in handlers. */
  busyMs = 0;
  lastAt: number | undefined;
  lastMailAt: number | undefined;
  lastExit: Exit | undefined;
  #recent: Ring<Recent> | undefined;
  #lastLooked: { readonly at: number; readonly wall: string } | undefined;
  #wait: Histogram | undefined;
  #service: Histogram | undefined;
  #crashes: Crash[] | undefined;
  #parked: Parked[] | undefined;
  #parkedEver = 0;

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
    const recent = (this.#recent ??= new Ring<Recent>());
    recent.push({ type: last.message.type, from: last.from, at: now, queueMs: startedAt - queuedAt, serviceMs: each, wall: undefined });
    if (recent.length > RECENT_MESSAGES) recent.shift();
  }

  crash(crash: Crash): void {
    const crashes = (this.#crashes ??= []);
    crashes.push(crash);
    if (crashes.length > CRASHES_KEPT) crashes.shift();
  }

  /** The oldest gives way; it stays counted. */
  park(envelope: Envelope, at: number, reason: string): void {
    const parked = (this.#parked ??= []);
    this.#parkedEver += 1;
    parked.push({ envelope: envelope.copy(), at, reason });
    if (parked.length > PARKED_KEPT) parked.shift();
  }

  /** Takes the parked messages that are still kept back out. */
  unpark(): Envelope[] {
    const envelopes = (this.#parked ?? []).map((one) => one.envelope);
    this.#parked = undefined;
    this.#parkedEver -= envelopes.length;
    return envelopes;
  }

  /** How many are kept now: what gave way is only counted. */
  get parkedKept(): number {
    return this.#parked?.length ?? 0;
  }

  resetTiming(): void {
    this.#wait?.reset();
    this.#service?.reset();
  }

  accounts(queued: number): Accounts {
    const { received, handled, dropped, flushed, dead, refused } = this;
    return { received, handled, queued, parked: this.#parkedEver, flushed, dropped, dead, refused };
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

  parked(describe: (payload: unknown) => string): readonly ParkedMessage[] {
    return (this.#parked ?? []).map(({ envelope, at, reason }) => ({ type: envelope.message.type, from: envelope.from, at: isoTime(at), reason, payload: describe(envelope.message) }));
  }
}

/** The wall time of a monotonic instant. */
function wallTime(clock: Clock, at: number): string {
  return isoTime(clock.now() - (clock.monotonic() - at));
}
