/** A cell's mailbox: the actor's own results first, then the classes in their order. */
import type { LaneSpec, MailboxSpec, MessageClass } from '../mailbox.ts';
import { Ring } from '../ring.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import { Envelope } from './envelope.ts';
import { Lane } from './lane.ts';
import type { OnLost } from './lane.ts';

const ORDER: readonly MessageClass[] = ['control', 'exit', 'normal', 'telemetry'];

/** What is taken from a lane is in here until the next is taken: one for all, for one thread has one message in hand. */
const SCRATCH = new Envelope();

export class Mail {
  readonly capacity: number;
  /** Outcomes, timers, notices: never full, because it is bounded by what the actor itself has started. */
  #own: Ring<Envelope> | undefined;
  readonly #lanes: readonly Lane[];
  readonly #normal: Lane;
  readonly #laneOf: ReadonlyMap<string, Lane> | undefined;
  readonly #onLost: OnLost;

  constructor(spec: MailboxSpec, onLost: OnLost, onKeyFailed: (error: unknown) => void) {
    this.#onLost = onLost;
    this.#normal = new Lane(spec, onKeyFailed);
    if (spec.lanes === undefined) {
      this.#lanes = [this.#normal];
      this.capacity = spec.capacity;
      return;
    }
    const laneOf = new Map<string, Lane>();
    const lanes: Lane[] = [];
    for (const name of ORDER) {
      const lane = name === 'normal' ? this.#normal : laneFor(spec.lanes[name], laneOf, onKeyFailed);
      if (lane !== undefined) lanes.push(lane);
    }
    this.#lanes = lanes;
    this.#laneOf = laneOf;
    this.capacity = lanes.reduce((sum, lane) => sum + lane.spec.capacity, 0);
  }

  /** False: it has no place, by the overflow that `laneSpec` tells. */
  offer(message: Tagged, from: string, queuedAt: number, pending?: PendingAnswer): boolean {
    return this.#lane(message).offer(message, from, queuedAt, pending, this.#onLost);
  }

  laneSpec(message: Tagged): LaneSpec {
    return this.#lane(message).spec;
  }

  offerOwn(envelope: Envelope): void {
    (this.#own ??= new Ring()).push(envelope);
  }

  /** Good until the next is taken: whoever keeps it, keeps a copy. */
  take(): Envelope | undefined {
    if (this.#own !== undefined && this.#own.length > 0) return this.#own.shift();
    if (this.#laneOf === undefined) return this.#normal.take(SCRATCH);
    for (const lane of this.#lanes) if (lane.length > 0) return lane.take(SCRATCH);
    return undefined;
  }

  /** A message whose handling crashed comes first again, in its lane. */
  putBack(envelope: Envelope): void {
    if (envelope.own) (this.#own ??= new Ring()).unshift(envelope);
    else this.#lane(envelope.message).putBack(envelope);
  }

  get depth(): number {
    if (this.#laneOf === undefined) return (this.#own?.length ?? 0) + this.#normal.length;
    let depth = this.#own?.length ?? 0;
    for (const lane of this.#lanes) depth += lane.length;
    return depth;
  }

  /** What would be taken longest after it came: the oldest of all that wait. */
  get oldestAt(): number | undefined {
    let oldest = this.#own?.peek()?.queuedAt;
    for (const lane of this.#lanes) {
      const at = lane.oldestAt;
      if (at !== undefined && (oldest === undefined || at < oldest)) oldest = at;
    }
    return oldest;
  }

  /** The end of an incarnation: what is flushed is lost and counted; questions are handed back, for their askers are told. */
  endIncarnation(): Envelope[] {
    const questions: Envelope[] = [];
    for (const lane of this.#lanes) {
      questions.push(...lane.removeQuestions());
      if (lane.spec.onRestart === 'flush') for (const envelope of lane.drain()) this.#onLost(envelope, 'flushed');
    }
    return questions;
  }

  drain(): Envelope[] {
    return [...(this.#own?.drain() ?? []), ...this.#lanes.flatMap((lane) => lane.drain())];
  }

  #lane(message: Tagged): Lane {
    return this.#laneOf?.get(message.type) ?? this.#normal;
  }
}

function laneFor(spec: (LaneSpec & { readonly types: readonly string[] }) | undefined, laneOf: Map<string, Lane>, onKeyFailed: (error: unknown) => void): Lane | undefined {
  if (spec === undefined) return undefined;
  const lane = new Lane(spec, onKeyFailed);
  for (const type of spec.types) laneOf.set(type, lane);
  return lane;
}
