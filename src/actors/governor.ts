/** The only issuer of permits: asks every guard, reserves what it grants, and keeps no opening waiting for an answer. */
import type { ActorContext, Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull, sinceWall } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import type { Denial } from '../protocol/denials.ts';
import type { MarketView, Universe } from '../protocol/market.ts';
import type { DecidedMessage, ExecutorMessage, GovernorMessage, JournalMessage } from '../protocol/messages.ts';
import type { EquityView, JournalView, LifeView, LocksView, ReadinessView, ReconciliationView, StreamView, TradingStateView, VenueSessionView } from '../protocol/views.ts';
import type { MandateId, SymbolName } from '../protocol/names.ts';
import type { PermitIssuer } from '../protocol/permit.ts';
import type { RiskLimits } from '../rules/guards/guard.ts';
import { judgeOpening, OPENING_GUARDS } from '../rules/guards/opening.ts';
import type { Judgement } from '../rules/guards/opening.ts';
import { reserve, settleReservation, worstNotional } from '../rules/reservations.ts';
import type { Reservation } from '../rules/reservations.ts';
import { decided } from './decided.ts';
import { Seen, viewsFirst } from './views.ts';

const HOUR_MS = 3_600_000;
const LOAD_TIMEOUT_MS = 8_000;

export interface GovernorOptions {
  readonly issuer: PermitIssuer;
  readonly limits: RiskLimits;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  readonly executors: () => readonly SymbolName[];
  readonly journal: Ref<JournalMessage>;
  readonly decisions: Ref<DecidedMessage>;
}

interface GovernorState {
  /** Prices and equity carry the time of their observation. */
  market: MarketView | undefined;
  equity: EquityView | undefined;
  /** These have no age of their own: what their owner has not said again for a while is not known any more. */
  readonly universe: Seen<Universe>;
  readonly stream: Seen<StreamView>;
  readonly reconciliation: Seen<ReconciliationView>;
  readonly session: Seen<VenueSessionView>;
  readonly tradingState: Seen<TradingStateView>;
  readonly readiness: Seen<ReadinessView>;
  readonly locks: Seen<LocksView>;
  readonly journal: Seen<JournalView>;
  readonly lives: Map<SymbolName, LifeView>;
  readonly mandates: Map<SymbolName, MandateId>;
  reservations: ReadonlyMap<SymbolName, Reservation>;
  /** When each opening was granted or sent, monotonic ms. */
  opens: number[];
  granted: number;
  denied: number;
  lastDenials: { readonly symbol: string; readonly planId: string; readonly denials: readonly Denial[] }[];
  /** What each guard found last, and for which symbol. */
  judged: { readonly symbol: SymbolName; readonly at: number; readonly verdicts: Judgement['verdicts'] } | undefined;
}

type Context = ActorContext<GovernorMessage>;

