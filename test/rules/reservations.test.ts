/** Reservations: what is granted counts from the grant on, whatever the order of plans, grants and reports (failures 51, 52, 71). */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../src/protocol/decimal.ts';
import type { LifeView } from '../../src/protocol/messages.ts';
import type { PlanId, SymbolName } from '../../src/protocol/names.ts';
import { judgeOpening } from '../../src/rules/guards.ts';
import { exposureOf, settleReservation } from '../../src/rules/reservations.ts';
import type { Reservation } from '../../src/rules/reservations.ts';
import { GPS, LIMITS, makeGuardInputs, makeLife, makePlan, NOW } from '../kit/decisions.ts';

const symbolAt = (index: number) => `S${index}USDT` as SymbolName;
const planAt = (index: number) => `plan-${index}` as PlanId;

/** A governor's bookkeeping, and the executors it hears of late: each symbol's reports arrive in order, up to 9 s after they were made. */
class Desk {
  now = NOW;
  #plans = 0;
  readonly #symbols: readonly SymbolName[];
  readonly #lives = new Map<SymbolName, LifeView>();
  readonly #limits = { ...LIMITS, maxPositions: 4, notionalTotal: '800', opensPerHour: 1e6, opensPer5Min: 1e6, symbolCooldownMs: 0 };
  reservations: ReadonlyMap<SymbolName, Reservation> = new Map();
  /** What is really so, by symbol. */
  readonly #real = new Map<SymbolName, LifeView>();
  readonly #granted = new Map<SymbolName, { planId: PlanId; at: number; notional: string }>();
  readonly #post: { at: number; view: LifeView }[] = [];

  constructor(symbols: number) {
    this.#symbols = Array.from({ length: symbols }, (_, index) => symbolAt(index));
    for (const symbol of this.#symbols) {
      this.#real.set(symbol, makeLife({ symbol }));
      this.#lives.set(symbol, makeLife({ symbol }));
    }
  }

