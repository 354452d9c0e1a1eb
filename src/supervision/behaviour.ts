/** What an actor is: a role's declaration, and `receive(state, message, ctx) → Next`, synchronous and pure but for ctx. */
import type { Clock } from './clock.ts';
import type { MailboxSpec } from './mailbox.ts';
import type { Random } from './random.ts';
import type { AnswerOf, AnswerTo, Asking, QuestionOf, Ref, Tagged } from './ref.ts';

/** What an actor writes to the log with; fields first, then a sentence. */
export interface ActorLog {
  readonly debug: (fields: object, message: string) => void;
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

/** How a handler says what comes next. There is no way to forget it: a handler that returns nothing does not compile, and crashes. */
export type Next<State> =
  | { readonly next: 'same' }
  | { readonly next: 'become'; readonly state: State }
  | { readonly next: 'stop'; readonly kind: 'normal' | 'shutdown'; readonly reason: string };

export const same: Next<never> = { next: 'same' };

export function become<State>(state: State): Next<State> {
  return { next: 'become', state };
}

/** Ends the incarnation in order: its work is done. Whether another starts is the child specification's to say. */
export function stop(reason: string): Next<never> {
  return { next: 'stop', kind: 'normal', reason };
}

/** Ends the incarnation in order because it was asked to; as in OTP it tells a `normal` end from one that others wanted. */
export function shutdown(reason: string): Next<never> {
  return { next: 'stop', kind: 'shutdown', reason };
}

/** What `init` returns when there is nothing to do: no incarnation runs, and nothing has failed. */
export const ignore: unique symbol = Symbol('ignore');
export type Ignore = typeof ignore;

/** How an incarnation ended. `killed`: brutally, from outside. */
export type ExitKind = 'normal' | 'shutdown' | 'crashed' | 'killed';

/** The end of a watched or linked actor's incarnation. `absent`: none ran when it was asked for. */
export interface Down {
  readonly path: string;
  /** 0: none has ever run. */
  readonly incarnation: number;
  readonly kind: ExitKind | 'absent';
  readonly reason: string;
}

/** What came of work done outside the actor. */
export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value; readonly late: boolean }
  | { readonly ok: false; readonly cause: 'failed' | 'deadline' | 'target-down' | 'refused'; readonly error: Error; readonly late: boolean };

/** Work that waits (I/O), started by a handler; its outcome comes back as a message. */
export interface Effect<Value, Message> {
  readonly name: string;
  readonly deadlineMs: number;
  /** Called at once, in the handler's turn. `signal` aborts when the deadline passes or the incarnation ends. */
  readonly run: (signal: AbortSignal) => Promise<Value>;
  /** Makes the message that brings the outcome home. */
  readonly report: (outcome: Outcome<Value>) => Message;
  /**
   * `true`: its outcome is a fact of the outside world (an order went out). It is never aborted, it reaches whichever
   * incarnation lives then, and an answer after the deadline comes too, as a second outcome with `late` (ruling 9).
   */
  readonly fact?: boolean;
}

export interface AnyContext<Message> {
  readonly self: Ref<Message>;
  readonly path: string;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: ActorLog;
  /** False: refused, and kept as a dead letter. */
  tell<M extends Tagged>(to: Ref<M>, message: M): boolean;
  effect<Value>(effect: Effect<Value, Message>): void;
  readonly timers: Timers<Message>;
  /** Gives something that must be released when this incarnation ends, however it ends. */
  own(release: () => void): void;
  /**
   * `then` makes the message that tells of each end of that role's incarnations, until `unwatch` or this incarnation's
   * end; at once if none runs now. Watching again replaces `then`, and is otherwise no second watch.
   */
  watch(ref: Ref<never>, then: (down: Down) => Message): void;
  unwatch(ref: Ref<never>): void;
  /**
   * Binds the two lives: an end of one that is neither normal nor a shutdown ends the other too, unless that one traps it.
   * Linking twice is one link. To one that does not run, it ends at once.
   */
  link(ref: Ref<never>): void;
  unlink(ref: Ref<never>): void;
  /** Instead of ending with those linked to it, this incarnation gets the message that `then` makes, for whatever end. */
  trapLinks(then: (down: Down) => Message): void;
  /** The current incarnation behind a ref; 0 if it has never started. */
  incarnationOf(ref: Ref<never>): number;
}

/** While starting, an actor may wait: bounded by the start deadline of its child specification. */
export interface InitContext<Message> extends AnyContext<Message> {
  /** Rejects at once when nobody could answer: oneself, one that waits for this start, one that has never started. */
  ask<Asked extends Tagged, const Question extends QuestionOf<Asked>>(to: Ref<Asked>, question: Question, timeoutMs: number): Promise<AnswerTo<Asked, Question>>;
}

export interface ActorContext<Message> extends AnyContext<Message> {
  /** Asks; the outcome comes back as a message. Fails at once when the asked one dies. */
  ask<Asked extends Tagged, const Question extends QuestionOf<Asked>>(to: Ref<Asked>, question: Question, timeoutMs: number, then: (outcome: Outcome<AnswerTo<Asked, Question>>) => Message): void;
  /** The one-time answer to the message being handled; may be kept and called later. Throws if another message is meant. */
  answering<Question extends Asking<unknown>>(question: Question): (answer: AnswerOf<Question>) => void;
  /** Of the message being handled; undefined when none is. Reads the clock: for what is told of each, not for every message. */
  timing(): MessageTiming | undefined;
}

/** How long a message waited in the mailbox, and how long it has been handled so far: ms, to a thousandth. */
export interface MessageTiming {
  readonly queueMs: number;
  readonly serviceMs: number;
}

/** Timers have a key, and belong to the incarnation that set them: a restart silences them all. Setting one again replaces it. */
export interface Timers<Message> {
  once(key: string, delayMs: number, message: Message): void;
  /** A tick that has not been handled yet is not queued a second time. */
  every(key: string, intervalMs: number, message: Message): void;
  cancel(key: string): void;
  /** `message` comes each time nothing has come from outside for so long. Setting it again replaces it. */
  onSilence(silentMs: number, message: Message): void;
  cancelSilence(): void;
}

/** A role's whole declaration: the tree, the docs and the running actor are made from the same. */
export interface Behaviour<Message extends Tagged, State> {
  readonly role: string;
  /** One sentence: what would be missing without it. */
  readonly purpose: string;
  /** Every message it understands, with what it means. Exhaustive by type. */
  readonly consumes: Readonly<Record<Message['type'], string>>;
  /** What it sends, to which roles. */
  readonly emits: readonly string[];
  readonly mailbox: MailboxSpec;
  /** What fails or is too late here leaves no trace but its crash report. */
  init(ctx: InitContext<Message>): State | Ignore | Promise<State | Ignore>;
  receive(state: State, message: Message, ctx: ActorContext<Message>): Next<State>;
  /** Closes what needs waiting for, in an orderly stop only; bounded by the shutdown time. */
  readonly terminate?: (state: State) => Promise<void>;
  /** What it has taken on and not got rid of yet (say, entries no journal has acknowledged), a few words each: an orderly stop waits for it, within bounds, and names what it did not wait for. */
  readonly owes?: (state: State) => readonly string[];
  /** What an operator sees of the state: plain JSON, no secrets, decimals as strings, times as ISO-8601. `now` is wall time, ms, for ages. */
  view(state: State, now: number): unknown;
}
