/** Orders meet the book: takers walk its levels, best first; makers fill at their own price when the market trades through them. */
import { ZERO, type Decimal } from '../../protocol/decimal.ts';
import { bookSide, type Level } from './book.ts';
import type { Turn } from './turn.ts';
import { applyFill, MAKER_FEE, smaller, TAKER_FEE } from './ledger.ts';
import type { Order, Position, Side } from './model.ts';
import { expireOrder, finishAlgoOf, releaseProtection } from './settle.ts';
import { isOpenOrder, positionOf, settingsOf, type AccountState, type ExchangeState, type Market } from './state.ts';

function opposite(side: Side): Side {
  return side === 'BUY' ? 'SELL' : 'BUY';
}

/** The levels that are left of one side of the book, best first. */
export function levelsLeft(state: ExchangeState, market: Market, side: Side): Level[] {
  let levels = market.sides.get(side);
  if (!levels) {
    levels = bookSide(market.view, state.rules.get(market.view.symbol)!, side);
    market.sides.set(side, levels);
  }
  return levels;
}

/** The best level that is left: all that a touch tells of, four times a second and symbol, so that the others are not made for it where nobody has taken any. */
export function bestLeft(state: ExchangeState, market: Market, side: Side): Level[] {
  return market.sides.get(side)?.slice(0, 1) ?? bookSide(market.view, state.rules.get(market.view.symbol)!, side, 1);
}

/** Would an order of `side` at `limit` (null: any price) take `price`? */
function accepts(side: Side, limit: Decimal | null, price: Decimal): boolean {
  if (limit === null) return true;
  return side === 'BUY' ? price.isLessThanOrEqualTo(limit) : price.isGreaterThanOrEqualTo(limit);
}

/** How much an order could take at once. */
export function takeable(state: ExchangeState, market: Market, side: Side, limit: Decimal | null): Decimal {
  return levelsLeft(state, market, opposite(side))
    .filter((level) => accepts(side, limit, level.price))
    .reduce((total, level) => total.plus(level.quantity), ZERO);
}

/** What a reduce-only order may still take: never more than closes the position. */
export function reducible(own: AccountState, { symbol, side, positionSide }: Pick<Order, 'symbol' | 'side' | 'positionSide'>): Decimal {
  const { amount } = positionOf(own, symbol, positionSide);
  const reduces = side === 'BUY' ? amount.isNegative() : amount.isPositive();
  return reduces ? amount.absoluteValue() : ZERO;
}

function fill(turn: Turn, own: AccountState, order: Order, price: Decimal, quantity: Decimal, maker: boolean, feeRate: Decimal = maker ? MAKER_FEE : TAKER_FEE): Order {
  const before = positionOf(own, order.symbol, order.positionSide);
  const { leverage, marginType } = settingsOf(own, order.symbol);
  const outcome = applyFill(before, { side: order.side, price, quantity, feeRate, leverage, isolated: marginType === 'ISOLATED' });
  const filled = order.filled.plus(quantity);
  const status = filled.isEqualTo(order.quantity) ? 'FILLED' : 'PARTIALLY_FILLED';
  const changed: Order = { ...order, filled, cost: order.cost.plus(price.multipliedBy(quantity)), status, updateTime: turn.now };
  const { commission, realised, holding } = outcome;
  const { account: apiKey, orderId, symbol, side, positionSide } = order;
  turn.emit({
    type: 'OrderTraded',
    time: turn.now,
    order: changed,
    trade: { account: apiKey, id: turn.state.lastTradeId + 1, orderId, symbol, side, positionSide, price, quantity, realised, commission, maker, time: turn.now },
    position: { ...before, ...holding, updateTime: turn.now },
    account: { ...own.account, wallet: own.account.wallet.plus(realised).minus(commission), updateTime: turn.now },
  });
  finishAlgoOf(turn, own, changed);
  const gone = !before.amount.isZero() && (holding.amount.isZero() || holding.amount.isPositive() !== before.amount.isPositive());
  if (gone) releaseProtection(turn, own, before);
  return own.orders.get(orderId)!;
}

/** Self-trade prevention EXPIRE_MAKER: the owner's resting orders that `order` meets on its way to `price` leave the book first. */
function expireOwnMakers(turn: Turn, own: AccountState, order: Order, price: Decimal): void {
  for (const resting of own.openOrders.values()) {
    if (resting.symbol !== order.symbol || resting.side === order.side) continue;
    if (accepts(order.side, price, resting.price)) expireOrder(turn, own, resting, 'EXPIRED_IN_MATCH');
  }
}

