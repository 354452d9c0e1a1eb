/** Watches that what must end does end: a stop the mark has passed and the venue has not triggered is closed by us (ruling 6). */
import type { Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { decimal, text } from '../protocol/decimal.ts';
import type { MarketView } from '../protocol/market.ts';
import type { ExecutorMessage, ExitsMessage, LifeView } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import { decideExit } from '../rules/exits.ts';

export interface ExitsOptions {
  readonly stopPassedMs: number;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
}

interface ExitsState {
  readonly lives: Map<SymbolName, LifeView>;
  /** Since when the mark has stood at or beyond a position's stop, ms. */
  readonly passedSince: Map<SymbolName, number>;
  evaluated: number;
  closes: number;
}

export function exitsBehaviour(options: ExitsOptions): Behaviour<ExitsMessage, ExitsState> {
  return {
    role: 'exits',
    purpose: 'Decides when a position must be closed beyond what its stop and target on the exchange do.',
    consumes: { 'market-view': 'prices', life: 'what a symbol holds' },
    emits: ['close → executors'],
    mailbox: { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init: () => ({ lives: new Map(), passedSince: new Map(), evaluated: 0, closes: 0 }),
    receive(state, message, ctx) {
      if (message.type === 'life') state.lives.set(message.view.symbol, message.view);
      else for (const life of state.lives.values()) evaluate(life, message.view);
      return same;

      function evaluate(life: LifeView, market: MarketView): void {
        const mark = market.symbols.get(life.symbol)?.mark;
        if (life.position === undefined || life.phase !== 'Protected' || mark === undefined) {
          state.passedSince.delete(life.symbol);
          return;
        }
        state.evaluated += 1;
        const now = ctx.clock.now();
        const decision = decideExit({ side: life.position.side, stop: life.position.stopLoss === null ? undefined : decimal(life.position.stopLoss), mark: mark.price, passedSince: state.passedSince.get(life.symbol), now, stopPassedMs: options.stopPassedMs });
        if (decision.passedSince === undefined) state.passedSince.delete(life.symbol);
        else state.passedSince.set(life.symbol, decision.passedSince);
        if (decision.action === 'HOLD') return;
        state.closes += 1;
        ctx.log.warn({ symbol: life.symbol, positionId: life.position.positionId, mark: text(mark.price), stop: life.position.stopLoss, reason: decision.reason }, 'plan: CLOSE');
        ctx.tell(options.executorOf(life.symbol), { type: 'close', reason: decision.reason, by: 'exits' });
      }
    },
    view: (state) => ({ evaluated: state.evaluated, closes: state.closes, passedSince: Object.fromEntries([...state.passedSince].map(([symbol, at]) => [symbol, isoTime(at)])) }),
  };
}
