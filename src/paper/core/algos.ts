/** Conditional orders: kept apart with ids of their own until the market reaches the trigger, then one real order each. */
import { ZERO, type Decimal } from '../../protocol/decimal.ts';
import type { Turn } from './turn.ts';
import { checkClientId, checkNotional, checkPrice, checkQuantity } from './filters.ts';
import { reducible } from './matching.ts';
import type { Algo, AlgoType, PositionSide, Side, WorkingType } from './model.ts';
import type { MarketView } from './book.ts';
import { marketOf, rulesOf } from './listing.ts';
import { checkLeg } from './order-checks.ts';
import { placeOrder } from './orders.ts';
import { changeAlgo } from './settle.ts';
import { algoByClientId, type AccountState } from './state.ts';
import { checkTrail, priceFor, trail } from './trailing.ts';
import { VenueError } from './venue-error.ts';

export interface AlgoRequest {
  readonly symbol: string;
  readonly side: Side;
  /** Absent: BOTH, as in one-way mode. */
  readonly positionSide?: PositionSide;
  readonly type: AlgoType;
  readonly timeInForce: Algo['timeInForce'];
  /** Null with closePosition. */
  readonly quantity: Decimal | null;
  /** Zero for TRAILING_STOP_MARKET. */
  readonly triggerPrice: Decimal;
  /** STOP and TAKE_PROFIT only; null otherwise. */
  readonly price: Decimal | null;
  /** TRAILING_STOP_MARKET only. Without a price it follows at once. */
  readonly activatePrice?: Decimal | null;
  /** TRAILING_STOP_MARKET only: percent. */
  readonly callbackRate?: Decimal;
  readonly workingType: WorkingType;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly clientAlgoId: string | null;
}

/** Over all symbols. */
const MAX_OPEN_ALGOS = 200;

function isStop(type: AlgoType): boolean {
  return type === 'STOP' || type === 'STOP_MARKET';
}

/** STOP*: BUY at or above the trigger, SELL at or below; TAKE_PROFIT* the reverse. */
function isTriggered(algo: Pick<Algo, 'type' | 'side' | 'triggerPrice' | 'workingType'>, view: MarketView): boolean {
  const price = priceFor(algo, view);
  const upward = isStop(algo.type) === (algo.side === 'BUY');
  return upward ? price.isGreaterThanOrEqualTo(algo.triggerPrice) : price.isLessThanOrEqualTo(algo.triggerPrice);
}

function checkUnique(own: AccountState, request: AlgoRequest, positionSide: PositionSide): void {
  if (request.clientAlgoId !== null) checkClientId(request.clientAlgoId);
  for (const open of own.openAlgos.values()) {
    if (open.clientAlgoId === request.clientAlgoId) throw new VenueError('DUPLICATE_CLIENT_ID');
    const same = open.closePosition && open.symbol === request.symbol && open.side === request.side && open.positionSide === positionSide && isStop(open.type) === isStop(request.type);
    if (request.closePosition && same) throw new VenueError('CLOSE_POSITION_EXISTS');
  }
  if (own.openAlgos.size >= MAX_OPEN_ALGOS) throw new VenueError('MAX_ALGO_ORDERS');
}

/** Accepts a conditional order. Margin and position are looked at when it triggers, not now. */
export function placeAlgo(turn: Turn, own: AccountState, request: AlgoRequest): number {
  const rules = rulesOf(turn, request.symbol);
  const market = marketOf(turn, request.symbol, request.reduceOnly || request.closePosition);
  const positionSide = checkLeg(own, request);
  checkUnique(own, request, positionSide);
  const latest = priceFor(request, market.view);
  const trails = request.type === 'TRAILING_STOP_MARKET';
  if (trails) checkTrail(rules, request, latest);
  else checkPrice(rules, request.triggerPrice);
  if (request.price) checkPrice(rules, request.price);
  if (request.quantity) {
    checkQuantity(rules, request.quantity, request.price === null);
    if (!request.reduceOnly) checkNotional(rules, request.price ?? (trails ? latest : request.triggerPrice), request.quantity);
  }
  if (!trails && isTriggered(request, market.view)) throw new VenueError('WOULD_TRIGGER');
  const algoId = turn.state.lastAlgoId + 1;
  const algo: Algo = {
    ...request,
    positionSide,
    account: own.account.apiKey,
    algoId,
    clientAlgoId: request.clientAlgoId ?? `venue${algoId}`,
    quantity: request.quantity ?? ZERO,
    price: request.price ?? ZERO,
    activatePrice: trails ? (request.activatePrice ?? latest) : ZERO,
    callbackRate: request.callbackRate ?? ZERO,
    extreme: trails && !request.activatePrice ? latest : ZERO,
    status: 'NEW',
    actualOrderId: null,
    rejectReason: '',
    triggerTime: 0,
    time: turn.now,
    updateTime: turn.now,
  };
  turn.emit({ type: 'AlgoChanged', time: turn.now, algo });
  return algoId;
}

