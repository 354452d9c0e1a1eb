/** Faults on the streams, on demand: each ends by itself after its time, and every use of it is logged. */
import { z } from 'zod';
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import type { Log } from '../venue.ts';
import type { StreamRoute } from './topics.ts';

const MAX_FAULT_MS = 600_000;
/** What has no meaning without a duration. */
const LASTING: ReadonlySet<string> = new Set(['silence', 'duplicate', 'reorder']);

/** `user` is the private route, `market` the other two. */
export const streamFaultSchema = z
  .strictObject({
    stream: z.enum(['user', 'market', 'all']),
    action: z.enum(['disconnect', 'silence', 'duplicate', 'reorder', 'expire-listen-key']),
    /** 0: once, now; only where that means something. */
    forMs: z.int().min(0).max(MAX_FAULT_MS).default(0),
  })
  .refine(({ action, forMs }) => forMs > 0 || !LASTING.has(action), { path: ['forMs'], error: 'expected at least 1 for an action that lasts: say how long' })
  .refine(({ stream, action }) => stream !== 'market' || action !== 'expire-listen-key', { path: ['stream'], error: 'expected "user" or "all": market streams have no listen key' });
export type StreamFaultSpec = z.infer<typeof streamFaultSchema>;

export interface StreamFault extends StreamFaultSpec {
  readonly id: string;
  /** Connections cut or refused, messages lost, doubled or swapped, keys expired. */
  used: number;
}

interface Active {
  readonly fault: StreamFault;
  readonly timer: TimerHandle;
}

export class StreamFaults {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #active = new Map<string, Active>();
  /** The message that `reorder` holds back, by the connection's `send`. */
  readonly #held = new Map<(text: string) => void, string>();
  #onBegin: (fault: StreamFault) => void = () => {};
  #lastId = 0;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Who cuts connections and expires keys. */
  onBegin(listener: (fault: StreamFault) => void): void {
    this.#onBegin = listener;
  }

  list(): readonly StreamFault[] {
    return [...this.#active.values()].map(({ fault }) => fault);
  }

  begin(spec: StreamFaultSpec): StreamFault {
    const fault: StreamFault = { ...spec, id: `s${++this.#lastId}`, used: 0 };
    this.#log('warn', { fault: fault.id, ...spec }, 'a stream fault begins');
    this.#active.set(fault.id, { fault, timer: this.#clock.after(spec.forMs, () => this.end(fault.id)) });
    this.#onBegin(fault);
    return fault;
  }

  /** Ends one, or all; what was held back is sent. False when there is none of that id. */
  end(id: string | null): boolean {
    const ending = [...this.#active.values()].filter(({ fault }) => id === null || fault.id === id);
    for (const { fault, timer } of ending) {
      timer.cancel();
      this.#active.delete(fault.id);
      this.#log('warn', { fault: fault.id, action: fault.action, used: fault.used }, 'a stream fault ends');
    }
    if (!this.list().some(({ action }) => action === 'reorder')) {
      for (const [send, text] of this.#held) send(text);
      this.#held.clear();
    }
    return id === null || ending.length > 0;
  }

  /** Told for each use that is not a message. */
  used(fault: StreamFault, what: string): void {
    fault.used += 1;
    this.#log('warn', { fault: fault.id, action: fault.action, used: fault.used }, `a stream fault was injected: ${what}`);
  }

  /** The oldest fault of `action` that concerns `route`. */
  on(route: StreamRoute, action: StreamFaultSpec['action']): StreamFault | undefined {
    if (this.#active.size === 0) return undefined;
    return this.list().find((fault) => fault.action === action && concerns(fault, route));
  }

  /** Sends `text` as the faults of the moment let it through. */
  deliver(route: StreamRoute, send: (text: string) => void, text: string): void {
    if (this.#active.size === 0) return send(text);
    const silence = this.on(route, 'silence');
    if (silence) return this.#message(silence, 'lost');
    const duplicate = this.on(route, 'duplicate');
    const times = duplicate ? 2 : 1;
    if (duplicate) this.#message(duplicate, 'sent twice');
    const reorder = this.on(route, 'reorder');
    if (!reorder) {
      for (let time = 0; time < times; time++) send(text);
      return;
    }
    for (let time = 0; time < times; time++) this.#swap(reorder, send, text);
  }

  /** A connection that is gone gets nothing more. */
  forget(send: (text: string) => void): void {
    this.#held.delete(send);
  }

  #swap(fault: StreamFault, send: (text: string) => void, text: string): void {
    const held = this.#held.get(send);
    if (held === undefined) {
      this.#held.set(send, text);
      return;
    }
    this.#held.delete(send);
    this.#message(fault, 'sent before the one before it');
    send(text);
    send(held);
  }

  #message(fault: StreamFault, what: string): void {
    fault.used += 1;
    this.#log('debug', { fault: fault.id, action: fault.action, used: fault.used }, `a stream fault was injected: a message was ${what}`);
  }
}

export function concerns({ stream }: StreamFaultSpec, route: StreamRoute): boolean {
  return stream === 'all' || (stream === 'user') === (route === 'private');
}
