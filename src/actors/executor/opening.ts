/** The way of an opening: slot → permit → one durable group append → redeem and send (ruling 3). Whatever refuses ends the plan with a code. */
import type { Plan, Intent } from '../../protocol/decisions.ts';
import { decimal } from '../../protocol/decimal.ts';
import type { Denial } from '../../protocol/denials.ts';
import { openingSide } from '../../protocol/names.ts';
import type { PlanId } from '../../protocol/names.ts';
import type { Mandate, PermitOf } from '../../protocol/permit.ts';
import { clientIdFor } from '../../rules/client-ids.ts';
import { phaseOf } from '../../rules/position-life/phase.ts';
import { decided } from '../decided.ts';
import type { Deciding } from '../decided.ts';
import { record } from './record.ts';
import type { ExecutorContext, ExecutorOptions, ExecutorState, PendingOpening } from './state.ts';

/** A plan that has not been sent within this time is dropped: the market has moved on. */
const PATIENCE_MS = 10_000;

export function takePlan(state: ExecutorState, intent: Intent, plan: Plan, ctx: ExecutorContext): void {
  const refusal = occupied(state);
  if (refusal !== undefined) return refusePlan(state, plan, refusal, ctx);
  const clientId = clientIdFor(state.options.tags[0], 'entry', plan.planId, 1, state.options.idPrefix);
  state.pending = { intent, plan, clientId, since: ctx.clock.monotonic(), stage: 'slot' };
  ctx.log.info({ planId: plan.planId, intentId: plan.intentId, action: plan.action, quantity: plan.quantity, limitPrice: plan.limitPrice, clientId }, 'plan taken up');
  ctx.tell(state.options.gateway, { type: 'request-slot', symbol: plan.symbol, planId: plan.planId });
}

const OCCUPIED = { Opening: 'POSITION_OPENING', Protected: 'POSITION_OPEN', Reducing: 'POSITION_OPEN', Closing: 'POSITION_CLOSING', Ambiguous: 'POSITION_UNRESOLVED', Drifted: 'POSITION_UNRESOLVED' } as const;

/** Why the symbol cannot take a plan now: only Flat can, as the venue itself has said, with nothing of ours left in its book (rulings 6, 19). */
function occupied(state: ExecutorState): Denial | undefined {
  if (state.pending !== undefined) return { code: 'POSITION_OPENING' };
  const refusal = taken(state);
  if (refusal !== undefined) return refusal;
  if (state.truthSeenAt === undefined) return { code: 'POSITION_UNRESOLVED', detail: 'the venue has not been read since the executor started' };
  const left = state.flat?.openAlgoIds ?? [];
  return left.length === 0 ? undefined : { code: 'POSITION_CLOSING', detail: `still in the book: ${left.join(', ')}` };
}

/** Flat by our count is not enough: the venue must not have stated anything else since, nor be asked what there is to take over. */
function taken({ life, mismatches, adopting }: ExecutorState): Denial | undefined {
  const phase = phaseOf(life);
  if (phase !== 'Flat') return { code: OCCUPIED[phase] };
  if (mismatches > 0) return { code: 'POSITION_UNRESOLVED', detail: 'the venue states a position that our count does not have' };
  return adopting === undefined ? undefined : { code: 'POSITION_UNRESOLVED', detail: 'an operator is taking over what the venue holds' };
}

export function onSlot(state: ExecutorState, planId: PlanId, ctx: ExecutorContext): void {
  const { pending } = state;
  if (pending?.plan.planId !== planId || pending.stage !== 'slot') return;
  pending.stage = 'permit';
  ctx.tell(state.options.governor, { type: 'request-permit', plan: pending.plan, clientId: pending.clientId, executorIncarnation: ctx.incarnation });
}

export function onSlotRefused(state: ExecutorState, planId: PlanId, denial: Denial, ctx: ExecutorContext): void {
  const { pending } = state;
  if (pending?.plan.planId === planId && pending.stage === 'slot') refusePlan(state, pending.plan, denial, ctx);
}

