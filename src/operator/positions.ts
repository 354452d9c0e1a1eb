/** Every position and everything that may be one, as the executors know them; what is not known is null, never left out as if flat. */
import { decimal, text } from '../protocol/decimal.ts';
import type { LifeView, Phase } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { NodeStatus } from '../supervision/inspection.ts';
import type { ActorSystem } from '../supervision/system.ts';
import { stateOf } from './known.ts';

/** One executor as read now: its life, or that it could not be read. */
export interface ExecutorReading {
  readonly symbol: SymbolName;
  readonly status: NodeStatus;
  readonly incarnation: number;
  readonly life: LifeView | undefined;
}

/** Names fixed by the interface; decimals as text, times ISO-8601. */
export interface PositionRow {
  readonly symbol: SymbolName;
  readonly side: 'LONG' | 'SHORT' | null;
  readonly quantity: string | null;
  readonly entryPrice: string | null;
  readonly markPrice: string | null;
  readonly unrealizedPnl: string | null;
  readonly leverage: number | null;
  readonly stopLoss: string | null;
  readonly takeProfit: string | null;
  readonly stopOrderId: string | null;
  /** Where it is closed from here, because the venue takes no stop; null: it is not guarded so. */
  readonly guard: string | null;
  /** When the venue last listed the stop that stands, and how long ago that was by the service's clock. */
  readonly stopSeenAt: string | null;
  readonly stopSeenAgeMs: number | null;
  readonly takeProfitOrderId: string | null;
  readonly planId: string | null;
  readonly positionId: string | null;
  readonly openedAt: string | null;
  readonly state: Phase | 'Unknown';
}

/** Marks come every second or three; one older than this says nothing about a profit now. */
const MARK_FRESH_MS = 30_000;

export function readExecutors(system: ActorSystem, symbols: readonly SymbolName[]): readonly ExecutorReading[] {
  return symbols.map((symbol) => {
    const node = system.inspect(`executor/${symbol}`);
    const state = node?.status === 'running' || node?.status === 'suspended' ? ('state' in node ? node.state : undefined) : undefined;
    return { symbol, status: node?.status ?? 'stopped', incarnation: node?.incarnation ?? 0, life: lifeIn(state) };
  });
}

/** The fresh mark price of each symbol, from the market actor's own view. */
export function readMarks(system: ActorSystem): ReadonlyMap<string, string> {
  const market = stateOf(system, 'market');
  const symbols: unknown = market.known && typeof market.value === 'object' && market.value !== null && 'symbols' in market.value ? market.value.symbols : [];
  const marks = new Map<string, string>();
  for (const one of Array.isArray(symbols) ? (symbols as readonly Readonly<Record<string, unknown>>[]) : []) {
    const { symbol, mark, markAgeMs } = one;
    if (typeof symbol === 'string' && typeof mark === 'string' && typeof markAgeMs === 'number' && markAgeMs <= MARK_FRESH_MS) marks.set(symbol, mark);
  }
  return marks;
}

/** The rows at `now` (wall time, ms), sorted by symbol. A symbol that is surely flat, or has only an order on its way, has none. */
export function positionRows(readings: readonly ExecutorReading[], marks: ReadonlyMap<string, string>, now: number): readonly PositionRow[] {
  return readings.flatMap((reading) => rowOf(reading, marks.get(reading.symbol), now)).toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
}

/** An executor whose first incarnation has not come up is not lost, only not there yet: health says so. */
export function isUnread(reading: ExecutorReading): boolean {
  return reading.life === undefined && !(reading.incarnation <= 1 && (reading.status === 'starting' || reading.incarnation === 0));
}

function rowOf(reading: ExecutorReading, mark: string | undefined, now: number): readonly PositionRow[] {
  const { life, symbol } = reading;
  const markPrice = mark ?? null;
  const blank = { symbol, side: null, quantity: null, entryPrice: null, markPrice, unrealizedPnl: null, leverage: null, stopLoss: null, takeProfit: null, stopOrderId: null, guard: null, stopSeenAt: null, stopSeenAgeMs: null, takeProfitOrderId: null, planId: null, positionId: null, openedAt: null };
  if (life === undefined) return isUnread(reading) ? [{ ...blank, state: 'Unknown' }] : [];
  const { position, phase } = life;
  if (position === undefined) return phase === 'Ambiguous' || phase === 'Drifted' ? [{ ...blank, planId: life.plan?.planId ?? null, state: phase }] : [];
  const { side, quantity, entryPrice, leverage, stopLoss, takeProfit, stopOrderId, guard, stopSeenAt, takeProfitOrderId, planId, positionId, openedAt } = position;
  const unrealizedPnl = mark === undefined ? null : profit(side, quantity, entryPrice, mark);
  return [{ symbol, side, quantity, entryPrice, markPrice, unrealizedPnl, leverage, stopLoss, takeProfit, stopOrderId, guard, stopSeenAt: isoTimeOrNull(stopSeenAt), stopSeenAgeMs: stopSeenAt === null ? null : Math.max(0, now - stopSeenAt), takeProfitOrderId, planId, positionId, openedAt: isoTime(openedAt), state: phase }];
}

/** quantity × (mark − entry), negated for a short; exact. Null when a number is none. */
export function profit(side: 'LONG' | 'SHORT', quantity: string, entryPrice: string, mark: string): string | null {
  try {
    const gain = decimal(mark).minus(decimal(entryPrice)).multipliedBy(decimal(quantity));
    return text(side === 'LONG' ? gain : gain.negated());
  } catch {
    return null;
  }
}

function lifeIn(state: unknown): LifeView | undefined {
  if (typeof state !== 'object' || state === null || !('life' in state)) return undefined;
  const { life } = state;
  return typeof life === 'object' && life !== null && 'phase' in life ? (life as LifeView) : undefined;
}
