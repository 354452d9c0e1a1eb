/** How long it took until an order was durable, for the newest orders: the hop between a permit and the venue. */
import type { JournalEntryDraft } from '../../protocol/messages.ts';

const KEPT = 5_000;

export class AppendTimes {
  readonly #tookMs = new Map<string, number>();

  note(entries: readonly JournalEntryDraft[], tookMs: number): void {
    for (const { type, payload } of entries) {
      if (type !== 'OrderSending' && type !== 'ProtectionSending') continue;
      const clientId = typeof payload === 'object' && payload !== null && 'clientId' in payload ? payload.clientId : undefined;
      if (typeof clientId !== 'string') continue;
      this.#tookMs.set(clientId, tookMs);
      const [oldest] = this.#tookMs.keys();
      if (this.#tookMs.size > KEPT && oldest !== undefined) this.#tookMs.delete(oldest);
    }
  }

  /** Undefined: not known, as after a restart. */
  of(clientId: string): number | undefined {
    return this.#tookMs.get(clientId);
  }
}
