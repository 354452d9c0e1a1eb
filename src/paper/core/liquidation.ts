/** Who can no longer hold what he holds loses it: the venue cancels his orders and closes his legs, and never takes more than there was. */
import { BigNumber } from 'bignumber.js';
import { decimal, ZERO, type Decimal } from '../../protocol/decimal.ts';
import { bookIncome } from './funding.ts';
import { larger, money, smaller, TAKER_FEE } from './ledger.ts';
import { accountMargin, type AccountMargin, type PositionMargin } from './margin.ts';
import { fillAtVenue } from './matching.ts';
import type { Order, PositionSide } from './model.ts';
import { cancelOpenOrder, changeAlgo } from './settle.ts';
import { legsOf, positionKey, positionOf, type AccountState } from './state.ts';
import type { Turn } from './turn.ts';
import { VenueError } from './venue-error.ts';

/** Of the notional, to the insurance fund; `liquidationFee` of exchangeInfo. */
export const LIQUIDATION_FEE: Decimal = decimal('0.0125');
/** A margin call is told from this share of maintenance margin in margin balance, */
const CALL_RATIO = decimal('0.8');
/** and not again for the same leg for this long. */
const CALL_EVERY_MS = 600_000;

/** What backs one leg: its isolated wallet, or the cross wallet with what all other cross legs have gained or lost. */
function backing(margin: AccountMargin, row: PositionMargin): Decimal {
  if (row.settings.marginType === 'ISOLATED') return row.position.isolatedWallet;
  return margin.crossWallet.plus(margin.crossUnrealised).minus(row.unrealised);
}

function alike(margin: AccountMargin, row: PositionMargin): readonly PositionMargin[] {
  return row.settings.marginType === 'ISOLATED' ? [row] : margin.positions.filter((other) => other.settings.marginType === 'CROSSED');
}

/** Margin balance and maintenance margin that decide over a leg: its own when isolated, all crossed ones' otherwise. */
function standing(margin: AccountMargin, row: PositionMargin): { balance: Decimal; maintenance: Decimal } {
  const maintenance = alike(margin, row).reduce((total, leg) => total.plus(leg.maintMargin), ZERO);
  return { balance: backing(margin, row).plus(row.unrealised), maintenance };
}

function mustClose(margin: AccountMargin, row: PositionMargin): boolean {
  if (row.position.amount.isZero()) return false;
  const { balance, maintenance } = standing(margin, row);
  return balance.isLessThanOrEqualTo(maintenance);
}

/** Where closing the leg leaves nothing, rounded to the tick on the owner's side; at least one tick. */
function bankruptcyPrice(turn: Turn, { position }: PositionMargin, backed: Decimal): Decimal {
  const { tickSize } = turn.state.rules.get(position.symbol)!;
  const price = position.entryPrice.minus(backed.dividedBy(position.amount));
  const rounded = price.dividedBy(tickSize).integerValue(position.amount.isPositive() ? BigNumber.ROUND_CEIL : BigNumber.ROUND_FLOOR).multipliedBy(tickSize);
  return larger(rounded, tickSize);
}

/** The mark price on the tick, or the bankruptcy price when that is better for him: beyond it the insurance fund pays. */
function closingPrice(turn: Turn, row: PositionMargin, bankruptcy: Decimal): Decimal {
  const { tickSize } = turn.state.rules.get(row.position.symbol)!;
  const long = row.position.amount.isPositive();
  const mark = row.mark.dividedBy(tickSize).integerValue(long ? BigNumber.ROUND_CEIL : BigNumber.ROUND_FLOOR).multipliedBy(tickSize);
  return long ? larger(mark, bankruptcy) : larger(smaller(mark, bankruptcy), tickSize);
}

/** Closes one leg at once, charges the fee as far as there is something left, and lets the insurance fund fill what is missing. */
function closeLeg(turn: Turn, own: AccountState, margin: AccountMargin, row: PositionMargin): void {
  const { position } = row;
  const backed = backing(margin, row);
  const bankruptcy = bankruptcyPrice(turn, row, backed);
  const price = closingPrice(turn, row, bankruptcy);
  const before = own.account.wallet;
  fillAtVenue(turn, own, position, { price, limit: bankruptcy, quantity: position.amount.absoluteValue(), feeRate: TAKER_FEE, autoClose: 'LIQUIDATION' });
  const left = backed.plus(own.account.wallet.minus(before));
  const fee = smaller(money(position.amount.absoluteValue().multipliedBy(price).multipliedBy(LIQUIDATION_FEE)), larger(money(left), ZERO));
  const missing = row.settings.marginType === 'ISOLATED' ? smaller(left, ZERO) : ZERO;
  const clearance = money(missing.negated().minus(fee));
  if (!clearance.isZero()) bookIncome(turn, own, positionOf(own, position.symbol, position.positionSide), 'INSURANCE_CLEAR', clearance);
}

