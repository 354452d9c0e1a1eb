/** What is known of each watched symbol: every part with the time of its own observation, and nothing older ever in place of something newer. */
import type { Candle, MarketEvent, SymbolMarket } from '../../protocol/market.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { marketStatistics } from '../../rules/market-statistics.ts';

const MINUTE_MS = 60_000;
/** The streams before and after a new subscription may overlap by seconds: what is older than what is known says nothing. By more than that, what is known was dated wrongly, and a price must not stand still until then. */
const OVERLAP_MS = 10_000;

const NO_CANDLE = { newer: false, holed: false } as const;

interface Watched {
  market: SymbolMarket;
  /** Its history has been read. */
  loaded: boolean;
}

export class MarketPicture {
  readonly #symbols = new Map<SymbolName, Watched>();
  readonly #keep: number;
  /** Hours between fundings where they are not the usual eight; undefined: the venue has not said. */
  #intervals: ReadonlyMap<SymbolName, number> | undefined;
  /** Something is new since `symbols` was last taken. */
  changed = false;

  /** @param keep how many candles of each symbol. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  get watched(): readonly SymbolName[] {
    return [...this.#symbols.keys()];
  }

  get symbols(): ReadonlyMap<SymbolName, SymbolMarket> {
    return new Map([...this.#symbols].map(([symbol, { market }]) => [symbol, market]));
  }

  get unloaded(): readonly SymbolName[] {
    return [...this.#symbols].flatMap(([symbol, { loaded }]) => (loaded ? [] : [symbol]));
  }

  /** Follows these and forgets the others. False: they are the same. */
  watch(wanted: readonly SymbolName[]): boolean {
    if (wanted.length === this.#symbols.size && wanted.every((symbol) => this.#symbols.has(symbol))) return false;
    for (const symbol of this.watched) if (!wanted.includes(symbol)) this.#symbols.delete(symbol);
    for (const symbol of wanted) if (!this.#symbols.has(symbol)) this.#symbols.set(symbol, { market: sealed({ symbol, candles: [] }), loaded: false });
    this.changed = true;
    return true;
  }

  /** `newer`: it is a candle newer than those before; `holed`: minutes are missing between them, and the history is to be read again. */
  take(event: Exclude<MarketEvent, { type: 'listing' }>): { readonly newer: boolean; readonly holed: boolean } {
    const { symbol, observedAt } = event;
    const known = this.#symbols.get(symbol)?.market;
    const isOld = (part: { readonly observedAt: number } | undefined) => part !== undefined && part.observedAt > observedAt && part.observedAt - observedAt < OVERLAP_MS;
    switch (event.type) {
      case 'mark':
        if (isOld(known?.mark)) return NO_CANDLE;
        this.#change(symbol, { mark: { price: event.price, observedAt } });
        if (event.funding !== undefined && this.#intervals !== undefined) this.#change(symbol, { funding: { ...event.funding, intervalHours: this.#intervals.get(symbol) ?? 8, observedAt } });
        return NO_CANDLE;
      case 'book':
        if (!isOld(known?.book)) this.#change(symbol, { book: { bid: event.bid, ask: event.ask, observedAt } });
        return NO_CANDLE;
      case 'candle': {
        if (!event.candle.closed) return NO_CANDLE;
        const before = known?.candles.at(-1);
        const newer = this.#addCandles(symbol, [event.candle], observedAt);
        return { newer, holed: before !== undefined && event.candle.openTime > before.openTime + MINUTE_MS };
      }
    }
  }

  /** Which symbols are silent, each since when; the others are not. */
  silent(since: ReadonlyMap<SymbolName, number>): void {
    for (const [symbol, { market }] of this.#symbols) {
      const at = since.get(symbol);
      if (market.silentSince === at) continue;
      const { silentSince: _before, ...rest } = market;
      this.#replace(symbol, at === undefined ? rest : { ...rest, silentSince: at });
    }
  }

  ticker(symbol: SymbolName, ticker: NonNullable<SymbolMarket['ticker']>): void {
    this.#change(symbol, { ticker });
  }

  /** @param readAt when the answer came, wall time, ms. @returns whether it brought a newer candle. */
  history(symbol: SymbolName, candles: readonly Candle[], readAt: number): boolean {
    const known = this.#symbols.get(symbol);
    if (known === undefined) return false;
    known.loaded = true;
    return this.#addCandles(symbol, candles.filter((candle) => candle.closed), readAt);
  }

  intervals(intervals: ReadonlyMap<SymbolName, number>): void {
    this.#intervals = intervals;
  }

  get intervalsKnown(): boolean {
    return this.#intervals !== undefined;
  }

  /** @returns whether the newest is another. */
  #addCandles(symbol: SymbolName, candles: readonly Candle[], observedAt: number): boolean {
    const known = this.#symbols.get(symbol);
    if (known === undefined) return false;
    const newest = known.market.candles.at(-1)?.openTime;
    const byTime = new Map([...known.market.candles, ...candles].map((candle) => [candle.openTime, candle]));
    const kept = [...byTime.values()].toSorted((a, b) => a.openTime - b.openTime).slice(-this.#keep);
    // Only a newer candle makes the statistics fresher: an old one, told again, does not.
    const newer = kept.at(-1)?.openTime !== newest;
    const observed = newer ? observedAt : (known.market.statistics?.observedAt ?? observedAt);
    const statistics = marketStatistics(kept, observed);
    this.#change(symbol, { candles: kept, ...(statistics === undefined ? {} : { statistics }) });
    return newer;
  }

  #change(symbol: SymbolName, part: Partial<SymbolMarket>): void {
    const known = this.#symbols.get(symbol);
    if (known === undefined) return;
    this.#replace(symbol, { ...known.market, ...part });
  }

  #replace(symbol: SymbolName, market: SymbolMarket): void {
    const known = this.#symbols.get(symbol);
    if (known === undefined) return;
    known.market = sealed(market);
    this.changed = true;
  }
}

/**
 * Everybody sees the same objects, and strategies are files of users: one that writes to what it is shown, a shadow even,
 * would change the prices that exits and guards decide by. So it cannot; it crashes, and is left out.
 */
function sealed(market: SymbolMarket): SymbolMarket {
  const { mark, book, ticker, funding, candles, statistics } = market;
  for (const part of [mark, book, ticker, funding, statistics, statistics?.regime]) Object.freeze(part);
  if (!Object.isFrozen(candles)) {
    candles.forEach((candle) => Object.freeze(candle));
    Object.freeze(candles);
  }
  return Object.freeze(market);
}
