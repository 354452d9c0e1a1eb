/** What every cell and supervisor of one system shares: time, chance, turns, delivery, and the stream of what happens. */
import type { ActorLog } from './behaviour.ts';
import type { Clock } from './clock.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { LifecycleEvent } from './inspection.ts';
import type { Random } from './random.ts';
import type { Ref, Tagged } from './ref.ts';
import type { Turns } from './turns.ts';

/** Tells whoever watches the event loop which actor holds it. */
export interface LoopMarker {
  enter(path: string): void;
  leave(): void;
}

/** The answer somebody waits for. Settled once; the rest is a late answer. */
export interface PendingAnswer {
  answer(value: unknown): void;
  fail(cause: 'target-down' | 'refused', error: Error): void;
}

/** A message on its way: who sent it, when it was queued (monotonic ms), and who waits for its answer. */
export interface Envelope {
  readonly message: Tagged;
  readonly from: string;
  readonly queuedAt: number;
  /** Only for this incarnation: timers, and effects that are no facts. */
  readonly incarnation?: number;
  readonly pending?: PendingAnswer;
}

export interface Kernel {
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly marker: LoopMarker;
  logFor(path: string): ActorLog;
  emit(event: LifecycleEvent): void;
  bury(to: string, from: string, type: string, reason: DeadLetterReason): void;
  deliver(to: Ref<never>, message: Tagged, from: string, pending?: PendingAnswer): boolean;
  incarnationOf(ref: Ref<never>): number;
}
