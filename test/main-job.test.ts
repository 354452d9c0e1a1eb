/** The main job, end to end, as a user sees it: real processes, a real venue over the wire, and the venue's own word for what is true. */
import { BigNumber } from 'bignumber.js';
import { expect } from 'chai';
import { audit, DOWN, expectSame, fast, journalOf, only, RACOON, restful, settled, started, sum, UP } from './kit/main-job.ts';
import { eventually, ownPaper, useSandbox } from './kit/service.ts';
import type { Json, Paper, PositionRow, Service } from './kit/service.ts';
import { executedEntries, legOf, PREFIX } from './kit/venue-check.ts';

describe('main job: a fresh data directory', function () {
  this.timeout(90_000);
  const box = useSandbox();

  it('opens, protects and records a position within 60 s, on a paper exchange it starts and ends by itself', async () => {
    const begun = performance.now();
    const service = box.service();
    const rows = await service.protectedOnes(1, 60_000);
    expect(performance.now() - begun, 'from cold start to protected').to.be.below(60_000);
    await service.well();
    const all = await settled(service, await ownPaper(service), rows.length);
    for (const row of all) {
      const types = journalOf(service.dataDir, row.symbol).map((entry) => entry.type);
      expect(types.slice(0, 4), `record of ${row.symbol}`).to.deep.equal(['IntentAccepted', 'PlanMade', 'PermitGranted', 'OrderSending']);
      expect(types).to.include.members(['FillRecorded', 'ProtectionSending', 'ProtectionPlaced']);
    }
    expect(await service.stop(), 'the stop').to.deep.equal({ code: 0, signal: null });
    await eventually('the paper exchange has ended with it', () => box.processes().length === 0, 5_000);
  });
});

