/**
 * How long ago each symbol was last heard of, by our clock and the receipt: what the venue writes into an event says nothing
 * of whether any come (operators' 47). A symbol that falls silent is subscribed anew, then its connection is replaced.
 */
import type { SymbolName } from '../protocol/names.ts';

/** Mark prices come every second, or every three. */
export const STALE_AFTER_MS = 10_000;
/** With everything silent a new connection is tried so often; for some alone ever more seldom, for it costs all the others. */
const RECONNECT_MS = 30_000;
const SELDOM_MS = 1_800_000;
/** None newer has come of a symbol for so long: the stream's are missing, and REST is asked for them. */
const CANDLE_AGE_MS = 150_000;
/** So often for one symbol at the most. */
const FILL_EVERY_MS = 60_000;

/** When the newest candle of each symbol became known; all times are monotonic ms: what a candle is dated by says nothing of whether any come. */
export class CandleAges {
  readonly #heardAt = new Map<SymbolName, number>();
  /** When it was last said to be missing. */
  readonly #missedAt = new Map<SymbolName, number>();

  /** A candle came that is newer than those before. */
  heard(symbol: SymbolName, now: number): void {
    this.#heardAt.set(symbol, now);
  }

  /** Of the watched ones that have candles those of which none has come for too long, with how long; each once a minute at the most. */
  missing(watched: readonly SymbolName[], now: number): readonly { readonly symbol: SymbolName; readonly ageMs: number }[] {
    const followed = new Set(watched);
    for (const symbol of this.#heardAt.keys()) if (!followed.has(symbol)) this.#heardAt.delete(symbol);
    const missing = [...this.#heardAt].flatMap(([symbol, at]) => (now - at > CANDLE_AGE_MS && now - (this.#missedAt.get(symbol) ?? -FILL_EVERY_MS) >= FILL_EVERY_MS ? [{ symbol, ageMs: now - at }] : []));
    for (const { symbol } of missing) this.#missedAt.set(symbol, now);
    return missing;
  }
}

interface Age {
  heardAt: number;
  /** When it was subscribed anew, while it is silent. */
  askedAt: number | undefined;
  /** The connection was replaced, and it is silent all the same. */
  reconnected: boolean;
}

export interface Remedy {
  readonly resubscribe: readonly SymbolName[];
  readonly reconnect: boolean;
}

export class ReceiveAges {
  readonly #ages = new Map<SymbolName, Age>();
  #nextReconnectAt = 0;
  #tries = 0;

  /** Follows these; one that is new has its time from now on. */
  watch(symbols: readonly SymbolName[], now: number): void {
    for (const symbol of this.#ages.keys()) if (!symbols.includes(symbol)) this.#ages.delete(symbol);
    for (const symbol of symbols) if (!this.#ages.has(symbol)) this.#ages.set(symbol, { heardAt: now, askedAt: undefined, reconnected: false });
  }

  heard(symbol: SymbolName, now: number): void {
    const age = this.#ages.get(symbol);
    if (age === undefined) return;
    age.heardAt = now;
    age.askedAt = undefined;
    age.reconnected = false;
  }

  ageMs(symbol: SymbolName, now: number): number | undefined {
    const age = this.#ages.get(symbol);
    return age === undefined ? undefined : now - age.heardAt;
  }

  /** Those that are silent now. */
  stale(now: number): readonly SymbolName[] {
    return [...this.#ages].filter(([, { heardAt }]) => now - heardAt > STALE_AFTER_MS).map(([symbol]) => symbol);
  }

  /** Those that neither a new subscription nor a new connection has brought back. */
  lost(now: number): readonly SymbolName[] {
    return this.stale(now).filter((symbol) => this.#ages.get(symbol)?.reconnected === true && now - (this.#ages.get(symbol)?.askedAt ?? now) > 2 * STALE_AFTER_MS);
  }

  /** What is to be done now; doing it is the caller's. */
  remedy(now: number): Remedy {
    const stale = this.stale(now);
    if (stale.length === 0) {
      this.#tries = 0;
      return { resubscribe: [], reconnect: false };
    }
    const ages = stale.map((symbol) => [symbol, this.#ages.get(symbol)!] as const);
    const fresh = ages.filter(([, age]) => age.askedAt === undefined);
    for (const [, age] of fresh) age.askedAt = now;
    const inVain = ages.some(([, { askedAt }]) => askedAt !== undefined && now - askedAt >= STALE_AFTER_MS);
    const reconnect = inVain && now >= this.#nextReconnectAt;
    if (reconnect) {
      const wait = stale.length === this.#ages.size ? RECONNECT_MS : Math.min(RECONNECT_MS * 2 ** this.#tries, SELDOM_MS);
      this.#tries += 1;
      this.#nextReconnectAt = now + wait;
      for (const [, age] of ages) age.reconnected = true;
    }
    return { resubscribe: fresh.map(([symbol]) => symbol), reconnect };
  }
}
