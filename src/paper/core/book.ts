/** The book around a price: its levels are a pure function of the touch and a seed, so that a resumed exchange shows the same one. */
import { SeededRandom } from '../../supervision/random.ts';
import { floorTo, wholeDecimal, type Decimal } from '../../protocol/decimal.ts';
import type { Side } from './model.ts';
import type { SymbolRules } from './symbol-rules.ts';

/** Where a symbol's market stands. Between two of these the book only loses what takers take from it. */
export interface MarketView {
  readonly symbol: string;
  readonly last: Decimal;
  readonly mark: Decimal;
  readonly index: Decimal;
  readonly bid: Decimal;
  readonly ask: Decimal;
  /** Determines the quantities in the book. */
  readonly bookSeed: number;
}

export interface Level {
  readonly price: Decimal;
  readonly quantity: Decimal;
}

export const LEVELS_A_SIDE = 50;
/** USDT at the touch: between these, drawn anew for every level and tick. Small enough that an order of 200 USDT may need two levels. */
const TOUCH_NOTIONAL_MIN = 100;
const TOUCH_NOTIONAL_MAX = 1_000;
/** Each level further out holds this much more of the touch's notional. */
const DEPTH_GROWTH = 0.3;

function levelQuantity(view: MarketView, rules: SymbolRules, side: Side, depth: number): Decimal {
  const chance = new SeededRandom(view.bookSeed + Math.imul(depth * 2 + (side === 'BUY' ? 0 : 1), 0x9e3779b1)).next();
  const notional = (TOUCH_NOTIONAL_MIN + chance * (TOUCH_NOTIONAL_MAX - TOUCH_NOTIONAL_MIN)) * (1 + depth * DEPTH_GROWTH);
  const quantity = floorTo(wholeDecimal(Math.round(notional)).dividedBy(view.last), rules.stepSize);
  return quantity.isLessThan(rules.minQty) ? rules.minQty : quantity;
}

/** The best `count` levels of the bids (`BUY`) or asks (`SELL`), best first, one tick apart; bids end above zero. */
export function bookSide(view: MarketView, rules: SymbolRules, side: Side, count: number = LEVELS_A_SIDE): Level[] {
  const levels: Level[] = [];
  for (let depth = 0; depth < count; depth++) {
    const away = rules.tickSize.multipliedBy(wholeDecimal(depth));
    const price = side === 'BUY' ? view.bid.minus(away) : view.ask.plus(away);
    if (!price.isPositive() || price.isZero()) break;
    levels.push({ price, quantity: levelQuantity(view, rules, side, depth) });
  }
  return levels;
}
