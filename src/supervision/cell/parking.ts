/** Messages that no incarnation could handle, kept with what they carry until somebody decides; bounded. */
import { isoTime } from '../clock.ts';
import type { ParkedMessage } from '../inspection.ts';
import { redactedLine } from '../redact.ts';
import type { Envelope } from './envelope.ts';

const KEPT = 100;

interface Parked {
  readonly envelope: Envelope;
  /** Wall time, ms. */
  readonly at: number;
  readonly reason: string;
}

export class Parking {
  /** All that are parked: those that gave way to newer ones, too. */
  count = 0;
  #kept: Parked[] = [];

  /** How many are kept now: what gave way is only counted. */
  get kept(): number {
    return this.#kept.length;
  }

  park(envelope: Envelope, at: number, reason: string): void {
    this.count += 1;
    this.#kept.push({ envelope: envelope.copy(), at, reason });
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** Takes out those that are kept. */
  takeAll(): Envelope[] {
    const envelopes = this.#kept.map((one) => one.envelope);
    this.#kept = [];
    this.count -= envelopes.length;
    return envelopes;
  }

  messages(): readonly ParkedMessage[] {
    return this.#kept.map(({ envelope, at, reason }) => ({ type: envelope.message.type, from: envelope.from, at: isoTime(at), reason, payload: redactedLine(envelope.message) }));
  }
}
