/** Leverage and margin type, a symbol at a time, with the venue's own reasons why not. */
import { wholeDecimal } from '../../protocol/decimal.ts';
import { MAX_LEVERAGE, maxNotionalAt } from './brackets.ts';
import type { Turn } from './turn.ts';
import type { MarginType } from './model.ts';
import { rulesOf } from './orders.ts';
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
