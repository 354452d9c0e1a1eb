/** Leverage, margin type, position mode and isolated margin, with the venue's own reasons why not. */
import { wholeDecimal, ZERO, type Decimal } from '../../protocol/decimal.ts';
import { MAX_LEVERAGE, maxNotionalAt } from './brackets.ts';
import type { Turn } from './turn.ts';
import { smaller } from './ledger.ts';
import { accountMargin, symbolMargin } from './margin.ts';
import type { MarginType, PositionSide } from './model.ts';
import { rulesOf } from './listing.ts';
import { holds, legsOf, positionOf, settingsOf, type AccountState } from './state.ts';
import { VenueError } from './venue-error.ts';

/** Setting the leverage that is set already succeeds, as on the live venue. */
export function setLeverage(turn: Turn, own: AccountState, symbol: string, leverage: number): void {
  rulesOf(turn, symbol);
  if (!Number.isInteger(leverage) || leverage < 1 || leverage > MAX_LEVERAGE) throw new VenueError('BAD_LEVERAGE', String(leverage));
  const settings = settingsOf(own, symbol);
  for (const leg of legsOf(own)) {
    const { amount } = positionOf(own, symbol, leg);
    if (amount.isZero()) continue;
    if (settings.marginType === 'ISOLATED' && leverage < settings.leverage) throw new VenueError('LEVERAGE_REDUCTION');
    const notional = amount.absoluteValue().multipliedBy(turn.state.markets.get(symbol)!.view.mark);
    if (notional.isGreaterThan(wholeDecimal(maxNotionalAt(leverage)))) throw new VenueError('MAX_POSITION');
  }
  turn.emit({ type: 'LeverageChanged', time: turn.now, settings: { ...settings, leverage } });
}

export function setMarginType(turn: Turn, own: AccountState, symbol: string, marginType: MarginType): void {
  rulesOf(turn, symbol);
  const settings = settingsOf(own, symbol);
  if (settings.marginType === marginType) throw new VenueError('SAME_MARGIN_TYPE');
  const busy = [...own.openOrders.values(), ...own.openAlgos.values()].some((order) => order.symbol === symbol);
  if (busy) throw new VenueError('MARGIN_TYPE_OPEN_ORDERS');
  if (holds(own, symbol)) throw new VenueError('MARGIN_TYPE_POSITION');
  turn.emit({ type: 'MarginTypeChanged', time: turn.now, settings: { ...settings, marginType } });
}

/** One-way or hedge mode, for all symbols at once, and only while nothing is open anywhere. */
export function setPositionMode(turn: Turn, own: AccountState, dualSide: boolean): void {
  if (own.account.dualSide === dualSide) throw new VenueError('SAME_POSITION_SIDE');
  if (own.openOrders.size > 0 || own.openAlgos.size > 0) throw new VenueError('POSITION_SIDE_OPEN_ORDERS');
  for (const position of own.positions.values()) if (!position.amount.isZero()) throw new VenueError('POSITION_SIDE_POSITION');
  turn.emit({ type: 'PositionModeChanged', time: turn.now, account: { ...own.account, dualSide, updateTime: turn.now } });
}

/** Moves `amount` USDT from the cross wallet into an isolated leg, or out of it when negative: never more than is free here, nor below its initial margin there. */
export function movePositionMargin(turn: Turn, own: AccountState, symbol: string, positionSide: PositionSide, amount: Decimal): void {
  rulesOf(turn, symbol);
  if (own.account.dualSide === (positionSide === 'BOTH')) throw new VenueError('POSITION_SIDE_MISMATCH');
  if (amount.isZero()) throw new VenueError('AMOUNT_NOT_POSITIVE');
  if (settingsOf(own, symbol).marginType !== 'ISOLATED') throw new VenueError('MARGIN_OF_CROSSED');
  const row = symbolMargin(turn.state, own, symbol, positionSide);
  const { position } = row;
  if (position.amount.isZero()) throw new VenueError('MARGIN_OF_NOTHING');
  if (amount.isPositive() && amount.isGreaterThan(accountMargin(turn.state, own).available)) throw new VenueError('CROSS_BALANCE');
  const isolatedWallet = position.isolatedWallet.plus(amount);
  const left = isolatedWallet.plus(smaller(row.unrealised, ZERO));
  if (amount.isNegative() && left.isLessThan(row.positionInitialMargin)) throw new VenueError('ISOLATED_BALANCE');
  turn.emit({
    type: 'MarginMoved',
    time: turn.now,
    change: { account: own.account.apiKey, tranId: turn.state.lastTranId + 1, symbol, positionSide, amount, time: turn.now },
    position: { ...position, isolatedWallet, updateTime: turn.now },
  });
}
