/** Follows the messages of one actor; always with a limit, of messages and of time, so that no trace outlives who asked for it. */
import type { TimerHandle } from '../clock.ts';
import { isoTime } from '../clock.ts';
import type { Kernel } from '../kernel.ts';
import { redactedLine } from '../redact.ts';
import type { Envelope } from './envelope.ts';
import { rounded } from './histogram.ts';

export type TraceEvent =
  | { readonly direction: 'in'; readonly at: string; readonly incarnation: number; readonly type: string; readonly from: string; readonly queueMs: number; readonly serviceMs: number; readonly payload?: string }
  | { readonly direction: 'out'; readonly at: string; readonly incarnation: number; readonly type: string; readonly to: string; readonly accepted: boolean }
  /** The last one: why it ended, and how many there were. */
  | { readonly direction: 'end'; readonly at: string; readonly reason: 'messages' | 'time' | 'asked' | 'closed'; readonly events: number };

export interface TraceLimits {
  /** 1 to 10,000. */
  readonly messages: number;
  /** 1 to 600,000. */
  readonly ms: number;
  /** With what the messages carry: redacted and cut. */
  readonly payload?: boolean;
}

const MOST_MESSAGES = 10_000;
const LONGEST_MS = 600_000;

/** What is traced: it holds its tracer, and lets it go. */
interface Traced {
  readonly incarnation: number;
  tracer: Tracer | undefined;
}

export class Tracer {
  readonly #kernel: Kernel;
  readonly #traced: Traced;
  readonly #limits: TraceLimits;
  readonly #listener: (event: TraceEvent) => void;
  readonly #deadline: TimerHandle;
  #events = 0;

  /** @throws RangeError for a limit that is none. */
  constructor(kernel: Kernel, traced: Traced, limits: TraceLimits, listener: (event: TraceEvent) => void) {
    if (!(limits.messages >= 1 && limits.messages <= MOST_MESSAGES)) throw new RangeError(`messages is ${limits.messages}; give 1 to ${MOST_MESSAGES}`);
    if (!(limits.ms >= 1 && limits.ms <= LONGEST_MS)) throw new RangeError(`ms is ${limits.ms}; give 1 to ${LONGEST_MS}`);
    this.#kernel = kernel;
    this.#traced = traced;
    this.#limits = limits;
    this.#listener = listener;
    this.#deadline = kernel.deadlines.after(limits.ms, () => this.end('time'));
    traced.tracer?.end('asked');
    traced.tracer = this;
  }

  in(envelope: Envelope, queueMs: number, serviceMs: number): void {
    const { message, from } = envelope;
    this.#tell({ direction: 'in', at: this.#now(), incarnation: this.#traced.incarnation, type: message.type, from, queueMs: rounded(queueMs), serviceMs: rounded(serviceMs), ...(this.#limits.payload === true ? { payload: redactedLine(message) } : {}) });
  }

  out(to: string, type: string, accepted: boolean): void {
    this.#tell({ direction: 'out', at: this.#now(), incarnation: this.#traced.incarnation, type, to, accepted });
  }

  end(reason: 'messages' | 'time' | 'asked' | 'closed'): void {
    if (this.#traced.tracer !== this) return;
    this.#traced.tracer = undefined;
    this.#deadline.cancel();
    this.#listen({ direction: 'end', at: this.#now(), reason, events: this.#events });
  }

  #tell(event: TraceEvent): void {
    this.#events += 1;
    this.#listen(event);
    if (this.#events >= this.#limits.messages) this.end('messages');
  }

  /** It is called in the turn of the one that is followed: what a listener throws must not become its crash. */
  #listen(event: TraceEvent): void {
    try {
      this.#listener(event);
    } catch (error) {
      this.#kernel.logFor('supervision').error({ error }, 'a listener to a trace threw');
    }
  }

  #now(): string {
    return isoTime(this.#kernel.clock.now());
  }
}
