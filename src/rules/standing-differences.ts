/** What an operator should see of a comparison, and what of it closes a symbol: differences that nobody but an operator, or the venue, can end. */
import type { AutomaticCause } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { LifeView } from '../protocol/views.ts';
import { ATTEMPTS, heldBy } from './reconciliation.ts';
import type { VenueSide } from './reconciliation.ts';

/** One symbol as it was last compared. */
export interface Compared {
  readonly symbol: SymbolName;
  readonly venue: VenueSide;
  readonly life: LifeView | undefined;
  /** All attempts were made without a result. */
  readonly spent: boolean;
}

interface Alert {
  readonly name: string;
  readonly message: string;
}

/** `unknownPositions: 'leave'`: a symbol in which others have orders is closed to openings. `foreign`: the tag of another instance that has begun to trade the account. */
export function differencesThatStand(symbols: readonly Compared[], unknownPositions: 'adopt' | 'leave', foreign?: string): { readonly alerts: readonly Alert[]; readonly causes: readonly AutomaticCause[] } {
  const found = [anotherInstance(foreign), ...symbols.flatMap((one) => [unreconciled(one), unknownPosition(one), unknownOrders(one, unknownPositions === 'leave')])].filter((one) => one !== undefined);
  return { alerts: found.map(({ alert }) => alert), causes: found.flatMap(({ cause }) => (cause === undefined ? [] : [cause])) };
}

interface Difference {
  readonly alert: Alert;
  readonly cause?: AutomaticCause;
}

/** Two at once count each other's orders for nobody's, and together pass every limit of the account. */
function anotherInstance(tag: string | undefined): Difference | undefined {
  if (tag === undefined) return undefined;
  const reason = `another Vigil instance (tag "${tag}") has orders on this account`;
  return {
    cause: { key: 'foreign-instance', symbol: undefined, reason, endedByOperator: true },
    alert: { name: 'foreign-instance', message: `${reason}: nothing is opened here until they are gone, or until \`vigil activate\`; what is open stays managed. Stop one of the two.` },
  };
}

function unreconciled({ symbol, venue, life, spent }: Compared): Difference | undefined {
  if (!spent) return undefined;
  const name = `unreconciled/${symbol}`;
  const reason = `${symbol}: journal (${heldBy(life)}, ${life?.phase ?? 'nothing reported'}) and venue (${venue.quantity.toFixed()}) have not agreed in ${ATTEMPTS} attempts`;
  return {
    cause: { key: name, symbol, reason, endedByOperator: true },
    alert: { name, message: `${reason}: the symbol is REDUCING until they do, or until \`vigil activate ${symbol}\`. \`vigil inspect executor/${symbol}\` shows both sides.` },
  };
}

function unknownPosition({ symbol, life }: Compared): Difference | undefined {
  if (life?.drift === undefined) return undefined;
  return { alert: { name: `unknown-position/${symbol}`, message: `${symbol}: the venue states ${life.drift} and the journal ${heldBy(life)}; it is left alone, and nothing is opened. \`vigil adopt ${symbol}\` takes it over.` } };
}

function unknownOrders({ symbol, venue }: Compared, closes: boolean): Difference | undefined {
  const { unknownOrders: unknown } = venue;
  if (unknown.length === 0) return undefined;
  const name = `unknown-orders/${symbol}`;
  const follows = closes ? `The symbol is REDUCING until they are gone, or until \`vigil activate ${symbol}\`.` : 'What they fill is adopted and protected.';
  return {
    alert: { name, message: `${symbol}: not ours, and left alone: ${unknown.join(', ')}. ${follows}` },
    ...(closes ? { cause: { key: name, symbol, reason: `${symbol}: others have orders in the book`, endedByOperator: true } } : {}),
  };
}
