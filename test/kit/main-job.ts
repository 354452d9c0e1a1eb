/** What the tests of the main job look at: service, journal and venue, each by its own word. */
import { BigNumber } from 'bignumber.js';
import { expect } from 'chai';
import { openJournalFile, readJournalFile } from './journal-file.ts';
import type { Entry } from './journal-file.ts';
import { eventually } from './service.ts';
import type { Paper, PositionRow, Sandbox, Service, Truth, TruthAlgo } from './service.ts';
import { isOurs, legOf } from './venue-check.ts';

export const RACOON = '币安人生USDT';
/** In the default market these are beyond ± 2 % from the first minute, up and down (ruling 17). */
export const UP = ['GPSUSDT', 'CHESSUSDT', 'FHEUSDT', 'HYPEUSDT', RACOON];
export const DOWN = ['ANKRUSDT', 'RIVERUSDT', 'STABLEUSDT'];

export const only = (...symbols: readonly string[]) => `universe.symbols=[${symbols.join(', ')}]`;
export const fast = 'generator.cycleMs=2000';
export const restful = 'generator.cycleMs=60000';
export const sum = (values: readonly string[]) => values.reduce((total, value) => total.plus(value), new BigNumber(0)).toFixed();

export function journalOf(dataDir: string, symbol?: string): readonly Entry[] {
  return readJournalFile(dataDir, symbol === undefined ? undefined : `symbol/${symbol}`);
}

/** Every position of the service against the venue: what is held, what protects it, and on which terms (rulings 6, 7). */
export function expectSame(rows: readonly PositionRow[], truth: Truth): void {
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
    expect(new BigNumber(stop.triggerPrice).isEqualTo(row.stopLoss!) && new BigNumber(target.triggerPrice).isEqualTo(row.takeProfit!), `${row.symbol} triggers as told`).to.equal(true);
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
export function settled(service: Service, paper: Paper, expected: number | readonly string[], withinMs?: number): Promise<readonly PositionRow[]> {
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
export function audit(dataDir: string, truth: Truth): void {
  const children = new Set(truth.algoOrders.map((algo) => algo.actualOrderId).filter((id) => id !== ''));
  const orders = [
    ...truth.orders.filter((order) => isOurs(order.clientOrderId) && !children.has(String(order.orderId))).map((order) => ({ id: order.clientOrderId, symbol: order.symbol, at: order.time })),
    ...truth.algoOrders.filter((algo) => isOurs(algo.clientAlgoId)).map((algo) => ({ id: algo.clientAlgoId, symbol: algo.symbol, at: algo.createTime })),
  ];
  const db = openJournalFile(dataDir);
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

export function started(box: Sandbox, paper: Paper, symbols: readonly string[], dataDir?: string): Service {
  return box.service({ paper, sets: [only(...symbols), restful], ...(dataDir === undefined ? {} : { dataDir }) });
}
