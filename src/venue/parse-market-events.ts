/** One message of the market streams becomes one event of ours, or a reason why not. */
import { z } from 'zod';
import type { MarketEvent } from '../protocol/market.ts';
import { decimalField, describeIssues, positiveDecimalField, symbolField, timeField } from './parse-fields.ts';

/** `where` and the fields at fault without their values; `detail` with them. */
interface Unreadable {
  readonly reason: string;
  readonly detail: string;
}

export type Read<Event> = { readonly event: Event } | { readonly ignored: string } | { readonly unreadable: Unreadable };

/** Contracts with a date have no funding: the rate is empty. */
const maybeRate = z.union([z.literal('').transform(() => undefined), decimalField]).optional();

const mark = z
  .object({ s: symbolField, p: positiveDecimalField, E: timeField, r: maybeRate, T: timeField.optional() })
  .transform((raw): MarketEvent => ({ type: 'mark', symbol: raw.s, price: raw.p, observedAt: raw.E, ...(raw.r === undefined || raw.T === undefined || raw.T === 0 ? {} : { funding: { rate: raw.r, nextAt: raw.T } }) }));

/** A side without orders is "0": no price, so no event, rather than a spread from nothing. */
const book = z
  .object({ s: symbolField, b: positiveDecimalField, a: positiveDecimalField, E: timeField })
  .transform((raw): MarketEvent => ({ type: 'book', symbol: raw.s, bid: raw.b, ask: raw.a, observedAt: raw.E }));

const candle = z
  .object({
    s: symbolField,
    E: timeField,
    k: z.object({ i: z.literal('1m'), t: timeField, o: positiveDecimalField, h: positiveDecimalField, l: positiveDecimalField, c: positiveDecimalField, v: decimalField, x: z.boolean() }),
  })
  .transform(
    ({ s, E, k }): MarketEvent => ({ type: 'candle', symbol: s, candle: { openTime: k.t, open: k.o, high: k.h, low: k.l, close: k.c, volume: k.v, closed: k.x }, observedAt: E }),
  );

const listing = z
  .object({ s: symbolField, cs: z.string().min(1), E: timeField })
  .transform((raw): MarketEvent => ({ type: 'listing', symbol: raw.s, status: raw.cs, observedAt: raw.E }));

const schemas = new Map<string, z.ZodType<MarketEvent>>([
  ['markPriceUpdate', mark],
  ['bookTicker', book],
  ['kline', candle],
  ['contractInfo', listing],
]);

/** What `message` (the unwrapped event) says. */
export function readMarketEvent(message: unknown): Read<MarketEvent> {
  return readEvent(schemas, message);
}

/** Finds the schema by the event's `e` and applies it. */
export function readEvent<Event>(schemasByType: ReadonlyMap<string, z.ZodType<Event>>, message: unknown): Read<Event> {
  const type = typeOf(message);
  if (type === undefined) return { unreadable: { reason: 'no event type', detail: (JSON.stringify(message) ?? 'undefined').slice(0, 160) } };
  const schema = schemasByType.get(type);
  if (schema === undefined) return { ignored: type };
  const parsed = schema.safeParse(message, { reportInput: true });
  if (parsed.success) return { event: parsed.data };
  return { unreadable: { reason: `${type}: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`, detail: `${type}: ${describeIssues(parsed.error)}` } };
}

export function typeOf(message: unknown): string | undefined {
  return typeof message === 'object' && message !== null && 'e' in message && typeof message.e === 'string' ? message.e : undefined;
}