/** The write-ahead: intent, plan, permit with mandate, and the order, in one append; the send waits for it. */
export function onPermit(state: ExecutorState, permit: PermitOf<'OPEN'>, mandate: Mandate, planId: PlanId, ctx: ExecutorContext): void {
  const { pending } = state;
  if (pending?.plan.planId !== planId || pending.stage !== 'permit') return;
  const refusal = taken(state);
  if (refusal !== undefined) {
    // A late fill or a stranger's trade came while the permit was asked for: the permit lapses unredeemed.
    return refusePlan(state, pending.plan, refusal, ctx);
  }
  pending.stage = 'recording';
  const { intent, plan, clientId } = pending;
  const at = ctx.clock.now();
  const side = openingSide(plan.side);
  const checks = [...permit.checks];
  record(
    state,
    [
      { type: 'IntentAccepted', at, intent },
      { type: 'PlanMade', at, plan },
      { type: 'PermitGranted', at, permitId: permit.id, clientId, checks, tradingEpoch: permit.tradingEpoch, expiresAt: permit.expiresAt, mandate },
      { type: 'OrderSending', at, purpose: 'entry', clientId, attempt: 1, side, quantity: plan.quantity, price: plan.limitPrice },
    ],
    ctx,
  );
  // What the venue said before says nothing about this order.
  state.flat = undefined;
  state.inFlight.set(clientId, ctx.clock.monotonic());
  state.waiting.push({
    write: { kind: 'OPEN', symbol: plan.symbol, clientId, side, quantity: decimal(plan.quantity), price: decimal(plan.limitPrice) },
    authority: { by: 'permit', permit },
    because: plan.planId,
    after: state.sequence,
    recordedAt: at,
    since: ctx.clock.monotonic(),
  });
  state.pending = undefined;
}

/** The plan came to nothing before it reached the governor, or was denied by it. */
function refusePlan(state: ExecutorState, plan: Plan, denial: Denial, ctx: ExecutorContext): void {
  const { planId, intentId, source, side } = plan;
  decided(ctx, state.options.decisions, { stage: 'permit', symbol: plan.symbol, outcome: denial.code, ids: { intentId, planId }, denials: [denial], inputs: { source, side } });
  // One that came a second time takes nothing from the first, which is on its way under the same id.
  if (state.pending?.plan === plan) dropPlan(state, planId, [denial], ctx);
  else tellRefused(planId, [denial], ctx);
}

/** An earlier incarnation had taken it up: it is not resumed, and the next signal is a new plan (ruling 18). */
export function endUnsent({ decisions }: ExecutorOptions, { plan, stage, since }: PendingOpening, ctx: Deciding): void {
  const { planId, intentId, source, side, symbol } = plan;
  decided(ctx, decisions, { stage: 'permit', symbol, outcome: 'RESTARTED', ids: { intentId, planId }, denials: [{ code: 'RESTARTED', detail: `waited for ${stage}`, ageMs: Math.round(ctx.clock.monotonic() - since) }], inputs: { source, side } });
}

/** What the governor denied it has told of itself. */
export function dropPlan(state: ExecutorState, planId: PlanId, denials: readonly Denial[], ctx: ExecutorContext): void {
  if (state.pending?.plan.planId === planId) {
    state.pending = undefined;
    ctx.tell(state.options.gateway, { type: 'return-slot', planId });
  }
  tellRefused(planId, denials, ctx);
}

function tellRefused(planId: PlanId, denials: readonly Denial[], ctx: ExecutorContext): void {
  ctx.log.warn({ planId, denials }, `plan refused: ${denials.map((denial) => denial.code).join(', ')}`);
}

/** Drops a plan whose slot or permit never came. */
export function expirePending(state: ExecutorState, ctx: ExecutorContext): void {
  const { pending } = state;
  if (pending === undefined || ctx.clock.monotonic() - pending.since < PATIENCE_MS) return;
  refusePlan(state, pending.plan, { code: 'PLAN_TIMEOUT', limit: String(PATIENCE_MS), detail: `waited for ${pending.stage}`, ageMs: Math.round(ctx.clock.monotonic() - pending.since) }, ctx);
}
