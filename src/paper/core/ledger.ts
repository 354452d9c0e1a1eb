/** The arithmetic of a fill: average entry, realised profit, fee and isolated margin, so that wallet change = Σ realised − Σ commission to the last digit. */
import { BigNumber } from 'bignumber.js';
import { decimal, ZERO, type Decimal } from '../../protocol/decimal.ts';
import type { Side } from './model.ts';

/** VIP 0 of USDⓈ-M futures. */
export const MAKER_FEE: Decimal = decimal('0.0002');
export const TAKER_FEE: Decimal = decimal('0.0005');

/** Digits of USDT that are booked. */
const MONEY_DECIMALS = 8;
/** Digits an average entry is kept with. It is defined as rounded, half up, at each addition; everything later is exact. */
export const ENTRY_DECIMALS = 12;

/** What a fill changes of a position. */
export interface Holding {
  readonly amount: Decimal;
  readonly entryPrice: Decimal;
  readonly isolatedWallet: Decimal;
  readonly realised: Decimal;
  readonly carried: Decimal;
}

export interface Fill {
  readonly side: Side;
  readonly price: Decimal;
  readonly quantity: Decimal;
  readonly feeRate: Decimal;
  readonly leverage: number;
  readonly isolated: boolean;
}

export const NO_HOLDING: Holding = { amount: ZERO, entryPrice: ZERO, isolatedWallet: ZERO, realised: ZERO, carried: ZERO };

export function smaller(a: Decimal, b: Decimal): Decimal {
  return a.isLessThan(b) ? a : b;
}

export function larger(a: Decimal, b: Decimal): Decimal {
  return a.isGreaterThan(b) ? a : b;
}

/** Rounds to the digits that are booked, half up (away from zero). Zero never has a sign: nobody wants to read "-0". */
export function money(value: Decimal): Decimal {
  const rounded = value.decimalPlaces(MONEY_DECIMALS, BigNumber.ROUND_HALF_UP);
  return rounded.isZero() ? ZERO : rounded;
}

/**
 * Adding averages the entry by quantity; reducing keeps it and realises (price − entry) × closed × side; crossing zero restarts at the fill price.
 * @returns the holding after the fill, its realised profit (before fees) and its fee, both in USDT as booked.
 */
export function applyFill(before: Holding, fill: Fill): { holding: Holding; realised: Decimal; commission: Decimal } {
  const commission = money(fill.price.multipliedBy(fill.quantity).multipliedBy(fill.feeRate));
  const signed = fill.side === 'BUY' ? fill.quantity : fill.quantity.negated();
  const amount = before.amount.plus(signed);
  const marginFor = (quantity: Decimal) => (fill.isolated ? money(quantity.multipliedBy(fill.price).dividedBy(fill.leverage)) : ZERO);

  const adds = before.amount.isZero() || before.amount.isPositive() === signed.isPositive();
  if (adds) {
    const cost = before.amount.absoluteValue().multipliedBy(before.entryPrice).plus(fill.quantity.multipliedBy(fill.price));
    const holding = {
      amount,
      entryPrice: cost.dividedBy(amount.absoluteValue()).decimalPlaces(ENTRY_DECIMALS, BigNumber.ROUND_HALF_UP),
      isolatedWallet: before.isolatedWallet.plus(marginFor(fill.quantity)),
      realised: before.realised,
      carried: before.carried.minus(commission),
    };
    return { holding, realised: ZERO, commission };
  }

  const held = before.amount.absoluteValue();
  const closed = smaller(fill.quantity, held);
  const gain = fill.price.minus(before.entryPrice).multipliedBy(closed);
  const realised = money(before.amount.isPositive() ? gain : gain.negated());
  const left = held.minus(closed);
  const opened = fill.quantity.minus(closed);
  const total = before.realised.plus(realised);
  if (!opened.isZero()) {
    const holding = { amount, entryPrice: fill.price, isolatedWallet: marginFor(opened), realised: total, carried: money(commission.multipliedBy(opened).dividedBy(fill.quantity)).negated() };
    return { holding, realised, commission };
  }
  if (left.isZero()) return { holding: { ...NO_HOLDING, realised: total }, realised, commission };
  const holding = {
    amount,
    entryPrice: before.entryPrice,
    isolatedWallet: money(before.isolatedWallet.multipliedBy(left).dividedBy(held)),
    realised: total,
    carried: before.carried.plus(realised).minus(commission),
  };
  return { holding, realised, commission };
}

/** Where closing would neither gain nor lose, fees paid so far included. */
export function breakEvenPrice(holding: Holding): Decimal {
  if (holding.amount.isZero()) return ZERO;
  return holding.entryPrice.minus(holding.carried.dividedBy(holding.amount)).decimalPlaces(ENTRY_DECIMALS, BigNumber.ROUND_HALF_UP);
}
