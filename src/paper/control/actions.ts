/** What tests do to the exchange itself: its market, clock, accounts and symbols, and what it does to its customers. */
import { z } from 'zod';
import { decimal, decimalString, isMultipleOf, text } from '../../protocol/decimal.ts';
import { positionSideSchema, symbolStatusSchema } from '../core/model.ts';
import type { PaperVenue } from '../venue.ts';
import { VenueError } from '../core/venue-error.ts';
import type { WireAnswer } from '../wire/dispatch.ts';
import { failed, ok, read } from './answers.ts';

const MAX_CLOCK_OFFSET_MS = 86_400_000;
const MAX_KEY_LENGTH = 128;
const priceSchema = z.strictObject({ symbol: z.string(), price: decimalString });
const clockSchema = z.strictObject({ offsetMs: z.int().min(-MAX_CLOCK_OFFSET_MS).max(MAX_CLOCK_OFFSET_MS) });
/** What fits into a header. */
const keySchema = z.string().regex(/^[!-~]+$/, 'expected printable ASCII without spaces').max(MAX_KEY_LENGTH);
const accountSchema = z.strictObject({ apiKey: keySchema, apiSecret: keySchema, balance: decimalString });
const statusSchema = z.strictObject({ status: symbolStatusSchema });
const adlSchema = z.strictObject({ symbol: z.string(), apiKey: z.string().default('paper'), positionSide: positionSideSchema.default('BOTH'), quantity: decimalString.optional() });
const stopsSchema = z.strictObject({ symbol: z.string() });

/** A symbol that the exchange lists. @throws RangeError naming those there are */
function listed(venue: PaperVenue, symbol: string): string {
  if (!venue.state.rules.has(symbol)) throw new RangeError(`symbol is ${JSON.stringify(symbol)}, expected one of ${[...venue.state.rules.keys()].join(', ')}`);
  return symbol;
}

export function movePrice(venue: PaperVenue, body: string): WireAnswer {
  const { symbol, price } = read(priceSchema, body);
  const most = venue.state.rules.get(symbol)?.maxPrice;
  if (most?.isLessThan(price)) throw new RangeError(`price is ${price}, expected at most ${most.toFixed()}, the highest of ${symbol}`);
  const view = venue.market.moveTo(symbol, decimal(price));
  return ok({ symbol, last: text(view.last), mark: text(view.mark), bid: text(view.bid), ask: text(view.ask) });
}

export function skewClock(venue: PaperVenue, body: string): WireAnswer {
  venue.clockOffsetMs = read(clockSchema, body).offsetMs;
  return ok({ offsetMs: venue.clockOffsetMs, now: venue.now() });
}

/** Another account, open from now on; it is kept as the first one is. */
export function openAccount(venue: PaperVenue, body: string): WireAnswer {
  const { apiKey, apiSecret, balance } = read(accountSchema, body);
  const deposit = decimal(balance);
  if (deposit.isNegative()) throw new RangeError(`balance is ${balance}, expected 0 or more`);
  if (venue.account(apiKey)) return failed(409, 'CONTROL_ACCOUNT_EXISTS', `apiKey is ${JSON.stringify(apiKey)}, which has an account already: choose another key`);
  venue.execute({ type: 'OpenAccount', apiKey, apiSecret, deposit });
  return ok({ apiKey, balance: text(deposit) });
}

/** @param encoded the symbol as it came in the path */
export function changeStatus(venue: PaperVenue, encoded: string, body: string): WireAnswer {
  let symbol: string;
  try {
    symbol = listed(venue, decodeURIComponent(encoded));
  } catch (error) {
    if (error instanceof URIError) throw new RangeError(`symbol is ${JSON.stringify(encoded)}, which is not percent-encoded UTF-8`, { cause: error });
    throw error;
  }
  const { status } = read(statusSchema, body);
  venue.setSymbolStatus(symbol, status);
  return ok({ symbol, status });
}

/** Auto-deleveraging: the venue closes a leg of an account, whole or in part, at the mark price. */
export function autoDeleverage(venue: PaperVenue, body: string): WireAnswer {
  const { symbol, apiKey, positionSide, quantity } = read(adlSchema, body);
  listed(venue, symbol);
  if (!venue.account(apiKey)) throw new RangeError(`apiKey is ${JSON.stringify(apiKey)}, expected one of ${[...venue.state.accounts.keys()].join(', ')}`);
  const { stepSize } = venue.state.rules.get(symbol)!;
  const part = quantity === undefined ? null : decimal(quantity);
  if (part && (!part.isPositive() || part.isZero() || !isMultipleOf(part, stepSize))) throw new RangeError(`quantity is ${part.toFixed()}, expected a positive multiple of the step size ${stepSize.toFixed()}, or none for the whole leg`);
  try {
    const { id } = venue.execute({ type: 'Deleverage', account: apiKey, symbol, positionSide, quantity: part });
    return ok({ symbol, orderId: id });
  } catch (error) {
    if (!(error instanceof VenueError)) throw error;
    return failed(409, 'CONTROL_NOTHING_TO_DELEVERAGE', `${apiKey} holds no ${positionSide} leg of ${symbol} that could be reduced${quantity === undefined ? '' : ` by ${quantity}`} (${error.message}): GET truth shows its positions`);
  }
}

/** Conditional orders of the symbol are gone, and nobody is told. */
export function loseStops(venue: PaperVenue, body: string): WireAnswer {
  const symbol = listed(venue, read(stopsSchema, body).symbol);
  const { events } = venue.execute({ type: 'DropStops', symbol });
  return ok({ symbol, dropped: events.flatMap((event) => (event.type === 'AlgoVanished' ? [{ apiKey: event.algo.account, algoId: event.algo.algoId, clientAlgoId: event.algo.clientAlgoId }] : [])) });
}
