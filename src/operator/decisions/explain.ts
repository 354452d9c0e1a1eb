/** Why a symbol was or was not traded: what was decided of it, newest first, in the words of the catalogue with the numbers it was decided by. */
import { DECISION_STAGES } from '../../protocol/decisions.ts';
import type { DecisionIds, DecisionStage, ExitAction } from '../../protocol/decisions.ts';
import { DENIALS } from '../../protocol/denials.ts';
import type { Denial } from '../../protocol/denials.ts';
import { exitReason } from '../../protocol/exit-codes.ts';
import type { RecordedDecision } from '../../protocol/read-models.ts';
import { isoTime } from '../../supervision/clock.ts';

/** A refusal with its words. What does not apply is null. */
export interface ExplainedDenial {
  readonly code: string;
  readonly sentence: string;
  readonly remedy: string;
  readonly limit: string | null;
  readonly value: string | null;
  readonly ageMs: number | null;
  readonly detail: string | null;
  /** It was not found to be against the rule: what the rule asks for is not known. */
  readonly unknown: boolean;
}

/** One record; the fields of the first refusal stand beside its code. */
export interface ExplainedDecision {
  readonly stage: DecisionStage;
  readonly by: string;
  readonly outcome: string;
  readonly action: ExitAction | null;
  /** Null: it went on. */
  readonly code: string | null;
  readonly sentence: string | null;
  readonly remedy: string | null;
  readonly limit: string | null;
  readonly value: string | null;
  readonly ageMs: number | null;
  readonly detail: string | null;
  readonly denials: readonly ExplainedDenial[];
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly ids: DecisionIds;
  /** First and last time it was decided so; `agoMs` counts from the last. */
  readonly at: string;
  readonly lastAt: string;
  readonly agoMs: number;
  readonly count: number;
  readonly queueMs: number | null;
  readonly serviceMs: number | null;
}

/** Where the symbol stands at one stage. */
export interface Gate {
  readonly stage: DecisionStage;
  readonly lastPassed: ExplainedDecision | null;
  readonly lastRefusal: ExplainedDecision | null;
}

export function explained(decision: RecordedDecision, now: number): ExplainedDecision {
  const { stage, by, outcome, action, inputs, ids, at, lastAt, count, queueMs, serviceMs } = decision;
  const denials = denialsOf(decision).map(explainedDenial);
  const { code = null, sentence = null, remedy = null, limit = null, value = null, ageMs = null, detail = null } = denials[0] ?? exitWords(decision);
  return {
    stage, by, outcome, action: action ?? null,
    code, sentence, remedy, limit, value, ageMs, detail,
    denials,
    inputs: inputs ?? {},
    ids: ids ?? {},
    at: isoTime(at),
    lastAt: isoTime(lastAt),
    agoMs: Math.max(0, now - lastAt),
    count,
    queueMs: queueMs ?? null,
    serviceMs: serviceMs ?? null,
  };
}

/** Per stage that has been reached, in the order of the way; `decisions` newest first. */
export function gatesOf(decisions: readonly ExplainedDecision[]): readonly Gate[] {
  return DECISION_STAGES.flatMap((stage) => {
    const lastPassed = decisions.find((one) => one.stage === stage && one.code === null) ?? null;
    const lastRefusal = decisions.find((one) => one.stage === stage && one.code !== null) ?? null;
    return lastPassed === null && lastRefusal === null ? [] : [{ stage, lastPassed, lastRefusal }];
  });
}

/** Why a position was left or held: no refusal, and explained all the same. */
function exitWords({ stage, inputs }: RecordedDecision): Partial<Pick<ExplainedDenial, 'sentence' | 'remedy' | 'limit' | 'value' | 'code' | 'ageMs' | 'detail'>> {
  const reason = stage === 'exit' ? exitReason(inputs?.['code']) : undefined;
  if (reason === undefined) return {};
  const textOf = (name: string) => (typeof inputs?.[name] === 'string' && inputs[name] !== '' ? inputs[name] : null);
  return { ...reason, limit: textOf('limit'), value: textOf('value') };
}

/** The first is the outcome, whatever else is wrong. */
function denialsOf({ outcome, denials = [] }: RecordedDecision): readonly Denial[] {
  if (outcome === 'passed') return denials;
  return denials[0]?.code === outcome ? denials : [denials.find((one) => one.code === outcome) ?? { code: outcome }, ...denials.filter((one) => one.code !== outcome)];
}

function explainedDenial({ code, limit, value, ageMs, detail, unknown }: Denial): ExplainedDenial {
  const { sentence, remedy } = DENIALS[code];
  return { code, sentence, remedy, limit: limit ?? null, value: value ?? null, ageMs: ageMs ?? null, detail: detail ?? null, unknown: unknown ?? false };
}
