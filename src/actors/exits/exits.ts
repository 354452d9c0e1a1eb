/** Every open position has one owner of its exits: what ends a loss is looked at with every price, the rest every so often, each decision told, each plan sent until the life shows it. */
import type { ActorContext, Behaviour } from '../../supervision/behaviour.ts';
import { same } from '../../supervision/behaviour.ts';
import type { Ref } from '../../supervision/ref.ts';
import { text } from '../../protocol/decimal.ts';
import type { DenialCode } from '../../protocol/denials.ts';
import type { MarketView } from '../../protocol/market.ts';
import type { DecidedMessage, ExecutorMessage, ExitsMessage } from '../../protocol/messages.ts';
import type { LifeView } from '../../protocol/views.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { decideExit, NO_MEMORY } from '../../rules/exits/decide.ts';
import type { ExitPlan } from '../../rules/exits/decide.ts';
import { decided } from '../decided.ts';
import { limitsOf, unreachableTiers } from './limits.ts';
import type { ExitsSettings } from './limits.ts';
import { told, toldBlind } from './told.ts';
import { isDecidedOn, isShown, openPosition, samePlan, see, shown, watch } from './watched.ts';
import type { HeldLife, PlanMessage, Watched } from './watched.ts';

/** How often it is looked whether an evaluation is due, a mark too old, or a plan not taken up. */
const TICK_MS = 1_000;
/** A plan that the life does not show by then is sent again. */
const RESEND_MS = 5_000;

export interface ExitsOptions {
  readonly settings: ExitsSettings;
  readonly stopPassedMs: number;
  readonly priceMaxAgeMs: number;
  /** Where openings put stop and target: a tier beyond the target is never reached. */
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly decisions: Ref<DecidedMessage>;
}

type Internal = ExitsMessage | { readonly type: 'tick' };
type Context = ActorContext<Internal>;

interface ExitsState {
  readonly positions: Map<SymbolName, Watched>;
  market: MarketView | undefined;
  evaluated: number;
  readonly plans: Record<'CLOSE' | 'REDUCE' | 'MOVE_STOP', number>;
  now: { readonly wall: number; readonly monotonic: number };
}

