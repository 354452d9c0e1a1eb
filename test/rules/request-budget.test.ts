/** The venue's request weight: what each reading costs, who may use how much of a minute, and whose count is believed. */
import { expect } from 'chai';
import fc from 'fast-check';
import { afterRequest, afterStated, candlesToAsk, EMPTY_BUDGET, laneOf, laneRefusal, readRefusal, usedWeight, WEIGHT_PER_MINUTE, weightOf, weightOfWrite } from '../../src/rules/request-budget.ts';
import type { Budget, ReadOf } from '../../src/rules/request-budget.ts';
import { weightOf as paperWeights } from '../kit/paper-weights.ts';

/** The beginning of a minute of the clock. */
const NOW = 1_770_000_000_000 - (1_770_000_000_000 % 60_000);
const symbol = 'BTCUSDT' as never;
const clientId = 'a' as never;

const READS: readonly [ReadOf, lane: string, weight: number, paths: readonly string[]][] = [
  [{ name: 'serverTime', query: {} }, 'protection', 1, ['GET /fapi/v1/time']],
  [{ name: 'order', query: { symbol, clientId } }, 'exit', 1, ['GET /fapi/v1/order?symbol=X']],
  [{ name: 'algoOrder', query: { symbol, clientId } }, 'protection', 1, ['GET /fapi/v1/algoOrder?symbol=X']],
  [{ name: 'trades', query: { symbol, since: 0 } }, 'exit', 5, ['GET /fapi/v1/userTrades?symbol=X']],
  [{ name: 'trades', query: { symbol, since: 0, background: true } }, 'background', 5, ['GET /fapi/v1/userTrades?symbol=X']],
  [{ name: 'positions', query: { symbol } }, 'exit', 5, ['GET /fapi/v3/positionRisk?symbol=X']],
  [{ name: 'positions', query: {} }, 'entry', 5, ['GET /fapi/v3/positionRisk']],
  [{ name: 'openOrders', query: { symbol } }, 'exit', 1, ['GET /fapi/v1/openOrders?symbol=X']],
  [{ name: 'openOrders', query: {} }, 'entry', 40, ['GET /fapi/v1/openOrders']],
  [{ name: 'openAlgoOrders', query: { symbol } }, 'protection', 1, ['GET /fapi/v1/openAlgoOrders?symbol=X']],
  [{ name: 'openAlgoOrders', query: {} }, 'entry', 40, ['GET /fapi/v1/openAlgoOrders']],
  [{ name: 'account', query: {} }, 'entry', 5, ['GET /fapi/v3/account']],
  [{ name: 'accountModes', query: {} }, 'entry', 10, ['GET /fapi/v1/accountConfig', 'GET /fapi/v2/account']],
  [{ name: 'settings', query: {} }, 'entry', 5, ['GET /fapi/v1/symbolConfig']],
  [{ name: 'brackets', query: {} }, 'entry', 1, ['GET /fapi/v1/leverageBracket']],
  [{ name: 'keyPermissions', query: {} }, 'entry', 5, ['GET /fapi/v1/accountConfig']],
  [{ name: 'orders', query: { symbol, since: 0 } }, 'background', 5, ['GET /fapi/v1/allOrders?symbol=X']],
  [{ name: 'algoOrders', query: { symbol, since: 0 } }, 'background', 5, ['GET /fapi/v1/allAlgoOrders?symbol=X']],
  [{ name: 'fundingIntervals', query: {} }, 'entry', 1, []],
  [{ name: 'tickers', query: {} }, 'background', 40, ['GET /fapi/v1/ticker/24hr']],
  [{ name: 'instruments', query: {} }, 'entry', 1, ['GET /fapi/v1/exchangeInfo']],
  [{ name: 'income', query: { since: 0 } }, 'background', 30, ['GET /fapi/v1/income']],
  ...[[99, 1], [100, 2], [499, 2], [500, 5], [1_000, 5], [1_001, 10], [1_500, 10]].map(([limit, weight]) => [{ name: 'candles', query: { symbol, limit: limit! } }, 'background', weight!, [`GET /fapi/v1/klines?symbol=X&limit=${limit}`]] as [ReadOf, string, number, string[]]),
];

const used = (weight: number, at = NOW): Budget => afterRequest(EMPTY_BUDGET, weight, at);

