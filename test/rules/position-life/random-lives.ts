/** What can happen to a desk, drawn at random: steps, parts of positions closed, trades by hand. */
import fc from 'fast-check';
import type { DeskModel } from './desk-model.ts';

const liquidity = fc.record({ quarters: fc.constantFrom(4, 4, 4, 3, 2, 1, 0), trades: fc.integer({ min: 1, max: 3 }) });
const full = { quarters: 4, trades: 1 };
export const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('open' as const), side: fc.constantFrom('LONG' as const, 'SHORT' as const), quantity: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('arrive' as const), liquidity, wouldTrigger: fc.integer({ min: 0, max: 19 }).map((chance) => chance === 0) }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat({ max: 3 }), lost: fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0) }) },
  { weight: 14, arbitrary: fc.record({ do: fc.constant('hear' as const), which: fc.nat({ max: 4 }), fate: fc.constantFrom('once' as const, 'once' as const, 'once' as const, 'twice' as const, 'never' as const) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(100, 700, 1_100, 3_000, 6_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('trigger' as const), which: fc.nat({ max: 3 }), liquidity }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), lose: fc.nat({ max: 5 }) }) },
  { weight: 2, arbitrary: fc.constant({ do: 'truth' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'close' as const }) },
);
export const part = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('reduce' as const), tier: fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 1, 2, 3), stale: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const), to: fc.constantFrom('97', '99', '99.55', '100.2', '101', '102.04', '98') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hit' as const), liquidity }) },
);
export const hand = fc.record({ do: fc.constant('hand' as const), side: fc.constantFrom('BUY' as const, 'SELL' as const), quantity: fc.integer({ min: 1, max: 20 }) });
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
export type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;
export type Hand = typeof hand extends fc.Arbitrary<infer T> ? T : never;

/** Does the one thing. */
export function take(desk: DeskModel, one: Step | Part | Hand): void {
  const { told } = desk.venue;
  switch (one.do) {
    case 'open':
      return desk.open(one.side, one.quantity);
    case 'arrive':
      return desk.arrive(one.liquidity, one.wouldTrigger);
    case 'answer':
      return desk.answer(one.which, one.lost);
    case 'hear': {
      const at = one.which % Math.max(told.length, 1);
      const event = told[at];
      if (event === undefined) return;
      if (one.fate !== 'twice') told.splice(at, 1);
      if (one.fate !== 'never') desk.hear(event);
      return;
    }
    case 'pass':
      desk.now += one.ms;
      return;
    case 'trigger':
      return desk.venue.trigger(one.which, one.liquidity, desk.now);
    case 'restart':
      return desk.restart(one.lose);
    case 'truth':
      return desk.readTruth();
    case 'close':
      return desk.requestClose();
    case 'reduce':
      return desk.reduce(one.tier, one.stale);
    case 'hit': {
      // The newest stop: where it was moved to.
      const newest = desk.venue.openAlgos().findLastIndex((algo) => algo.type === 'STOP_MARKET');
      return newest < 0 ? undefined : desk.venue.trigger(newest, one.liquidity, desk.now);
    }
    case 'move':
      return desk.moveStop(one.to);
    case 'hand':
      return desk.venue.byHand(one.side, one.quantity, desk.now);
  }
}

/** Nothing more happens from outside, and nothing that was told but not heard is ever heard; writes get through. @returns the seconds it took. */
export function comeToRest(desk: DeskModel): number {
  desk.venue.told.length = 0;
  for (let second = 0; second < 120; second++) {
    desk.now += 1_000;
    desk.arrive(full, false);
    for (let answers = desk.wire.length; answers > 0; answers--) desk.answer(answers - 1, false);
    // The reconciler compares both sides from time to time.
    if (second % 20 === 0) desk.readTruth();
    desk.settle();
    if (desk.wire.length === 0 && desk.unrest() === undefined && desk.needs().length === 0) return second;
  }
  return Infinity;
}
