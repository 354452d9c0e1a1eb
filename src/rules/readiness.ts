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

/** So many symbols are named; of hundreds nobody reads more. */
const NAMED = 5;

/** What must be there of each symbol. A refused leverage is known: that symbol is denied by its own guard. */
const OF_SYMBOLS: readonly { readonly input: string; readonly has: (inputs: ReadinessInputs, symbol: SymbolName) => boolean }[] = [
  { input: 'prices', has: ({ market }, symbol) => market?.symbols.get(symbol)?.mark !== undefined && market.symbols.get(symbol)?.book !== undefined },
  { input: 'tickers', has: ({ market }, symbol) => market?.symbols.get(symbol)?.ticker !== undefined },
  { input: 'candles', has: ({ market }, symbol) => (market?.symbols.get(symbol)?.candles.length ?? 0) > 0 },
  { input: 'funding', has: ({ market }, symbol) => market?.symbols.get(symbol)?.funding !== undefined },
  { input: 'leverage', has: ({ lives }, symbol) => lives.get(symbol)?.leverageConfirmed === true || lives.get(symbol)?.leverageRefused !== undefined },
];

export function missingInputs(inputs: ReadinessInputs): readonly MissingInput[] {
  const { universe, equity, stream, reconciliation, session } = inputs;
  const missing: MissingInput[] = [];
  const need = (input: string, reason: string | undefined) => {
    if (reason !== undefined) missing.push({ input, reason });
  };
  need('universe', universe === undefined ? 'the venue has not been asked with success' : undefined);
  need('trading-state', inputs.tradingState === undefined ? 'not reported' : undefined);
  need('venue-time', session?.clockOffsetMs === undefined ? 'the venue has not told the time' : undefined);
  need('account-modes', session?.modesConfirmed === true ? undefined : 'the account\'s modes are not confirmed');
  need('equity', equity === undefined ? 'never observed' : undefined);
  need('performance', equity?.performance === undefined ? 'the day\'s and the session\'s measures are not known' : undefined);
  need('user-stream', stream?.live === true ? undefined : 'not live');
  need('reconciliation', stream !== undefined && reconciliation?.streamEpoch === stream.streamEpoch ? undefined : 'not done since the user stream was connected');
  for (const { input, lacking, of } of lackingSymbols(inputs)) {
    if (of === undefined) need(input, 'the universe is not known');
    else if (!inputs.patienceOver || lacking.length === of) need(input, missingFor(lacking, of));
  }
  return missing;
}

/** What single symbols still lack, in words; the gate may be open all the same. */
export function symbolsBehind(inputs: ReadinessInputs): readonly MissingInput[] {
  return lackingSymbols(inputs).flatMap(({ input, lacking, of }) => (of === undefined ? [] : [{ input, reason: missingFor(lacking, of) }]));
}

/** Inputs that some symbol lacks. `of`: how many there are; undefined: nobody knows. */
function lackingSymbols(inputs: ReadinessInputs): readonly { readonly input: string; readonly lacking: readonly SymbolName[]; readonly of: number | undefined }[] {
  const { universe } = inputs;
  if (universe === undefined) return OF_SYMBOLS.map(({ input }) => ({ input, lacking: [], of: undefined }));
  const symbols = [...universe.instruments.keys()];
  return OF_SYMBOLS.map(({ input, has }) => ({ input, lacking: symbols.filter((symbol) => !has(inputs, symbol)), of: symbols.length })).filter(({ lacking }) => lacking.length > 0);
}

function missingFor(lacking: readonly SymbolName[], of: number): string {
  if (lacking.length <= NAMED) return `missing for ${lacking.join(', ')}`;
  return `missing for ${lacking.length} of ${of} symbols: ${lacking.slice(0, NAMED).join(', ')} and ${lacking.length - NAMED} more`;
}