  ask(index: number, notional: string): boolean {
    const symbol = this.#symbols[index % this.#symbols.length]!;
    const plan = makePlan({ symbol, planId: planAt(++this.#plans), notional });
    const { denials } = judgeOpening(makeGuardInputs({ plan, limits: this.#limits, now: this.now, expected: this.#symbols, lives: this.#lives, reservations: this.reservations }));
    // Time stands still for the other inputs: only what is counted may deny.
    const counted = denials.filter(({ code }) => ['POSITION_OPEN', 'MAX_POSITIONS', 'NOTIONAL_TOTAL', 'NOTIONAL_PER_TRADE'].includes(code));
    expect(denials).to.deep.equal(counted);
    if (denials.length > 0) return false;
    this.reservations = new Map([...this.reservations, [symbol, { symbol, planId: plan.planId, notional: decimal(notional), margin: decimal('20'), grantedAt: this.now }]]);
    this.#granted.set(symbol, { planId: plan.planId, at: this.now, notional });
    return true;
  }

  /** The executor takes its next step: a permit is taken up within its 5 s or never. */
  step(index: number, abandon: boolean, lag: number): void {
    const symbol = this.#symbols[index % this.#symbols.length]!;
    const life = this.#real.get(symbol)!;
    const grant = this.#granted.get(symbol);
    if (grant !== undefined) {
      if (!abandon || this.now - grant.at > 5_000) this.#granted.delete(symbol);
      const stage = abandon || this.now - grant.at > 5_000 ? undefined : ('sent' as const);
      if (stage === 'sent') this.#real.set(symbol, makeLife({ symbol, phase: 'Opening', plan: { planId: grant.planId, stage }, notional: grant.notional }));
    } else if (life.phase === 'Opening') this.#real.set(symbol, abandon ? makeLife({ symbol, plan: { ...life.plan!, stage: 'ended' } }) : { ...life, phase: 'Protected' });
    else if (life.phase === 'Protected') this.#real.set(symbol, { ...life, phase: 'Closing' });
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

  /** Symbols that hold, open, or may still open with what was granted; and their notional. */
  truth(): { busy: number; notional: number } {
    const busy = this.#symbols.filter((symbol) => this.#real.get(symbol)!.phase !== 'Flat' || (this.#granted.has(symbol) && this.now - this.#granted.get(symbol)!.at <= 5_000));
    return { busy: busy.length, notional: busy.reduce((sum, symbol) => sum + Number(this.#granted.get(symbol)?.notional ?? this.#real.get(symbol)!.notional), 0) };
  }

  /** Everybody ends and reports, and what nobody took up is forgotten. */
  end(): void {
    for (let round = 0; round < 4; round++) for (const index of this.#symbols.keys()) this.step(index, false, 0);
    this.pass(20_000);
    for (const symbol of this.#symbols) this.report(symbol, 0);
    this.pass(0);
  }

  counted(): { busy: number; notional: string } {
    const exposures = this.#symbols.map((symbol) => exposureOf(symbol, this.#lives, this.reservations));
    return { busy: exposures.filter((one) => one.busy).length, notional: exposures.reduce((sum, one) => sum.plus(one.notional), decimal('0')).toFixed() };
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

  it('never let more be open than the limits, nor leak, in any order of plans, grants and late reports (failures 51, 52, 71)', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('ask' as const), index: fc.nat({ max: 7 }), notional: fc.constantFrom('50', '150', '200', '210') }),
      fc.record({ do: fc.constant('step' as const), index: fc.nat({ max: 7 }), abandon: fc.boolean(), lag: fc.nat({ max: 9_000 }) }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.nat({ max: 6_000 }) }),
    );
    let fullest = 0;
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 120 }), (actions) => {
        const desk = new Desk(8);
        for (const one of actions) {
          if (one.do === 'ask') desk.ask(one.index, one.notional);
          else if (one.do === 'step') desk.step(one.index, one.abandon, one.lag);
          else desk.pass(one.ms);
          const { busy, notional } = desk.truth();
          fullest = Math.max(fullest, busy);
          expect(busy, 'positions').to.be.at.most(4);
          expect(notional, 'notional').to.be.at.most(800);
        }
        desk.end();
        expect(desk.reservations.size).to.equal(0);
        expect(desk.counted()).to.deep.equal({ busy: 0, notional: '0' });
      }),
      { numRuns: 500, seed: 51 },
    );
    expect(fullest, 'the limit was reached at all').to.equal(4);
  });

  const reserved = (grantedAt = NOW) => new Map([[GPS, { symbol: GPS, planId: planAt(1), notional: decimal('200'), margin: decimal('20'), grantedAt }]]);
  const after = (view: Partial<LifeView>, now: number) => settleReservation(reserved(), makeLife(view), now).size;

  it('stand while the plan is pending, and go when its order is out or the plan has ended (ruling 14)', () => {
    const stages = (['pending', 'sent', 'ended'] as const).map((stage) => after({ plan: { planId: planAt(1), stage } }, NOW + 60_000));
    expect(stages).to.deep.equal([1, 0, 0]);
  });

  it('nobody took up are given back after 15 s, not before; another plan\'s end gives nothing back', () => {
    expect([after({}, NOW + 15_000), after({}, NOW + 15_001)]).to.deep.equal([1, 0]);
    expect(after({ plan: { planId: planAt(2), stage: 'ended' } }, NOW + 1)).to.equal(1);
    expect(settleReservation(reserved(), makeLife({ symbol: symbolAt(1) }), NOW + 60_000).size).to.equal(1);
  });

  it('count once with the life they became: the larger of both', () => {
    const lives = new Map([[GPS, makeLife({ phase: 'Opening', notional: '190' })]]);
    expect(exposureOf(GPS, lives, reserved()).notional.toFixed()).to.equal('200');
    expect(exposureOf(GPS, lives, new Map()).notional.toFixed()).to.equal('190');
    expect(exposureOf(GPS, new Map(), new Map())).to.deep.include({ busy: false });
  });
});
