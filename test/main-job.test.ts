/** The main job, end to end, as a user sees it: real processes, a real venue over the wire, and the venue's own word for what is true. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BigNumber } from 'bignumber.js';
import { expect } from 'chai';
import { eventually, moment, ownPaper, useSandbox } from './kit/service.ts';
import type { Json, Paper, PositionRow, Sandbox, Service, Truth, TruthAlgo } from './kit/service.ts';

const RACOON = '币安人生USDT';
/** In the default market these are beyond ± 2 % from the first minute, up and down (ruling 17). */
const UP = ['GPSUSDT', 'CHESSUSDT', 'FHEUSDT', 'HYPEUSDT', RACOON];
const DOWN = ['ANKRUSDT', 'RIVERUSDT', 'STABLEUSDT'];
const PREFIX = 'x-15PC4ZJy';
const NAKED_CLOSE_MS = 10_000;

const only = (...symbols: readonly string[]) => `universe.symbols=[${symbols.join(', ')}]`;
const fast = 'generator.cycleMs=2000';
const restful = 'generator.cycleMs=60000';
const legOf = (clientId: string) => clientId[PREFIX.length + 4];
const isOurs = (clientId: string) => clientId.startsWith(PREFIX);
const same = (left: string, right: string) => new BigNumber(left).isEqualTo(right);
const sum = (values: readonly string[]) => values.reduce((total, value) => total.plus(value), new BigNumber(0)).toFixed();

interface Entry {
  readonly position: number;
  readonly entity: string;
  readonly type: string;
  readonly at: number;
  readonly payload: Json;
}

/** The journal as it is on the disk, read beside its writer. */
function openJournal(dataDir: string): DatabaseSync {
  return new DatabaseSync(join(dataDir, 'journal.db'), { readOnly: true, timeout: 2_000 });
}

function journalOf(dataDir: string, symbol?: string): readonly Entry[] {
  const db = openJournal(dataDir);
  try {
    const rows = db.prepare('SELECT position, entity, type, at, payload FROM entries WHERE ?1 IS NULL OR entity = ?1 ORDER BY position').all(symbol === undefined ? null : `symbol/${symbol}`);
    return rows.map((row) => ({ ...row, payload: JSON.parse(String(row['payload'])) as Json })) as unknown as Entry[];
  } finally {
    db.close();
  }
}

/** Every position of the service against the venue: what is held, what protects it, and on which terms (rulings 6, 7). */
function expectSame(rows: readonly PositionRow[], truth: Truth): void {
  expect(rows.map((row) => row.symbol).toSorted(), 'symbols held').to.deep.equal(truth.positions.map((one) => one.symbol).toSorted());
  for (const row of rows) {
    const held = truth.positions.find((one) => one.symbol === row.symbol)!;
    const long = row.side === 'LONG';
    expect(held.positionAmt, `${row.symbol} quantity`).to.equal(long ? row.quantity : `-${row.quantity}`);
    expect(new BigNumber(row.entryPrice).decimalPlaces(new BigNumber(held.entryPrice).decimalPlaces() ?? 0).toFixed(), `${row.symbol} entry price`).to.equal(new BigNumber(held.entryPrice).toFixed());
    expect({ leverage: held.leverage, marginType: held.marginType, told: row.leverage }, `${row.symbol} terms`).to.deep.equal({ leverage: 10, marginType: 'ISOLATED', told: 10 });
    const stop = protection(truth, row.symbol, 'STOP_MARKET');
    const target = protection(truth, row.symbol, 'TAKE_PROFIT_MARKET');
    expect([stop.clientAlgoId, target.clientAlgoId], `${row.symbol} ids`).to.deep.equal([row.stopOrderId, row.takeProfitOrderId]);
    expect([legOf(stop.clientAlgoId), legOf(target.clientAlgoId)]).to.deep.equal(['s', 't']);
    for (const algo of [stop, target]) {
      const { side, quantity, reduceOnly, closePosition, workingType } = algo;
      expect({ side, quantity, reduceOnly, closePosition, workingType }, `${row.symbol} ${algo.orderType}`).to.deep.equal({ side: long ? 'SELL' : 'BUY', quantity: row.quantity, reduceOnly: true, closePosition: false, workingType: 'MARK_PRICE' });
    }
    expect(same(stop.triggerPrice, row.stopLoss!) && same(target.triggerPrice, row.takeProfit!), `${row.symbol} triggers as told`).to.equal(true);
    const away = (trigger: string) => new BigNumber(trigger).minus(row.entryPrice).dividedBy(row.entryPrice).multipliedBy(long ? 100 : -100).toNumber();
    // Prices come in steps of the tick; the coarsest here is ANKRUSDT's, 0.13 %.
    expect(away(stop.triggerPrice), `${row.symbol} stop, in % of the entry`).to.be.closeTo(-2, 0.15);
    expect(away(target.triggerPrice), `${row.symbol} target, in % of the entry`).to.be.closeTo(4, 0.15);
  }
  expect(truth.openAlgoOrders, 'nothing protects what is not there, and nothing twice').to.have.length(2 * rows.length);
  expect(truth.openOrders, 'entries rest nowhere').to.deep.equal([]);
}