describe('the request budget', () => {
  for (const [read, lane, weight, paths] of READS) {
    it(`${read.name} ${JSON.stringify(read.query)} costs ${weight} in the lane ${lane}${paths.length > 0 ? ', as the paper exchange counts it' : ''}`, () => {
      expect([laneOf(read), weightOf(read)]).to.deep.equal([lane, weight]);
      // The funding intervals are not counted in the weight of this address's minute there.
      if (paths.length > 0) expect(paths.reduce((sum, path) => sum + paperWeights(path), 0)).to.equal(weight);
    });
  }

  it('leaves a half of the minute to readings in the background, three quarters to those of openings, most to those of exits, and nearly all to those of stops', () => {
    const [tickers, account, order, stop]: ReadOf[] = [{ name: 'tickers', query: {} }, { name: 'account', query: {} }, { name: 'order', query: { symbol, clientId } }, { name: 'algoOrder', query: { symbol, clientId } }];
    for (const [read, limit] of [[tickers!, 1_200], [account!, 1_800], [order!, 2_160], [stop!, 2_280]] as const) {
      const weight = weightOf(read);
      expect(readRefusal(used(limit - weight), read, NOW, 0), read.name).to.equal(undefined);
      expect(readRefusal(used(limit - weight + 1), read, NOW, 0), read.name).to.deep.equal({ limit, value: limit + 1, delayMs: 60_000 });
    }
    expect(WEIGHT_PER_MINUTE).to.equal(2_400);
  });

  it('counts our own requests of the last 60 seconds', () => {
    let budget = afterRequest(used(10, NOW - 60_000), 20, NOW - 59_999);
    expect(usedWeight(budget, NOW, 0)).to.equal(20);
    budget = afterRequest(budget, 1, NOW);
    expect(budget.requests, 'the old ones are forgotten').to.have.length(2);
  });

  it('believes the venue when it has counted more, with what was sent since, until its minute is over by its own clock', () => {
    const at = NOW + 10_000;
    const budget = afterRequest(afterStated(used(10, at - 100), 900, at), 5, at + 1);
    expect(usedWeight(budget, at + 2, 0)).to.equal(905);
    expect(usedWeight(budget, NOW + 59_999, 0)).to.equal(905);
    expect(usedWeight(budget, NOW + 60_000, 0)).to.equal(15);
    expect(usedWeight(budget, NOW + 59_000, 1_000), 'its clock is a second ahead').to.equal(15);
    expect(usedWeight(budget, NOW + 60_500, -1_000), 'or behind').to.equal(905);
  });

  it('counts what goes out in the millisecond in which it was heard: an answer lets others go', () => {
    expect(usedWeight(afterRequest(afterStated(EMPTY_BUDGET, 900, NOW), 5, NOW), NOW, 0)).to.equal(905);
  });

  it('takes our own count when the venue states less: a stated number may be of an earlier answer', () => {
    expect(usedWeight(afterStated(used(500, NOW + 5), 20, NOW + 6), NOW + 7, 0)).to.equal(500);
  });

  it('does not take the same number for news, nor silence for nothing', () => {
    const budget = afterStated(EMPTY_BUDGET, 900, NOW);
    expect(afterStated(budget, 900, NOW + 50_000).stated).to.deep.equal({ value: 900, at: NOW });
    expect(afterStated(budget, undefined, NOW + 50_000).stated).to.deep.equal({ value: 900, at: NOW });
    expect(afterStated(budget, 901, NOW + 50_000).stated).to.deep.equal({ value: 901, at: NOW + 50_000 });
  });

  it('counts what cancels and settings weigh, as the paper exchange does; orders weigh nothing', () => {
    for (const [kind, path] of [['OPEN', 'POST /fapi/v1/order'], ['CLOSE', 'POST /fapi/v1/order'], ['PROTECT', 'POST /fapi/v1/algoOrder'], ['CANCEL', 'DELETE /fapi/v1/order'], ['CANCEL', 'DELETE /fapi/v1/algoOrder'], ['CONFIGURE', 'POST /fapi/v1/leverage'], ['CONFIGURE', 'POST /fapi/v1/marginType']] as const) expect(weightOfWrite(kind), path).to.equal(paperWeights(path));
  });

  it('asks for one candle less where that is a step cheaper, and for no fewer', () => {
    expect([21, 99, 100, 101, 499, 500, 501, 1_000, 1_001, 1_500].map(candlesToAsk)).to.deep.equal([21, 99, 99, 101, 499, 499, 501, 1_000, 1_000, 1_500]);
  });

  it('says until when it waits for our own requests: until enough of them are a minute old', () => {
    const budget = [[1_000, 40_000], [500, 30_000], [300, 10_000]].reduce((so, [weight, age]) => afterRequest(so, weight!, NOW - age!), EMPTY_BUDGET);
    expect(laneRefusal(budget, 'background', 400, NOW, 0)).to.deep.equal({ limit: 1_200, value: 2_200, delayMs: 20_000 });
    expect(laneRefusal(budget, 'background', 401, NOW, 0), 'the first is not enough').to.include({ delayMs: 30_000 });
  });

  it('says until when it waits for the venue: until its minute is over, by its clock', () => {
    const budget = afterStated(EMPTY_BUDGET, 2_000, NOW + 10_000);
    expect(laneRefusal(budget, 'entry', 5, NOW + 15_000, 0)).to.deep.equal({ limit: 1_800, value: 2_005, delayMs: 45_000 });
    expect(laneRefusal(budget, 'entry', 5, NOW + 15_000, 2_000)).to.include({ delayMs: 43_000 });
  });

  it('has room after the wait it named, not a millisecond before', () => {
    const requests = fc.array(fc.record({ ago: fc.integer({ min: 0, max: 70_000 }), weight: fc.integer({ min: 1, max: 300 }) }), { maxLength: 40 });
    fc.assert(
      fc.property(requests, fc.option(fc.record({ ago: fc.integer({ min: 0, max: 70_000 }), value: fc.integer({ min: 1, max: 2_400 }) }), { nil: undefined }), fc.integer({ min: 0, max: 59_999 }), fc.integer({ min: -2_000, max: 2_000 }), fc.constantFrom('protection', 'exit', 'entry', 'background'), (sent, stated, into, offsetMs, lane) => {
        const now = NOW + into;
        const own = sent.toSorted((a, b) => b.ago - a.ago).reduce((so, { ago, weight }) => afterRequest(so, weight, now - ago), EMPTY_BUDGET);
        const budget = stated === undefined ? own : afterStated(own, stated.value, now - stated.ago);
        const refusal = laneRefusal(budget, lane, 5, now, offsetMs);
        if (refusal === undefined) return;
        expect(refusal.delayMs).to.be.within(1, 60_000);
        expect(laneRefusal(budget, lane, 5, now + refusal.delayMs, offsetMs)).to.equal(undefined);
        expect(laneRefusal(budget, lane, 5, now + refusal.delayMs - 1, offsetMs)).to.include({ delayMs: 1 });
      }),
      { numRuns: 300, seed: 57 },
    );
  });
});
