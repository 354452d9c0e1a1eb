/** One life of an actor: its timers, its running effects and what it owns end with it. Facts do not (ruling 9). */
import type { Down, Effect, Outcome } from '../behaviour.ts';
import type { Kernel } from '../kernel.ts';
import type { Tagged } from '../ref.ts';
import { Envelope } from './envelope.ts';
import { ActorTimers } from './timers.ts';
import type { TimerHost } from './timers.ts';

/** Counts of effects over all incarnations of one cell. */
export interface EffectCounts {
  running: number;
  /** Work of ended incarnations that has not settled. */
  orphaned: number;
}

/** What one actor may have under way: more is a loop, and is ended as one. */
const EFFECTS_AT_ONCE = 10_000;

/** What an incarnation needs of its cell. */
export interface LifeHost {
  readonly path: string;
  readonly kernel: Kernel;
  readonly effects: EffectCounts;
  /** Puts a message into the cell's own queue, which is never full: it is bounded by what the cell itself started. */
  enqueueOwn(envelope: Envelope): void;
  onDefect(error: unknown, during: string): void;
  lastMailAt(): number | undefined;
}

export class Incarnation<Message extends Tagged> implements TimerHost {
  readonly number: number;
  /** Makes the message that tells of a linked actor's end; undefined: such an end is this one's too. */
  trap: ((down: Down) => Message) | undefined;
  readonly #host: LifeHost;
  #timers: ActorTimers<Message> | undefined;
  #owned: (() => void)[] | undefined;
  #running: Set<AbortController> | undefined;
  #ended = false;

  constructor(number: number, host: LifeHost) {
    this.number = number;
    this.#host = host;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get timers(): ActorTimers<Message> {
    return (this.#timers ??= new ActorTimers<Message>(this.#host.kernel, this));
  }

  lastMailAt(): number | undefined {
    return this.#host.lastMailAt();
  }

  enqueue(envelope: Envelope): void {
    this.#host.enqueueOwn(envelope);
  }

  own(release: () => void): void {
    if (this.#ended) this.#release(release);
    else (this.#owned ??= []).push(release);
  }

  effect<Value>(effect: Effect<Value, Message>): void {
    const { effects, kernel } = this.#host;
    if (this.#ended) return;
    if (effects.running >= EFFECTS_AT_ONCE) throw new Error(`${this.#host.path}: ${effect.name} would be one of more than ${EFFECTS_AT_ONCE} effects at once`);
    const fact = effect.fact === true;
    const controller = new AbortController();
    let answered = false;
    const finish = (outcome: Outcome<Value>) => this.#deliver(effect, outcome, fact);
    const deadline = kernel.deadlines.after(effect.deadlineMs, () => {
      if (answered) return;
      answered = true;
      finish({ ok: false, cause: 'deadline', error: new Error(`${effect.name}: no outcome within ${effect.deadlineMs} ms`), late: false });
      if (!fact) controller.abort(new Error('deadline'));
    });
    effects.running += 1;
    if (!fact) (this.#running ??= new Set()).add(controller);
    const settle = (outcome: Outcome<Value>) => {
      deadline.cancel();
      this.#running?.delete(controller);
      if (this.#ended && !fact) effects.orphaned -= 1;
      else effects.running -= 1;
      if (!answered) finish(outcome);
      else if (fact) finish({ ...outcome, late: true });
      answered = true;
    };
    Promise.try(effect.run, controller.signal).then(
      (value) => settle({ ok: true, value, late: false }),
      (thrown: unknown) => settle({ ok: false, cause: 'failed', error: thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }), late: false }),
    );
  }

  /** An orderly end has begun: no message is handled any more, so that no timer need tell. */
  silence(): void {
    this.#timers?.end();
  }

  /** Ends this life: timers silent, effects that are no facts aborted and counted until they settle, owned things released. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timers?.end();
    for (const controller of this.#running ?? []) {
      this.#host.effects.running -= 1;
      this.#host.effects.orphaned += 1;
      controller.abort(new Error('incarnation ended'));
    }
    for (const release of this.#owned?.reverse() ?? []) this.#release(release);
  }

  #release(release: () => void): void {
    try {
      release();
    } catch (error) {
      this.#host.kernel.logFor(this.#host.path).error({ error }, 'releasing what the ended incarnation owned failed');
    }
  }

  #deliver<Value>(effect: Effect<Value, Message>, outcome: Outcome<Value>, fact: boolean): void {
    if (this.#ended && !fact) return;
    let message: Message;
    try {
      message = effect.report(outcome);
    } catch (error) {
      this.#host.onDefect(error, `effect:${effect.name}`);
      return;
    }
    this.#host.enqueueOwn(Envelope.own(message, `effect:${effect.name}`, this.#host.kernel.stamp.read(), fact ? 0 : this.number));
  }
}