function protection(truth: Truth, symbol: string, type: string): TruthAlgo {
  const found = truth.openAlgoOrders.filter((algo) => algo.symbol === symbol && algo.orderType === type);
  expect(found, `${type} of ${symbol}`).to.have.length(1);
  return found[0]!;
}

/** The same, as soon as both sides have come to rest. */
function settled(service: Service, paper: Paper, expected: number | readonly string[], withinMs?: number): Promise<readonly PositionRow[]> {
  return eventually(`service and venue agree on ${String(expected)}`, async () => {
    const rows = await service.protectedOnes(expected, 0);
    expectSame(rows, await paper.truth());
    return rows;
  }, withinMs);
}

/**
 * The auditor: every order the venue has seen, joined with what the journal says was allowed beforehand (ruling 2). An entry needs a permit of
 * its own id, everything else a mandate of its symbol; and each of them its own record that it is being sent, before it was.
 */
function audit(dataDir: string, truth: Truth): void {
  const children = new Set(truth.algoOrders.map((algo) => algo.actualOrderId).filter((id) => id !== ''));
  const orders = [
    ...truth.orders.filter((order) => isOurs(order.clientOrderId) && !children.has(String(order.orderId))).map((order) => ({ id: order.clientOrderId, symbol: order.symbol, at: order.time })),
    ...truth.algoOrders.filter((algo) => isOurs(algo.clientAlgoId)).map((algo) => ({ id: algo.clientAlgoId, symbol: algo.symbol, at: algo.createTime })),
  ];
  const db = openJournal(dataDir);
  try {
    db.exec('CREATE TEMP TABLE venue_orders (id TEXT PRIMARY KEY, symbol TEXT, at INTEGER) STRICT');
    const insert = db.prepare('INSERT INTO venue_orders VALUES (?, ?, ?)');
    for (const { id, symbol, at } of orders) insert.run(id, symbol, at);
    const sent = `SELECT 1 FROM entries s WHERE s.entity = 'symbol/' || o.symbol AND s.type IN ('OrderSending', 'ProtectionSending') AND s.payload ->> 'clientId' = o.id AND s.at <= o.at`;
    expect(db.prepare(`SELECT o.id, o.symbol FROM venue_orders o WHERE NOT EXISTS (${sent})`).all(), 'venue orders without a record of their sending').to.deep.equal([]);
    const permit = `SELECT 1 FROM entries p JOIN entries s ON s.type = 'OrderSending' AND s.payload ->> 'clientId' = o.id AND p.position < s.position WHERE p.type = 'PermitGranted' AND p.payload ->> 'clientId' = o.id`;
    const mandate = `SELECT 1 FROM entries m WHERE m.entity = 'symbol/' || o.symbol AND m.type IN ('PermitGranted', 'PositionAdopted') AND m.at <= o.at AND m.payload ->> '$.mandate.symbol' = o.symbol`;
    const unauthorised = db.prepare(`SELECT o.id, o.symbol FROM venue_orders o WHERE NOT EXISTS (${permit}) AND (substr(o.id, 15, 1) = 'e' OR NOT EXISTS (${mandate}))`).all();
    expect(unauthorised, 'venue orders without permit or mandate').to.deep.equal([]);
    const early = db.prepare(`SELECT l.position, l.type FROM entries l JOIN entries s ON s.type IN ('OrderSending', 'ProtectionSending') AND s.payload ->> 'clientId' = l.payload ->> 'clientId' WHERE l.type IN ('OrderReported', 'OrderAmbiguous', 'ProtectionPlaced') GROUP BY l.position HAVING min(s.position) > l.position`).all();
    expect(early, 'answers on record before the sending').to.deep.equal([]);
  } finally {
    db.close();
  }
  const entries = truth.orders.filter((order) => isOurs(order.clientOrderId) && legOf(order.clientOrderId) === 'e');
  const plans = journalOf(dataDir).filter((entry) => entry.type === 'OrderSending' && entry.payload.purpose === 'entry').map((entry) => entry.payload.clientId as string);
  expect(new Set(plans).size, 'each plan is sent at most once (ruling 8)').to.equal(plans.length);
  expect(new Set(entries.map((order) => order.clientOrderId)).size, 'each entry is at the venue at most once').to.equal(entries.length);
}

