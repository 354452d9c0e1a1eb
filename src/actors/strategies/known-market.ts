/** What an evaluating actor knows of the market: nothing of a symbol that is not of the universe, and nothing at all before the venue's time is known. */
import type { MarketView, SymbolMarket, Universe } from '../../protocol/market.ts';
import type { VenueSessionView } from '../../protocol/views.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { Sight } from '../../rules/strategies/strategy.ts';

export class KnownMarket {
  market: MarketView | undefined;
  universe: Universe | undefined;
  /** Venue time − ours, ms. */
  clockOffsetMs: number | undefined;

  /** Takes a view. */
  see(message: { readonly type: 'market-view'; readonly view: MarketView } | { readonly type: 'universe'; readonly universe: Universe } | { readonly type: 'session'; readonly view: VenueSessionView }): void {
    if (message.type === 'market-view') this.market = message.view;
    else if (message.type === 'universe') this.universe = message.universe;
    else this.clockOffsetMs = message.view.clockOffsetMs;
  }

  /** Undefined while it is not known what there is to look at, or what time it is. */
  get symbols(): readonly SymbolName[] | undefined {
    return this.market === undefined || this.universe === undefined || this.clockOffsetMs === undefined ? undefined : [...this.universe.instruments.keys()];
  }

  venueTime(now: number): number | undefined {
    return this.clockOffsetMs === undefined ? undefined : now + this.clockOffsetMs;
  }

  of(symbol: SymbolName): SymbolMarket | undefined {
    return this.market?.symbols.get(symbol);
  }

  /** One nobody has seen a price of is one without data, not none. @param now wall time, ms. */
  sight(symbol: SymbolName, now: number, maxAgeMs: number): Sight | undefined {
    const venueNow = this.venueTime(now);
    if (venueNow === undefined || this.universe?.instruments.has(symbol) !== true) return undefined;
    return { market: this.of(symbol) ?? { symbol, candles: [] }, now: venueNow, maxAgeMs };
  }
}
