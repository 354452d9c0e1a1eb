/** What is known of the market: instruments with their filters, prices with the time they were observed, candles. */
import { z } from 'zod';
import type { Decimal } from './decimal.ts';
import type { SymbolName } from './names.ts';

/** The venue's rules for one symbol (exchangeInfo). Quantities in base asset, prices in quote per base. */
export interface Instrument {
  readonly symbol: SymbolName;
  /** The venue's own word: `TRADING`, `SETTLING`, … */
  readonly status: string;
  /** `PERPETUAL` is what we trade. */
  readonly contractType: string;
  readonly tickSize: Decimal;
  readonly minPrice: Decimal;
  readonly maxPrice: Decimal;
  readonly stepSize: Decimal;
  readonly minQuantity: Decimal;
  readonly maxQuantity: Decimal;
  readonly marketMaxQuantity: Decimal;
  readonly minNotional: Decimal;
  /** PERCENT_PRICE: a BUY may not be above mark × up, a SELL not below mark × down. */
  readonly multiplierUp: Decimal;
  readonly multiplierDown: Decimal;
}

export interface Ticker24h {
  readonly symbol: SymbolName;
  /** Percent, signed: −12.74 means the price fell by 12.74 %. */
  readonly changePercent: Decimal;
  readonly lastPrice: Decimal;
  readonly quoteVolume: Decimal;
  /** Venue time of the end of the window, ms. */
  readonly closeTime: number;
}

/** A candle: times in ms UTC, `openTime` inclusive. */
export interface Candle {
  readonly openTime: number;
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
  readonly volume: Decimal;
  readonly closed: boolean;
}

/** What the market streams say. `observedAt` is the venue's E, ms. */
export type MarketEvent =
  | { readonly type: 'mark'; readonly symbol: SymbolName; readonly price: Decimal; readonly observedAt: number; readonly funding?: { readonly rate: Decimal; readonly nextAt: number } }
  | { readonly type: 'book'; readonly symbol: SymbolName; readonly bid: Decimal; readonly ask: Decimal; readonly observedAt: number }
  | { readonly type: 'candle'; readonly symbol: SymbolName; readonly candle: Candle; readonly observedAt: number }
  /** The venue has changed what it lists: a status, a new contract. */
  | { readonly type: 'listing'; readonly symbol: SymbolName; readonly status: string; readonly observedAt: number };

/** Everything known of one symbol's price now; a field that was never observed is undefined, never a default. */
export interface SymbolMarket {
  readonly symbol: SymbolName;
  readonly mark?: { readonly price: Decimal; readonly observedAt: number };
  readonly book?: { readonly bid: Decimal; readonly ask: Decimal; readonly observedAt: number };
  readonly ticker?: { readonly changePercent: Decimal; readonly quoteVolume: Decimal; readonly observedAt: number };
  /** What the next funding will take, as a share of the notional: positive, longs pay. */
  readonly funding?: { readonly rate: Decimal; readonly intervalHours: number; readonly nextAt: number; readonly observedAt: number };
  /** Set while nothing of it has been received for too long, whatever the times in what was received; our wall time, ms. */
  readonly silentSince?: number;
  /** Closed 1-minute candles, ascending; one more is another array. */
  readonly candles: readonly Candle[];
  /** What those candles say; undefined while they are too few to say anything. */
  readonly statistics?: MarketStatistics;
}

/**
 * What the closed candles say of a symbol (`rules/market-statistics.ts` says how each is computed). Plain numbers: they
 * are statistics, not money. Undefined: there is not enough history, or not without a gap; never a default.
 */
export interface MarketStatistics {
  /** When the newest candle closed, by its own time, ms: another one is newer statistics. In a replay it runs ahead of the venue's time. */
  readonly at: number;
  /** When that candle was observed, venue time, ms: ages count from here. */
  readonly observedAt: number;
  /** ATR(14) of 15-minute candles / price: 0.05 is 5 %. */
  readonly atrShare: number | undefined;
  /** Standard deviation of 20 log returns of 5-minute candles. */
  readonly sigma: number | undefined;
  /** 0 (all noise) to 1 (one straight line). */
  readonly trendStrength: number | undefined;
  /** Probabilities that sum to 1. */
  readonly regime: { readonly trend: number; readonly meanReversion: number; readonly chop: number } | undefined;
}

/** One immutable picture of the whole market, published several times a second. */
export interface MarketView {
  readonly at: number;
  readonly symbols: ReadonlyMap<SymbolName, SymbolMarket>;
}

/** Why a policy symbol is not traded. */
/** So many symbols can be followed at once: a connection of the venue carries 1,024 streams, each symbol takes two of one, and what is held beside them takes the rest. */
export const MOST_SYMBOLS = 500;

const exclusionReasons = ['NOT_CHOSEN', 'NOT_LISTED', 'NOT_TRADING', 'NOT_PERPETUAL', 'TOO_MANY'] as const;
export const exclusionSchema = z.strictObject({ symbol: z.string(), reason: z.enum(exclusionReasons), detail: z.string() });
export type Exclusion = z.infer<typeof exclusionSchema>;

/** The symbols that may be opened now: policy ∩ venue, one version for generator, bridge, governor and executors alike. */
export interface Universe {
  readonly version: number;
  readonly observedAt: number;
  readonly instruments: ReadonlyMap<SymbolName, Instrument>;
  /** The rules of everything the venue lists, allowed or not: a position outside the universe must still be protected and closed. */
  readonly listed: ReadonlyMap<SymbolName, Instrument>;
  readonly excluded: readonly Exclusion[];
  /** Undefined: the venue was asked with success. Else since when it cannot be (wall time, ms), and why: this is the last good one. */
  readonly kept?: { readonly since: number; readonly reason: string };
  /** Share that is left of the largest universe since an operator last accepted one, 0 to 1. */
  readonly overlap: number;
  /** Open: too many symbols have vanished; nothing is opened until they are back or an operator accepts what is left. */
  readonly breaker: 'closed' | 'open';
}