/** Fills `order` from the levels it accepts until it is full or they are gone; a maker at its own price, a taker at theirs. */
function consume(turn: Turn, own: AccountState, order: Order, market: Market, maker: boolean): Order {
  const limit = order.type === 'MARKET' ? null : order.price;
  const levels = levelsLeft(turn.state, market, opposite(order.side));
  let current = order;
  while (isOpenOrder(current)) {
    const level = levels[0];
    if (!level || !accepts(order.side, limit, level.price)) break;
    if (!maker) expireOwnMakers(turn, own, order, level.price);
    let wanted = smaller(current.quantity.minus(current.filled), level.quantity);
    if (order.reduceOnly) wanted = smaller(wanted, reducible(own, order));
    if (wanted.isZero()) break;
    if (wanted.isEqualTo(level.quantity)) levels.shift();
    else levels[0] = { price: level.price, quantity: level.quantity.minus(wanted) };
    current = fill(turn, own, current, maker ? order.price : level.price, wanted, maker);
  }
  return current;
}

/** An accepted order arrives: it takes what it may; what is left rests (GTC, GTX) or expires (IOC, FOK, MARKET). */
export function takeFromBook(turn: Turn, own: AccountState, order: Order): void {
  const market = turn.state.markets.get(order.symbol)!;
  const left = consume(turn, own, order, market, false);
  if (isOpenOrder(left) && order.type === 'LIMIT') expireOwnMakers(turn, own, order, order.price);
  if (isOpenOrder(left) && (order.type === 'MARKET' || order.timeInForce === 'IOC' || order.timeInForce === 'FOK')) expireOrder(turn, own, left);
}

/** The market moved: resting orders that it traded through fill at their own price, best priced and oldest first, as far as its levels go. */
export function fillMakers(turn: Turn, own: AccountState, market: Market): void {
  const { symbol, bid, ask } = market.view;
  const crossed = [...own.openOrders.values()].filter(
    (order) => order.symbol === symbol && (order.side === 'BUY' ? order.price.isGreaterThanOrEqualTo(ask) : order.price.isLessThanOrEqualTo(bid)),
  );
  crossed.sort((a, b) => (a.side === b.side ? (a.side === 'BUY' ? b.price.comparedTo(a.price)! : a.price.comparedTo(b.price)!) : 0) || a.orderId - b.orderId);
  for (const { orderId } of crossed) {
    const order = own.openOrders.get(orderId);
    if (order) consume(turn, own, order, market, true);
  }
}

const AUTO_CLOSE_ID = { LIQUIDATION: 'autoclose-', ADL: 'adl_autoclose', SETTLEMENT: 'settlement_autoclose-' } as const;

export interface VenueFill {
  readonly price: Decimal;
  /** What the order shows as its own price. */
  readonly limit: Decimal;
  readonly quantity: Decimal;
  readonly feeRate: Decimal;
  readonly autoClose: NonNullable<Order['autoClose']>;
}

/** Closes `quantity` of a position by an order of the venue's own, filled whole at one price outside the book. @returns its id. */
export function fillAtVenue(turn: Turn, own: AccountState, position: Position, { price, limit, quantity, feeRate, autoClose }: VenueFill): number {
  const orderId = turn.state.lastOrderId + 1;
  const order: Order = {
    account: own.account.apiKey,
    orderId,
    clientOrderId: `${AUTO_CLOSE_ID[autoClose]}${autoClose === 'ADL' ? '' : `${turn.now}${orderId}`}`,
    symbol: position.symbol,
    side: position.amount.isPositive() ? 'SELL' : 'BUY',
    positionSide: position.positionSide,
    type: 'LIMIT',
    origType: 'LIMIT',
    timeInForce: 'IOC',
    quantity,
    price: limit,
    stopPrice: ZERO,
    workingType: 'CONTRACT_PRICE',
    reduceOnly: false,
    closePosition: false,
    status: 'NEW',
    filled: ZERO,
    cost: ZERO,
    goodTillDate: 0,
    activatePrice: ZERO,
    callbackRate: ZERO,
    amendments: 0,
    autoClose,
    algoId: null,
    time: turn.now,
    updateTime: turn.now,
  };
  turn.emit({ type: 'OrderAccepted', time: turn.now, order });
  fill(turn, own, order, price, quantity, false, feeRate);
  return orderId;
}