/** Sends the real order of a triggered one. A refusal of the engine becomes REJECTED with its text; nothing to close becomes EXPIRED. */
function trigger(turn: Turn, own: AccountState, algo: Algo): void {
  const triggering = changeAlgo(turn, algo, { status: 'TRIGGERING', triggerTime: turn.now });
  const held = reducible(own, algo);
  if (algo.closePosition && held.isZero()) {
    changeAlgo(turn, triggering, { status: 'EXPIRED' });
    return;
  }
  const market = algo.price.isZero();
  const request = {
    symbol: algo.symbol,
    side: algo.side,
    positionSide: algo.positionSide,
    type: market ? ('MARKET' as const) : ('LIMIT' as const),
    timeInForce: market ? null : algo.timeInForce === 'GTE_GTC' ? ('GTC' as const) : algo.timeInForce,
    quantity: algo.closePosition ? held : algo.quantity,
    price: market ? null : algo.price,
    reduceOnly: algo.reduceOnly || algo.closePosition,
    clientOrderId: `algo-${algo.algoId}`,
  };
  const actualOrderId = turn.state.lastOrderId + 1;
  const before = turn.events.length;
  try {
    // TRIGGERED is told before the order's own events, as the order is in the engine from then on.
    const origin = { algoId: algo.algoId, origType: algo.type, stopPrice: algo.triggerPrice, activatePrice: algo.activatePrice, callbackRate: algo.callbackRate, workingType: algo.workingType, closePosition: algo.closePosition };
    placeOrder(turn, own, request, {
      ...origin,
      onAccepted() {
        changeAlgo(turn, triggering, { status: 'TRIGGERED', actualOrderId });
      },
    });
  } catch (error) {
    if (!(error instanceof VenueError) || turn.events.length !== before) throw error;
    changeAlgo(turn, triggering, { status: 'REJECTED', rejectReason: error.message });
  }
}

/** The market moved: what it reached triggers, oldest first. */
export function triggerAlgos(turn: Turn, own: AccountState, view: MarketView): void {
  for (const { algoId } of own.openAlgos.values()) {
    const algo = own.openAlgos.get(algoId);
    if (algo?.symbol !== view.symbol) continue;
    const reached = algo.type === 'TRAILING_STOP_MARKET' ? trail(turn, algo, view) : isTriggered(algo, view);
    if (reached) trigger(turn, own, own.openAlgos.get(algoId)!);
  }
}

/** Names an algo order: by id, or by client id (the newest of that name). */
export interface AlgoName {
  readonly algoId: number | null;
  readonly clientAlgoId: string | null;
}

export function findAlgo(own: AccountState, name: AlgoName): Algo | undefined {
  return name.algoId === null ? algoByClientId(own, name.clientAlgoId ?? '') : own.algos.get(name.algoId);
}

export function cancelAlgo(turn: Turn, own: AccountState, name: AlgoName): number {
  const algo = findAlgo(own, name);
  if (!algo || !own.openAlgos.has(algo.algoId)) throw new VenueError('CANCEL_REJECTED');
  changeAlgo(turn, algo, { status: 'CANCELED' });
  return algo.algoId;
}

export function cancelAllAlgos(turn: Turn, own: AccountState, symbol: string): void {
  rulesOf(turn, symbol);
  for (const algo of own.openAlgos.values()) if (algo.symbol === symbol) changeAlgo(turn, algo, { status: 'CANCELED' });
}
