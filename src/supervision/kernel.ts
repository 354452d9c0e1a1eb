/** What every cell and supervisor of one system shares: time, chance, turns, delivery, and the stream of what happens. */
import type { ActorLog } from './behaviour.ts';
import type { Clock } from './clock.ts';
import type { StartingAsks } from './cell/starting-asks.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Deadlines } from './deadlines.ts';
import type { LifecycleEvent } from './inspection.ts';
import type { PendingAnswer } from './pending-answer.ts';
import type { Random } from './random.ts';
import type { Ref, Tagged } from './ref.ts';
import type { Stamp } from './stamp.ts';
import type { Node } from './tree/node.ts';
import type { Turns } from './turns.ts';
import type { Watches } from './watches.ts';

/** Tells whoever watches the event loop which actor holds it. */
export interface LoopMarker {
  enter(path: string): void;
  leave(): void;
}

export interface Kernel {
  readonly clock: Clock;
  readonly stamp: Stamp;
  readonly deadlines: Deadlines;
  readonly random: Random;
  readonly turns: Turns;
  readonly marker: LoopMarker;
  readonly watches: Watches;
  readonly startingAsks: StartingAsks;
  logFor(path: string): ActorLog;
  emit(event: LifecycleEvent): void;
  bury(to: string, from: string, type: string, reason: DeadLetterReason): void;
  deliver(to: Ref<never>, message: Tagged, from: string, pending?: PendingAnswer): boolean;
  incarnationOf(ref: Ref<never>): number;
  /** Makes a node known by its path. @throws if that is taken. */
  bind(node: Node, parent: string): void;
  unbind(path: string): void;
  isBound(path: string): boolean;
  /** What a node that has never run numbers its incarnations from: no number of a deleted one comes again. */
  readonly numbersFrom: number;
  /** Monotonic ms. */
  readonly startedAt: number;
}
