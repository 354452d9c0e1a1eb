/** What an executor says of its symbol: to the governor and the rest of the tree, and to the operator. */
import { text, ZERO } from '../../protocol/decimal.ts';
import type { LifeView, PositionView } from '../../protocol/views.ts';
import { SHOWN_DECIMALS } from '../../rules/position-life/life.ts';
import type { Life, ProtectionRecord } from '../../rules/position-life/life.ts';
import { guardPrice } from '../../rules/position-life/guard.ts';
import { phaseOf } from '../../rules/position-life/phase.ts';
import { heldSide, isReducing, standingStop } from '../../rules/position-life/standing.ts';
import { leverageConfirmed } from './leverage.ts';
import type { ExecutorState } from './state.ts';

export function lifeView(state: ExecutorState): LifeView {
  const { life, options, pending } = state;
  const planId = pending?.plan.planId ?? life.plan?.planId;
  const stage = pending !== undefined ? 'pending' : life.planStage;
  const position = positionView(state);
  return {
    symbol: options.symbol,
    phase: phaseOf(life),
    ...(planId === undefined || stage === undefined ? {} : { plan: { planId, stage } }),
    ...(position === undefined ? {} : { position }),
    notional: text(notionalOf(life)),
    ...(life.mandate === undefined ? {} : { mandate: life.mandate }),
    ...(life.lastClosedAt === undefined ? {} : { lastClosedAt: life.lastClosedAt }),
    ...(life.lastClosed === undefined ? {} : { lastClosed: life.lastClosed }),
    ...(life.lastRefusal === undefined ? {} : { lastRefusal: life.lastRefusal }),
    leverageConfirmed: leverageConfirmed(state),
    ...(state.leverageRefused === undefined ? {} : { leverageRefused: state.leverageRefused }),
    ...(state.settings === undefined ? {} : { settings: state.settings }),
    reconciledEpoch: state.reconciledEpoch,
    reconciledAt: state.reconciledAt,
    ...(life.drift === undefined ? {} : { drift: text(life.drift) }),
  };
}

/** Entry notional of what is held, or the opening order at its limit price (ruling 15). */
function notionalOf(life: Life) {
  const held = life.holding.quantity.abs().multipliedBy(life.holding.averageEntry);
  if (life.entry === undefined || life.entry.state === 'ended' || life.entry.price === undefined) return held;
  const ordered = life.entry.quantity.multipliedBy(life.entry.price);
  return ordered.isGreaterThan(held) ? ordered : held;
}

const standing = (record: ProtectionRecord | undefined): ProtectionRecord | undefined => (record?.state === 'placed' || record?.state === 'triggered' ? record : undefined);

function positionView(state: ExecutorState): PositionView | undefined {
  const { life, options, settings } = state;
  const side = heldSide(life);
  if (side === undefined || life.positionId === undefined) return undefined;
  // While it is being replaced the one before it stands.
  const stop = standingStop(life);
  const target = standing(life.target);
  const guarded = guardPrice(life, { tickSize: state.rules?.tickSize, stopLossPercent: options.stopLossPercent, takeProfitPercent: options.takeProfitPercent });
  return {
    positionId: life.positionId,
    side,
    quantity: text(life.holding.quantity.abs()),
    // The fold is exact; shown to the twelve decimals the venue shows.
    entryPrice: text(life.holding.averageEntry.decimalPlaces(SHOWN_DECIMALS)),
    leverage: settings?.leverage ?? life.plan?.leverage ?? options.leverage,
    stopLoss: stop === undefined ? null : text(stop.triggerPrice),
    takeProfit: target === undefined ? null : text(target.triggerPrice),
    stopOrderId: stop?.clientId ?? null,
    guard: guarded === undefined ? null : text(guarded),
    stopSeenAt: stop === undefined ? null : (state.stopSeen?.readAt ?? null),
    takeProfitOrderId: target?.clientId ?? null,
    planId: life.positionId,
    openedAt: life.holding.openedAt ?? 0,
    realizedPnl: text(life.holding.realizedPnl),
    commission: text(life.holding.commission),
    initialStop: life.initialStop?.side === side ? text(life.initialStop.price) : null,
    originalQuantity: text(life.holding.peak),
    tiersDone: life.tiersDone,
    reducing: isReducing(life),
  };
}

/** The operator's view: the life, and what is under way. */
export function operatorView(state: ExecutorState): unknown {
  const { life } = state;
  const order = (record: typeof life.entry) => (record === undefined ? null : { clientId: record.clientId, orderId: record.orderId ?? null, state: record.state, status: record.status ?? null, quantity: text(record.quantity), executedQuantity: text(record.executedQuantity) });
  const protection = (record: typeof life.stop) => (record === undefined ? null : { clientId: record.clientId, algoId: record.algoId ?? null, state: record.state, quantity: text(record.quantity), triggerPrice: text(record.triggerPrice) });
  return {
    life: lifeView(state),
    holding: { quantity: text(life.holding.quantity ?? ZERO), averageEntry: text(life.holding.averageEntry), realizedPnl: text(life.holding.realizedPnl), commission: text(life.holding.commission) },
    entry: order(life.entry),
    close: order(life.close),
    reduce: order(life.reduce),
    stop: protection(life.stop),
    target: protection(life.target),
    closeRequested: life.closeRequested ?? null,
    reduction: life.reduction === undefined ? null : { tier: life.reduction.tier, quantity: text(life.reduction.quantity), reason: life.reduction.reason },
    stopMove: life.stopMove === undefined ? null : { stopPrice: text(life.stopMove.price), reason: life.stopMove.reason },
    drift: life.drift === undefined ? null : text(life.drift),
    sequence: state.sequence,
    durable: state.durable,
    inFlight: [...state.inFlight.keys()],
    streamEpoch: state.streamEpoch,
    reconciledEpoch: state.reconciledEpoch,
  };
}
