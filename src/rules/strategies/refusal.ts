/** What of an evaluation is published: a signal that is sure enough and has a price; for everything else the reason, with its numbers. */
import type { Denial } from '../../protocol/denials.ts';
import type { Evaluation, Inputs } from './strategy.ts';

/** Undefined: it is published. `priced`: its mark price is known. */
export function refusalOf(evaluation: Evaluation, priced: boolean, minConfidence: number): Denial | undefined {
  if (evaluation.verdict === 'unknown') return { code: evaluation.code ?? 'MARKET_DATA_MISSING', unknown: true, detail: evaluation.missing };
  if (evaluation.verdict === 'hold') return { code: 'SIGNAL_HOLD', value: String(evaluation.confidence) };
  if (evaluation.confidence < minConfidence) return { code: 'CONFIDENCE_LOW', limit: String(minConfidence), value: String(evaluation.confidence) };
  return priced ? undefined : { code: 'PRICE_MISSING', unknown: true, detail: 'a signal without a mark price is not published' };
}

/** What it was decided by, as it is kept. */
export function inputsOf(source: string, evaluation: Evaluation): Inputs {
  const { verdict, inputs } = evaluation;
  return {
    source,
    verdict,
    ...(evaluation.verdict === 'signal' ? { side: evaluation.side } : {}),
    ...(evaluation.verdict === 'unknown' ? { missing: evaluation.missing } : { confidence: evaluation.confidence }),
    ...(evaluation.fallback === undefined ? {} : { fallback: evaluation.fallback }),
    ...inputs,
  };
}
