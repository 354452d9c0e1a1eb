/** Trailing stops: each follows the market from its activation on, and is reached when the price has come back far enough. */
import { decimal, isMultipleOf, type Decimal } from '../../protocol/decimal.ts';
import type { MarketView } from './book.ts';
import { checkPrice } from './filters.ts';
import { larger, smaller } from './ledger.ts';
import type { Algo, Side } from './model.ts';
import type { SymbolRules } from './symbol-rules.ts';
import type { Turn } from './turn.ts';
import { VenueError } from './venue-error.ts';

interface Trail {
  readonly side: Side;
  readonly activatePrice?: Decimal | null;
  readonly callbackRate?: Decimal;
}

/** The price that a conditional order looks at. */
export function priceFor({ workingType }: Pick<Algo, 'workingType'>, view: MarketView): Decimal {
  return workingType === 'MARK_PRICE' ? view.mark : view.last;
}

/** Percent, in tenths. */
const CALLBACK = { least: decimal('0.1'), most: decimal('20'), step: decimal('0.1') };

/** A BUY begins to follow below the latest price, a SELL above it. */
export function checkTrail(rules: SymbolRules, { side, activatePrice, callbackRate }: Trail, latest: Decimal): void {
  if (!callbackRate || callbackRate.isLessThan(CALLBACK.least) || callbackRate.isGreaterThan(CALLBACK.most) || !isMultipleOf(callbackRate, CALLBACK.step)) throw new VenueError('BAD_PARAMETER', 'callbackRate');
  if (!activatePrice) return;
  checkPrice(rules, activatePrice);
  if (side === 'BUY' ? activatePrice.isGreaterThanOrEqualTo(latest) : activatePrice.isLessThanOrEqualTo(latest)) throw new VenueError('WOULD_TRIGGER');
}

/** Follows to what the market shows now; nobody is told. @returns whether it is reached. */
export function trail(turn: Turn, algo: Algo, view: MarketView): boolean {
  const price = priceFor(algo, view);
  const buys = algo.side === 'BUY';
  if (algo.extreme.isZero() && (buys ? price.isGreaterThan(algo.activatePrice) : price.isLessThan(algo.activatePrice))) return false;
  const extreme = algo.extreme.isZero() ? price : buys ? smaller(price, algo.extreme) : larger(price, algo.extreme);
  if (!extreme.isEqualTo(algo.extreme)) turn.emit({ type: 'AlgoTrailed', time: turn.now, algo: { ...algo, extreme } });
  const back = extreme.multipliedBy(algo.callbackRate).dividedBy(100);
  return buys ? price.isGreaterThanOrEqualTo(extreme.plus(back)) : price.isLessThanOrEqualTo(extreme.minus(back));
}
