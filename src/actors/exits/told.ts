/** A decision about an exit as the log keeps it: with everything it was decided by, an unknown as null. */
import { text } from '../../protocol/decimal.ts';
import type { Decision } from '../../protocol/decisions.ts';
import type { DenialCode } from '../../protocol/denials.ts';
import type { MarketStatistics } from '../../protocol/market.ts';
import type { PlanId } from '../../protocol/names.ts';
import type { ExitDecision, OpenPosition } from '../../rules/exits/decide.ts';
import type { Watched } from './watched.ts';

type Told = Omit<Decision, 'at' | 'by' | 'queueMs' | 'serviceMs'>;

export function told(watched: Watched, decision: ExitDecision, position: OpenPosition, statistics: MarketStatistics | undefined, now: number): Told {
  const { code, limit, value, r, kill, memory, action } = decision;
  const { entryPrice, initialStop, tiersDone } = watched.life.position;
  return {
    ...about(watched),
    outcome: 'passed',
    action,
    inputs: {
      ...inputs(watched, now),
      code, limit, value,
      entry: entryPrice, initialStop, tiersDone, ageMs: position.ageMs,
      r: r?.toFixed(4) ?? null,
      killScore: kill === undefined ? null : Number(kill.score.toFixed(6)),
      flip: kill?.flip ?? null, spike: kill?.spike ?? null, drop: kill?.drop ?? null, age: kill?.age ?? null,
      killEvaluations: memory.kill?.count ?? 0,
      sigma: statistics?.sigma ?? null, trendStrength: statistics?.trendStrength ?? null,
      trend: statistics?.regime?.trend ?? null, meanReversion: statistics?.regime?.meanReversion ?? null, chop: statistics?.regime?.chop ?? null,
      statisticsAt: statistics?.at ?? null,
    },
  };
}

/** Nothing could be decided, for want of a mark: the position is kept. */
export function toldBlind(watched: Watched, code: DenialCode, maxAgeMs: number, now: number): Told {
  const { mark } = watched;
  const age = mark === undefined ? {} : { ageMs: Math.round(now - mark.seenAt) };
  return { ...about(watched), outcome: code, action: 'HOLD', denials: [{ code, unknown: true, limit: String(maxAgeMs), ...age }], inputs: inputs(watched, now) };
}

function about({ life: { symbol, position } }: Watched): Pick<Told, 'stage' | 'symbol' | 'ids'> {
  return { stage: 'exit', symbol, ids: { positionId: position.positionId, planId: position.planId as PlanId } };
}

function inputs({ life: { position }, mark }: Watched, now: number): Record<string, unknown> {
  const { side, quantity, stopLoss } = position;
  return { side, quantity, stop: stopLoss, mark: mark === undefined ? null : text(mark.price), markAgeMs: mark === undefined ? null : Math.round(now - mark.seenAt) };
}
