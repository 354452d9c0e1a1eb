/** The leverage brackets of a symbol: how much maintenance a position needs and where it would be liquidated. */
import { decimal, wholeDecimal, ZERO, type Decimal } from '../../protocol/decimal.ts';

export interface Bracket {
  readonly bracket: number;
  readonly initialLeverage: number;
  /** Notional in USDT, floor exclusive, cap inclusive. */
  readonly notionalFloor: number;
  readonly notionalCap: number;
  readonly maintMarginRatio: Decimal;
  /** What makes maintenance continuous at the floor: cum(n) = cum(n−1) + floor(n) × (ratio(n) − ratio(n−1)). */
  readonly cum: Decimal;
}

/** A mid-cap symbol's table: leverage, cap, maintenance ratio. */
const table: readonly (readonly [number, number, string])[] = [
  [75, 5_000, '0.01'],
  [50, 25_000, '0.015'],
  [25, 100_000, '0.02'],
  [20, 250_000, '0.025'],
  [10, 1_000_000, '0.05'],
  [5, 2_000_000, '0.1'],
  [4, 4_000_000, '0.125'],
  [2, 10_000_000, '0.25'],
  [1, 15_000_000, '0.5'],
];

function buildBrackets(): readonly Bracket[] {
  const brackets: Bracket[] = [];
  for (const [initialLeverage, notionalCap, ratio] of table) {
    const before = brackets.at(-1);
    const maintMarginRatio = decimal(ratio);
    const notionalFloor = before?.notionalCap ?? 0;
    const step = before ? maintMarginRatio.minus(before.maintMarginRatio).multipliedBy(wholeDecimal(notionalFloor)) : ZERO;
    brackets.push({ bracket: brackets.length + 1, initialLeverage, notionalFloor, notionalCap, maintMarginRatio, cum: step.plus(before?.cum ?? ZERO) });
  }
  return brackets;
}

/** The same for every symbol of this venue. */
export const BRACKETS: readonly Bracket[] = buildBrackets();
export const MAX_LEVERAGE = table[0]![0];

function bracketOf(notional: Decimal): Bracket {
  const size = notional.absoluteValue();
  return BRACKETS.find((bracket) => size.isLessThanOrEqualTo(wholeDecimal(bracket.notionalCap))) ?? BRACKETS.at(-1)!;
}

/** Maintenance margin in USDT: notional at mark × ratio − cum. */
export function maintenanceMargin(notional: Decimal): Decimal {
  const bracket = bracketOf(notional);
  return notional.absoluteValue().multipliedBy(bracket.maintMarginRatio).minus(bracket.cum);
}

/** The largest position in USDT that `leverage` allows. */
export function maxNotionalAt(leverage: number): number {
  return BRACKETS.findLast((bracket) => bracket.initialLeverage >= leverage)?.notionalCap ?? 0;
}

/** One leg of a symbol; one-way mode has one, hedge mode up to two. */
export interface Leg {
  /** Signed. */
  readonly amount: Decimal;
  readonly entryPrice: Decimal;
}

/**
 * Liquidation price, Binance FAQ b3c689c1f50a44cabb3a84e663b81d93:
 * LP = (WB − TMM₁ + UPNL₁ + Σ cum − Σ amount·entry) / (Σ |amount|·MMR − Σ amount), over the legs that are liquidated together. Zero where there is none.
 * @param balance WB − TMM₁ + UPNL₁: the isolated wallet alone, or the cross wallet less what the other symbols' cross positions need and lose.
 */
export function liquidationPrice(legs: readonly Leg[], mark: Decimal, balance: Decimal): Decimal {
  let [above, below] = [balance, ZERO];
  for (const { amount, entryPrice } of legs) {
    if (amount.isZero()) continue;
    const { maintMarginRatio, cum } = bracketOf(amount.multipliedBy(mark));
    above = above.plus(cum).minus(amount.multipliedBy(entryPrice));
    below = below.plus(amount.absoluteValue().multipliedBy(maintMarginRatio)).minus(amount);
  }
  if (below.isZero()) return ZERO;
  const price = above.dividedBy(below);
  return price.isPositive() ? price : ZERO;
}
