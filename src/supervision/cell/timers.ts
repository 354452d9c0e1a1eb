/** The timers of one incarnation: keyed, silent once it has ended, and never queued twice. */
import type { Timers } from '../behaviour.ts';
import type { TimerHandle } from '../clock.ts';
import type { Kernel } from '../kernel.ts';
import type { Tagged } from '../ref.ts';
import { Envelope } from './envelope.ts';

interface Timer {
  handle: TimerHandle;
  /** Its tick has not been handled yet. */
  waiting: boolean;
  cancelled: boolean;
}

/** What the timers need of their incarnation. */
export interface TimerHost {
  readonly number: number;
  readonly ended: boolean;
  /** Monotonic ms at which the last message from outside was handled; undefined: none yet. */
  lastMailAt(): number | undefined;
  enqueue(envelope: Envelope): void;
}

export class ActorTimers<Message extends Tagged> implements Timers<Message> {
  readonly #kernel: Kernel;
  readonly #host: TimerHost;
  #timers: Map<string, Timer> | undefined;
  #silence: TimerHandle | undefined;
  #generation = 0;

  constructor(kernel: Kernel, host: TimerHost) {
    this.#kernel = kernel;
    this.#host = host;
  }

  /** The keys that are set. */
  get keys(): readonly string[] {
    return [...(this.#timers?.keys() ?? [])];
  }

  /** A time that is over already is now. @throws RangeError for one that is none. */
  once(key: string, delayMs: number, message: Message): void {
    if (Number.isNaN(delayMs)) throw new RangeError(`timer ${key}: delayMs is NaN; give a number of ms`);
    this.#set(key, delayMs, message, false);
  }

  /** @throws RangeError for an interval that is none: one of 0 would be a loop. */
  every(key: string, intervalMs: number, message: Message): void {
    if (!(intervalMs > 0)) throw new RangeError(`timer ${key}: intervalMs is ${intervalMs}; give a number of ms above 0`);
    this.#set(key, intervalMs, message, true);
  }

  /** A tick that waits in the mailbox is not handled any more either. */
  cancel(key: string): void {
    const timer = this.#timers?.get(key);
    if (timer === undefined) return;
    timer.cancelled = true;
    timer.handle.cancel();
    this.#timers?.delete(key);
  }

  /** @throws RangeError for a time that is none. */
  onSilence(silentMs: number, message: Message): void {
    if (!(silentMs > 0)) throw new RangeError(`onSilence: silentMs is ${silentMs}; give a number of ms above 0`);
    this.cancelSilence();
    if (this.#host.ended) return;
    const { deadlines, stamp } = this.#kernel;
    const since = stamp.take();
    let waiting = false;
    const generation = this.#generation;
    const look = () => {
      const now = stamp.take();
      const last = Math.max(since, this.#host.lastMailAt() ?? since);
      const left = last + silentMs - now;
      if (left <= 0) {
        if (!waiting) {
          this.#enqueue(message, 'silence', () => {
            waiting = false;
            return generation === this.#generation;
          });
        }
        waiting = true;
      }
      this.#silence = deadlines.after(left <= 0 ? silentMs : left, look);
    };
    this.#silence = deadlines.after(silentMs, look);
  }

  cancelSilence(): void {
    this.#generation += 1;
    this.#silence?.cancel();
    this.#silence = undefined;
  }

  end(): void {
    this.cancelSilence();
    if (this.#timers !== undefined) for (const timer of this.#timers.values()) timer.handle.cancel();
    this.#timers = undefined;
  }

  #set(key: string, delayMs: number, message: Message, repeat: boolean): void {
    this.cancel(key);
    if (this.#host.ended) return;
    const { deadlines } = this.#kernel;
    const fire = () => {
      if (repeat) timer.handle = deadlines.after(delayMs, fire);
      if (timer.waiting) return;
      timer.waiting = true;
      this.#enqueue(message, key, () => {
        timer.waiting = false;
        if (!repeat && this.#timers?.get(key) === timer) this.#timers.delete(key);
        return !timer.cancelled;
      });
    };
    const timer: Timer = { handle: deadlines.after(delayMs, fire), waiting: false, cancelled: false };
    (this.#timers ??= new Map()).set(key, timer);
  }

  #enqueue(message: Message, key: string, onTaken: () => boolean): void {
    this.#host.enqueue(Envelope.own(message, `timer:${key}`, this.#kernel.stamp.read(), this.#host.number, onTaken));
  }
}
