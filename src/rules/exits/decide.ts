/** What is to be done about one open position now: CLOSE, REDUCE, MOVE_STOP or HOLD, with its code, the limit and the value; from its inputs alone. */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal, ONE, text } from '../../protocol/decimal.ts';
import type { MarketStatistics } from '../../protocol/market.ts';
import type { PositionSide } from '../../protocol/names.ts';
import { stopPassed } from '../protection.ts';
import { killScore } from './kill-score.ts';
import type { KillScore } from './kill-score.ts';
import { rMultiple } from './r-multiple.ts';
import type { Tier } from './tiers.ts';
import { nextTier } from './tiers.ts';

export interface ExitLimits {
  readonly killScore: number;
  readonly killEvaluations: number;
  readonly costBps: Decimal;
  readonly tiers: readonly Tier[];
  readonly profitLockR: Decimal;
  readonly profitLockPercent: Decimal;
  readonly emergencyR: Decimal;
  readonly timeStopMs: number;
  readonly timeStopR: Decimal;
  readonly stopPassedMs: number;
}

export interface OpenPosition {
  readonly side: PositionSide;
  readonly entry: Decimal;
  /** The first stop that stood; undefined: none has. */
  readonly initialStop: Decimal | undefined;
  /** The stop that stands; undefined: none does. */
  readonly stop: Decimal | undefined;
  readonly tiersDone: readonly string[];
  /** A reduction is under way: nothing but a close is planned on top of it. */
  readonly reducing: boolean;
  readonly ageMs: number;
}

/** What one evaluation leaves for the next; forgetting it costs a delay, never an exit. */
export interface ExitMemory {
  /** Since when the mark has stood at or beyond the stop, ms. */
  readonly passedSince: number | undefined;
  /** Evaluations in a row with too high a kill score, each on newer statistics; `at`: those of the last one. */
  readonly kill: { readonly count: number; readonly at: number } | undefined;
}
export const NO_MEMORY: ExitMemory = { passedSince: undefined, kill: undefined };

export interface ExitInputs {
  readonly position: OpenPosition;
  readonly mark: Decimal;
  readonly statistics: MarketStatistics | undefined;
  readonly limits: ExitLimits;
  readonly now: number;
  readonly memory: ExitMemory;
  /** `price`: only what cannot wait is looked at, the emergency and the passed stop. `all`: kill score, age, lock and tiers too. */
  readonly scope: 'price' | 'all';
}

export type ExitPlan =
  | { readonly action: 'HOLD'; readonly code: 'HOLD' | 'REDUCING' | 'RISK_UNKNOWN' }
  | { readonly action: 'CLOSE'; readonly code: 'STOP_PASSED' | 'EMERGENCY' | 'KILL_SCORE' | 'TIME_STOP' }
  | { readonly action: 'REDUCE'; readonly code: `TIER_${string}`; readonly tier: Tier }
  /** The price is exact; who places the stop rounds it away from the entry. */
  | { readonly action: 'MOVE_STOP'; readonly code: 'PROFIT_LOCK'; readonly stopPrice: Decimal };

export type ExitDecision = ExitPlan & {
  /** What it was held against, and what it was; empty when nothing was exceeded. */
  readonly limit: string;
  readonly value: string;
  /** Undefined: unknown. */
  readonly r: Decimal | undefined;
  readonly kill: KillScore | undefined;
  readonly memory: ExitMemory;
};

/**
 * In this order: what ends a loss, by mark and stop alone and never by anything advisory (failures 12 and 95); a kill score
 * too high in `killEvaluations` evaluations, each on newer statistics; age; the lock; the tiers. An unknown R or K decides
 * nothing, and hides nothing.
 */
export function decideExit(inputs: ExitInputs): ExitDecision {
  const { position, mark, statistics, limits, now, scope } = inputs;
  const { side, entry, initialStop, stop, ageMs } = position;
  const r = initialStop === undefined ? undefined : rMultiple({ side, entry, initialStop, mark, costBps: limits.costBps });
  const kill = killScore(statistics, ageMs);
  const passedSince = stop !== undefined && stopPassed(side, stop, mark) ? (inputs.memory.passedSince ?? now) : undefined;
  const memory: ExitMemory = { passedSince, kill: scope === 'all' ? killStreak(inputs, kill) : inputs.memory.kill };
  const decided = (plan: ExitPlan, limit = '', value = ''): ExitDecision => ({ ...plan, limit, value, r, kill, memory });

  if (r !== undefined && r.isLessThanOrEqualTo(limits.emergencyR.negated())) return decided({ action: 'CLOSE', code: 'EMERGENCY' }, text(limits.emergencyR.negated()), shown(r));
  if (passedSince !== undefined && now - passedSince >= limits.stopPassedMs) return decided({ action: 'CLOSE', code: 'STOP_PASSED' }, `${limits.stopPassedMs} ms beyond ${text(stop!)}`, `${now - passedSince} ms, mark ${text(mark)}`);
  if (scope === 'price') return decided({ action: 'HOLD', code: 'HOLD' });
  if (kill !== undefined && (memory.kill?.count ?? 0) >= limits.killEvaluations) return decided({ action: 'CLOSE', code: 'KILL_SCORE' }, String(limits.killScore), kill.score.toFixed(6));
  if (r === undefined) return decided({ action: 'HOLD', code: 'RISK_UNKNOWN' });
  if (ageMs >= limits.timeStopMs && r.abs().isLessThan(limits.timeStopR)) return decided({ action: 'CLOSE', code: 'TIME_STOP' }, `${limits.timeStopMs} ms within ±${text(limits.timeStopR)} R`, `${ageMs} ms, ${shown(r)} R`);
  if (position.reducing) return decided({ action: 'HOLD', code: 'REDUCING' });
  const lock = lockPrice(position, mark, limits);
  if (lock !== undefined && r.isGreaterThanOrEqualTo(limits.profitLockR)) return decided({ action: 'MOVE_STOP', code: 'PROFIT_LOCK', stopPrice: lock }, text(limits.profitLockR), shown(r));
  const tier = nextTier(limits.tiers, position.tiersDone);
  if (tier !== undefined && r.isGreaterThanOrEqualTo(tier.r)) return decided({ action: 'REDUCE', code: `TIER_${tier.name}`, tier }, text(tier.r), shown(r));
  return decided({ action: 'HOLD', code: 'HOLD' });
}

/** The same statistics count once; an unknown or lower score begins again. */
function killStreak({ statistics, limits, memory }: ExitInputs, kill: KillScore | undefined): ExitMemory['kill'] {
  if (statistics === undefined || kill === undefined || kill.score < limits.killScore) return undefined;
  if (memory.kill === undefined) return { count: 1, at: statistics.at };
  return statistics.at > memory.kill.at ? { count: memory.kill.count + 1, at: statistics.at } : memory.kill;
}

/** Where the stop would stand in profit; undefined: it stands there already or better, none stands, or the mark is not beyond it. */
function lockPrice({ side, entry, stop }: OpenPosition, mark: Decimal, { profitLockPercent }: ExitLimits): Decimal | undefined {
  if (stop === undefined) return undefined;
  const share = profitLockPercent.dividedBy(decimal('100'));
  const price = entry.multipliedBy(side === 'LONG' ? ONE.plus(share) : ONE.minus(share));
  const better = side === 'LONG' ? price.isGreaterThan(stop) : price.isLessThan(stop);
  return better && !stopPassed(side, price, mark) ? price : undefined;
}

/** R to the four decimals a person reads. */
function shown(r: Decimal): string {
  return r.toFixed(4);
}
