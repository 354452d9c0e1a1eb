/** The book of a symbol as it is on the wire: what takers have left of it, with the id that a local copy is kept by. */
import { text } from '../../protocol/decimal.ts';
import { bestLeft, levelsLeft } from '../core/matching.ts';
import type { Side } from '../core/model.ts';
import type { PaperVenue } from '../venue.ts';

/** Price and quantity, decimal strings. */
export type BookRow = readonly [price: string, quantity: string];

export interface BookSnapshot {
  readonly lastUpdateId: number;
  /** Best first. */
  readonly bids: readonly BookRow[];
  readonly asks: readonly BookRow[];
}

/** The best `count` levels a side; undefined while the symbol has no price. */
export function bookSnapshot(venue: PaperVenue, symbol: string, count: number): BookSnapshot | undefined {
  const market = venue.state.markets.get(symbol);
  if (!market) return undefined;
  const left = (which: Side) => (count === 1 ? bestLeft(venue.state, market, which) : levelsLeft(venue.state, market, which).slice(0, count));
  const side = (which: Side): BookRow[] => left(which).map((level) => [text(level.price), text(level.quantity)]);
  return { lastUpdateId: venue.market.bookId(symbol), bids: side('BUY'), asks: side('SELL') };
}

/** The rows of `after` that are not in `before`, and the prices that are gone, with a quantity of zero. */
export function changedRows(before: readonly BookRow[], after: readonly BookRow[]): BookRow[] {
  const old = new Map(before);
  const changed = after.filter(([price, quantity]) => old.get(price) !== quantity);
  for (const [price] of after) old.delete(price);
  return [...changed, ...[...old.keys()].map((price): BookRow => [price, '0'])];
}
