/** The ready gate: says whether everything an opening depends on is known, and what is missing (ruling 17). */
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import type { MarketView, Universe } from '../protocol/market.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { ReadinessMessages } from '../protocol/messages.ts';
import type { EquityView, LifeView, ReadinessView, ReconciliationView, StreamView, TradingStateView, VenueSessionView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import { missingInputs, symbolsBehind } from '../rules/readiness.ts';
import type { MissingInput } from '../rules/readiness.ts';
import { publish } from './publish.ts';

/** How long every symbol is waited for; from then on one that is complete opens the gate. */
const PATIENCE_MS = 15_000;

export interface ReadinessOptions {
  readonly subscribers: readonly Ref<{ readonly type: 'readiness'; readonly view: ReadinessView }>[];
}

type Internal = ReadinessMessages | { readonly type: 'heartbeat' };

interface State {
  universe: Universe | undefined;
  /** When it was first known, monotonic ms. */
  universeAt: number | undefined;
  equity: EquityView | undefined;
  stream: StreamView | undefined;
  reconciliation: ReconciliationView | undefined;
  session: VenueSessionView | undefined;
  tradingState: TradingStateView | undefined;
  market: MarketView | undefined;
  readonly lives: Map<SymbolName, LifeView>;
  view: ReadinessView;
}

export function readinessBehaviour(options: ReadinessOptions): Behaviour<Internal, State> {
  return {
    role: 'readiness',
    purpose: 'Opens the gate for openings when everything they depend on is known.',
    consumes: { 'market-view': 'prices and candles', universe: 'the symbols', equity: 'the account', stream: 'the user stream', reconciliation: 'journal and venue agree', session: 'clock and modes', 'trading-state': 'whether trading is allowed at all is known', life: 'leverage', get: 'what is missing?', heartbeat: 'the view is due' },
    emits: ['readiness → governor, generators, watchdog'],
    mailbox: { capacity: 2_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      return { universe: undefined, universeAt: undefined, equity: undefined, stream: undefined, reconciliation: undefined, session: undefined, tradingState: undefined, market: undefined, lives: new Map(), view: { ready: false, missing: [{ input: 'everything', reason: 'just started' }], behind: [], since: ctx.clock.now() } };
    },
    receive(state, message, ctx) {
      const now = ctx.clock.now();
      switch (message.type) {
        case 'get':
          ctx.answering(message)(state.view);
          return same;
        case 'market-view':
          state.market = message.view;
          break;
        case 'universe':
          state.universe = message.universe;
          state.universeAt ??= ctx.clock.monotonic();
          break;
        case 'equity':
          state.equity = message.view;
          break;
        case 'stream':
          state.stream = message.view;
          break;
        case 'reconciliation':
          state.reconciliation = message.view;
          break;
        case 'session':
          state.session = message.view;
          break;
        case 'trading-state':
          state.tradingState = message.view;
          break;
        case 'life': {
          const before = state.lives.get(message.view.symbol);
          state.lives.set(message.view.symbol, message.view);
          // Hundreds say each second that nothing has changed.
          if (before?.leverageConfirmed === message.view.leverageConfirmed && before.leverageRefused === message.view.leverageRefused) return same;
          break;
        }
        case 'heartbeat':
          break;
      }
      const inputs = { ...state, patienceOver: state.universeAt !== undefined && ctx.clock.monotonic() - state.universeAt > PATIENCE_MS };
      const missing = missingInputs(inputs);
      const ready = missing.length === 0;
      const behind = ready ? symbolsBehind(inputs) : [];
      const turned = ready !== state.view.ready;
      const changed = turned || told(missing) !== told(state.view.missing) || told(behind) !== told(state.view.behind);
      if (changed) state.view = { ready, missing, behind, since: turned ? now : state.view.since };
      if (turned) ctx.log.info({ ready, missing }, ready ? 'ready: everything an opening depends on is known' : 'not ready: openings wait');
      if (changed || message.type === 'heartbeat') publish(ctx, options.subscribers, { type: 'readiness', view: state.view });
      return same;
    },
    view: ({ view }) => ({ ...view, since: isoTime(view.since) }),
  };
}

function told(inputs: readonly MissingInput[]): string {
  return inputs.map(({ input, reason }) => `${input}: ${reason}`).join();
}