export function governorBehaviour(options: GovernorOptions): Behaviour<GovernorMessage, GovernorState> {
  /** Of the process, not of the incarnation. */
  let stopping = false;
  return {
    role: 'governor',
    purpose: 'Grants or denies every opening, and reserves what it grants; fail-closed.',
    consumes: { 'request-permit': 'a plan that wants to open', 'request-configure': 'leverage or margin mode to be set', stopping: 'the service stops: nothing is opened any more', 'market-view': 'prices', universe: 'filters', equity: 'the account', stream: 'the user stream', reconciliation: 'journal and venue agree', session: 'clock and brackets', 'trading-state': 'what is allowed at all', life: 'what a symbol holds', locks: 'what rests for a while', journal: 'whether what is opened can be made durable', readiness: 'whether everything is known' },
    emits: ['permit-granted, permit-denied, configure-granted, configure-denied → executors', 'decided → operator/decision-log'],
    // One request of each executor at a time, and as many again.
    mailbox: { capacity: 1_000, overflow: 'reject', onRestart: 'keep', lanes: viewsFirst(['stopping', 'market-view', 'universe', 'equity', 'stream', 'reconciliation', 'session', 'trading-state', 'life', 'locks', 'journal', 'readiness']) },
    /**
     * What an earlier incarnation granted and had reserved is not known to this one: its permits are void before anything
     * is asked, and nothing is granted until every executor has said what it holds (ruling 14). The rate limits survive a
     * restart: the openings of the last hour are read back (failure 55).
     */
    async init(ctx) {
      options.issuer.revokeOpenings();
      const sent = await ctx.ask(options.journal, { type: 'read-types', types: ['OrderSending'], since: ctx.clock.now() - HOUR_MS }, LOAD_TIMEOUT_MS);
      const opens = sent.filter((entry) => isEntry(entry.payload)).map((entry) => sinceWall(entry.at, ctx.clock));
      return { market: undefined, equity: undefined, universe: new Seen(), stream: new Seen(), reconciliation: new Seen(), session: new Seen(), tradingState: new Seen(), readiness: new Seen(), locks: new Seen(), journal: new Seen(), lives: new Map(), mandates: new Map(), reservations: new Map(), opens, granted: 0, denied: 0, lastDenials: [], judged: undefined };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'request-permit':
          decide(state, message, ctx);
          return same;
        case 'request-configure':
          configure(state, message, ctx);
          return same;
        case 'stopping':
          stopping = true;
          return same;
        case 'life':
          onLife(state, message.view, ctx);
          return same;
        case 'market-view':
          state.market = message.view;
          return same;
        case 'universe':
          state.universe.see(message.universe, ctx.clock.monotonic());
          return same;
        case 'equity':
          state.equity = message.view;
          return same;
        case 'stream':
          state.stream.see(message.view, ctx.clock.monotonic());
          return same;
        case 'reconciliation':
          state.reconciliation.see(message.view, ctx.clock.monotonic());
          return same;
        case 'session':
          state.session.see(message.view, ctx.clock.monotonic());
          return same;
        case 'trading-state':
          state.tradingState.see(message.view, ctx.clock.monotonic());
          return same;
        case 'locks':
          state.locks.see(message.view, ctx.clock.monotonic());
          return same;
        case 'journal':
          state.journal.see(message.view, ctx.clock.monotonic());
          return same;
        case 'readiness':
          state.readiness.see(message.view, ctx.clock.monotonic());
          return same;
      }
    },
    view: (state) => ({
      granted: state.granted,
      denied: state.denied,
      reservations: [...state.reservations.values()].map((one) => ({ symbol: one.symbol, planId: one.planId, notional: text(one.notional), margin: text(one.margin) })),
      opensLastHour: state.opens.length,
      equity: state.equity?.equity ?? null,
      equityObservedAt: isoTimeOrNull(state.equity?.observedAt),
      tradingState: state.tradingState.last?.overall ?? null,
      ready: state.readiness.last?.ready ?? null,
      executorsReported: state.lives.size,
      lastDenials: state.lastDenials,
      lastJudged: state.judged === undefined ? null : { symbol: state.judged.symbol, at: isoTimeOrNull(state.judged.at) },
      guards: OPENING_GUARDS.map(({ code }) => ({ guard: code, last: state.judged?.verdicts.get(code) ?? null })),
      limits: options.limits,
    }),
  };

  function decide(state: GovernorState, message: Extract<GovernorMessage, { type: 'request-permit' }>, ctx: Context): void {
    const { plan, clientId, executorIncarnation } = message;
    const now = ctx.clock.now();
    const executor = options.executorOf(plan.symbol);
    const at = ctx.clock.monotonic();
    state.opens = state.opens.filter((opened) => at - opened < HOUR_MS);
    const session = state.session.known(at);
    const offset = session?.clockOffsetMs;
    const { denials, passed, verdicts } = judgeOpening({
      plan,
      limits: options.limits,
      now,
      venueNow: offset === undefined ? undefined : now + offset,
      stopping,
      tradingState: state.tradingState.known(at),
      readiness: state.readiness.known(at),
      universe: state.universe.known(at),
      locks: state.locks.known(at),
      journal: state.journal.known(at),
      equity: state.equity,
      market: state.market?.symbols.get(plan.symbol),
      stream: state.stream.known(at),
      reconciliation: state.reconciliation.known(at),
      session,
      expected: options.executors(),
      lives: state.lives,
      reservations: state.reservations,
      openedAgoMs: state.opens.map((opened) => at - opened),
    });
    state.judged = { symbol: plan.symbol, at: now, verdicts };
    const { planId, intentId, symbol, source, side } = plan;
    const inputs = { source, side, notional: text(worstNotional(plan)), limitPrice: plan.limitPrice, quantity: plan.quantity, leverage: plan.leverage, guards: found(verdicts) };
    if (denials.length > 0) {
      decided(ctx, options.decisions, { stage: 'permit', symbol, outcome: denials[0]!.code, ids: { intentId, planId, clientId }, denials, inputs });
      state.denied += 1;
      state.lastDenials = [...state.lastDenials, { symbol: plan.symbol, planId: plan.planId, denials }].slice(-20);
      ctx.log.warn({ planId: plan.planId, symbol: plan.symbol, denials }, `denied: ${denials.map((denial) => denial.code).join(', ')}`);
      ctx.tell(executor, { type: 'permit-denied', planId: plan.planId, denials });
      return;
    }
    state.reservations = new Map([...state.reservations, [plan.symbol, reserve(plan, at)]]);
    state.opens.push(at);
    state.granted += 1;
    const { permit, mandate } = options.issuer.open({ planHash: plan.planId, clientId, symbol: plan.symbol, side: plan.side, maxQuantity: plan.quantity, worstPrice: plan.limitPrice, leverage: plan.leverage, marginMode: 'ISOLATED', executorIncarnation, checks: passed });
    state.mandates.set(plan.symbol, mandate.mandateId);
    decided(ctx, options.decisions, { stage: 'permit', symbol, outcome: 'passed', ids: { intentId, planId, clientId, permitId: permit.id }, inputs });
    ctx.log.info({ planId: plan.planId, symbol: plan.symbol, permitId: permit.id, mandateId: mandate.mandateId, clientId, notional: plan.notional, checks: passed.length }, 'permit granted');
    ctx.tell(executor, { type: 'permit-granted', planId: plan.planId, permit, mandate });
  }

  /** Leverage and margin mode are set only to what the policy says, and only while nothing is open: it reduces no risk to wait. */
  function configure(state: GovernorState, message: Extract<GovernorMessage, { type: 'request-configure' }>, ctx: Context): void {
    const { symbol, clientId, leverage, marginMode } = message;
    const executor = options.executorOf(symbol);
    const life = state.lives.get(symbol);
    const denials: Denial[] = [];
    if (state.session.known(ctx.clock.monotonic())?.modesConfirmed !== true) denials.push({ code: 'NOT_READY', detail: 'the account\'s modes are not confirmed' });
    if (life === undefined) denials.push({ code: 'POSITION_UNRESOLVED', detail: 'its executor has not reported' });
    else if (life.phase !== 'Flat') denials.push({ code: 'POSITION_OPEN', detail: life.phase });
    if (state.universe.known(ctx.clock.monotonic())?.instruments.has(symbol) !== true) denials.push({ code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', value: symbol });
    if (denials.length > 0) {
      ctx.tell(executor, { type: 'configure-denied', denials });
      return;
    }
    const permit = options.issuer.configure({ clientId, symbol, leverage, marginMode, checks: ['NOT_READY', 'POSITION_OPEN', 'SYMBOL_NOT_IN_POLICY_UNIVERSE'] });
    ctx.tell(executor, { type: 'configure-granted', permit });
  }

  /** Takes up the mandates of positions on record, and ends those whose position is confirmed flat (ruling 2). */
  function onLife(state: GovernorState, life: LifeView, ctx: Context): void {
    state.lives.set(life.symbol, life);
    state.reservations = settleReservation(state.reservations, life, ctx.clock.monotonic());
    const known = state.mandates.get(life.symbol);
    const current = life.mandate?.mandateId;
    if (life.mandate !== undefined && current !== known) {
      if (known !== undefined) options.issuer.endMandate(known);
      options.issuer.restoreMandate(life.mandate);
      state.mandates.set(life.symbol, life.mandate.mandateId);
    } else if (life.mandate === undefined && life.phase === 'Flat' && life.plan?.stage !== 'pending' && !state.reservations.has(life.symbol)) {
      // By symbol: what an earlier incarnation knew of ends, too.
      options.issuer.endMandatesOf(life.symbol);
      state.mandates.delete(life.symbol);
    }
  }
}

/** What each guard found, for the record: its verdict and the numbers it looked at. */
function found(verdicts: Judgement['verdicts']): Record<string, unknown> {
  return Object.fromEntries([...verdicts].map(([code, list]) => [code, list.length === 1 ? list[0] : list]));
}

function isEntry(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'purpose' in payload && payload.purpose === 'entry';
}
