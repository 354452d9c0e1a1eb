/** A strategy at work: evaluates every symbol of the universe each cycle, tells of every evaluation, publishes what is confident enough. */
import type { ActorContext, Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import { ACCEPTED } from '../supervision/flow/flow-contract.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import type { Intent } from '../protocol/decisions.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { BridgeMessage, DecidedMessage, FlowedMessage, GeneratorMessage, StandingMessage } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import { intentIdFor } from '../rules/client-ids.ts';
import { counted, fallbackShare } from '../rules/strategies/fallback-share.ts';
import type { Counted } from '../rules/strategies/fallback-share.ts';
import { inputsOf, refusalOf } from '../rules/strategies/refusal.ts';
import type { Evaluation } from '../rules/strategies/strategy.ts';
import { decided } from './decided.ts';
import { nameOf } from './strategies/evaluations.ts';
import type { CrashedOn, Evaluating, Evaluations, ModelAnswered, Source } from './strategies/evaluations.ts';
import { KnownMarket } from './strategies/known-market.ts';
import { evaluationsOf } from './strategies/source.ts';

export interface GeneratorOptions {
  readonly source: Source;
  readonly cycleMs: number;
  readonly minConfidence: number;
  readonly dataMaxAgeMs: number;
  readonly intentExpiryMs: number;
  readonly notional: string;
  readonly leverage: number;
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  /** A larger share of signals of the fallback, over `shareWindowMs`, raises an alert. */
  readonly maxFallbackShare: number;
  readonly shareWindowMs: number;
  readonly bridge: Ref<BridgeMessage>;
  readonly decisions: Ref<DecidedMessage>;
  /** Told of every evaluation, under `edge`, and of what stands wrong. */
  readonly watchdog: Ref<FlowedMessage | StandingMessage>;
  readonly edge: string;
}

type Internal = GeneratorMessage | ModelAnswered | { readonly type: 'cycle' } | { readonly type: 'say' };

interface GeneratorState {
  readonly known: KnownMarket;
  readonly evaluations: Evaluations;
  readonly last: Map<SymbolName, Evaluation>;
  ready: boolean;
  cycles: number;
  published: number;
  signals: Counted;
  alerts: StandingMessage['alerts'];
  lastCycleAt: number | null;
  lastSignalAt: number | null;
  readonly now: () => number;
}

export function generatorBehaviour(options: GeneratorOptions): Behaviour<Internal, GeneratorState> {
  const { source } = options;
  const { name, does } = nameOf(source);
  const crashed: CrashedOn = new Map();
  return {
    role: `generator/${name}`,
    purpose: `Signals of strategy ${name}; a cycle every ${options.cycleMs / 1_000} s, the first as soon as the service is ready. ${does}`,
    consumes: { session: 'the venue\'s time', 'market-view': 'prices, changes and candles', universe: 'the only symbols it looks at', readiness: 'leaving NOT_READY starts a cycle', cycle: 'a cycle is due', 'model-answered': 'what came of a question to the model server', say: 'what stands wrong is to be said' },
    emits: ['intent → bridge', 'decided → operator/decision-log', 'flowed, standing → watchdog'],
    mailbox: { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.every('cycle', options.cycleMs, { type: 'cycle' });
      ctx.timers.every('say', VIEW_EVERY_MS, { type: 'say' });
      // Takes back what an earlier incarnation has left standing.
      ctx.tell(options.watchdog, { type: 'standing', from: `generator/${name}`, alerts: [] });
      return { known: new KnownMarket(), evaluations: evaluationsOf(source, crashed), last: new Map(), ready: false, cycles: 0, published: 0, signals: [], alerts: [], lastCycleAt: null, lastSignalAt: null, now: () => ctx.clock.now() };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'market-view':
        case 'session':
        case 'universe':
          state.known.see(message);
          return same;
        case 'readiness': {
          const opened = message.view.ready && !state.ready;
          state.ready = message.view.ready;
          if (opened) {
            ctx.timers.once('first', 0, { type: 'cycle' });
            ctx.timers.every('cycle', options.cycleMs, { type: 'cycle' });
          }
          return same;
        }
        case 'cycle':
          cycle(state, ctx);
          return same;
        case 'model-answered':
          state.evaluations.answered(message, around(state, ctx));
          return same;
        case 'say':
          say(state, ctx);
          return same;
      }
    },
    view: (state, now) => ({
      strategy: name,
      role: 'live',
      does,
      ready: state.ready,
      cycles: state.cycles,
      published: state.published,
      lastCycleAt: isoTimeOrNull(state.lastCycleAt),
      lastSignalAt: isoTimeOrNull(state.lastSignalAt),
      recent: { windowMs: options.shareWindowMs, ...fallbackShare(state.signals, now, options.shareWindowMs) },
      ...state.evaluations.view(),
      evaluations: [...state.last.values()],
    }),
  };

  function cycle(state: GeneratorState, ctx: ActorContext<Internal>): void {
    const { symbols } = state.known;
    if (!state.ready || symbols === undefined) {
      ctx.log.debug({ ready: state.ready, symbols: symbols?.length }, 'no cycle: not ready');
      return;
    }
    state.cycles += 1;
    state.lastCycleAt = ctx.clock.now();
    for (const symbol of state.last.keys()) if (!symbols.includes(symbol)) state.last.delete(symbol);
    state.evaluations.cycle(symbols, around(state, ctx));
  }

  function around(state: GeneratorState, ctx: ActorContext<Internal>): Evaluating {
    return { ctx, sight: (symbol) => state.known.sight(symbol, ctx.clock.now(), options.dataMaxAgeMs), evaluated: (evaluations) => evaluated(state, evaluations, ctx) };
  }

  function evaluated(state: GeneratorState, evaluations: readonly Evaluation[], ctx: ActorContext<Internal>): void {
    if (evaluations.length === 0) return;
    const outcomes: Record<string, number> = {};
    for (const evaluation of evaluations) {
      state.last.set(evaluation.symbol, evaluation);
      const outcome = publish(state, evaluation, ctx);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    ctx.tell(options.watchdog, { type: 'flowed', edge: options.edge, outcomes });
    const signals = evaluations.filter((one) => one.verdict === 'signal').length;
    ctx.log[source.kind === 'own' ? 'info' : 'debug']({ cycle: state.cycles, evaluated: evaluations.length, signals, universeVersion: state.known.universe?.version }, `cycle ${state.cycles}: ${signals} signals from ${evaluations.length} symbols`);
    say(state, ctx);
  }

  /** The outcome as the watchdog counts it. */
  function publish(state: GeneratorState, evaluation: Evaluation, ctx: ActorContext<Internal>): string {
    const { symbol } = evaluation;
    const { mark } = state.known.of(symbol) ?? {};
    const venueNow = state.known.venueTime(ctx.clock.now());
    const denial = refusalOf(evaluation, mark !== undefined, options.minConfidence);
    const side = evaluation.verdict === 'signal' && denial === undefined ? evaluation.side : undefined;
    const intentId = side === undefined || venueNow === undefined ? undefined : intentIdFor(name, symbol, side, venueNow);
    decided(ctx, options.decisions, { stage: 'signal', symbol, outcome: denial?.code ?? 'passed', inputs: inputsOf(name, evaluation), ...(intentId === undefined ? {} : { ids: { intentId } }), ...(denial === undefined ? {} : { denials: [denial] }) });
    if (evaluation.verdict === 'unknown') ctx.log.warn({ symbol, code: denial?.code, missing: evaluation.missing }, 'no evaluation: data is missing');
    else if (denial !== undefined) ctx.log.debug({ symbol, ...inputsOf(name, evaluation), denial }, 'evaluated');
    if (evaluation.verdict !== 'signal' || denial !== undefined || side === undefined || intentId === undefined || mark === undefined || venueNow === undefined) return denial?.code ?? 'PRICE_MISSING';
    const { confidence, fallback } = evaluation;
    const { notional, leverage, stopLossPercent, takeProfitPercent } = options;
    const intent: Intent = { intentId, source: name, symbol, side, confidence, price: text(mark.price), notional, leverage, stopLossPercent, takeProfitPercent, createdAt: venueNow, expiresAt: venueNow + options.intentExpiryMs, universeVersion: state.known.universe?.version ?? 0, ...(fallback === undefined ? {} : { fallback }) };
    state.published += 1;
    state.lastSignalAt = ctx.clock.now();
    state.signals = counted(state.signals, fallback !== undefined, state.lastSignalAt, options.shareWindowMs);
    ctx.log.info({ intentId, symbol, side, confidence, price: intent.price, fallback }, `signal ${side} ${symbol}, confidence ${confidence}`);
    ctx.tell(options.bridge, { type: 'intent', intent });
    return ACCEPTED;
  }

  /** What stands wrong, at each change, and again and again while anything does: the watchdog may have been restarted. */
  function say(state: GeneratorState, ctx: ActorContext<Internal>): void {
    const { share, fallback, signals } = fallbackShare(state.signals, ctx.clock.now(), options.shareWindowMs);
    const alerts = state.evaluations.wrong(ctx.clock.now());
    if (share !== null && share > options.maxFallbackShare) alerts.push({ name: `model-fallback/${name}`, message: `${fallback} of the last ${signals} signals of ${name} came from its fallback: more than a share of ${options.maxFallbackShare}` });
    if (alerts.length === 0 && state.alerts.length === 0) return;
    state.alerts = alerts;
    ctx.tell(options.watchdog, { type: 'standing', from: ctx.path, alerts });
  }
}
