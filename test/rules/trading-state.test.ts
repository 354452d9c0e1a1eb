/** The trading state: what is stricter, what is kept for one symbol, and what a start takes when two records differ (ruling 11). */
import { expect } from 'chai';
import fc from 'fast-check';
import type { TradingStateName } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { CAUSE_GONE_MS, flattened, foldCauses, INITIAL_TRADING_STATE, isLowering, lowerOf, stricter, toFlatten, withCauses, withState } from '../../src/rules/trading-state.ts';
import type { StandingCause, TradingState } from '../../src/rules/trading-state.ts';
import { CHINESE, GPS, HYPE, makeLife, NOW } from '../kit/decisions.ts';

const NAMES = ['ACTIVE', 'REDUCING', 'HALTED', 'FLATTENING'] as const;
const rank = (name: TradingStateName) => NAMES.indexOf(name);
const state = (overall: TradingStateName, symbols: readonly (readonly [SymbolName, TradingStateName])[] = [], cause = 'a', since = 1): TradingState => ({ overall, symbols: new Map(symbols), cause, since });

describe('trading state', () => {
  it('is stricter from ACTIVE to REDUCING to HALTED, and lowering is every step that way', () => {
    for (const from of NAMES)
      for (const to of NAMES) {
        expect(stricter(from, to)).to.equal(NAMES[Math.max(rank(from), rank(to))]);
        expect(isLowering(from, to), `${from} → ${to}`).to.equal(rank(to) > rank(from));
      }
  });

  it('starts ACTIVE, with no symbol of its own state', () => expect(INITIAL_TRADING_STATE).to.deep.include({ overall: 'ACTIVE', symbols: new Map() }));

  it('of the whole keeps those of symbols', () => {
    const next = withState(state('ACTIVE', [[GPS, 'HALTED']]), 'REDUCING', undefined, 'operator', NOW);
    expect(next).to.deep.equal(state('REDUCING', [[GPS, 'HALTED']], 'operator', NOW));
  });

  it('of one symbol keeps the whole and the others; ACTIVE removes it', () => {
    const lowered = withState(state('REDUCING', [[GPS, 'HALTED']]), 'HALTED', CHINESE, 'delisting', NOW);
    expect([...lowered.symbols]).to.deep.equal([[GPS, 'HALTED'], [CHINESE, 'HALTED']]);
    expect(lowered.overall).to.equal('REDUCING');
    expect([...withState(lowered, 'ACTIVE', GPS, 'fine', NOW).symbols]).to.deep.equal([[CHINESE, 'HALTED']]);
    expect([...withState(lowered, 'ACTIVE', HYPE, 'fine', NOW).symbols]).to.deep.equal([...lowered.symbols]);
  });

  it('is not changed in place', () => {
    const before = state('ACTIVE', [[GPS, 'REDUCING']]);
    withState(before, 'HALTED', HYPE, 'x', NOW);
    withState(before, 'ACTIVE', GPS, 'x', NOW);
    expect(before).to.deep.equal(state('ACTIVE', [[GPS, 'REDUCING']]));
  });

  it('at a start is the lower of two records with the cause that lowered it (ruling 11)', () => {
    expect(lowerOf(state('HALTED', [], 'flatten', 5), state('ACTIVE', [], 'activate', 9))).to.deep.include({ overall: 'HALTED', cause: 'flatten', since: 5 });
    expect(lowerOf(state('ACTIVE', [], 'activate', 9), state('HALTED', [], 'flatten', 5))).to.deep.include({ overall: 'HALTED', cause: 'flatten', since: 5 });
  });

  it('at a start is as strict as either record, for the whole and each symbol, whichever comes first', () => {
    const name = fc.constantFrom(...NAMES);
    const any = fc.record({ overall: name, symbols: fc.dictionary(fc.constantFrom(GPS, HYPE, CHINESE), name) }).map(({ overall, symbols }) => state(overall, Object.entries(symbols) as [SymbolName, TradingStateName][]));
    fc.assert(
      fc.property(any, any, (a, b) => {
        for (const lower of [lowerOf(a, b), lowerOf(b, a)]) {
          expect(rank(lower.overall)).to.equal(Math.max(rank(a.overall), rank(b.overall)));
          for (const symbol of [GPS, HYPE, CHINESE]) {
            const of = (one: TradingState) => rank(one.symbols.get(symbol) ?? 'ACTIVE');
            expect(of(lower)).to.equal(Math.max(of(a), of(b)));
          }
        }
      }),
      { numRuns: 500, seed: 11 },
    );
  });
});

