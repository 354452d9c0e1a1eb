/** The ready gate: every input missing alone is named, and waiting for one symbol ends when patience does (ruling 17). */
import { expect } from 'chai';
import { missingInputs, symbolsBehind } from '../../src/rules/readiness.ts';
import type { ReadinessInputs } from '../../src/rules/readiness.ts';
import { CHINESE, makeInstrument, makeLife, makeMarket, makePerformance, makeUniverse, NOW } from '../kit/decisions.ts';
import type { SymbolMarket } from '../../src/protocol/market.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { LifeView } from '../../src/protocol/views.ts';

const marketOf = (...symbols: SymbolMarket[]) => ({ at: NOW, symbols: new Map(symbols.map((one) => [one.symbol, one])) });
const livesOf = (...lives: LifeView[]) => new Map(lives.map((one) => [one.symbol, one]));

const EQUITY = { equity: '1', walletBalance: '1', availableBalance: '1', observedAt: NOW };

function inputs(fields: Partial<ReadinessInputs> = {}): ReadinessInputs {
  return {
    universe: makeUniverse([makeInstrument(), makeInstrument({ symbol: CHINESE })]),
    equity: { ...EQUITY, performance: makePerformance() },
    stream: { live: true, streamEpoch: 2, since: NOW },
    reconciliation: { streamEpoch: 2, at: NOW, unresolved: [] },
    session: { clockOffsetMs: 0, modesConfirmed: true, brackets: new Map() },
    tradingState: { overall: 'ACTIVE', symbols: new Map(), cause: 'first start', since: 0, tradingEpoch: 1, activatedAt: 0 },
    market: marketOf(makeMarket(), makeMarket({ symbol: CHINESE })),
    lives: livesOf(makeLife(), makeLife({ symbol: CHINESE })),
    patienceOver: false,
    ...fields,
  };
}
const missing = (fields: Partial<ReadinessInputs>) => missingInputs(inputs(fields)).map((one) => one.input);
const { funding: _funding, ...noFunding } = makeMarket({ symbol: CHINESE });
const session = { clockOffsetMs: 0, modesConfirmed: true, brackets: new Map() };
const { mark: _mark, ...noMark } = makeMarket({ symbol: CHINESE });
const { book: _book, ...noBook } = makeMarket({ symbol: CHINESE });
const { ticker: _ticker, ...noTicker } = makeMarket({ symbol: CHINESE });

