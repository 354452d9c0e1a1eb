/** What is decided on the way from a candle to an order: evaluation, intent, plan. Intents and plans are kept, so they are schemas. */
import { z } from 'zod';
import { decimalString } from './decimal.ts';
import type { DenialCode } from './denials.ts';
import type { IntentId, PlanId, PositionSide, SymbolName } from './names.ts';

const brandedText = <Name extends string>() => z.string().min(1).transform((value) => value as Name);
const symbolSchema = brandedText<SymbolName>();
const sideSchema = z.enum(['LONG', 'SHORT']);

/** Somebody wants a position. Times are venue time, ms; prices quote per base; notional USDT, leverage not multiplied in. */
export const intentSchema = z.strictObject({
  intentId: brandedText<IntentId>(),
  source: z.string(),
  symbol: symbolSchema,
  side: sideSchema,
  /** 0 to 1. */
  confidence: z.number().min(0).max(1),
  /** The price it was decided at; the entry takes the mark of its own moment. */
  price: decimalString,
  notional: decimalString,
  leverage: z.number().int().min(1),
  stopLossPercent: decimalString,
  takeProfitPercent: decimalString,
  createdAt: z.number().int(),
  expiresAt: z.number().int(),
  universeVersion: z.number().int(),
});
export type Intent = z.infer<typeof intentSchema>;

/** One opening, sized to the venue's filters. `planId` is a hash of what it means: source, symbol, side, signal bucket. */
export const planSchema = z.strictObject({
  planId: brandedText<PlanId>(),
  intentId: brandedText<IntentId>(),
  action: z.enum(['OPEN_LONG', 'OPEN_SHORT']),
  source: z.string(),
  symbol: symbolSchema,
  side: sideSchema,
  quantity: decimalString,
  /** The worst price the entry may have: LIMIT IOC. */
  limitPrice: decimalString,
  notional: decimalString,
  leverage: z.number().int().min(1),
  stopLossPercent: decimalString,
  takeProfitPercent: decimalString,
  madeAt: z.number().int(),
  expiresAt: z.number().int(),
});
export type Plan = z.infer<typeof planSchema>;

/** What a strategy made of one symbol in one cycle. */
export type Evaluation =
  | { readonly symbol: SymbolName; readonly verdict: 'signal'; readonly side: PositionSide; readonly confidence: number }
  | { readonly symbol: SymbolName; readonly verdict: 'hold'; readonly confidence: number }
  | { readonly symbol: SymbolName; readonly verdict: 'unknown'; readonly missing: string };

/** The stages of the funnel, in the order in which a signal passes them. */
export const STAGES = ['signal', 'intent', 'plan', 'permit', 'order', 'fill', 'position'] as const;
export type Stage = (typeof STAGES)[number];

/** One step of one thing through the funnel: it came in, and went on or was refused with a code. */
export interface FunnelStep {
  readonly stage: Stage;
  readonly symbol: SymbolName;
  readonly outcome: 'passed' | DenialCode;
  readonly at: number;
}
