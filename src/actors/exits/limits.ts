/** The limits of exits, read once from the configuration: money in exact decimals, tiers in their order. */
import { decimal } from '../../protocol/decimal.ts';
import type { ExitLimits } from '../../rules/exits/decide.ts';
import { rAtTarget } from '../../rules/exits/r-multiple.ts';
import { readTiers, tiersBeyond } from '../../rules/exits/tiers.ts';
import type { Tier } from '../../rules/exits/tiers.ts';

/** `exits` of the configuration. */
export interface ExitsSettings {
  readonly evaluateMs: number;
  readonly killScore: number;
  readonly killEvaluations: number;
  readonly costBps: number;
  readonly tiers: readonly string[];
  readonly profitLockR: string;
  readonly profitLockPercent: string;
  readonly emergencyR: string;
  readonly timeStopMs: number;
  readonly timeStopR: string;
}

export function limitsOf(settings: ExitsSettings, stopPassedMs: number): ExitLimits {
  const { killScore, killEvaluations, timeStopMs } = settings;
  return {
    killScore, killEvaluations, timeStopMs, stopPassedMs,
    costBps: decimal(settings.costBps.toFixed(6)),
    tiers: readTiers(settings.tiers),
    profitLockR: decimal(settings.profitLockR),
    profitLockPercent: decimal(settings.profitLockPercent),
    emergencyR: decimal(settings.emergencyR),
    timeStopR: decimal(settings.timeStopR),
  };
}

/** Tiers that the target closes before they are reached: worth a warning (ruling 21). */
export function unreachableTiers({ tiers, costBps }: ExitLimits, stopLossPercent: string, takeProfitPercent: string): readonly Tier[] {
  const targetR = rAtTarget(decimal(stopLossPercent), decimal(takeProfitPercent), costBps);
  return targetR === undefined ? [] : tiersBeyond(tiers, targetR);
}