describe('main job: one service from the first signal to a halt', function () {
  this.timeout(60_000);
  const box = useSandbox();
  const traded = [...UP, ...DOWN];
  let paper: Paper;
  let service: Service;

  it('holds in every symbol exactly what the venue says, protected by its own orders', async () => {
    paper = await box.paper();
    service = box.service({ paper, sets: [fast] });
    await settled(service, paper, traded, 60_000);
    await service.well();
  });

  it('has sent no order without permit or mandate, and none that was not on record first (rulings 2, 3)', async () => {
    const truth = await paper.truth();
    expect(truth.orders.filter((order) => legOf(order.clientOrderId) === 'e')).to.have.length(traded.length);
    audit(service.dataDir, truth);
  });

  it('the auditor finds an order nobody allowed, or it would prove nothing', async () => {
    const truth = await paper.truth();
    const forged = { ...truth.orders[0]!, clientOrderId: `${PREFIX}zzzze${'0'.repeat(20)}`, orderId: -1 };
    expect(() => audit(service.dataDir, { ...truth, orders: [...truth.orders, forged] })).to.throw('without a record of their sending');
  });

  it(`trades ${RACOON}, reads its record back, and shows its actor under a percent-encoded path (ruling 34)`, async () => {
    const record = journalOf(service.dataDir, RACOON);
    const plan = record.find((entry) => entry.type === 'PlanMade')?.payload.plan;
    expect(plan).to.include({ symbol: RACOON, source: 'trend-24h' });
    const row = (await service.positions()).find((one) => one.symbol === RACOON)!;
    expect(row.planId).to.equal(plan.planId);
    const actor = await service.actor(`executor/${RACOON}`);
    expect(actor).to.include({ path: `executor/${RACOON}`, status: 'running' });
    expect(actor.state.life.position).to.include({ quantity: row.quantity, stopOrderId: row.stopOrderId });
    const inspect = box.vigil(['inspect', `executor/${RACOON}`, '--data-dir', service.dataDir]);
    expect(await inspect.end(), inspect.said).to.deep.equal({ code: 0, signal: null });
    expect(inspect.stdout).to.contain(row.stopOrderId);
  });

  it('starts a killed generator again: a new incarnation, new cycles, new evaluations', async () => {
    const before = await service.actor('generator/trend-24h');
    expect(await service.killActor('generator/trend-24h')).to.equal(before.incarnation);
    const after = await eventually('a new incarnation that evaluates', async () => {
      const now = await service.actor('generator/trend-24h');
      return now.incarnation > before.incarnation && now.status === 'running' && now.state.cycles >= 2 && now;
    });
    expect(after).to.include({ incarnation: before.incarnation + 1, restarts: before.restarts + 1 });
    expect(after.crashes.at(-1).reason).to.contain('test');
    expect(after.state.evaluations).to.not.deep.equal({});
    const signalled = await service.process.heard('signals of the new incarnation', ({ log }) => {
      const since = log.findLastIndex((line) => line.actor === 'generator/trend-24h' && line.msg === 'running again');
      return since === -1 ? undefined : log.slice(since).find((line) => line.actor === 'generator/trend-24h' && String(line.msg).startsWith('signal'));
    });
    expect(signalled.intentId).to.be.a('string');
    const nodes = flatten(await service.get('/v1/tree'));
    expect(nodes.find((node) => node.path === 'generator/trend-24h')).to.include({ incarnation: before.incarnation + 1, status: 'running' });
    await service.well();
  });

  for (const path of ['executor/GPSUSDT', 'gateway', 'listen-key', 'user-stream', 'market', 'journal', 'governor', 'bridge', 'operator/http']) {
    it(`recovers from the death of ${path} with every position as it was`, async () => {
      const before = await service.positions();
      const incarnation = await service.killActor(path);
      await eventually(`${path} runs in a new incarnation`, async () => {
        const actor = await service.actor(path);
        return actor.incarnation > incarnation && actor.status === 'running';
      });
      await service.well();
      const after = await settled(service, paper, traded);
      const essence = (rows: readonly PositionRow[]) => rows.map(({ symbol, quantity, entryPrice, stopOrderId, takeProfitOrderId, planId }) => ({ symbol, quantity, entryPrice, stopOrderId, takeProfitOrderId, planId }));
      expect(essence(after)).to.deep.equal(essence(before));
    });
  }

  for (const { exit, symbol, factor } of [
    { exit: 'STOP', symbol: 'GPSUSDT', factor: 0.975 },
    { exit: 'STOP', symbol: 'ANKRUSDT', factor: 1.025 },
    { exit: 'TARGET', symbol: 'HYPEUSDT', factor: 1.045 },
    { exit: 'TARGET', symbol: 'RIVERUSDT', factor: 0.955 },
  ]) {
    it(`a ${factor > 1 ? 'rise' : 'fall'} through the ${exit.toLowerCase()} of ${symbol} closes it there, cancels the other order, and books what the venue books (ruling 6)`, async () => {
      const row = (await service.positions()).find((one) => one.symbol === symbol)!;
      const opened = Number((await paper.truth()).trades.find((trade) => trade.symbol === symbol)?.id);
      await paper.price(symbol, priced(row, factor));
      const closed = await eventually('the end is on record', () => journalOf(service.dataDir, symbol).find((entry) => entry.type === 'PositionClosed'));
      const truth = await paper.truth();
      expect(truth.positions.find((one) => one.symbol === symbol), 'position at the venue').to.equal(undefined);
      const mine = truth.trades.filter((trade) => trade.symbol === symbol && trade.id >= opened);
      expect(closed.payload).to.include({ reason: exit });
      expect(closed.payload.realizedPnl, 'realised').to.equal(new BigNumber(sum(mine.map((trade) => trade.realizedPnl))).toFixed());
      expect(closed.payload.commission, 'commission').to.equal(new BigNumber(sum(mine.map((trade) => trade.commission))).toFixed());
      expect(new BigNumber(closed.payload.realizedPnl).isNegative(), 'a loss at the stop, a gain at the target').to.equal(exit === 'STOP');
      expect(truth.openAlgoOrders.filter((algo) => algo.symbol === symbol), 'orders left').to.deep.equal([]);
      const [fired, other] = exit === 'STOP' ? [row.stopOrderId, row.takeProfitOrderId] : [row.takeProfitOrderId, row.stopOrderId];
      const status = (id: string | null) => truth.algoOrders.find((algo) => algo.clientAlgoId === id)?.algoStatus;
      expect(status(fired)).to.equal('FINISHED');
      expect(status(other)).to.equal('CANCELED');
      expect((await service.positions()).some((one) => one.symbol === symbol)).to.equal(false);
      audit(service.dataDir, truth);
    });
  }
});

/** So many times the entry price, on the grid that stop and target show. */
function priced(row: PositionRow, factor: number): string {
  const decimals = Math.max(...[row.stopLoss!, row.takeProfit!].map((price) => new BigNumber(price).decimalPlaces()!));
  return new BigNumber(row.entryPrice).multipliedBy(factor).decimalPlaces(decimals).toFixed();
}

function flatten(node: Json): Json[] {
  return [node, ...(node.children ?? []).flatMap(flatten)];
}

