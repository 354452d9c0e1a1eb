/** The universe: policy as ceiling, choice within it, what the venue trades; every branch of ruling 25. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Instrument, Ticker24h } from '../../src/protocol/market.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { decideUniverse, overlapOf, rulesKey, universeWithin } from '../../src/rules/universe.ts';
import type { UniverseRules } from '../../src/rules/universe.ts';
import { CHINESE, GPS, HYPE, makeInstrument, NOW, POLICY, RIVER } from '../kit/decisions.ts';

const BTC = 'BTCUSDT' as SymbolName;
const listed = (...symbols: readonly SymbolName[]) => symbols.map((symbol) => makeInstrument({ symbol }));
const ticker = (symbol: SymbolName, quoteVolume: string): Ticker24h => ({ symbol, quoteVolume: decimal(quoteVolume), changePercent: decimal('0'), lastPrice: decimal('1'), closeTime: NOW });
const decide = (rules: Partial<UniverseRules>, instruments: readonly Instrument[], tickers: readonly Ticker24h[] = []) => decideUniverse({ policy: undefined, chosen: undefined, top: 50, minQuoteVolume: '10000000', ...rules }, instruments, tickers);

function symbolsOf(decision: ReturnType<typeof decide>): readonly string[] {
  return decision.ok ? [...decision.instruments.keys()] : [decision.code];
}

describe('universe', () => {
  it('is the policy as far as the venue trades it, its Chinese name included (failure 20)', () => {
    const decision = decide({ policy: POLICY }, listed(...POLICY, BTC));
    expect(symbolsOf(decision)).to.deep.equal(POLICY);
    expect(decision).to.deep.include({ ok: true, excluded: [] });
  });

  it('leaves a policy symbol the venue lacks or does not trade out, with the reason (failures 19, 69)', () => {
    const instruments = [...listed(GPS), makeInstrument({ symbol: HYPE, status: 'SETTLING' }), makeInstrument({ symbol: RIVER, contractType: 'CURRENT_QUARTER' })];
    const decision = decide({ policy: [GPS, HYPE, RIVER, CHINESE] }, instruments);
    expect(symbolsOf(decision)).to.deep.equal([GPS]);
    expect(decision.ok && decision.excluded).to.deep.equal([
      { symbol: HYPE, reason: 'NOT_TRADING', detail: 'the venue says SETTLING' },
      { symbol: RIVER, reason: 'NOT_PERPETUAL', detail: 'the venue says CURRENT_QUARTER' },
      { symbol: CHINESE, reason: 'NOT_LISTED', detail: 'the venue does not list it' },
    ]);
  });

  it('is what was chosen within the policy; the rest is said to be not chosen', () => {
    const decision = decide({ policy: [GPS, HYPE, CHINESE], chosen: [CHINESE] }, listed(GPS, HYPE, CHINESE));
    expect(symbolsOf(decision)).to.deep.equal([CHINESE]);
    expect(decision.ok && decision.excluded.map(({ symbol, reason }) => [symbol, reason])).to.deep.equal([[GPS, 'NOT_CHOSEN'], [HYPE, 'NOT_CHOSEN']]);
  });

  it('refuses to start with a name outside the ceiling, and names it and the ceiling\'s size', () => {
    const decision = decide({ policy: [GPS, HYPE], chosen: [GPS, BTC, 'gpsusdt'] }, listed(GPS, HYPE, BTC));
    expect(decision).to.deep.equal({ ok: false, code: 'UNIVERSE_OUTSIDE_POLICY', message: 'not in the policy of 2 symbols: BTCUSDT, gpsusdt' });
  });

  for (const [what, instruments] of [
    ['does not list', listed(GPS)],
    ['does not trade', [...listed(GPS), makeInstrument({ symbol: HYPE, status: 'PENDING_TRADING' })]],
    ['trades only as a dated future', [...listed(GPS), makeInstrument({ symbol: HYPE, contractType: 'NEXT_QUARTER' })]],
  ] as const) {
    it(`refuses to start with a chosen name the venue ${what}, with and without a policy`, () => {
      for (const policy of [[GPS, HYPE], undefined]) {
        const decision = decide({ policy, chosen: [GPS, HYPE] }, instruments);
        expect(decision).to.include({ ok: false, code: 'UNIVERSE_NOT_LISTED' });
        expect(!decision.ok && decision.message).to.include(HYPE);
      }
    });
  }

  describe('of more symbols than can be followed', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `N${index}USDT` as SymbolName);
    const rules = (policy: readonly string[]): UniverseRules => ({ policy, chosen: undefined, top: 50, minQuoteVolume: '0' });

    it('refuses to start with the 501st that the venue trades, naming setting, numbers and limit; what it does not trade does not count', () => {
      expect(symbolsOf(decide({ policy: many(500) }, listed(...many(500))))).to.have.length(500);
      expect(symbolsOf(decide({ policy: many(600) }, listed(...many(500))))).to.have.length(500);
      const decision = decide({ policy: many(600) }, listed(...many(501)));
      expect(decision).to.include({ ok: false, code: 'UNIVERSE_TOO_LARGE' });
      expect(!decision.ok && decision.message).to.include('universe.policy').and.include('600 symbols').and.include('trades 501').and.include('at most 500');
    });

    it('a choice within the same policy is taken', () => {
      expect(symbolsOf(decide({ policy: many(600), chosen: many(3) }, listed(...many(600))))).to.deep.equal(many(3));
    });

    it('grown under a running service, keeps the symbols there were as far as they are traded, and leaves the newcomers out', () => {
      const policy = many(600);
      const before = policy.slice(0, 499);
      const now = listed(...policy.slice(1, 502), BTC);
      const kept = universeWithin(before, rules(policy), now);
      expect(symbolsOf(kept)).to.deep.equal(policy.slice(1, 499));
      expect(kept.ok && kept.excluded.map(({ symbol, reason }) => [symbol, reason])).to.deep.equal([[policy[0], 'NOT_LISTED'], ...policy.slice(499, 502).map((symbol) => [symbol, 'TOO_MANY'])]);
    });
  });

  it('refuses to start when nothing is left, and says why for each candidate (failure 3)', () => {
    const decision = decide({ policy: [GPS, CHINESE] }, listed(BTC));
    expect(decision).to.include({ ok: false, code: 'UNIVERSE_EMPTY' });
    expect(!decision.ok && decision.message).to.include(`of 2 candidates`).and.to.include(`${CHINESE} (the venue does not list it)`);
    expect(symbolsOf(decide({ policy: [] }, listed(BTC)))).to.deep.equal(['UNIVERSE_EMPTY']);
    expect(symbolsOf(decide({ policy: [GPS], chosen: [] }, listed(GPS)))).to.deep.equal(['UNIVERSE_EMPTY']);
    expect(symbolsOf(decide({}, []))).to.deep.equal(['UNIVERSE_EMPTY']);
  });

  it('without a policy is the top by quote volume on the traded venue, at least the minimum, in order', () => {
    const tickers = [ticker(GPS, '10000000'), ticker(HYPE, '9999999.99'), ticker(CHINESE, '500000000'), ticker(RIVER, '20000000'), ticker(BTC, '99000000000')];
    expect(symbolsOf(decide({}, listed(GPS, HYPE, CHINESE, RIVER), tickers))).to.deep.equal([CHINESE, RIVER, GPS]);
    expect(symbolsOf(decide({ top: 2 }, listed(GPS, HYPE, CHINESE, RIVER), tickers))).to.deep.equal([CHINESE, RIVER]);
  });

  it('without a policy spends no place on what is not tradable', () => {
    const instruments = [makeInstrument({ symbol: CHINESE, status: 'BREAK' }), makeInstrument({ symbol: RIVER, contractType: 'PERPETUAL_DELIVERING' }), ...listed(GPS)];
    expect(symbolsOf(decide({ top: 1 }, instruments, [ticker(CHINESE, '900000000'), ticker(RIVER, '800000000'), ticker(GPS, '20000000')]))).to.deep.equal([GPS]);
  });

  it('without a policy takes a choice as it is, whatever its volume', () => {
    expect(symbolsOf(decide({ chosen: [HYPE] }, listed(GPS, HYPE), [ticker(GPS, '20000000')]))).to.deep.equal([HYPE]);
  });
});

describe('a universe that shrinks', () => {
  it('is measured by the largest there was, and is too small below the limit, not at it', () => {
    expect(overlapOf(10, 5, 0.5)).to.deep.equal({ largest: 10, share: 0.5, breaker: 'closed' });
    expect(overlapOf(10, 4, 0.5)).to.deep.equal({ largest: 10, share: 0.4, breaker: 'open' });
    expect(overlapOf(10, 12, 1), 'symbols that come raise the measure').to.deep.equal({ largest: 12, share: 1, breaker: 'closed' });
  });

  it('of nothing is nothing: no share of it is left', () => expect(overlapOf(0, 0, 0.1)).to.deep.equal({ largest: 0, share: 0, breaker: 'open' }));

  it('has shrunk only under the same rules: those that decide are its key, and no others', () => {
    const rules = (fields: Partial<UniverseRules> = {}): UniverseRules => ({ policy: undefined, chosen: undefined, top: 50, minQuoteVolume: '10000000', ...fields });
    const key = (fields: Partial<UniverseRules>) => rulesKey(rules(fields));
    const keys = [{}, { top: 51 }, { minQuoteVolume: '1' }, { policy: [GPS] }, { chosen: [GPS] }, { policy: [GPS], chosen: [GPS] }, { policy: [GPS, HYPE] }].map(key);
    expect(new Set(keys).size).to.equal(keys.length);
    for (const fields of [{ policy: [GPS] }, { chosen: [GPS] }, { policy: [GPS], chosen: [GPS] }]) expect(key({ ...fields, top: 1, minQuoteVolume: '1' }), 'the volume decides nothing there').to.equal(key(fields));
  });
});
