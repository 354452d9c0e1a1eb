/** What an account's positions and orders need, and what is left: the numbers behind balance, account and positionRisk. */
import { ONE, ZERO, type Decimal } from '../../protocol/decimal.ts';
import { liquidationPrice, maintenanceMargin } from './brackets.ts';
import { larger } from './ledger.ts';
import type { Position, PositionSide, Settings } from './model.ts';
import { legsOf, positionKey, positionOf, settingsOf, type AccountState, type ExchangeState } from './state.ts';

export interface PositionMargin {
  readonly position: Position;
  readonly settings: Settings;
  readonly mark: Decimal;
  /** Signed, at mark. */
  readonly notional: Decimal;
  readonly unrealised: Decimal;
  readonly positionInitialMargin: Decimal;
  readonly openOrderInitialMargin: Decimal;
  readonly maintMargin: Decimal;
  readonly liquidationPrice: Decimal;
  /** Σ remaining × price of resting orders that are not reduce-only. */
  readonly bidNotional: Decimal;
  readonly askNotional: Decimal;
}

export interface AccountMargin {
  readonly walletBalance: Decimal;
  readonly crossWallet: Decimal;
  readonly unrealised: Decimal;
  readonly crossUnrealised: Decimal;
  readonly maintMargin: Decimal;
  readonly positionInitialMargin: Decimal;
  readonly openOrderInitialMargin: Decimal;
  readonly available: Decimal;
  /** Legs with a position or an open order, in the exchange's order of symbols. */
  readonly positions: readonly PositionMargin[];
}

/** What resting orders lock, one-way: the worse of all bids or all asks filling, less what the position already locks; at mark / leverage. */
function openOrderMargin(notional: Decimal, bids: Decimal, asks: Decimal, leverage: number): Decimal {
  const worst = larger(notional.plus(bids).absoluteValue(), notional.minus(asks).absoluteValue());
  return larger(worst.minus(notional.absoluteValue()), ZERO).dividedBy(leverage);
}

function restingNotional(own: AccountState, symbol: string, leg: PositionSide): { bids: Decimal; asks: Decimal } {
  let [bids, asks] = [ZERO, ZERO];
  for (const order of own.openOrders.values()) {
    if (order.symbol !== symbol || order.positionSide !== leg || order.reduceOnly) continue;
    const notional = order.quantity.minus(order.filled).multipliedBy(order.price);
    if (order.side === 'BUY') bids = bids.plus(notional);
    else asks = asks.plus(notional);
  }
  return { bids, asks };
}

function markOf(state: ExchangeState, symbol: string): Decimal {
  return state.markets.get(symbol)?.view.mark ?? ZERO;
}

/** The numbers of one leg of a symbol without the liquidation price, which needs the others'. */
export function symbolMargin(state: ExchangeState, own: AccountState, symbol: string, leg: PositionSide): PositionMargin {
  const position = positionOf(own, symbol, leg);
  const settings = settingsOf(own, symbol);
  const mark = markOf(state, symbol);
  const notional = position.amount.multipliedBy(mark);
  const { bids, asks } = restingNotional(own, symbol, leg);
  return {
    position,
    settings,
    mark,
    notional,
    unrealised: position.amount.multipliedBy(mark.minus(position.entryPrice)),
    positionInitialMargin: notional.absoluteValue().dividedBy(settings.leverage),
    openOrderInitialMargin: openOrderMargin(notional, bids, asks, settings.leverage),
    maintMargin: position.amount.isZero() ? ZERO : maintenanceMargin(notional),
    liquidationPrice: ZERO,
    bidNotional: bids,
    askNotional: asks,
  };
}

function sum(values: readonly Decimal[]): Decimal {
  return values.reduce((total, value) => total.plus(value), ZERO);
}

export function accountMargin(state: ExchangeState, own: AccountState): AccountMargin {
  const busy = new Set([...own.openOrders.values()].map(positionKey));
  for (const [key, position] of own.positions) if (!position.amount.isZero()) busy.add(key);
  const bare: PositionMargin[] = [];
  for (const symbol of state.rules.keys()) {
    for (const leg of legsOf(own)) if (busy.has(positionKey({ symbol, positionSide: leg }))) bare.push(symbolMargin(state, own, symbol, leg));
  }
  const cross = bare.filter((row) => row.settings.marginType === 'CROSSED');
  const crossUnrealised = sum(cross.map((row) => row.unrealised));
  const crossMaintenance = sum(cross.map((row) => row.maintMargin));
  const crossWallet = own.account.wallet.minus(sum(bare.map((row) => row.position.isolatedWallet)));
  const openOrderInitialMargin = sum(bare.map((row) => row.openOrderInitialMargin));
  const locked = sum(cross.map((row) => row.positionInitialMargin)).plus(openOrderInitialMargin);
  const positions = bare.map((row) => {
    if (row.settings.marginType === 'ISOLATED') return { ...row, liquidationPrice: liquidationPrice([row.position], row.mark, row.position.isolatedWallet) };
    const together = cross.filter((other) => other.position.symbol === row.position.symbol);
    const maintenance = crossMaintenance.minus(sum(together.map((leg) => leg.maintMargin)));
    const unrealised = crossUnrealised.minus(sum(together.map((leg) => leg.unrealised)));
    const price = liquidationPrice(together.map((leg) => leg.position), row.mark, crossWallet.minus(maintenance).plus(unrealised));
    return { ...row, liquidationPrice: row.position.amount.isZero() ? ZERO : price };
  });
  return {
    walletBalance: own.account.wallet,
    crossWallet,
    unrealised: sum(bare.map((row) => row.unrealised)),
    crossUnrealised,
    maintMargin: sum(bare.map((row) => row.maintMargin)),
    positionInitialMargin: sum(bare.map((row) => row.positionInitialMargin)),
    openOrderInitialMargin,
    available: larger(crossWallet.plus(crossUnrealised).minus(locked), ZERO),
    positions,
  };
}

/** What an order that is not reduce-only would newly lock: more margin, and the loss it opens with when its price is worse than mark. */
export function marginNeeded(row: PositionMargin, side: 'BUY' | 'SELL', price: Decimal, quantity: Decimal): Decimal {
  const notional = price.multipliedBy(quantity);
  const bids = side === 'BUY' ? row.bidNotional.plus(notional) : row.bidNotional;
  const asks = side === 'SELL' ? row.askNotional.plus(notional) : row.askNotional;
  const margin = openOrderMargin(row.notional, bids, asks, row.settings.leverage).minus(row.openOrderInitialMargin);
  if (margin.isLessThanOrEqualTo(ZERO)) return ZERO;
  const worse = price.minus(row.mark).multipliedBy(side === 'BUY' ? ONE : ONE.negated());
  return margin.plus(larger(worse, ZERO).multipliedBy(quantity));
}
