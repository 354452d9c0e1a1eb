/** The touch around a price: a spread of about two basis points that widens, up to eightfold, while the market moves more than it is used to. */
import { decimal, wholeDecimal, ZERO, type Decimal } from '../../protocol/decimal.ts';
import type { SymbolRules } from '../core/symbol-rules.ts';

const BASE_SPREAD = 5_000;
const WIDEST = 8;
/** Shares of the newest tick in the two averages of how far a tick goes: half a minute and an hour of four ticks a second. */
const FAST = 0.01;
const SLOW = 0.0001;

/** How restless a symbol is: the average tick of the last half minute against that of the last hour. */
export class Restlessness {
  #fast = 0;
  #slow = 0;

  /** How much wider the spread is: 1 in a market as it usually is, and as the variance where it moves more. */
  get factor(): number {
    const ratio = this.#slow === 0 ? 1 : this.#fast / this.#slow;
    return Math.min(WIDEST, Math.max(1, ratio * ratio));
  }

  tick(before: Decimal, last: Decimal): void {
    const way = Math.abs(last.toNumber() / before.toNumber() - 1);
    if (this.#slow === 0) [this.#fast, this.#slow] = [way, way];
    this.#fast += (way - this.#fast) * FAST;
    this.#slow += (way - this.#slow) * SLOW;
  }
}

/** In whole ticks, at least one. */
function spreadOf(rules: SymbolRules, last: Decimal, factor: number): Decimal {
  const ticks = last.dividedBy(BASE_SPREAD).multipliedBy(decimal(factor.toFixed(3))).dividedBy(rules.tickSize).integerValue(4);
  return rules.tickSize.multipliedBy(ticks.isGreaterThan(ZERO) ? ticks : wholeDecimal(1));
}

/** The last trade was at the ask when the price rose and at the bid otherwise; near zero the bid stays one tick above it. */
export function touch(rules: SymbolRules, last: Decimal, before: Decimal, factor: number = 1): { bid: Decimal; ask: Decimal } {
  const spread = spreadOf(rules, last, factor);
  if (!last.isGreaterThan(before) || last.isLessThanOrEqualTo(spread)) return { bid: last, ask: last.plus(spread) };
  return { bid: last.minus(spread), ask: last };
}