/** What a symbol's executed orders add up to at the venue: with it, "the same position once" means what it says. */
function executedEntries(truth: Truth, symbol: string): number {
  return truth.orders.filter((order) => order.symbol === symbol && isOurs(order.clientOrderId) && legOf(order.clientOrderId) === 'e' && !same(order.executedQty, '0')).length;
}

function started(box: Sandbox, paper: Paper, symbols: readonly string[], dataDir?: string): Service {
  return box.service({ paper, sets: [only(...symbols), restful], ...(dataDir === undefined ? {} : { dataDir }) });
}

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

  for (const path of ['executor/GPSUSDT', 'gateway', 'user-stream', 'market', 'journal', 'governor', 'bridge', 'operator/http']) {
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

describe('main job: kill -9 in the middle of an entry', function () {
  this.timeout(60_000);
  const box = useSandbox();
  const symbol = 'GPSUSDT';

  /** The service, killed as soon as `struck` is seen, and everything healed. */
  async function killedWhen(paper: Paper, struck: () => Promise<unknown>): Promise<string> {
    const service = started(box, paper, [symbol]);
    await eventually('the moment to kill', async () => (await struck()) !== undefined);
    await service.process.die();
    await paper.heal();
    return service.dataDir;
  }

  /** The jump that turns the market is not to be what refuses the next signal. */
  const untroubled = ['risk.killScoreMax=1', 'risk.volatilityMaxPercent=99', 'risk.spreadMaxBps=1000'];

  /** Takes its time, most of it waiting for the venue to deny the order often enough; it runs beside the others. */
  async function neverArrived(): Promise<void> {
    const paper = await box.paper();
    await paper.fault('POST', '/fapi/v1/order', 'drop-request');
    const dataDir = await killedWhen(paper, async () => (await paper.faults()).find((fault) => fault.used > 0));
    const service = box.service({ paper, dataDir, sets: [only(symbol), fast, 'market.tickerMs=1000', ...untroubled] });
    await service.answers();
    const ended = await eventually('the plan has ended', () => journalOf(dataDir, symbol).find((entry) => entry.type === 'PlanEnded'), 30_000);
    expect(ended.payload.code).to.equal('ENTRY_ABSENT');
    expect((await paper.truth()).orders, 'orders at the venue').to.deep.equal([]);
    expect(await service.positions()).to.deep.equal([]);
    // The same side within the same five minutes would be a duplicate (ruling 19): the market turns, and with it the side.
    const { lastPrice } = await paper.ask('/fapi/v1/ticker/24hr', { symbol });
    await paper.price(symbol, new BigNumber(lastPrice).multipliedBy(0.85).decimalPlaces(6).toFixed());
    const [row] = await settled(service, paper, [symbol], 40_000);
    expect(row!.side).to.equal('SHORT');
    audit(dataDir, await paper.truth());
  }

  let absent: Promise<void>;
  before(() => {
    absent = neverArrived();
    absent.catch(() => {});
  });

  it('the answer to the entry was lost and nothing protects it yet: the same position once, protected', async () => {
    const paper = await box.paper();
    await paper.fault('POST', '/fapi/v1/order', 'drop-response', { times: 1 });
    await paper.fault('POST', '/fapi/v1/algoOrder', 'drop-request');
    const dataDir = await killedWhen(paper, async () => (await paper.truth()).positions.find((one) => one.symbol === symbol));
    const naked = await paper.truth();
    expect(naked.openAlgoOrders, 'it was killed before any stop stood').to.deep.equal([]);
    const begun = performance.now();
    const service = started(box, paper, [symbol], dataDir);
    await settled(service, paper, [symbol]);
    expect(performance.now() - begun, 'from the start to protected').to.be.below(NAKED_CLOSE_MS);
    const truth = await paper.truth();
    expect(truth.positions[0]!.positionAmt).to.equal(naked.positions[0]!.positionAmt);
    expect(executedEntries(truth, symbol)).to.equal(1);
    audit(dataDir, truth);
  });

  it('the entry was still on its way and arrives after the restart: found, counted once, protected', async () => {
    const paper = await box.paper();
    await paper.fault('POST', '/fapi/v1/order', 'delay', { delayMs: 3_500 });
    const dataDir = await killedWhen(paper, async () => (await paper.faults()).find((fault) => fault.used > 0));
    expect((await paper.truth()).orders, 'it has not arrived').to.deep.equal([]);
    const service = started(box, paper, [symbol], dataDir);
    await service.answers();
    await settled(service, paper, [symbol], 30_000);
    const truth = await paper.truth();
    expect(truth.orders.filter((order) => legOf(order.clientOrderId) === 'e'), 'entries at the venue').to.have.length(1);
    audit(dataDir, truth);
  });

  for (const { action, what } of [
    { action: 'drop-response', what: 'stood, and nobody was told' },
    { action: 'drop-request', what: 'never arrived' },
  ]) {
    it(`the stop ${what}: protected within the naked bound, by one stop (rulings 8, 10)`, async () => {
      const paper = await box.paper();
      await paper.fault('POST', '/fapi/v1/algoOrder', action);
      const dataDir = await killedWhen(paper, async () => (await paper.faults()).find((fault) => fault.used > 0));
      const filled = performance.now();
      // Where the stop stood, the user stream may have said so in time, and the target with it.
      expect((await paper.truth()).openAlgoOrders.map((algo) => algo.orderType)[0]).to.equal(action === 'drop-response' ? 'STOP_MARKET' : undefined);
      const service = started(box, paper, [symbol], dataDir);
      await settled(service, paper, [symbol]);
      expect(performance.now() - filled, 'naked for').to.be.below(NAKED_CLOSE_MS);
      expect(journalOf(dataDir, symbol).filter((entry) => entry.type === 'CloseRequested'), 'closed for want of a stop').to.deep.equal([]);
      audit(dataDir, await paper.truth());
    });
  }

  it('the entry never arrived: the plan ends ENTRY_ABSENT, nothing is held, and the next signal trades again (ruling 8)', () => absent);
});

describe('main job: kill -9 at ten seeded moments of the first seconds', function () {
  this.timeout(120_000);
  const box = useSandbox();
  const seed = Number(process.env['VIGIL_TEST_SEED'] ?? 20_251_122);

  it(`seed ${seed}: each position once and protected, and no order that the journal did not announce`, async function () {
    const next = randomOf(seed);
    const paper = await box.paper();
    const symbols = [...DOWN, ...UP];
    let dataDir: string | undefined;
    for (let round = 1; round <= 10; round++) {
      // One symbol more each time: every start has an opening to be killed in.
      const service = started(box, paper, symbols.slice(0, round), dataDir);
      ({ dataDir } = service);
      if (round % 2 === 0) await service.process.heard('a signal', ({ stdout }) => (stdout.includes('"msg":"signal ') ? true : undefined), 5_000).catch(() => true);
      await moment(next() * (round % 2 === 0 ? 150 : 2_500));
      await service.process.die();
    }
    const service = started(box, paper, symbols, dataDir);
    await service.answers();
    await service.well(30_000);
    // An order killed on its way is found absent, and its signal waits for the next bucket (rulings 8, 19): recorded, never guessed.
    const absent = await eventually('every symbol has come to rest', async () => {
      const held = new Set((await service.positions()).filter((row) => row.state === 'Protected').map((row) => row.symbol));
      const rest = symbols.filter((symbol) => !held.has(symbol));
      const ends = await Promise.all(rest.map(async (symbol) => (await service.actor(`executor/${symbol}`)).state.life.phase === 'Flat' && journalOf(service.dataDir, symbol).findLast((entry) => entry.type === 'PlanEnded')?.payload.code));
      return ends.every((code) => code === 'ENTRY_ABSENT') && rest;
    }, 40_000);
    await settled(service, paper, symbols.filter((symbol) => !absent.includes(symbol)), 10_000);
    const truth = await paper.truth();
    for (const symbol of symbols) expect(executedEntries(truth, symbol), `entries executed in ${symbol}`).to.equal(absent.includes(symbol) ? 0 : 1);
    expect(absent.length, 'symbols whose entry never arrived').to.be.lessThan(symbols.length);
    audit(service.dataDir, truth);
  });
});

/** Mulberry32: the same seed, the same moments. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

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
    expect(executedEntries(await paper.truth(), symbol), 'executed entries').to.equal(1);
  });
});
