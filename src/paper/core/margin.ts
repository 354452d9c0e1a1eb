/** What an account's positions and orders need, and what is left: the numbers behind balance, account and positionRisk. */
import { ONE, ZERO, type Decimal } from '../../protocol/decimal.ts';
import { liquidationPrice, maintenanceMargin } from './brackets.ts';
import { larger } from './ledger.ts';
import type { Position, Settings } from './model.ts';
import { positionOf, settingsOf, type AccountState, type ExchangeState } from './state.ts';

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
  /** Symbols with a position or an open order, in the exchange's order of symbols. */
  readonly positions: readonly PositionMargin[];
}

/** What resting orders lock, one-way: the worse of all bids or all asks filling, less what the position already locks; at mark / leverage. */
function openOrderMargin(notional: Decimal, bids: Decimal, asks: Decimal, leverage: number): Decimal {
  const worst = larger(notional.plus(bids).absoluteValue(), notional.minus(asks).absoluteValue());
  return larger(worst.minus(notional.absoluteValue()), ZERO).dividedBy(leverage);
}

function restingNotional(own: AccountState, symbol: string): { bids: Decimal; asks: Decimal } {
  let [bids, asks] = [ZERO, ZERO];
  for (const order of own.openOrders.values()) {
    if (order.symbol !== symbol || order.reduceOnly) continue;
    const notional = order.quantity.minus(order.filled).multipliedBy(order.price);
    if (order.side === 'BUY') bids = bids.plus(notional);
    else asks = asks.plus(notional);
  }
  return { bids, asks };
}

function markOf(state: ExchangeState, symbol: string): Decimal {
  return state.markets.get(symbol)?.view.mark ?? ZERO;
}

/** One symbol's numbers without the liquidation price, which needs the others'. */
export function symbolMargin(state: ExchangeState, own: AccountState, symbol: string): PositionMargin {
  const position = positionOf(own, symbol);
  const settings = settingsOf(own, symbol);
  const mark = markOf(state, symbol);
  const notional = position.amount.multipliedBy(mark);
  const { bids, asks } = restingNotional(own, symbol);
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
  const busy = new Set([...own.openOrders.values()].map((order) => order.symbol));
  for (const position of own.positions.values()) if (!position.amount.isZero()) busy.add(position.symbol);
  const bare = [...state.rules.keys()].filter((symbol) => busy.has(symbol)).map((symbol) => symbolMargin(state, own, symbol));
  const cross = bare.filter((row) => row.settings.marginType === 'CROSSED');
  const crossUnrealised = sum(cross.map((row) => row.unrealised));
  const crossMaintenance = sum(cross.map((row) => row.maintMargin));
  const crossWallet = own.account.wallet.minus(sum(bare.map((row) => row.position.isolatedWallet)));
  const openOrderInitialMargin = sum(bare.map((row) => row.openOrderInitialMargin));
  const locked = sum(cross.map((row) => row.positionInitialMargin)).plus(openOrderInitialMargin);
  const positions = bare.map((row) => {
    const others = crossWallet.minus(crossMaintenance.minus(row.maintMargin)).plus(crossUnrealised.minus(row.unrealised));
    const balance = row.settings.marginType === 'ISOLATED' ? row.position.isolatedWallet : others;
    return { ...row, liquidationPrice: liquidationPrice(row.position.amount, row.position.entryPrice, row.mark, balance) };
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
  if (margin.isZero()) return ZERO;
  const worse = price.minus(row.mark).multipliedBy(side === 'BUY' ? ONE : ONE.negated());
  return margin.plus(larger(worse, ZERO).multipliedBy(quantity));
}
