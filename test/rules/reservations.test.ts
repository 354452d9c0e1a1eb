/** Reservations: what is granted counts from the grant on, whatever the order of plans, grants and reports (failures 51, 52, 71). */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Plan } from '../../src/protocol/decisions.ts';
import { PHASES } from '../../src/protocol/views.ts';
import type { LifeView } from '../../src/protocol/views.ts';
import type { PlanId, SymbolName } from '../../src/protocol/names.ts';
import { judgeOpening } from '../../src/rules/guards/opening.ts';
import { exposureOf, exposures, reserve, settleReservation } from '../../src/rules/reservations.ts';
import type { Reservation } from '../../src/rules/reservations.ts';
import { GPS, LIMITS, makeGuardInputs, makeInstrument, makeLife, makePlan, makePosition, makeUniverse, NOW } from '../kit/decisions.ts';

const symbolAt = (index: number) => `S${index}USDT` as SymbolName;
const planAt = (index: number) => `plan-${index}` as PlanId;

/**
 * A governor's bookkeeping, the executors it hears of late (each symbol's reports arrive in order, up to 9 s after they were
 * made), and the account as it was observed some time ago. A governor may die between any two steps: the next one knows no
 * reservation, its predecessor's permits are void, and it waits for every executor to report anew.
 */
class Desk {
  now = NOW;
  #plans = 0;
  readonly #symbols: readonly SymbolName[];
  #lives = new Map<SymbolName, LifeView>();
  readonly #limits = { ...LIMITS, maxPositions: 4, notionalTotal: '800', opensPerHour: 1e6, opensPer5Min: 1e6 };
  reservations: ReadonlyMap<SymbolName, Reservation> = new Map();
  /** What is really so, by symbol. */
  readonly #real = new Map<SymbolName, LifeView>();
  readonly #granted = new Map<SymbolName, { plan: Plan; at: number }>();
  readonly #post: { at: number; view: LifeView }[] = [];
  /** What the account has; what is on its way or held takes a tenth of its notional, from when it is filled. */
  readonly #balance: number;
  #account: { available: string; observedAt: number };

  constructor(symbols: number, balance = 1_000) {
    this.#balance = balance;
    this.#account = { available: String(balance), observedAt: this.now };
    this.#symbols = Array.from({ length: symbols }, (_, index) => symbolAt(index));
    for (const symbol of this.#symbols) {
      this.#real.set(symbol, makeLife({ symbol }));
      this.#lives.set(symbol, makeLife({ symbol }));
    }
  }

