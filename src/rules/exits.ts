/** Exit decisions on an open position: for now, the stop that the mark has passed without the venue acting on it. */
import type { Decimal } from '../protocol/decimal.ts';
import type { PositionSide } from '../protocol/names.ts';
import { stopPassed } from './protection.ts';

export interface ExitInputs {
  readonly side: PositionSide;
  readonly stop: Decimal | undefined;
  readonly mark: Decimal;
  /** Since when the mark has been at or beyond the stop, as the last decision returned it. */
  readonly passedSince: number | undefined;
  readonly now: number;
  readonly stopPassedMs: number;
}

export type ExitDecision = { readonly passedSince: number | undefined } & ({ readonly action: 'HOLD' } | { readonly action: 'CLOSE'; readonly reason: 'STOP_PASSED' });

/** CLOSE once the mark has stood beyond the stop for `stopPassedMs`; any return within resets the count. */
export function decideExit(inputs: ExitInputs): ExitDecision {
  const { side, stop, mark, now } = inputs;
  if (stop === undefined || !stopPassed(side, stop, mark)) return { action: 'HOLD', passedSince: undefined };
  const passedSince = inputs.passedSince ?? now;
  return now - passedSince >= inputs.stopPassedMs ? { action: 'CLOSE', reason: 'STOP_PASSED', passedSince } : { action: 'HOLD', passedSince };
}
