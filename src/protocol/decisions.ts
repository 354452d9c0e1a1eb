/** What is decided on the way from a candle to an order: intent, plan, and each decision as it is kept. Intents and plans are kept, so they are schemas. */
import { z } from 'zod';
import { decimalString } from './decimal.ts';
import type { Denial, DenialCode } from './denials.ts';
import type { ClientId, IntentId, PermitId, PlanId, PositionId, SymbolName } from './names.ts';

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
  /** Stop and target as prices, from an external source; the bridge turns them into percentages of the entry. */
  stopLoss: decimalString.optional(),
  takeProfit: decimalString.optional(),
  /** The strategy that answered in place of the one asked (its model is away): said, never silent (failure 5). */
  fallback: z.string().optional(),
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

/** The stages of the funnel, in the order in which a signal passes them. */
export const STAGES = ['signal', 'intent', 'plan', 'permit', 'order', 'fill', 'position'] as const;
export type Stage = (typeof STAGES)[number];

/** What an open position may be told to do. */
export const EXIT_ACTIONS = ['CLOSE', 'REDUCE', 'MOVE_STOP', 'HOLD'] as const;
export type ExitAction = (typeof EXIT_ACTIONS)[number];

/** Where a decision is made: the stages of the funnel, what is done about open positions, and locks set and released. */
export const DECISION_STAGES = [...STAGES, 'exit', 'lock'] as const;
export type DecisionStage = (typeof DECISION_STAGES)[number];

/** The ids a decision is about: with any of them `trace` finds the whole chain. */
export interface DecisionIds {
  readonly intentId?: IntentId;
  readonly planId?: PlanId;
  readonly permitId?: PermitId;
  readonly clientId?: ClientId;
  readonly positionId?: PositionId;
}

/** One decision about one thing: it went on, or was refused with a code; with everything it was decided by. Each is kept (failures 67, 72). */
export interface Decision {
  readonly stage: DecisionStage;
  readonly symbol: SymbolName;
  readonly outcome: 'passed' | DenialCode;
  /** Wall time, ms. */
  readonly at: number;
  /** The role that decided: `generator/trend-24h`, `bridge`, `governor`, `exits`. */
  readonly by: string;
  readonly ids?: DecisionIds;
  /** Of stage `exit`: what was planned. */
  readonly action?: ExitAction;
  /** Every refusal with its limit, value and age; the first is `outcome`. */
  readonly denials?: readonly Denial[];
  /** What it was decided by: JSON, decimals as text, no secrets. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** How long what was decided on waited in the mailbox, and how long deciding took. */
  readonly queueMs?: number;
  readonly serviceMs?: number;
}
