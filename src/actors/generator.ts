/** A strategy at work: evaluates every symbol of the universe each cycle, counts every evaluation, publishes what is confident enough. */
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import { ACCEPTED } from '../supervision/flow/flow-contract.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import type { Evaluation, Intent } from '../protocol/decisions.ts';
import type { Denial } from '../protocol/denials.ts';
import type { MarketView, SymbolMarket, Universe } from '../protocol/market.ts';
import type { BridgeMessage, FlowedMessage, DecidedMessage, GeneratorMessage } from '../protocol/messages.ts';
import { intentIdFor } from '../rules/client-ids.ts';
import { decided } from './decided.ts';

/** A strategy: pure, one symbol at a time. `maxAgeMs` is how old its data may be. */
export interface Strategy {
  readonly name: string;
  evaluate(market: SymbolMarket, now: number, maxAgeMs: number): Evaluation;
}

export interface GeneratorOptions {
  readonly strategy: Strategy;
  readonly cycleMs: number;
  readonly minConfidence: number;
  readonly dataMaxAgeMs: number;
  readonly intentExpiryMs: number;
  readonly notional: string;
  readonly leverage: number;
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  readonly bridge: Ref<BridgeMessage>;
  readonly decisions: Ref<DecidedMessage>;
  /** Told of every cycle, under `edge`. */
  readonly watchdog: Ref<FlowedMessage>;
  readonly edge: string;
}

type Internal = GeneratorMessage | { readonly type: 'cycle' };

interface GeneratorState {
  market: MarketView | undefined;
  universe: Universe | undefined;
  clockOffsetMs: number | undefined;
  ready: boolean;
  cycles: number;
  published: number;
  lastCycleAt: number | null;
  lastSignalAt: number | null;
  evaluations: readonly Evaluation[];
}

export function generatorBehaviour(options: GeneratorOptions): Behaviour<Internal, GeneratorState> {
  const { strategy } = options;
  return {
    role: `generator/${strategy.name}`,
    purpose: `Signals of strategy ${strategy.name}; a cycle every ${options.cycleMs / 1_000} s, the first as soon as the service is ready.`,
    consumes: { session: 'the venue\'s time', 'market-view': 'prices and changes', universe: 'the only symbols it looks at', readiness: 'leaving NOT_READY starts a cycle', cycle: 'a cycle is due' },
    emits: ['intent → bridge', 'decided → operator/decision-log', 'flowed → watchdog'],
    mailbox: { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.every('cycle', options.cycleMs, { type: 'cycle' });
      return { market: undefined, universe: undefined, clockOffsetMs: undefined, ready: false, cycles: 0, published: 0, lastCycleAt: null, lastSignalAt: null, evaluations: [] };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'market-view':
          state.market = message.view;
          return same;
        case 'session':
          state.clockOffsetMs = message.view.clockOffsetMs;
          return same;
        case 'universe':
          state.universe = message.universe;
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
          cycle();
          return same;
      }

      function cycle(): void {
        const { market, universe, clockOffsetMs } = state;
        if (!state.ready || market === undefined || universe === undefined || clockOffsetMs === undefined) {
          ctx.log.debug({ ready: state.ready, market: market !== undefined, universe: universe !== undefined }, 'no cycle: not ready');
          return;
        }
        const now = ctx.clock.now();
        state.cycles += 1;
        state.lastCycleAt = now;
        const unseen = (symbol: SymbolMarket['symbol']): SymbolMarket => ({ symbol, candles: [] });
        state.evaluations = [...universe.instruments.keys()].map((symbol) => strategy.evaluate(market.symbols.get(symbol) ?? unseen(symbol), now, options.dataMaxAgeMs));
        const outcomes: Record<string, number> = {};
        for (const evaluation of state.evaluations) {
          const outcome = publish(evaluation, market, universe, now + clockOffsetMs);
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        }
        ctx.tell(options.watchdog, { type: 'flowed', edge: options.edge, outcomes });
        const signals = state.evaluations.filter((one) => one.verdict === 'signal').length;
        ctx.log.info({ cycle: state.cycles, evaluated: state.evaluations.length, signals, universeVersion: universe.version }, `cycle ${state.cycles}: ${signals} signals from ${state.evaluations.length} symbols`);
      }

      /** The outcome as the watchdog counts it. */
      function publish(evaluation: Evaluation, market: MarketView, universe: Universe, venueNow: number): string {
        const { symbol } = evaluation;
        const mark = market.symbols.get(symbol)?.mark;
        const denial = refusal(evaluation, mark !== undefined);
        const outcome = denial?.code ?? 'passed';
        const { verdict, symbol: _symbol, ...found } = evaluation;
        const ids = evaluation.verdict === 'signal' && denial === undefined ? { ids: { intentId: intentIdFor(strategy.name, symbol, evaluation.side, venueNow) } } : {};
        decided(ctx, options.decisions, { stage: 'signal', symbol, outcome, ...ids, inputs: { source: strategy.name, verdict, ...found }, ...(denial === undefined ? {} : { denials: [denial] }) });
        if (evaluation.verdict === 'unknown') ctx.log.warn({ symbol, missing: evaluation.missing }, 'no evaluation: data is missing');
        else if (outcome !== 'passed') ctx.log.debug({ ...evaluation, outcome }, 'evaluated');
        if (outcome !== 'passed' || evaluation.verdict !== 'signal' || mark === undefined) return outcome;
        const { side, confidence } = evaluation;
        const intent: Intent = {
          intentId: intentIdFor(strategy.name, symbol, side, venueNow),
          source: strategy.name,
          symbol,
          side,
          confidence,
          price: text(mark.price),
          notional: options.notional,
          leverage: options.leverage,
          stopLossPercent: options.stopLossPercent,
          takeProfitPercent: options.takeProfitPercent,
          createdAt: venueNow,
          expiresAt: venueNow + options.intentExpiryMs,
          universeVersion: universe.version,
        };
        state.published += 1;
        state.lastSignalAt = ctx.clock.now();
        ctx.log.info({ intentId: intent.intentId, symbol, side, confidence, price: intent.price }, `signal ${side} ${symbol}, confidence ${confidence}`);
        ctx.tell(options.bridge, { type: 'intent', intent });
        return ACCEPTED;
      }

      function refusal(evaluation: Evaluation, priced: boolean): Denial | undefined {
        if (evaluation.verdict === 'unknown') return { code: 'MARKET_DATA_MISSING', unknown: true, detail: evaluation.missing };
        if (evaluation.verdict === 'hold') return { code: 'SIGNAL_HOLD', value: String(evaluation.confidence) };
        if (evaluation.confidence < options.minConfidence) return { code: 'CONFIDENCE_LOW', limit: String(options.minConfidence), value: String(evaluation.confidence) };
        return priced ? undefined : { code: 'PRICE_MISSING', unknown: true, detail: 'a signal without a mark price is not published' };
      }
    },
    view: (state) => ({ strategy: strategy.name, ready: state.ready, cycles: state.cycles, published: state.published, lastCycleAt: isoTimeOrNull(state.lastCycleAt), lastSignalAt: isoTimeOrNull(state.lastSignalAt), evaluations: state.evaluations }),
  };
}
