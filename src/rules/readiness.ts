/** What must be known before anything is opened (ruling 17): a list of inputs, each there or missing with a reason. */
import type { MarketView, Universe } from '../protocol/market.ts';
import type { EquityView, LifeView, ReconciliationView, StreamView, TradingStateView, VenueSessionView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';

export interface ReadinessInputs {
  readonly universe: Universe | undefined;
  readonly equity: EquityView | undefined;
  readonly stream: StreamView | undefined;
  readonly reconciliation: ReconciliationView | undefined;
  readonly session: VenueSessionView | undefined;
  readonly tradingState: TradingStateView | undefined;
  readonly market: MarketView | undefined;
  readonly lives: ReadonlyMap<SymbolName, LifeView>;
  /** True once we have waited long enough for every symbol: from then on one that is complete will do, and each other is denied by its own guard. */
  readonly patienceOver: boolean;
}

export interface MissingInput {
  readonly input: string;
  readonly reason: string;
}

export function missingInputs(inputs: ReadinessInputs): readonly MissingInput[] {
  const { universe, equity, stream, reconciliation, session, market, lives } = inputs;
  const missing: MissingInput[] = [];
  const need = (input: string, reason: string | undefined) => {
    if (reason !== undefined) missing.push({ input, reason });
  };
  const symbols = universe === undefined ? [] : [...universe.instruments.keys()];
  const without = (has: (symbol: SymbolName) => boolean): string | undefined => {
    if (universe === undefined) return 'the universe is not known';
    const lacking = symbols.filter((symbol) => !has(symbol));
    return lacking.length === 0 || (inputs.patienceOver && lacking.length < symbols.length) ? undefined : `missing for ${lacking.join(', ')}`;
  };
  need('universe', universe === undefined ? 'the venue has not been asked with success' : undefined);
  need('trading-state', inputs.tradingState === undefined ? 'not reported' : undefined);
  need('venue-time', session?.clockOffsetMs === undefined ? 'the venue has not told the time' : undefined);
  need('account-modes', session?.modesConfirmed === true ? undefined : 'the account\'s modes are not confirmed');
  need('equity', equity === undefined ? 'never observed' : undefined);
  need('performance', equity?.performance === undefined ? 'the day\'s and the session\'s measures are not known' : undefined);
  need('user-stream', stream?.live === true ? undefined : 'not live');
  need('reconciliation', stream !== undefined && reconciliation?.streamEpoch === stream.streamEpoch ? undefined : 'not done since the user stream was connected');
  need('prices', without((symbol) => market?.symbols.get(symbol)?.mark !== undefined && market.symbols.get(symbol)?.book !== undefined));
  need('tickers', without((symbol) => market?.symbols.get(symbol)?.ticker !== undefined));
  need('candles', without((symbol) => (market?.symbols.get(symbol)?.candles.length ?? 0) > 0));
  need('funding', without((symbol) => market?.symbols.get(symbol)?.funding !== undefined));
  need('leverage', without((symbol) => lives.get(symbol)?.leverageConfirmed === true || lives.get(symbol)?.leverageRefused !== undefined));
  return missing;
}
