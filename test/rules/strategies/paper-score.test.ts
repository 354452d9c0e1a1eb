/** The score on paper: prices by hand, each exit from both sides, costs always taken off, and no result of what has no price. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, text } from '../../../src/protocol/decimal.ts';
import type { SymbolMarket } from '../../../src/protocol/market.ts';
import type { PositionSide, SymbolName } from '../../../src/protocol/names.ts';
import { exitsDue, followed, foldScore, foldVerdict, NO_SCORE, readPaperEvent } from '../../../src/rules/strategies/paper-score.ts';
import type { PaperEvent, PaperTerms, Score } from '../../../src/rules/strategies/paper-score.ts';
import type { Verdict } from '../../../src/rules/strategies/strategy.ts';
import { CHINESE, NOW } from '../../kit/decisions.ts';

const TERMS: PaperTerms = { notional: '200', stopLossPercent: '2', takeProfitPercent: '4', takerFeeBps: 5, minConfidence: 0.5, timeMs: 14_400_000, priceMaxAgeMs: 10_000 };
const signal = (side: PositionSide, confidence = 0.6): Verdict => ({ verdict: 'signal', side, confidence, inputs: {} });
const HOLD: Verdict = { verdict: 'hold', confidence: 0.3, inputs: {} };

/** A spread of a tenth of a percent. */
function at(price: string, observedAt = NOW): SymbolMarket {
  const mark = decimal(price);
  return { symbol: CHINESE, candles: [], mark: { price: mark, observedAt }, book: { bid: mark.multipliedBy('0.9995'), ask: mark.multipliedBy('1.0005'), observedAt } };
}
const follow = (score: Score, verdict: Verdict, market: SymbolMarket | undefined, now = NOW) => followed(score, CHINESE, verdict, market, now, now, TERMS);
const due = (score: Score, market: SymbolMarket, now = NOW) => exitsDue(score, new Map<SymbolName, SymbolMarket>([[CHINESE, market]]), now, now, TERMS);
const fold = (...events: readonly PaperEvent[]) => events.reduce(foldScore, NO_SCORE);
const entered = (side: PositionSide, price = '100') => fold(...follow(NO_SCORE, signal(side), at(price)));

