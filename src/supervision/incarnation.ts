/** One life of an actor: its timers, its running effects and what it owns end with it. Facts do not (ruling 9). */
import type { Effect, Outcome, Timers } from './behaviour.ts';
import type { TimerHandle } from './clock.ts';
import type { Envelope, Kernel } from './kernel.ts';
import type { Tagged } from './ref.ts';

/** Counts of effects over all incarnations of one cell. */
export interface EffectCounts {
  running: number;
  orphaned: number;
}

export class Incarnation<Message extends Tagged> {
  readonly number: number;
  readonly timers: Timers<Message>;
  readonly #kernel: Kernel;
  readonly #path: string;
  readonly #counts: EffectCounts;
  /** Puts a message into the cell's own queue, which is never full: it is bounded by what the cell itself started. */
  readonly #enqueue: (envelope: Envelope) => void;
  readonly #onDefect: (error: unknown, during: string) => void;
  readonly #timers = new Map<string, TimerHandle>();
  readonly #owned: (() => void)[] = [];
  readonly #running = new Set<AbortController>();
  #ended = false;

  constructor(options: { number: number; kernel: Kernel; path: string; counts: EffectCounts; enqueue: (envelope: Envelope) => void; onDefect: (error: unknown, during: string) => void }) {
    this.number = options.number;
    this.#kernel = options.kernel;
    this.#path = options.path;
    this.#counts = options.counts;
    this.#enqueue = options.enqueue;
    this.#onDefect = options.onDefect;
    this.timers = {
      once: (key, delayMs, message) => this.#setTimer(key, delayMs, message, false),
      every: (key, intervalMs, message) => this.#setTimer(key, intervalMs, message, true),
      cancel: (key) => this.#cancelTimer(key),
    };
  }

  get ended(): boolean {
    return this.#ended;
  }

  own(release: () => void): void {
    if (this.#ended) release();
    else this.#owned.push(release);
  }

  effect<Value>(effect: Effect<Value, Message>): void {
    const { clock } = this.#kernel;
    const fact = effect.fact === true;
    const controller = new AbortController();
    let answered = false;
    this.#counts.running += 1;
    if (!fact) this.#running.add(controller);
    const finish = (outcome: Outcome<Value>) => this.#deliver(effect, outcome, fact);
    const deadline = clock.after(effect.deadlineMs, () => {
      if (answered) return;
      answered = true;
      finish({ ok: false, cause: 'deadline', error: new Error(`${effect.name}: no outcome within ${effect.deadlineMs} ms`), late: false });
      if (!fact) controller.abort(new Error('deadline'));
    });
    const settle = (outcome: Outcome<Value>) => {
      deadline.cancel();
      this.#running.delete(controller);
      if (this.#ended && !fact) this.#counts.orphaned -= 1;
      else this.#counts.running -= 1;
      if (!answered) finish(outcome);
      else if (fact) finish({ ...outcome, late: true });
      answered = true;
    };
    Promise.try(effect.run, controller.signal).then(
      (value) => settle({ ok: true, value, late: false }),
      (thrown: unknown) => settle({ ok: false, cause: 'failed', error: thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }), late: false }),
    );
  }

  /** Ends this life: timers silent, effects that are no facts aborted and counted until they settle, owned things released. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const controller of this.#running) {
      this.#counts.running -= 1;
      this.#counts.orphaned += 1;
      controller.abort(new Error('incarnation ended'));
    }
    for (const release of this.#owned.reverse()) {
      try {
        release();
      } catch (error) {
        this.#kernel.logFor(this.#path).error({ error }, 'releasing what the ended incarnation owned failed');
      }
    }
  }

  #deliver<Value>(effect: Effect<Value, Message>, outcome: Outcome<Value>, fact: boolean): void {
    if (this.#ended && !fact) return;
    let message: Message;
    try {
      message = effect.report(outcome);
    } catch (error) {
      this.#onDefect(error, `effect:${effect.name}`);
      return;
    }
    this.#enqueue({ message, from: `effect:${effect.name}`, queuedAt: this.#kernel.clock.monotonic(), ...(fact ? {} : { incarnation: this.number }) });
  }

  #setTimer(key: string, delayMs: number, message: Message, repeat: boolean): void {
    this.#cancelTimer(key);
    if (this.#ended) return;
    const fire = () => {
      if (repeat) this.#timers.set(key, this.#kernel.clock.after(delayMs, fire));
      else this.#timers.delete(key);
      this.#enqueue({ message, from: `timer:${key}`, queuedAt: this.#kernel.clock.monotonic(), incarnation: this.number });
    };
    this.#timers.set(key, this.#kernel.clock.after(delayMs, fire));
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }
}
