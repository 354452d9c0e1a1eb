/** An intent from outside: what is missing gets the configured terms, what is wrong is refused by field, and nothing is guessed. */
import { z } from 'zod';
import { decimal, decimalString } from '../protocol/decimal.ts';
import type { Intent } from '../protocol/decisions.ts';
import type { DenialCode } from '../protocol/denials.ts';
import type { Universe } from '../protocol/market.ts';
import type { SymbolName } from '../protocol/names.ts';
import { externalIntentIdFor } from './client-ids.ts';

const isPositive = (text: string) => decimalString.safeParse(text).success && decimal(text).isGreaterThan(0);
const amount = z.string().refine(isPositive, 'a decimal above 0, as text, such as "0.00862"');

/** As it comes: field names of the interface; prices and amounts as text, times ISO-8601 UTC. */
export const externalIntentSchema = z.strictObject({
  source: z.string().min(1).max(100),
  symbol: z.string().min(1).max(100),
  side: z.enum(['long', 'short', 'LONG', 'SHORT'], 'long or short'),
  confidence: z.number().min(0).max(1),
  entryPrice: amount.optional(),
  notional: amount.optional(),
  leverage: z.int().min(1).max(125).optional(),
  stopLoss: amount.optional(),
  takeProfit: amount.optional(),
  expiresAt: z.iso.datetime({ offset: true, error: 'a time such as 2026-02-03T12:00:00.000Z' }).optional(),
});
export type ExternalIntent = z.infer<typeof externalIntentSchema>;

export interface IntakeTerms {
  readonly notional: string;
  readonly leverage: number;
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  readonly intentExpiryMs: number;
  readonly minConfidence: number;
}

export interface IntakeInputs {
  /** Undefined: the venue's time is not known. */
  readonly venueNow: number | undefined;
  /** Undefined: the symbol has no mark price here. */
  readonly mark: string | undefined;
  readonly universe: Universe | undefined;
  readonly idempotencyKey: string | undefined;
  readonly terms: IntakeTerms;
}

export type IntakeDecision = { readonly intent: Intent } | { readonly code: DenialCode; readonly message: string; readonly limit?: string; readonly value?: string };

/** Only what cannot become an intent is refused here; what may be traded is for the bridge and the governor, as with every other. */
export function decideIntake(given: ExternalIntent, { venueNow, mark, universe, idempotencyKey, terms }: IntakeInputs): IntakeDecision {
  const { source, confidence, entryPrice, stopLoss, takeProfit } = given;
  if (venueNow === undefined) return { code: 'CLOCK_SKEW', message: 'the venue\'s time is not known yet; try again in a moment' };
  if (universe === undefined) return { code: 'UNIVERSE_UNKNOWN', message: 'the universe has not been determined yet; try again in a moment' };
  if (confidence < terms.minConfidence) return { code: 'CONFIDENCE_LOW', message: `confidence ${confidence} is below ${terms.minConfidence}`, limit: String(terms.minConfidence), value: String(confidence) };
  const expiresAt = given.expiresAt === undefined ? venueNow + terms.intentExpiryMs : timeOf(given.expiresAt);
  if (expiresAt <= venueNow) return { code: 'INTENT_EXPIRED', message: `it expired ${venueNow - expiresAt} ms ago, by the venue's time`, limit: String(expiresAt), value: String(venueNow) };
  const price = entryPrice ?? mark;
  const symbol = given.symbol as SymbolName;
  // Prices are known of the universe alone; with a price of its own the bridge refuses it.
  if (price === undefined && !universe.instruments.has(symbol)) return { code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', message: `${symbol} is not in the universe of ${universe.instruments.size} symbols`, limit: [...universe.instruments.keys()].join(', '), value: symbol };
  if (price === undefined) return { code: 'PRICE_MISSING', message: `the mark price of ${symbol} is not known; try again in a moment, or give entryPrice` };
  const side = given.side.toUpperCase() as 'LONG' | 'SHORT';
  return {
    intent: {
      intentId: externalIntentIdFor(source, symbol, side, idempotencyKey ?? String(venueNow)),
      source,
      symbol,
      side,
      confidence,
      price,
      notional: given.notional ?? terms.notional,
      leverage: given.leverage ?? terms.leverage,
      stopLossPercent: terms.stopLossPercent,
      takeProfitPercent: terms.takeProfitPercent,
      createdAt: venueNow,
      expiresAt,
      universeVersion: universe.version,
      ...(stopLoss === undefined ? {} : { stopLoss }),
      ...(takeProfit === undefined ? {} : { takeProfit }),
    },
  };
}

/** `YYYY-MM-DDThh:mm:ss[.fff](Z|±hh:mm)`, checked before, to ms UTC; by counting days, because rules have no clock. */
function timeOf(iso: string): number {
  const [, year, month, day, hour, minute, second = '0', fraction = '0', sign, offsetHours, offsetMinutes] = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:Z|([+-])(\d{2}):?(\d{2}))$/.exec(iso) ?? [];
  const local = dayNumber(Number(year), Number(month), Number(day)) * 86_400_000 + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1_000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  const offset = sign === undefined ? 0 : (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return sign === '-' ? local + offset : local - offset;
}

/** Days since 1970-01-01 (Hinnant's days_from_civil). */
function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}