describe('the score of a shadow', () => {
  it('enters at mark, with stop and target on their sides and both fees and the spread as costs', () => {
    expect(follow(NO_SCORE, signal('LONG'), at('100'))).to.deep.equal([{ type: 'PaperOpened', at: NOW, payload: { symbol: CHINESE, side: 'LONG', entryPrice: '100', stopLoss: '98', takeProfit: '104', costPercent: '0.2', confidence: 0.6 } }]);
    expect(follow(NO_SCORE, signal('SHORT'), at('13.87'))[0]?.payload).to.include({ side: 'SHORT', stopLoss: '14.1474', takeProfit: '13.3152' });
  });

  it('enters nothing on a hold, an unknown, too little confidence, or without a fresh price and book', () => {
    for (const verdict of [HOLD, { verdict: 'unknown', missing: 'x' } as const, signal('LONG', 0.49)]) expect(follow(NO_SCORE, verdict, at('100'))).to.deep.equal([]);
    const { mark: _mark, ...unpriced } = at('100');
    const { book: _book, ...bookless } = at('100');
    for (const market of [undefined, unpriced, bookless, at('100', NOW - 10_001)]) expect(follow(NO_SCORE, signal('LONG'), market)).to.deep.equal([]);
    expect(follow(NO_SCORE, signal('LONG', 0.5), at('100', NOW - 10_000))).to.have.length(1);
  });

  for (const [side, price, reason, percent] of [
    ['LONG', '98', 'STOP', '-2.2'], ['LONG', '98.0001', undefined, ''], ['LONG', '104', 'TARGET', '3.8'], ['LONG', '103.9999', undefined, ''],
    ['SHORT', '102', 'STOP', '-2.2'], ['SHORT', '101.9999', undefined, ''], ['SHORT', '96', 'TARGET', '3.8'], ['SHORT', '96.0001', undefined, ''],
    ['LONG', '90', 'STOP', '-10.2'],
  ] as const) {
    it(`at ${price} is ${reason ?? 'nothing'} for a ${side} of 100${reason === undefined ? '' : `: ${percent} % after costs`}`, () => {
      const [event, ...rest] = due(entered(side), at(price));
      expect(rest).to.deep.equal([]);
      if (reason === undefined) expect(event).to.equal(undefined);
      else expect(event?.payload).to.include({ reason, exitPrice: price, resultPercent: percent, resultUsdt: text(decimal(percent).multipliedBy(2)) });
    });
  }

  it('counts from nothing, and each result to eight places of a percent', () => {
    expect(NO_SCORE).to.deep.include({ closed: 0, hits: 0, voided: 0, byReason: { STOP: 0, TARGET: 0, OPPOSITE: 0, TIME: 0 } });
    const [event] = due(entered('LONG', '3'), at('3.13'));
    expect(event?.payload, '4.33333333… less 0.2').to.include({ reason: 'TARGET', resultPercent: '4.13333333', resultUsdt: '8.26666666' });
  });

  it('closes in time, at what it is worth then, and one without a price only as void', () => {
    const score = entered('LONG');
    const late = NOW + TERMS.timeMs;
    expect(due(score, at('101', late - 1), late - 1)).to.deep.equal([]);
    expect(due(score, at('101', late), late)[0]?.payload).to.include({ reason: 'TIME', resultPercent: '0.8' });
    expect(due(score, at('90', NOW), late), 'no price, no result').to.deep.equal([]);
    const [voided] = due(score, at('90', NOW), NOW + 2 * TERMS.timeMs);
    expect(voided?.type).to.equal('PaperVoided');
    expect(foldScore(score, voided!)).to.include({ closed: 0, hits: 0, voided: 1 });
  });

  it('turns with an opposite signal: out and in at one price; the same side again is nothing', () => {
    const score = entered('LONG');
    expect(follow(score, signal('LONG'), at('101'))).to.deep.equal([]);
    const events = follow(score, signal('SHORT'), at('101'));
    expect(events.map((event) => event.type)).to.deep.equal(['PaperClosed', 'PaperOpened']);
    expect(events[0]?.payload).to.include({ reason: 'OPPOSITE', resultPercent: '0.8', resultUsdt: '1.6' });
    const turned = events.reduce(foldScore, score);
    expect(turned.open.get(CHINESE)?.side).to.equal('SHORT');
    expect(turned).to.include({ closed: 1, hits: 1 });
  });

  it('after a stop follows that side again only once its signal has been gone (ruling 20)', () => {
    const stopped = fold(...follow(NO_SCORE, signal('LONG'), at('100')), ...due(entered('LONG'), at('97')));
    expect(follow(stopped, signal('LONG'), at('97'))).to.deep.equal([]);
    expect(follow(stopped, signal('SHORT'), at('97')), 'the other side is free').to.have.length(1);
    expect(foldVerdict(stopped, CHINESE, signal('LONG'))).to.equal(stopped);
    expect(foldVerdict(stopped, CHINESE, { verdict: 'unknown', missing: 'x' }), 'not known is not gone').to.equal(stopped);
    expect(follow(foldVerdict(stopped, CHINESE, HOLD), signal('LONG'), at('97'))).to.have.length(1);
    const target = fold(...follow(NO_SCORE, signal('LONG'), at('100')), ...due(entered('LONG'), at('105')));
    expect(follow(target, signal('LONG'), at('105')), 'after a target it may go on').to.have.length(1);
  });

  it('is the sum of its results, hits counted after costs, and the same read back from the journal', () => {
    const move = fc.tuple(fc.constantFrom<PositionSide>('LONG', 'SHORT'), fc.integer({ min: 90_000, max: 110_000 }));
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const events: PaperEvent[] = [];
        let score = NO_SCORE;
        const take = (some: readonly PaperEvent[]) => {
          events.push(...some);
          score = some.reduce(foldScore, score);
        };
        for (const [side, milli] of moves) {
          const market = at((milli / 1_000).toFixed(3));
          take(due(score, market));
          take(follow(foldVerdict(score, CHINESE, signal(side)), signal(side), market));
        }
        const results = events.flatMap((event) => (event.type === 'PaperClosed' ? [event.payload] : []));
        expect(text(score.resultUsdt)).to.equal(text(results.reduce((sum, one) => sum.plus(one.resultUsdt), decimal('0'))));
        expect(score).to.include({ closed: results.length, hits: results.filter((one) => Number(one.resultUsdt) > 0).length });
        expect(events.filter((event) => event.type === 'PaperOpened')).to.have.length(results.length + score.open.size);
        const back = events.map(({ type, at: when, payload }) => readPaperEvent(type, when, JSON.parse(JSON.stringify(payload))));
        expect(back.reduce(foldScore, NO_SCORE)).to.deep.equal(events.reduce(foldScore, NO_SCORE));
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  it('refuses an event that is none', () => {
    expect(() => readPaperEvent('PaperInvented', 0, {})).to.throw(RangeError);
    expect(() => readPaperEvent('PaperClosed', 0, { symbol: 'X', side: 'LONG', reason: 'STOP', exitPrice: 'NaN', resultPercent: '1', resultUsdt: '1' })).to.throw();
  });
});