describe('automatic causes of the trading state (ruling 12)', () => {
  const GATEWAY = { key: 'gateway', symbol: undefined, reason: 'the gateway is away' };
  const EXECUTOR = { key: 'executor/GPSUSDT', symbol: GPS, reason: 'its executor is away' };
  const at = (monotonic: number) => ({ wall: NOW + monotonic, monotonic });
  const NONE: ReadonlyMap<string, StandingCause> = new Map();

  it('lower the whole or one symbol to REDUCING for as long as they stand, and say why', () => {
    const standing = foldCauses(NONE, [GATEWAY, EXECUTOR], true, at(0));
    expect(withCauses(state('ACTIVE'), standing)).to.deep.equal({ overall: 'REDUCING', symbols: new Map([[GPS, 'REDUCING']]), cause: 'automatic: the gateway is away; its executor is away', since: NOW });
    expect(withCauses(state('ACTIVE', [[HYPE, 'HALTED']]), foldCauses(NONE, [EXECUTOR], true, at(0)))).to.deep.include({ overall: 'ACTIVE', symbols: new Map([[HYPE, 'HALTED'], [GPS, 'REDUCING']]) });
  });

  it('are told since the first of them', () => {
    const later = foldCauses(foldCauses(NONE, [GATEWAY], true, at(0)), [GATEWAY, EXECUTOR], true, at(5_000));
    expect(withCauses(state('ACTIVE'), later).since).to.equal(NOW);
    expect(withCauses(state('ACTIVE'), new Map([...later].toReversed())).since).to.equal(NOW);
  });

  it('never raise what an operator has lowered, nor explain it differently', () => {
    const standing = foldCauses(NONE, [GATEWAY, EXECUTOR], true, at(0));
    expect(withCauses(state('HALTED', [[GPS, 'HALTED']], 'operator', 5), standing)).to.deep.equal(state('HALTED', [[GPS, 'HALTED']], 'operator', 5));
    expect(withCauses(state('REDUCING', [], 'operator', 5), NONE)).to.deep.equal(state('REDUCING', [], 'operator', 5));
  });

  it('hold for five minutes after they are gone and until the reconciler has passed', () => {
    const gone = foldCauses(foldCauses(NONE, [GATEWAY], true, at(0)), [], true, at(1_000));
    expect(foldCauses(gone, [], true, at(1_000 + CAUSE_GONE_MS - 1)).size).to.equal(1);
    expect(foldCauses(gone, [], false, at(1_000 + CAUSE_GONE_MS)).size).to.equal(1);
    expect(foldCauses(gone, [], true, at(1_000 + CAUSE_GONE_MS)).size).to.equal(0);
  });

  it('that come back begin their five minutes anew, and are the same cause', () => {
    const gone = foldCauses(foldCauses(NONE, [GATEWAY], true, at(0)), [], true, at(1_000));
    const back = foldCauses(gone, [GATEWAY], true, at(200_000));
    expect(back.get('gateway')).to.include({ since: NOW, goneSince: undefined });
    expect(foldCauses(foldCauses(back, [], true, at(201_000)), [], true, at(201_000 + CAUSE_GONE_MS - 1)).size).to.equal(1);
  });
});

describe('flattening', () => {
  const lives = new Map([makeLife({ symbol: GPS, phase: 'Protected' }), makeLife({ symbol: HYPE, phase: 'Flat' }), makeLife({ symbol: CHINESE, phase: 'Opening' })].map((one) => [one.symbol, one]));
  const symbolsOf = (one: TradingState) => toFlatten(one, lives).map(({ symbol }) => symbol);

  it('closes what holds or opens something: everywhere, or where the symbol itself is being flattened', () => {
    expect(symbolsOf(state('FLATTENING'))).to.deep.equal([GPS, CHINESE]);
    expect(symbolsOf(state('ACTIVE', [[GPS, 'FLATTENING'], [HYPE, 'FLATTENING'], [CHINESE, 'HALTED']]))).to.deep.equal([GPS]);
    expect(symbolsOf(state('HALTED'))).to.deep.equal([]);
  });

  it('of a symbol is over when that is flat; of the whole when all are, and an executor that has not spoken may hold something', () => {
    const flat = new Map([GPS, HYPE].map((symbol) => [symbol, makeLife({ symbol, phase: 'Flat' })]));
    expect(flattened(state('ACTIVE', [[GPS, 'FLATTENING'], [HYPE, 'HALTED'], [CHINESE, 'FLATTENING']]), [GPS, HYPE], flat)).to.deep.equal([GPS]);
    expect(flattened(state('FLATTENING'), [GPS, HYPE], flat)).to.deep.equal([null]);
    expect(flattened(state('FLATTENING', [[HYPE, 'FLATTENING']]), [GPS, HYPE, CHINESE], flat)).to.deep.equal([HYPE]);
    expect(flattened(state('HALTED'), [GPS], flat)).to.deep.equal([]);
    expect(flattened(state('FLATTENING'), [GPS], lives)).to.deep.equal([]);
  });
});