export function exitsBehaviour(options: ExitsOptions): Behaviour<Internal, ExitsState> {
  const limits = limitsOf(options.settings, options.stopPassedMs);
  return {
    role: 'exits',
    purpose: 'Decides when a position is closed, reduced or its stop moved, beyond what its stop and target on the exchange do.',
    consumes: { 'market-view': 'prices and statistics', life: 'what a symbol holds', tick: 'time passes' },
    emits: ['close, reduce, move-stop → executors', 'decided → operator/decision-log'],
    mailbox: { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      const beyond = unreachableTiers(limits, options.stopLossPercent, options.takeProfitPercent);
      if (beyond.length > 0) ctx.log.warn({ tiers: beyond.map((tier) => tier.name) }, 'these tiers of exits.tiers lie beyond the target, which closes all before they are reached');
      ctx.timers.every('tick', Math.min(TICK_MS, options.settings.evaluateMs), { type: 'tick' });
      return { positions: new Map(), market: undefined, evaluated: 0, plans: { CLOSE: 0, REDUCE: 0, MOVE_STOP: 0 }, now: moment(ctx) };
    },
    receive(state, message, ctx) {
      state.now = moment(ctx);
      switch (message.type) {
        case 'life':
          onLife(state, message.view);
          return same;
        case 'market-view':
          state.market = message.view;
          for (const watched of state.positions.values()) {
            see(watched, message.view.symbols.get(watched.life.symbol), state.now, options.priceMaxAgeMs);
            if (isDecidedOn(watched) && blindness(state, watched) === undefined) decide(state, watched, 'price', ctx);
          }
          return same;
        case 'tick':
          for (const watched of state.positions.values()) onTick(state, watched, ctx);
          return same;
      }
    },
    view: ({ positions, evaluated, plans, now }) => ({ evaluated, plans, positions: [...positions.values()].map((watched) => shown(watched, limits.tiers, now)) }),
  };

  function onLife(state: ExitsState, life: LifeView): void {
    if (life.position === undefined) return void state.positions.delete(life.symbol);
    const held: HeldLife = { ...life, position: life.position };
    const known = state.positions.get(life.symbol);
    if (known?.life.position.positionId !== held.position.positionId) {
      const watched = watch(held);
      see(watched, state.market?.symbols.get(life.symbol), state.now, options.priceMaxAgeMs);
      state.positions.set(life.symbol, watched);
      return;
    }
    known.life = held;
    if (!isDecidedOn(known)) known.memory = NO_MEMORY;
    if (known.outstanding === undefined || !isShown(known.outstanding, held)) return;
    // What comes next is decided as soon as this is done, not a minute later.
    known.outstanding = undefined;
    known.again = true;
  }

  function onTick(state: ExitsState, watched: Watched, ctx: Context): void {
    if (!isDecidedOn(watched)) return;
    const { outstanding, evaluatedAt } = watched;
    if (outstanding !== undefined && state.now.monotonic - outstanding.sentAt >= RESEND_MS) send(state, watched, outstanding.message, ctx);
    const due = evaluatedAt === undefined || state.now.monotonic - evaluatedAt >= options.settings.evaluateMs || (watched.again && !watched.life.position.reducing);
    const unknown = blindness(state, watched);
    if (unknown === undefined) watched.blind = false;
    if (unknown !== undefined && (due || !watched.blind)) return tellBlind(state, watched, unknown, ctx);
    if (due && unknown === undefined) decide(state, watched, 'all', ctx);
  }

  /** Why nothing can be said by its mark; a position is kept, never closed for not being seen. */
  function blindness({ now }: ExitsState, { mark }: Watched): DenialCode | undefined {
    if (mark === undefined) return 'PRICE_MISSING';
    return now.monotonic - mark.seenAt > options.priceMaxAgeMs ? 'PRICE_STALE' : undefined;
  }

  function tellBlind(state: ExitsState, watched: Watched, code: DenialCode, ctx: Context): void {
    const { symbol, position } = watched.life;
    // None yet is what every start begins with; one that has come and grown old is not.
    if (!watched.blind) ctx.log[code === 'PRICE_MISSING' ? 'warn' : 'error']({ symbol, positionId: position.positionId, code }, `an open position has no ${code === 'PRICE_MISSING' ? 'mark yet' : 'fresh mark'}: its exits are left to its stop and target on the exchange`);
    watched.blind = true;
    watched.evaluatedAt = state.now.monotonic;
    decided(ctx, options.decisions, toldBlind(watched, code, options.priceMaxAgeMs, state.now.monotonic));
  }

  function decide(state: ExitsState, watched: Watched, scope: 'price' | 'all', ctx: Context): void {
    const { symbol } = watched.life;
    const position = openPosition(watched, state.now.wall);
    const { mark, memory } = watched;
    const statistics = state.market?.symbols.get(symbol)?.statistics;
    const decision = decideExit({ position, mark: mark!.price, statistics, limits, now: state.now.monotonic, memory, scope });
    watched.memory = decision.memory;
    state.evaluated += 1;
    if (scope === 'price' && decision.action === 'HOLD') return;
    watched.last = decision;
    if (scope === 'all') {
      watched.evaluatedAt = state.now.monotonic;
      watched.again = false;
    }
    const message = planMessage(watched.life, decision);
    if (message === undefined) {
      // A close stays decided; the rest only while it is.
      if (watched.outstanding?.message.type !== 'close') watched.outstanding = undefined;
      return decided(ctx, options.decisions, told(watched, decision, position, statistics, state.now.monotonic));
    }
    const before = watched.outstanding?.message;
    if (before !== undefined && (before.type === 'close' || samePlan(before, message))) return;
    decided(ctx, options.decisions, told(watched, decision, position, statistics, state.now.monotonic));
    if (decision.action !== 'HOLD') state.plans[decision.action] += 1;
    ctx.log.warn({ symbol, positionId: watched.life.position.positionId, reason: decision.code, limit: decision.limit, value: decision.value, mark: text(mark!.price), stop: watched.life.position.stopLoss }, `plan: ${decision.action}`);
    watched.outstanding = undefined;
    send(state, watched, message, ctx);
  }

  function send(state: ExitsState, watched: Watched, message: PlanMessage, ctx: Context): void {
    const sendings = (watched.outstanding?.sendings ?? 0) + 1;
    if (sendings > 1) ctx.log.warn({ symbol: watched.life.symbol, plan: message.type, reason: message.reason, sendings }, 'the life does not show the plan; sending it again');
    watched.outstanding = { message, sentAt: state.now.monotonic, sendings };
    ctx.tell(options.executorOf(watched.life.symbol), message);
  }
}

function planMessage({ position: { positionId } }: HeldLife, plan: ExitPlan): PlanMessage | undefined {
  const asked = { reason: plan.code, by: 'exits', positionId };
  switch (plan.action) {
    case 'HOLD':
      return undefined;
    case 'CLOSE':
      return { type: 'close', ...asked };
    case 'REDUCE':
      return { type: 'reduce', ...asked, tier: plan.tier.name, percent: plan.tier.percent };
    case 'MOVE_STOP':
      return { type: 'move-stop', ...asked, stopPrice: text(plan.stopPrice) };
  }
}

function moment({ clock }: Pick<Context, 'clock'>): ExitsState['now'] {
  return { wall: clock.now(), monotonic: clock.monotonic() };
}
