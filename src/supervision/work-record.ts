/** What one cell has done, over all its incarnations: bounded, for those who look. */
import { isoTime } from './clock.ts';
import type { Clock } from './clock.ts';
import type { Crash, RecentMessage } from './inspection.ts';
import type { Envelope } from './kernel.ts';

const RECENT_MESSAGES = 20;
const CRASHES_KEPT = 10;

export class WorkRecord {
  handled = 0;
  dropped = 0;
  #lastMessageAt: number | undefined;
  readonly #recent: RecentMessage[] = [];
  readonly #crashes: Crash[] = [];

  /** ISO-8601; null before the first message. */
  get lastMessageAt(): string | null {
    return this.#lastMessageAt === undefined ? null : isoTime(this.#lastMessageAt);
  }

  get recent(): readonly RecentMessage[] {
    return [...this.#recent];
  }

  get crashes(): readonly Crash[] {
    return [...this.#crashes];
  }

  message({ message, from, queuedAt }: Envelope, startedAt: number, clock: Clock): void {
    this.handled += 1;
    this.#lastMessageAt = clock.now();
    this.#recent.push({ type: message.type, at: isoTime(this.#lastMessageAt), from, queueMs: rounded(startedAt - queuedAt), serviceMs: rounded(clock.monotonic() - startedAt) });
    if (this.#recent.length > RECENT_MESSAGES) this.#recent.shift();
  }

  crash(crash: Crash): void {
    this.#crashes.push(crash);
    if (this.#crashes.length > CRASHES_KEPT) this.#crashes.shift();
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
