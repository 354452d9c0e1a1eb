/** What an incarnation may do, handed to its behaviour: everything here is fenced with it, and nothing is global. */
import type { ActorContext, ActorLog, AnyContext, Down, Effect, InitContext, MessageTiming, Outcome, Timers } from '../behaviour.ts';
import type { Clock } from '../clock.ts';
import type { Kernel } from '../kernel.ts';
import type { Random } from '../random.ts';
import type { AnswerOf, AnswerTo, Asking, QuestionOf, Ref, Tagged } from '../ref.ts';
import { ask, asked } from './ask.ts';
import type { Envelope } from './envelope.ts';
import { rounded } from './histogram.ts';

/** What a context needs of its cell. */
export interface ContextHost<Message> {
  readonly path: string;
  readonly kernel: Kernel;
  readonly self: Ref<Message>;
  /** The message in hand; undefined: no handler runs. */
  readonly inHand: Envelope | undefined;
  traceOut(to: string, type: string, accepted: boolean): void;
}

/** What a context needs of its incarnation. */
export interface ContextLife<Message> {
  readonly number: number;
  readonly ended: boolean;
  readonly timers: Timers<Message>;
  /** Makes the message that tells of a linked actor's end. */
  trap: ((down: Down) => Message) | undefined;
  effect<Value>(effect: Effect<Value, Message>): void;
  own(release: () => void): void;
  /** Brings home what came of something asked for: the message that `make` makes of it. */
  report<What>(from: string, during: string, make: (what: What) => Message, what: What, fact: boolean, onTaken?: () => boolean): void;
}

abstract class Context<Message extends Tagged> implements AnyContext<Message> {
  protected readonly host: ContextHost<Message>;
  protected readonly life: ContextLife<Message>;

  constructor(host: ContextHost<Message>, life: ContextLife<Message>) {
    this.host = host;
    this.life = life;
  }

  get self(): Ref<Message> {
    return this.host.self;
  }
  get path(): string {
    return this.host.path;
  }
  get incarnation(): number {
    return this.life.number;
  }
  get clock(): Clock {
    return this.#kernel.clock;
  }
  get random(): Random {
    return this.#kernel.random;
  }
  get log(): ActorLog {
    return this.#kernel.logFor(this.host.path);
  }
  get timers(): Timers<Message> {
    return this.life.timers;
  }

  tell<M extends Tagged>(to: Ref<M>, message: M): boolean {
    const accepted = !this.life.ended && this.#kernel.deliver(to, message, this.host.path);
    this.host.traceOut(to.path, message.type, accepted);
    return accepted;
  }

  effect<Value>(effect: Effect<Value, Message>): void {
    this.life.effect(effect);
  }

  own(release: () => void): void {
    this.life.own(release);
  }

  watch(ref: Ref<never>, then: (down: Down) => Message): void {
    if (this.life.ended) return;
    const { host, life } = this;
    const { watches } = this.#kernel;
    watches.watch(host.path, ref.path, (down) => life.report(down.path, `watch:${down.path}`, then, down, false, () => watches.isWatching(host.path, ref.path)));
  }

  // An ended life has no watch and no link; those of that path now are its successor's.

  /** A notice that waits in the mailbox is not handled any more either. */
  unwatch(ref: Ref<never>): void {
    if (this.life.ended) return;
    this.#kernel.watches.unwatch(this.host.path, ref.path);
  }

  link(ref: Ref<never>): void {
    if (this.life.ended) return;
    this.#kernel.watches.link(this.host.path, ref.path);
  }

  unlink(ref: Ref<never>): void {
    if (this.life.ended) return;
    this.#kernel.watches.unlink(this.host.path, ref.path);
  }

  trapLinks(then: (down: Down) => Message): void {
    this.life.trap = then;
  }

  incarnationOf(ref: Ref<never>): number {
    return this.#kernel.incarnationOf(ref);
  }

  get #kernel(): Kernel {
    return this.host.kernel;
  }
}

export class ReceiveContext<Message extends Tagged> extends Context<Message> implements ActorContext<Message> {
  ask<Asked extends Tagged, const Question extends QuestionOf<Asked>>(to: Ref<Asked>, question: Question, timeoutMs: number, then: (outcome: Outcome<AnswerTo<Asked, Question>>) => Message): void {
    const { host, life } = this;
    if (life.ended) return;
    const accepted = ask<AnswerTo<Asked, Question>>(host.kernel, to, question, host.path, timeoutMs, (outcome) => {
      if (life.ended && outcome.ok) host.kernel.bury(host.path, to.path, question.type, 'stale-incarnation');
      else life.report(to.path, `answer:${question.type}`, then, outcome, false);
    });
    host.traceOut(to.path, question.type, accepted);
  }

  answering<Question extends Asking<unknown>>(question: Question): (answer: AnswerOf<Question>) => void {
    const { host } = this;
    const { inHand } = host;
    const message = question as unknown as Tagged;
    if (inHand === undefined || inHand.message !== message) throw new Error(`${host.path}: only the message in hand can be answered; take its answer while handling it, and keep that`);
    const { from } = inHand;
    let { pending } = inHand;
    return (answer) => {
      if (pending === undefined) return host.kernel.bury('nobody', host.path, message.type, 'nobody-asked');
      const asker = pending;
      pending = undefined;
      host.traceOut(from, `answer:${message.type}`, !asker.settled);
      return asker.answer(answer);
    };
  }

  /** The shared reading is of when this message's group began (`turn-timing.ts`): at most half a millisecond before it. */
  timing(): MessageTiming | undefined {
    const { inHand, kernel } = this.host;
    if (inHand === undefined) return undefined;
    const began = kernel.stamp.value;
    return { queueMs: rounded(Math.max(0, began - inHand.queuedAt)), serviceMs: rounded(Math.max(0, kernel.clock.monotonic() - began)) };
  }
}

export class StartContext<Message extends Tagged> extends Context<Message> implements InitContext<Message> {
  ask<Asked extends Tagged, const Question extends QuestionOf<Asked>>(to: Ref<Asked>, question: Question, timeoutMs: number): Promise<AnswerTo<Asked, Question>> {
    const { host, life } = this;
    const { kernel, path } = host;
    const { startingAsks } = kernel;
    if (life.ended) return Promise.reject(new Error(`${path} has ended: it asks ${to.path} no more`));
    if (kernel.incarnationOf(to) === 0 && to.path !== path) return Promise.reject(new Error(`${path} cannot ask ${to.path} while starting: that has not started yet`));
    const cycle = startingAsks.cycle(path, to.path);
    if (cycle !== undefined) return Promise.reject(new Error(`${path} would wait for itself while starting: ${cycle.join(' → ')}`));
    startingAsks.begin(path, to.path);
    let waits = true;
    const waitsNoMore = () => {
      if (waits) startingAsks.end(path, to.path);
      waits = false;
    };
    // A start that was given up waits for nobody, though its question still stands.
    life.own(waitsNoMore);
    return asked<AnswerTo<Asked, Question>>(kernel, to, question, path, timeoutMs).finally(waitsNoMore);
  }
}
