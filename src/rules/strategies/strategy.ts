/** A strategy: one file that exports one `strategy`. It is pure, sees one symbol at a time, and never holds for what it does not know. */
import { z } from 'zod';
import type { DenialCode } from '../../protocol/denials.ts';
import type { SymbolMarket } from '../../protocol/market.ts';
import type { PositionSide, SymbolName } from '../../protocol/names.ts';

/** What is known when a symbol is evaluated. Nothing of it may be changed, and nothing else may be read: no clock, no files. */
export interface Sight {
  /** Prices, the 24 h ticker, closed one-minute candles, statistics; each part with the time it was observed, or absent. */
  readonly market: SymbolMarket;
  /** Venue time, ms. */
  readonly now: number;
  /** What was observed longer ago than this is not known. */
  readonly maxAgeMs: number;
}

/** Everything the verdict was reached by: flat, plain JSON; it is kept with the decision, and `vigil explain` shows it. */
export type Inputs = Readonly<Record<string, string | number | boolean | null>>;

/** What a strategy makes of a symbol. Confidence is from 0 to 1. */
export type Verdict =
  | { readonly verdict: 'signal'; readonly side: PositionSide; readonly confidence: number; readonly inputs: Inputs }
  | { readonly verdict: 'hold'; readonly confidence: number; readonly inputs: Inputs }
  /** `missing` says what, for a person: "no 24 h ticker yet". */
  | { readonly verdict: 'unknown'; readonly missing: string; readonly inputs?: Inputs };

/** A verdict as it is told of. */
export type Evaluation = Verdict & {
  readonly symbol: SymbolName;
  /** The strategy that answered in place of the one asked (failure 5). */
  readonly fallback?: string;
  /** Of an unknown: why, if it is not for missing data. */
  readonly code?: DenialCode;
};

/** One evaluation of one symbol: synchronous, and the same for the same sights. A throw is a defect, and ends the incarnation. */
export type Evaluate = (sight: Sight) => Verdict;

export interface Strategy {
  /** Small letters, digits and hyphens: it is a path of the tree, the source of intents, and a label of metrics. */
  readonly name: string;
  /** One sentence: what it follows. */
  readonly does: string;
  /** So many closed one-minute candles without a gap before it knows anything; 0: it looks at none. */
  readonly warmUp: number;
  /**
   * Makes the evaluator of one symbol, which may keep what it has computed. A restart makes a new one: it must say of the
   * candles it is shown what the old one would have said.
   */
  readonly start: () => Evaluate;
}

const shape = z.looseObject({
  name: z.string('a text').regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small letters, digits and single hyphens, such as my-breakout').max(40, 'at most 40 characters'),
  does: z.string('a sentence').trim().min(1, 'a sentence'),
  warmUp: z.int('a whole number of one-minute candles, 0 or more').min(0, 'a whole number of one-minute candles, 0 or more'),
  start: z.custom<() => unknown>((value) => typeof value === 'function', 'a function that returns the evaluator of a symbol'),
});

/** What is wrong with something that should be a strategy, field by field; empty: nothing. Starts it once. */
export function strategyFaults(candidate: unknown): readonly string[] {
  const result = shape.safeParse(candidate);
  if (!result.success) return result.error.issues.map((issue) => (issue.path.length === 0 ? 'strategy: an object with name, does, warmUp and start' : `strategy.${issue.path.join('.')}: ${issue.message}`));
  try {
    const evaluate = result.data.start();
    return typeof evaluate === 'function' ? [] : ['strategy.start: it must return a function, the evaluator of a symbol'];
  } catch (error) {
    return [`strategy.start: it throws ${error instanceof Error ? error.message : String(error)}`];
  }
}

const inputsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const confidenceSchema = z.number().min(0).max(1);
const verdictSchema = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.literal('signal'), side: z.enum(['LONG', 'SHORT']), confidence: confidenceSchema, inputs: inputsSchema }),
  z.strictObject({ verdict: z.literal('hold'), confidence: confidenceSchema, inputs: inputsSchema }),
  z.strictObject({ verdict: z.literal('unknown'), missing: z.string().min(1), inputs: inputsSchema.optional() }),
]);

/**
 * The verdict, checked: types say nothing of what a file of a user returns at run time, and NaN passes every comparison.
 * @throws TypeError that names the field.
 */
export function checkedVerdict(found: unknown): Verdict {
  const result = verdictSchema.safeParse(found);
  if (result.success) return found as Verdict;
  throw new TypeError(`not a verdict: ${result.error.issues.map((issue) => `${issue.path.join('.') || 'verdict'}: ${issue.message}`).join('; ')}`);
}

/** Four digits, as confidences are shown. */
export function rounded(confidence: number): number {
  return Math.round(confidence * 10_000) / 10_000;
}

/** Why a part of the market is not known well enough, or undefined if it is: `aged('24 h ticker', market.ticker, sight)`. */
export function aged(what: string, part: { readonly observedAt: number } | undefined, { now, maxAgeMs }: Sight): string | undefined {
  if (part === undefined) return `no ${what} yet`;
  const ageMs = now - part.observedAt;
  return ageMs > maxAgeMs ? `${what} is ${ageMs} ms old` : undefined;
}

const MINUTE_MS = 60_000;

/** The same of the closed candles: one comes a minute, so that the newest is a minute older than what comes all the time. */
export function agedCandles({ market, now, maxAgeMs }: Sight): string | undefined {
  return aged('closed candle', market.statistics, { market, now, maxAgeMs: maxAgeMs + MINUTE_MS });
}
