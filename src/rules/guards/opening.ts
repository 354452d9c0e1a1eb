/** The governor's guards for an opening, all of them, in the order in which they are told; unknown denies as a denial does. */
import type { Denial, DenialCode } from '../../protocol/denials.ts';
import { ACCOUNT_GUARDS } from './account.ts';
import { EXPOSURE_GUARDS } from './exposure.ts';
import { FRESHNESS_GUARDS } from './freshness.ts';
import type { Guard, GuardInputs, Verdict } from './guard.ts';
import { denialOf } from './guard.ts';
import { LOCK_GUARDS } from './locks.ts';
import { PLAN_GUARDS } from './plan.ts';
import { STATE_GUARDS } from './state.ts';
import { SYMBOL_GUARDS } from './symbol.ts';

export const OPENING_GUARDS: readonly Guard[] = [...STATE_GUARDS, ...FRESHNESS_GUARDS, ...ACCOUNT_GUARDS, ...LOCK_GUARDS, ...SYMBOL_GUARDS, ...EXPOSURE_GUARDS, ...PLAN_GUARDS];

export interface Judgement {
  /** Every one, unknown ones marked; an opening is allowed only when there is none. */
  readonly denials: readonly Denial[];
  /** The guards that allowed, by code: the permit lists them (operators' 2). */
  readonly passed: readonly DenialCode[];
  /** What each guard found, by its code, with the numbers it looked at. */
  readonly verdicts: ReadonlyMap<DenialCode, readonly Verdict[]>;
}

/** Asks every guard of the table; none is skipped because another has denied. */
export function judgeOpening(inputs: GuardInputs, guards: readonly Guard[] = OPENING_GUARDS): Judgement {
  const verdicts = new Map(guards.map((guard) => [guard.code, [guard.check(inputs)].flat()] as const));
  const denials = [...verdicts.values()].flat().map(denialOf).filter((denial) => denial !== undefined);
  const passed = [...verdicts].filter(([, found]) => found.every((verdict) => verdict.verdict === 'allow')).map(([code]) => code);
  return { denials, passed, verdicts };
}