/** Without any crossed position left, a cross wallet below zero is filled up by the insurance fund. */
export function clearCross(turn: Turn, own: AccountState, symbol: string, positionSide: PositionSide): void {
  const margin = accountMargin(turn.state, own);
  const open = margin.positions.some((row) => row.settings.marginType === 'CROSSED' && !row.position.amount.isZero());
  if (!open && margin.crossWallet.isNegative()) bookIncome(turn, own, positionOf(own, symbol, positionSide), 'INSURANCE_CLEAR', margin.crossWallet.negated());
}

function cancelWhat(turn: Turn, own: AccountState, concerns: (order: { readonly symbol: string; readonly positionSide: PositionSide }) => boolean): void {
  for (const order of own.openOrders.values()) if (concerns(order)) cancelOpenOrder(turn, own, order);
  for (const algo of own.openAlgos.values()) if (concerns(algo)) changeAlgo(turn, algo, { status: 'CANCELED' });
}

function rowOf(margin: AccountMargin, key: string): PositionMargin | undefined {
  return margin.positions.find((row) => positionKey(row.position) === key);
}

/** Crossed legs go one by one, the one that needs most first, until what is left can be held. */
function liquidate(turn: Turn, own: AccountState, key: string): void {
  let margin = accountMargin(turn.state, own);
  const first = rowOf(margin, key)!;
  if (first.settings.marginType === 'ISOLATED') {
    cancelWhat(turn, own, (order) => positionKey(order) === key);
    margin = accountMargin(turn.state, own);
    closeLeg(turn, own, margin, rowOf(margin, key)!);
    return;
  }
  const crossed = (symbol: string) => own.settings.get(symbol)?.marginType !== 'ISOLATED';
  cancelWhat(turn, own, (order) => crossed(order.symbol));
  for (;;) {
    margin = accountMargin(turn.state, own);
    const doomed = margin.positions.filter((row) => row.settings.marginType === 'CROSSED' && mustClose(margin, row));
    const next = doomed.toSorted((a, b) => b.maintMargin.comparedTo(a.maintMargin)!)[0];
    if (!next) break;
    closeLeg(turn, own, margin, next);
    clearCross(turn, own, next.position.symbol, next.position.positionSide);
  }
}

/** A mark price moved: legs of `symbol` that it leaves without enough margin are liquidated; those that are near it get a margin call, which is advice only. */
export function checkMargin(turn: Turn, own: AccountState, symbol: string): void {
  for (const positionSide of legsOf(own)) {
    const key = positionKey({ symbol, positionSide });
    if (positionOf(own, symbol, positionSide).amount.isZero()) continue;
    const margin = accountMargin(turn.state, own);
    const row = rowOf(margin, key)!;
    if (mustClose(margin, row)) {
      liquidate(turn, own, key);
      continue;
    }
    const { balance, maintenance } = standing(margin, row);
    const called = own.marginCalls.get(key);
    const recent = called !== undefined && turn.now - called < CALL_EVERY_MS;
    if (!recent && maintenance.isGreaterThanOrEqualTo(balance.multipliedBy(CALL_RATIO))) {
      turn.emit({ type: 'MarginCalled', time: turn.now, account: own.account.apiKey, position: row.position, mark: row.mark, unrealised: row.unrealised, maintMargin: row.maintMargin, crossWallet: margin.crossWallet });
    }
  }
}

/**
 * Auto-deleveraging: the venue closes `quantity` of a leg (all of it when more) at the mark price, as the counterparty of someone else's liquidation; it takes no fee.
 * @returns the order's id.
 * @throws VenueError −2022 without such a position.
 */
export function deleverage(turn: Turn, own: AccountState, symbol: string, positionSide: PositionSide, quantity: Decimal | null): number {
  const row = accountMargin(turn.state, own).positions.find((each) => positionKey(each.position) === positionKey({ symbol, positionSide }));
  if (!row || row.position.amount.isZero()) throw new VenueError('REDUCE_ONLY_REJECTED');
  const held = row.position.amount.absoluteValue();
  const price = closingPrice(turn, row, row.position.amount.isPositive() ? ZERO : row.mark);
  return fillAtVenue(turn, own, row.position, { price, limit: price, quantity: quantity === null ? held : smaller(quantity, held), feeRate: ZERO, autoClose: 'ADL' });
}

/** Orders the venue made on the account's behalf, newest last. */
export function forceOrders(own: AccountState, autoCloseType: 'LIQUIDATION' | 'ADL' | null): Order[] {
  return [...own.orders.values()].filter((order) => (autoCloseType === null ? order.autoClose === 'LIQUIDATION' || order.autoClose === 'ADL' : order.autoClose === autoCloseType)).toSorted((a, b) => a.orderId - b.orderId);
}