describe('main job: halted and activated (ruling 11)', function () {
  this.timeout(60_000);
  const box = useSandbox();
  let paper: Paper;
  let service: Service;

  it('halted, it keeps its stops; started again it is still halted, refuses every opening by name, and trades once activated', async () => {
    paper = await box.paper();
    service = started(box, paper, ['GPSUSDT']);
    await settled(service, paper, ['GPSUSDT']);
    expect((await service.post('/v1/trading/halt', { reason: 'lunch' })).status).to.equal(200);
    expect((await service.get('/v1/health')).tradingState).to.equal('HALTED');
    expectSame(await service.positions(), await paper.truth());
    await service.process.die();
    const ordersBefore = (await paper.truth()).orders.length;

    const again = box.service({ paper, dataDir: service.dataDir, sets: [only('GPSUSDT', 'FHEUSDT', 'ANKRUSDT'), fast] });
    await again.answers();
    await eventually('openings are refused', async () => {
      const { stages } = await again.get('/v1/funnel?windowMs=60000');
      return stages.find((stage: Json) => stage.stage === 'permit')?.refused.TRADING_HALTED >= 2 && stages;
    });
    expect((await paper.truth()).orders.length, 'orders at the venue').to.equal(ordersBefore);
    expect((await again.get('/v1/health')).tradingState).to.equal('HALTED');
    expectSame(await again.protectedOnes(['GPSUSDT']), await paper.truth());

    expect((await again.post('/v1/trading/activate', { reason: 'back' })).status).to.equal(200);
    await settled(again, paper, ['GPSUSDT', 'FHEUSDT', 'ANKRUSDT']);
    expect((await again.well()).tradingState).to.equal('ACTIVE');
    audit(service.dataDir, await paper.truth());
  });
});

describe('main job: what others left on the venue (ruling 26)', function () {
  this.timeout(60_000);
  const box = useSandbox();

  it('a position made by hand before the start is adopted, on record, and protected', async () => {
    const paper = await box.paper();
    const symbol = 'GPSUSDT';
    await paper.signed('POST', '/fapi/v1/leverage', { symbol, leverage: '10' });
    await paper.signed('POST', '/fapi/v1/marginType', { symbol, marginType: 'ISOLATED' });
    await paper.signed('POST', '/fapi/v1/order', { symbol, side: 'SELL', type: 'MARKET', quantity: '5000', newClientOrderId: 'by-hand' });
    const service = started(box, paper, [symbol]);
    await service.answers();
    const [row] = await settled(service, paper, [symbol]);
    expect(row).to.include({ side: 'SHORT', quantity: '5000' });
    const adopted = journalOf(service.dataDir, symbol).find((entry) => entry.type === 'PositionAdopted');
    expect(adopted?.payload).to.deep.include({ quantity: '-5000' });
    expect(adopted?.payload.mandate).to.include({ symbol, side: 'SHORT', maxQuantity: '5000' });
    expect((await paper.truth()).orders.map((order) => order.clientOrderId), 'orders at the venue').to.deep.equal(['by-hand']);
    audit(service.dataDir, await paper.truth());
  });

  it('orders of another instance refuse the start (FOREIGN_INSTANCE, exit 2); --adopt-instance takes them over', async () => {
    const paper = await box.paper();
    const symbol = 'GPSUSDT';
    const first = started(box, paper, [symbol]);
    await settled(first, paper, [symbol]);
    await first.process.die();
    const before = await paper.truth();
    const tag = before.openAlgoOrders[0]!.clientAlgoId.slice(PREFIX.length, PREFIX.length + 4);

    const second = started(box, paper, [symbol]);
    expect(await second.process.end(), second.process.said).to.deep.equal({ code: 2, signal: null });
    expect(second.process.stderr).to.match(/FOREIGN_INSTANCE/).and.contain(`"${tag}"`).and.contain('--adopt-instance').and.not.match(/\n\s+at /);
    const untouched = await paper.truth();
    expect({ orders: untouched.orders, algoOrders: untouched.algoOrders }, 'what it has touched').to.deep.equal({ orders: before.orders, algoOrders: before.algoOrders });

    const third = box.service({ paper, dataDir: second.dataDir, sets: [only(symbol), restful], args: ['--adopt-instance', tag] });
    await third.answers();
    await third.protectedOnes([symbol]);
    await settled(third, paper, [symbol]);
    await third.well();
    expect(executedEntries(await paper.truth(), symbol).length, 'executed entries').to.equal(1);
  });
});
