/** What the read models read, made by hand. */
import type { HealthInputs } from '../../../src/operator/health.ts';
import type { ExecutorReading } from '../../../src/operator/positions.ts';
import type { LifeView, Phase, PositionView } from '../../../src/protocol/views.ts';
import type { PositionId, SymbolName } from '../../../src/protocol/names.ts';
import type { NodeStatus, NodeView } from '../../../src/supervision/inspection.ts';
import { JOURNAL_UP } from '../../kit/decisions.ts';
import { flat } from './service.ts';

export const NOW = 1_770_000_000_000;

export function node(path: string, status: NodeStatus = 'running', more: Partial<NodeView> = {}): NodeView {
  return {
    path, role: path, kind: 'worker', status, incarnation: 1, restart: 'permanent', restarts: 0, lastExit: null, restartBudget: { used: 0, limit: 5, windowMs: 60_000 },
    mailbox: { depth: 0, capacity: 10, oldestMs: 0, dropped: 0, parked: 0 }, handled: 0, lastMessageAt: null, children: [], ...more,
  };
}

export function tree(...children: readonly NodeView[]): NodeView {
  return node('vigil', 'running', { kind: 'supervisor', children: [node('journal'), ...children] });
}

export function position(more: Partial<PositionView> = {}): PositionView {
  return { positionId: 'pos-1' as PositionId, side: 'LONG', quantity: '19000', entryPrice: '0.01', leverage: 3, stopLoss: '0.0098', takeProfit: '0.0103', stopOrderId: '71', guard: null, stopSeenAt: null, takeProfitOrderId: '72', planId: 'plan-1', openedAt: NOW - 90_000, realizedPnl: '0', commission: '0', initialStop: '0.0098', originalQuantity: '19000', tiersDone: [], reducing: false, ...more };
}

export function life(symbol: string, phase: Phase, held?: PositionView): LifeView {
  return { ...flat(symbol as SymbolName), phase, ...(held === undefined ? {} : { position: held }) };
}

export function reading(symbol: string, lived: LifeView | undefined, status: NodeStatus = 'running', incarnation = 1): ExecutorReading {
  return { symbol: symbol as SymbolName, status, incarnation, life: lived };
}

/** All is well, but for what is given. */
export function inputs(more: Partial<HealthInputs> = {}): HealthInputs {
  return {
    now: NOW,
    tree: tree(),
    readiness: { known: true, value: { ready: true, missing: [], behind: [], since: NOW - 1_000 } },
    tradingState: { known: true, value: { overall: 'ACTIVE', symbols: new Map(), cause: 'start', since: NOW - 2_000, tradingEpoch: 1, activatedAt: 0 } },
    flows: { known: true, value: [] },
    journal: { known: true, value: JOURNAL_UP },
    silent: { known: true, value: [] },
    executors: [],
    deadLetters: { counts: {}, last: undefined },
    escalations: [],
    ...more,
  };
}