describe('readiness', () => {
  it('misses nothing when everything is known', () => expect(missing({})).to.deep.equal([]));

  for (const [what, fields, expected] of [
    ['the venue\'s time', { session: { ...session, clockOffsetMs: undefined } }, ['venue-time']],
    ['the account\'s modes', { session: { ...session, modesConfirmed: false } }, ['account-modes']],
    ['the session', { session: undefined }, ['venue-time', 'account-modes']],
    ['the equity', { equity: undefined }, ['equity', 'performance']],
    ['how the account does', { equity: EQUITY }, ['performance']],
    ['the funding', { market: marketOf(makeMarket(), noFunding) }, ['funding']],
    ['the trading state', { tradingState: undefined }, ['trading-state']],
    ['a live user stream', { stream: { live: false, streamEpoch: 2, since: NOW } }, ['user-stream']],
    ['the user stream, which leaves nothing to reconcile with', { stream: undefined }, ['user-stream', 'reconciliation']],
    ['any reconciliation', { reconciliation: undefined }, ['reconciliation']],
    ['a reconciliation of this stream epoch', { reconciliation: { streamEpoch: 1, at: NOW, unresolved: [] } }, ['reconciliation']],
    ['a mark price', { market: marketOf(makeMarket(), noMark) }, ['prices']],
    ['a book', { market: marketOf(makeMarket(), noBook) }, ['prices']],
    ['a ticker', { market: marketOf(makeMarket(), noTicker) }, ['tickers']],
    ['candles', { market: marketOf(makeMarket(), makeMarket({ symbol: CHINESE, candles: [] })) }, ['candles']],
    ['the market', { market: undefined }, ['prices', 'tickers', 'candles', 'funding']],
    ['confirmed leverage', { lives: livesOf(makeLife(), makeLife({ symbol: CHINESE, leverageConfirmed: false })) }, ['leverage']],
    ['an executor', { lives: livesOf(makeLife()) }, ['leverage']],
    ['the universe, and with it everything counted by symbol', { universe: undefined }, ['universe', 'prices', 'tickers', 'candles', 'funding', 'leverage']],
  ] as const satisfies readonly (readonly [string, Partial<ReadinessInputs>, readonly string[]])[]) {
    it(`names what it waits for without ${what}`, () => expect(missing(fields)).to.deep.equal(expected));
  }

  it('names the symbols it waits for, whatever their letters', () => {
    expect(missingInputs(inputs({ market: marketOf(makeMarket(), noTicker) }))).to.deep.equal([{ input: 'tickers', reason: `missing for ${CHINESE}` }]);
  });

  it('counts hundreds, and names the first: what is waited for can be read, and one sees it become less', () => {
    const symbols = Array.from({ length: 400 }, (_, index) => `S${index}USDT` as SymbolName);
    const universe = makeUniverse(symbols.map((symbol) => makeInstrument({ symbol })));
    const market = marketOf(...symbols.map((symbol) => makeMarket({ symbol })));
    const set = (count: number) => livesOf(...symbols.map((symbol, index) => makeLife({ symbol, leverageConfirmed: index < count })));
    expect(missingInputs(inputs({ universe, market, lives: set(57) }))).to.deep.equal([{ input: 'leverage', reason: 'missing for 343 of 400 symbols: S57USDT, S58USDT, S59USDT, S60USDT, S61USDT and 338 more' }]);
    expect(missingInputs(inputs({ universe, market, lives: set(394) }))[0]?.reason).to.equal('missing for 6 of 400 symbols: S394USDT, S395USDT, S396USDT, S397USDT, S398USDT and 1 more');
    expect(missingInputs(inputs({ universe, market, lives: set(395) }))[0]?.reason).to.equal('missing for S395USDT, S396USDT, S397USDT, S398USDT, S399USDT');
  });

  it('goes on saying what single symbols lack when the gate is open without them', () => {
    const behind = { lives: livesOf(makeLife(), makeLife({ symbol: CHINESE, leverageConfirmed: false })), patienceOver: true };
    expect(missing(behind)).to.deep.equal([]);
    expect(symbolsBehind(inputs(behind))).to.deep.equal([{ input: 'leverage', reason: `missing for ${CHINESE}` }]);
    expect(symbolsBehind(inputs())).to.deep.equal([]);
    expect(symbolsBehind(inputs({ universe: undefined })), 'nobody knows which').to.deep.equal([]);
  });

  it('counts a refused leverage as known: that symbol is denied by its own guard', () => {
    expect(missing({ lives: livesOf(makeLife(), makeLife({ symbol: CHINESE, leverageConfirmed: false, leverageRefused: 'open position' })) })).to.deep.equal([]);
  });

  it('waits no longer for single symbols once patience is over, but for one complete symbol it does', () => {
    const one = marketOf(makeMarket(), { symbol: CHINESE, candles: [] });
    expect(missing({ market: one })).to.deep.equal(['prices', 'tickers', 'candles', 'funding']);
    expect(missing({ market: one, patienceOver: true })).to.deep.equal([]);
    expect(missing({ market: marketOf(), patienceOver: true })).to.deep.equal(['prices', 'tickers', 'candles', 'funding']);
  });

  it('never loses patience with what concerns all symbols', () => {
    expect(missing({ equity: undefined, stream: undefined, session: undefined, universe: undefined, patienceOver: true })).to.include.members(['equity', 'user-stream', 'reconciliation', 'venue-time', 'account-modes', 'universe']);
  });
});