  ask(index: number, notional: string): boolean {
    const symbol = this.#symbols[index % this.#symbols.length]!;
    const plan = makePlan({ symbol, planId: planAt(++this.#plans), notional });
    const equity = { ...makeGuardInputs().equity!, availableBalance: this.#account.available, observedAt: this.#account.observedAt };
    const { denials } = judgeOpening(makeGuardInputs({ plan, limits: this.#limits, now: this.now, universe: makeUniverse(this.#symbols.map((one) => makeInstrument({ symbol: one }))), equity, expected: this.#symbols, lives: this.#lives, reservations: this.reservations }));
    // Time stands still for the other inputs: only what is counted may deny, and an executor that has not been heard of.
    const counted = denials.filter(({ code }) => ['POSITION_OPEN', 'MAX_POSITIONS', 'NOTIONAL_TOTAL', 'NOTIONAL_PER_TRADE', 'MARGIN_INSUFFICIENT', 'EXECUTORS_UNREPORTED', 'LEVERAGE_UNCONFIRMED'].includes(code));
    expect(denials).to.deep.equal(counted);
    if (denials.length > 0) return false;
    this.reservations = new Map([...this.reservations, [symbol, reserve(plan, this.now)]]);
    this.#granted.set(symbol, { plan, at: this.now });
    return true;
  }

  /** The executor takes its next step: a permit is taken up within its 5 s or never; what is sent may be Ambiguous before it is filled, or come to nothing. */
  step(index: number, turn: 'on' | 'abandon' | 'doubt', lag: number): void {
    const symbol = this.#symbols[index % this.#symbols.length]!;
    const life = this.#real.get(symbol)!;
    const grant = this.#granted.get(symbol);
    if (grant !== undefined) {
      this.#granted.delete(symbol);
      const { planId, notional } = grant.plan;
      if (turn !== 'abandon' && this.now - grant.at <= 5_000) this.#real.set(symbol, makeLife({ symbol, phase: 'Opening', plan: { planId, stage: 'sent' }, notional }));
    } else if (life.phase === 'Opening' || life.phase === 'Ambiguous') {
      if (turn === 'doubt') this.#real.set(symbol, { ...life, phase: 'Ambiguous' });
      else if (turn === 'abandon') this.#real.set(symbol, makeLife({ symbol, plan: { ...life.plan!, stage: 'ended' } }));
      else this.#real.set(symbol, { ...life, phase: 'Protected', position: makePosition({ openedAt: this.now }) });
    } else if (life.phase === 'Protected') this.#real.set(symbol, { ...life, phase: 'Closing' });
    else if (life.phase === 'Closing') this.#real.set(symbol, makeLife({ symbol, plan: { ...life.plan!, stage: 'ended' } }));
    this.report(symbol, lag);
  }

  report(symbol: SymbolName, lag: number): void {
    const last = this.#post.findLast((one) => one.view.symbol === symbol)?.at ?? 0;
    this.#post.push({ at: Math.max(last, this.now + lag), view: this.#real.get(symbol)! });
  }

  pass(ms: number): void {
    this.now += ms;
    for (const letter of this.#post.filter((one) => one.at <= this.now)) {
      this.#post.splice(this.#post.indexOf(letter), 1);
      this.#lives.set(letter.view.symbol, letter.view);
      this.reservations = settleReservation(this.reservations, letter.view, this.now);
    }
  }

  /** Asks the account: what is filled by now is no longer available. */
  observe(): void {
    this.#account = { available: String(this.#balance - this.#heldMargin()), observedAt: this.now };
  }

  /** The governor dies: its permits are void. Its successor finds in the mailbox what has not been read, and hears every executor anew. */
  restart(lag: number): void {
    this.#granted.clear();
    this.reservations = new Map();
    this.#lives = new Map();
    for (const { view } of this.#post.splice(0)) this.#lives.set(view.symbol, view);
    for (const symbol of this.#symbols) this.report(symbol, lag);
  }

  #heldMargin(): number {
    return [...this.#real.values()].filter((life) => life.position !== undefined).reduce((sum, life) => sum + Number(life.notional) / 10, 0);
  }

  /** Symbols that hold, open, or may still open with what was granted; and their notional and margin. */
  truth(): { busy: number; notional: number; margin: number } {
    const busy = this.#symbols.filter((symbol) => this.#real.get(symbol)!.phase !== 'Flat' || (this.#granted.has(symbol) && this.now - this.#granted.get(symbol)!.at <= 5_000));
    const notional = busy.reduce((sum, symbol) => sum + Number(this.#granted.get(symbol)?.plan.notional ?? this.#real.get(symbol)!.notional), 0);
    return { busy: busy.length, notional, margin: notional / 10 };
  }

  /** Everybody ends and reports, and what nobody took up is forgotten. */
  end(): void {
    for (let round = 0; round < 4; round++) for (const index of this.#symbols.keys()) this.step(index, 'on', 0);
    this.pass(20_000);
    for (const symbol of this.#symbols) this.report(symbol, 0);
    this.pass(0);
  }

  counted(): { busy: number; notional: string } {
    const all = exposures(this.#lives, this.reservations);
    return { busy: all.length, notional: all.reduce((sum, one) => sum.plus(one.notional), decimal('0')).toFixed() };
  }
}

describe('reservations', () => {
  it('of ten plans for one free place let exactly one through (failure 51)', () => {
    const desk = new Desk(13);
    for (let index = 0; index < 3; index++) expect(desk.ask(index, '200')).to.equal(true);
    const granted = Array.from({ length: 10 }, (_, index) => desk.ask(index + 3, '150')).filter(Boolean);
    expect(granted).to.have.length(1);
  });

  it('of ten plans for what is left of the notional let exactly one through', () => {
    const desk = new Desk(13);
    for (let index = 0; index < 3; index++) desk.ask(index, '200');
    expect(Array.from({ length: 10 }, () => desk.ask(3, '200')).filter(Boolean)).to.have.length(1);
  });

  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), index: fc.nat({ max: 7 }), notional: fc.constantFrom('50', '150', '200', '210') }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('step' as const), index: fc.nat({ max: 7 }), turn: fc.constantFrom('on' as const, 'on' as const, 'abandon' as const, 'doubt' as const), lag: fc.nat({ max: 9_000 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 6_000 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('observe' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), lag: fc.nat({ max: 9_000 }) }) },
  );

  it('never let more be open than the limits, nor leak, in any order of plans, grants, late reports, doubts, readings of the account and restarts (failures 51, 52, 71)', () => {
    let fullest = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), fc.constantFrom(45, 1_000), (actions, balance) => {
        const desk = new Desk(8, balance);
        for (const one of actions) {
          if (one.do === 'ask') desk.ask(one.index, one.notional);
          else if (one.do === 'step') desk.step(one.index, one.turn, one.lag);
          else if (one.do === 'pass') desk.pass(one.ms);
          else if (one.do === 'observe') desk.observe();
          else desk.restart(one.lag);
          const { busy, notional, margin } = desk.truth();
          fullest = Math.max(fullest, busy);
          expect(busy, 'positions').to.be.at.most(4);
          expect(notional, 'notional').to.be.at.most(800);
          expect(margin, 'margin').to.be.below(balance);
        }
        desk.end();
        expect(desk.reservations.size).to.equal(0);
        expect(desk.counted()).to.deep.equal({ busy: 0, notional: '0' });
      }),
      { numRuns: 500, seed: 51 },
    );
    expect(fullest, 'the limit was reached at all').to.equal(4);
  });

  const reserved = (grantedAt = NOW) => new Map([[GPS, { ...reserve(makePlan({ planId: planAt(1), notional: '200' }), NOW), grantedAt }]]);
  const after = (views: Partial<LifeView>[], now = NOW) => views.reduce((all, view) => settleReservation(all, makeLife(view), now), reserved() as ReadonlyMap<SymbolName, Reservation>).size;
  const plan = (stage: 'pending' | 'sent' | 'ended', index = 1) => ({ plan: { planId: planAt(index), stage } });

  it('are of what the permit would allow at most: quantity × worst price, and its margin', () => {
    const { notional, margin, quantity, side } = reserve(makePlan({ side: 'SHORT', quantity: '20', limitPrice: '9.5', notional: '200', leverage: 5 }), NOW);
    expect([notional, margin, quantity].map((one) => one.toFixed())).to.deep.equal(['190', '38', '20']);
    expect(side).to.equal('SHORT');
  });

  it('stand from the grant to flat: pending, sent, in doubt, held and closing (ruling 14)', () => {
    const later = NOW + 3_600_000;
    expect(after([plan('pending')], later)).to.equal(1);
    for (const phase of PHASES.filter((one) => one !== 'Flat')) expect(after([{ ...plan('sent'), phase }], later), phase).to.equal(1);
    expect(after([{ ...plan('sent'), phase: 'Opening' }, plan('ended')]), 'nothing came of it').to.equal(0);
    expect(after([{ ...plan('sent'), phase: 'Opening' }, { ...plan('sent'), phase: 'Ambiguous' }, { ...plan('sent'), phase: 'Protected' }, {}]), 'flat').to.equal(0);
    expect(after([plan('ended')]), 'abandoned before it was ever reported as sent').to.equal(0);
  });

  it('nobody took up are given back after 15 s, not before; another plan\'s end gives nothing back', () => {
    expect([after([{}], NOW + 15_000), after([{}], NOW + 15_001)]).to.deep.equal([1, 0]);
    expect(after([plan('ended', 2)], NOW + 1)).to.equal(1);
    expect(after([{ ...plan('sent', 2), phase: 'Opening' }, {}], NOW + 1), 'nor is it taken up by another plan').to.equal(1);
    expect(after([{ symbol: symbolAt(1) }], NOW + 60_000)).to.equal(1);
  });

  it('count once with the life they became: the larger of both while the entry may fill, then what is held', () => {
    const notional = (fields: Partial<LifeView> | undefined, reservations = reserved() as ReadonlyMap<SymbolName, Reservation>) => exposureOf(GPS, fields === undefined ? new Map() : new Map([[GPS, makeLife(fields)]]), reservations).notional.toFixed();
    expect(notional({ phase: 'Opening', notional: '190' })).to.equal('200');
    expect(notional({ phase: 'Ambiguous', notional: '190' })).to.equal('200');
    expect(notional({ phase: 'Opening', notional: '190', position: makePosition() }), 'filled in part').to.equal('200');
    expect(notional({ phase: 'Ambiguous', notional: '190', position: makePosition() }), 'and the rest in doubt').to.equal('200');
    expect(notional({ phase: 'Protected', notional: '190', position: makePosition() })).to.equal('190');
    expect(notional({ phase: 'Opening', notional: '190' }, new Map())).to.equal('190');
    expect(notional({})).to.equal('200');
    expect(exposureOf(GPS, new Map(), new Map())).to.deep.include({ busy: false });
  });
});
