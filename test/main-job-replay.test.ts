/** The first job on recorded candles: what was recorded is what is traded (rulings 25, 39). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BigNumber } from 'bignumber.js';
import { expect } from 'chai';
import { parse } from 'yaml';
import { ownPaper, ROOT, useSandbox } from './kit/service.ts';

const RECORDINGS = join(ROOT, '..', 'shared', 'data', 'klines-1m');
const SPEED = 60;
/** A recorded minute lasts this long. */
const ROW_MS = 60_000 / SPEED;
/** Rows that are history when the replay begins: paper.replayHistory. */
const HISTORY = 360;
/** The entry is a LIMIT at the best price of a book around the recorded price. */
const BOOK_BPS = 10;

function rowsOf(symbol: string): readonly { readonly low: string; readonly high: string }[] {
  const [, ...lines] = readFileSync(join(RECORDINGS, `${symbol}.csv`), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, , high, low] = line.split(',');
    return { low: low!, high: high! };
  });
}

describe('main job on recorded candles', function () {
  this.timeout(90_000);
  const box = useSandbox();

  before(function () {
    if (existsSync(RECORDINGS)) return;
    process.stderr.write(`skipped: no recorded candles in ${RECORDINGS}\n`);
    this.skip();
  });

  it(`opens and protects a position within 60 s, at a price of the recorded minute that plays at that moment, ${SPEED} times as fast`, async () => {
    const begun = Date.now();
    const service = box.service({ args: ['--replay', RECORDINGS, '--speed', String(SPEED)], sets: ['generator.cycleMs=2000'] });
    const rows = await service.protectedOnes(1, 60_000);
    expect(Date.now() - begun).to.be.below(60_000);
    const paper = await ownPaper(service);
    const opened = await service.process.heard('the exchange opens', ({ log }) => log.find((line) => line.msg === 'the paper exchange is open'));
    const truth = await paper.truth();
    for (const { symbol } of rows) {
      const recorded = rowsOf(symbol);
      const trade = truth.trades.find((one) => one.symbol === symbol) as (typeof truth.trades)[number] & { readonly time: number };
      // The exchange says that it is open a moment after its market began: one row more, before and after.
      const row = Math.min(HISTORY, Math.floor(recorded.length / 2)) + Math.floor((trade.time - Date.parse(opened.time)) / ROW_MS);
      const around = recorded.slice(Math.max(0, row - 2), row + 3);
      const low = BigNumber.min(...around.map((one) => one.low)).multipliedBy(1 - BOOK_BPS / 10_000);
      const high = BigNumber.max(...around.map((one) => one.high)).multipliedBy(1 + BOOK_BPS / 10_000);
      expect(new BigNumber(trade.price).isGreaterThanOrEqualTo(low) && new BigNumber(trade.price).isLessThanOrEqualTo(high), `${symbol} bought or sold at ${trade.price}, recorded ${low.toFixed()} to ${high.toFixed()} around row ${row}`).to.equal(true);
      const held = truth.positions.find((one) => one.symbol === symbol);
      expect(held, symbol).to.include({ leverage: 10, marginType: 'ISOLATED' });
      expect(truth.openAlgoOrders.filter((algo) => algo.symbol === symbol).map((algo) => algo.orderType).toSorted(), `protection of ${symbol}`).to.deep.equal(['STOP_MARKET', 'TAKE_PROFIT_MARKET']);
    }
  });

  it('leaves out every symbol of the policy that was not recorded, with the reason; and trades nothing that was recorded but is outside the policy', async () => {
    const service = box.service({ args: ['--replay', RECORDINGS, '--speed', String(SPEED)] });
    await service.answers();
    const universe = await service.process.heard('the universe', ({ log }) => log.find((line) => line.actor === 'universe' && Array.isArray(line.symbols)));
    const policy = (parse(readFileSync(join(ROOT, 'config', 'universe.yaml'), 'utf8')) as { symbols: string[] }).symbols;
    const recorded = (symbol: string) => existsSync(join(RECORDINGS, `${symbol}.csv`));
    expect(universe.symbols.toSorted()).to.deep.equal(policy.filter(recorded).toSorted());
    const excluded = (await service.get('/v1/universe')).excluded as { symbol: string; reason: string; detail: string }[];
    expect(excluded.map((one) => one.symbol).toSorted()).to.deep.equal(policy.filter((symbol) => !recorded(symbol)).toSorted());
    for (const { symbol, reason, detail } of excluded) {
      expect(reason, symbol).to.match(/^[A-Z_]+$/);
      expect(detail, symbol).to.not.equal('');
    }
  });
});
