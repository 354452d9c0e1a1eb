/** Turns intents into plans for symbols the policy allows: one plan or one coded refusal for each. */
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { sinceWall } from '../supervision/clock.ts';
import { ACCEPTED } from '../supervision/flow/flow-contract.ts';
import type { Ref } from '../supervision/ref.ts';
import { intentSchema } from '../protocol/decisions.ts';
import type { MarketView, Universe } from '../protocol/market.ts';
import type { BridgeMessage, ExecutorMessage, FlowedMessage, DecidedMessage, JournalMessage } from '../protocol/messages.ts';
import type { LifeView, VenueSessionView } from '../protocol/views.ts';
import type { PlanId, SymbolName } from '../protocol/names.ts';
import { decideIntent, lookedAt } from '../rules/bridge-gates.ts';
import type { BridgeInputs, Sources } from '../rules/bridge-gates.ts';
import { decided } from './decided.ts';
import { viewsFirst } from './views.ts';

const LOAD_TIMEOUT_MS = 8_000;
/** Plans older than this have another bucket and can make no duplicate. */
const REMEMBERED_MS = 600_000;

export interface BridgeOptions {
  readonly sources: Sources;
  readonly limits: BridgeInputs['limits'];
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly decisions: Ref<DecidedMessage>;
  readonly journal: Ref<JournalMessage>;
  readonly watchdog: Ref<FlowedMessage>;
}

interface BridgeState {
  market: MarketView | undefined;
  universe: Universe | undefined;
  readonly lives: Map<SymbolName, LifeView>;
  /** Plans that reached OrderSending, with the time they did, monotonic ms: a wall clock that is set makes none forgotten. */
  readonly sentPlans: Map<PlanId, number>;
  /** Venue time − ours, ms; intents are dated and expire by venue time (rulings 18, 19). */
  clockOffsetMs: number | undefined;
  brackets: VenueSessionView['brackets'];
  intents: number;
  plans: number;
  readonly refused: Map<string, number>;
}

export function bridgeBehaviour(options: BridgeOptions): Behaviour<BridgeMessage, BridgeState> {
  return {
    role: 'bridge',
    purpose: 'Turns intents into sized plans, or refuses them with a code.',
    consumes: { session: 'the venue\'s time', intent: 'somebody wants a position', 'market-view': 'prices', universe: 'the allowed symbols and their filters', life: 'what a symbol holds' },
    emits: ['plan → executors', 'decided → operator/decision-log', 'flowed → watchdog'],
    // A cycle of every strategy over 100 symbols, several times; a refused intent is its sender's to see.
    mailbox: { capacity: 1_000, overflow: 'reject', onRestart: 'keep', lanes: viewsFirst(['session', 'market-view', 'universe', 'life']) },
    async init(ctx) {
      const made = await ctx.ask(options.journal, { type: 'read-types', types: ['PlanMade'], since: ctx.clock.now() - REMEMBERED_MS }, LOAD_TIMEOUT_MS);
      const recent = made.map((entry) => [(entry.payload as { plan: { planId: PlanId } }).plan.planId, sinceWall(entry.at, ctx.clock)] as const);
      return { market: undefined, universe: undefined, lives: new Map(), sentPlans: new Map(recent), clockOffsetMs: undefined, brackets: new Map(), intents: 0, plans: 0, refused: new Map() };
    },
    receive(state, message, ctx) {
      const now = ctx.clock.now();
      switch (message.type) {
        case 'intent': {
          state.intents += 1;
          for (const [planId, at] of state.sentPlans) if (ctx.clock.monotonic() - at > REMEMBERED_MS) state.sentPlans.delete(planId);
          const { intent } = message;
          const inputs = inputsFor(state, intent.symbol, now);
          const decision = decideIntent(intent, inputs);
          const outcome = 'plan' in decision ? 'passed' : decision.denial.code;
          const { intentId, symbol, source, side, confidence, price, notional, leverage, universeVersion } = intent;
          decided(ctx, options.decisions, { stage: 'intent', symbol, outcome, ids: { intentId }, inputs: { source, side, confidence, price, notional, leverage, universeVersion, ...lookedAt(inputs) }, ...('denial' in decision ? { denials: [decision.denial] } : {}) });
          ctx.tell(options.watchdog, { type: 'flowed', edge: 'intents', outcomes: { [outcome === 'passed' ? ACCEPTED : outcome]: 1 } });
          if ('denial' in decision) {
            state.refused.set(outcome, (state.refused.get(outcome) ?? 0) + 1);
            ctx.log.info({ intentId: intent.intentId, symbol: intent.symbol, side: intent.side, source: intent.source, denial: decision.denial }, `intent refused: ${outcome}`);
            return same;
          }
          const { plan } = decision;
          state.plans += 1;
          ctx.log.info({ intentId: intent.intentId, planId: plan.planId, symbol: plan.symbol, action: plan.action, quantity: plan.quantity, limitPrice: plan.limitPrice, notional: plan.notional }, 'intent became a plan');
          const taken = ctx.tell(options.executorOf(plan.symbol), { type: 'plan', intent: intentSchema.parse(intent), plan });
          const { action, quantity, limitPrice, stopLossPercent, takeProfitPercent } = plan;
          decided(ctx, options.decisions, { stage: 'plan', symbol, outcome: taken ? 'passed' : 'POSITION_UNRESOLVED', ids: { intentId, planId: plan.planId }, inputs: { source, side, action, quantity, limitPrice, notional: plan.notional, stopLossPercent, takeProfitPercent }, ...(taken ? {} : { denials: [{ code: 'POSITION_UNRESOLVED', detail: 'its executor took no more messages' }] }) });
          return same;
        }
        case 'session':
          state.clockOffsetMs = message.view.clockOffsetMs;
          state.brackets = message.view.brackets;
          return same;
        case 'market-view':
          state.market = message.view;
          return same;
        case 'universe':
          state.universe = message.universe;
          return same;
        case 'life': {
          const { view } = message;
          state.lives.set(view.symbol, view);
          if (view.plan?.stage === 'sent' && !state.sentPlans.has(view.plan.planId)) state.sentPlans.set(view.plan.planId, ctx.clock.monotonic());
          return same;
        }
      }
    },
    view: (state) => ({ intents: state.intents, plans: state.plans, refused: Object.fromEntries(state.refused), universeVersion: state.universe?.version ?? null, rememberedPlans: state.sentPlans.size }),
  };
  function inputsFor(state: BridgeState, symbol: SymbolName, now: number): BridgeInputs {
    const venueNow = state.clockOffsetMs === undefined ? undefined : now + state.clockOffsetMs;
    return { now, venueNow, sources: options.sources, universe: state.universe, market: state.market?.symbols.get(symbol), life: state.lives.get(symbol), brackets: state.brackets.get(symbol), sentPlans: new Set(state.sentPlans.keys()), limits: options.limits };
  }
}
