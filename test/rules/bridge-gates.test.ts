/** The bridge's gates: each alone, their order, and what counts as the same signal (pipeline-facts, section 4). */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Denial } from '../../src/protocol/denials.ts';
import type { Intent } from '../../src/protocol/decisions.ts';
import { PHASES } from '../../src/protocol/messages.ts';
import type { PlanId, SymbolName } from '../../src/protocol/names.ts';
import { planSchema } from '../../src/protocol/decisions.ts';
import { decideIntent } from '../../src/rules/bridge-gates.ts';
import type { BridgeInputs } from '../../src/rules/bridge-gates.ts';
import { planIdFor } from '../../src/rules/client-ids.ts';
import { CHINESE, GPS, makeInstrument, makeIntent, makeLife, makeMarket, makeUniverse, NOW, POLICY } from '../kit/decisions.ts';

function makeInputs(fields: Partial<BridgeInputs> = {}): BridgeInputs {
  return { venueNow: NOW + 1_000, sources: new Set(['trend-24h']), universe: makeUniverse(), market: makeMarket(), life: makeLife(), sentPlans: new Set(), priceMaxAgeMs: 10_000, entrySlippageBps: 30, ...fields };
}

function denialOf(intent: Partial<Intent>, inputs: Partial<BridgeInputs>): Denial | undefined {
  const decision = decideIntent(makeIntent(intent), makeInputs(inputs));
  return 'denial' in decision ? decision.denial : undefined;
}

function planOf(intent: Partial<Intent> = {}, inputs: Partial<BridgeInputs> = {}) {
  const decision = decideIntent(makeIntent(intent), makeInputs(inputs));
  if ('denial' in decision) throw new Error(`refused: ${decision.denial.code}`);
  return decision.plan;
}

const planId = planIdFor('trend-24h', GPS, 'LONG', NOW);
const { mark: _mark, ...noMark } = makeMarket();

/** One spoilt thing a gate, in the order in which the gates stand. */
const GATES: readonly { readonly code: string; readonly intent?: Partial<Intent>; readonly inputs?: Partial<BridgeInputs> }[] = [
  { code: 'INTENT_INVALID', intent: { confidence: 2 } },
  { code: 'CLOCK_SKEW', inputs: { venueNow: undefined } },
  { code: 'INTENT_EXPIRED', intent: { expiresAt: NOW + 999 } },
  { code: 'INTENT_DUPLICATE', inputs: { sentPlans: new Set([planId]) } },
  { code: 'SOURCE_UNKNOWN', inputs: { sources: new Set(['remote-model']) } },
  { code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', inputs: { universe: makeUniverse([makeInstrument({ symbol: CHINESE })]) } },
  { code: 'POSITION_CLOSING', inputs: { life: makeLife({ phase: 'Closing' }) } },
  { code: 'PRICE_STALE', inputs: { market: makeMarket({ mark: { price: decimal('0.008625'), observedAt: NOW - 9_001 } }) } },
  { code: 'STOP_INVALID', intent: { stopLossPercent: '0' } },
  { code: 'NOTIONAL_TOO_SMALL', intent: { notional: '1' } },
];

describe('bridge gates', () => {
  it('make exactly one plan of an intent with nothing against it, sized at the mark of now', () => {
    const plan = planOf();
    expect(plan).to.deep.equal({ planId, intentId: 'intent-1', action: 'OPEN_LONG', source: 'trend-24h', symbol: GPS, side: 'LONG', quantity: '23188', limitPrice: '0.0086508', notional: '200.5947504', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', madeAt: NOW + 1_000, expiresAt: NOW + 120_000 });
    expect(planSchema.safeParse(plan).success).to.equal(true);
  });

  it('make a plan to open a short of a short, limited below the mark', () => {
    expect(planOf({ side: 'SHORT' })).to.include({ action: 'OPEN_SHORT', side: 'SHORT', limitPrice: '0.0085992' });
  });

  it('size by the mark, not by the price the signal saw (failure 44)', () => expect(planOf({ price: '123' }).quantity).to.equal('23188'));

  it('pass a symbol of any letters through unharmed (failure 20)', () => {
    const plan = planOf({ symbol: CHINESE }, { market: makeMarket({ symbol: CHINESE }), life: makeLife({ symbol: CHINESE }) });
    expect(plan).to.include({ symbol: CHINESE, planId: planIdFor('trend-24h', CHINESE, 'LONG', NOW) });
  });

  for (const { code, intent, inputs } of GATES) {
    it(`refuse with ${code} when only that gate is against it`, () => expect(denialOf(intent ?? {}, inputs ?? {})).to.have.property('code', code));
  }

  it('name every fault of an intent that is not one, rather than failing over it (failures 32, 80)', () => {
    expect(denialOf({ notional: '1e3', leverage: 0 }, {})?.detail).to.match(/^notional: a decimal number as a string.*; leverage: /);
    for (const bad of [{ notional: 200 }, { side: 'SELL' }, { qty: '1' }, { symbol: '' }, { createdAt: Number.NaN }, { stopLossPercent: undefined }]) {
      const denial = denialOf(bad as unknown as Partial<Intent>, {});
      expect(denial, JSON.stringify(bad)).to.have.property('code', 'INTENT_INVALID');
      expect(denial?.detail).to.include(Object.keys(bad)[0]);
    }
    for (const nothing of [null, undefined, 'intent', []]) expect(decideIntent(nothing as unknown as Intent, makeInputs())).to.have.nested.property('denial.code', 'INTENT_INVALID');
  });

  it('stand in their order: of several against it the first speaks', () => {
    for (const [index, gate] of GATES.entries()) {
      const after = GATES.slice(index);
      const merged = { intent: Object.assign({}, ...after.map((one) => one.intent)) as Partial<Intent>, inputs: Object.assign({}, ...after.map((one) => one.inputs)) as Partial<BridgeInputs> };
      expect(denialOf(merged.intent, merged.inputs)?.code).to.equal(gate.code);
    }
  });

  it('let an intent in until its last millisecond (ruling 18)', () => {
    expect(denialOf({ expiresAt: NOW + 1_000 }, {})).to.equal(undefined);
    expect(denialOf({ expiresAt: NOW + 999, createdAt: NOW - 500 }, {})).to.deep.equal({ code: 'INTENT_EXPIRED', limit: String(NOW + 999), value: String(NOW + 1_000), ageMs: 1_500 });
  });

  it('take the same signal in the same five minutes for the same plan, whatever else changed (failure 46)', () => {
    const bucket = Math.floor(NOW / 300_000) * 300_000;
    const first = planOf({ createdAt: bucket });
    const again = planOf({ createdAt: bucket + 299_999, price: '0.009', confidence: 0.8, notional: '100', universeVersion: 9 });
    expect(again.planId).to.equal(first.planId);
    expect(planOf({ createdAt: bucket + 300_000, expiresAt: bucket + 600_000 }).planId).not.to.equal(first.planId);
  });

  it('take only a plan that was sent for a duplicate: refused ones are decided afresh (ruling 19)', () => {
    const sentPlans = new Set<PlanId>();
    expect(denialOf({}, { sentPlans, life: makeLife({ phase: 'Ambiguous' }) })?.code).to.equal('POSITION_UNRESOLVED');
    expect(denialOf({}, { sentPlans })).to.equal(undefined);
    expect(denialOf({ side: 'SHORT' }, { sentPlans: new Set([planId]) })).to.equal(undefined);
    expect(denialOf({}, { sentPlans: new Set([planId]) })).to.deep.equal({ code: 'INTENT_DUPLICATE', value: planId });
  });

  it('show the size and a sample of the universe to a symbol outside it (failure 3)', () => {
    const outside = { symbol: 'BTCUSDT' as SymbolName };
    expect(denialOf(outside, {})).to.deep.equal({ code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', value: 'BTCUSDT', limit: `9 symbols: ${POLICY.slice(0, 5).join(', ')}, …` });
    const five = makeUniverse(POLICY.slice(0, 5).map((symbol) => makeInstrument({ symbol })));
    expect(denialOf(outside, { universe: five })?.limit).to.equal(`5 symbols: ${POLICY.slice(0, 5).join(', ')}`);
    expect(denialOf(outside, { universe: makeUniverse([makeInstrument({ symbol: CHINESE })]) })?.limit).to.equal(`1 symbols: ${CHINESE}`);
  });

  it('do not take a symbol that looks like one of the universe', () => {
    for (const symbol of ['gpsusdt', 'GPSUSDT ', 'ＧＰＳUSDT', '币安人生usdt', '__proto__'] as SymbolName[]) expect(denialOf({ symbol }, {})?.code, symbol).to.equal('SYMBOL_NOT_IN_POLICY_UNIVERSE');
  });

  it('refuse while the universe is not known, without calling that misconfigured', () => expect(denialOf({}, { universe: undefined })?.code).to.equal('UNIVERSE_UNKNOWN'));

  it('refuse in every phase but Flat, each with its own code (failures 46, 66)', () => {
    const codes = Object.fromEntries(PHASES.map((phase) => [phase, denialOf({}, { life: makeLife({ phase }) })?.code]));
    expect(codes).to.deep.equal({ Flat: undefined, Opening: 'POSITION_OPENING', Protected: 'POSITION_OPEN', Closing: 'POSITION_CLOSING', Ambiguous: 'POSITION_UNRESOLVED', Drifted: 'POSITION_UNRESOLVED' });
    expect(denialOf({}, { life: undefined })?.code).to.equal('POSITION_UNRESOLVED');
  });

  it('refuse while a plan of the symbol is under way, and only then', () => {
    const withStage = (stage: 'pending' | 'sent' | 'ended') => denialOf({}, { life: makeLife({ plan: { planId: 'plan-0' as PlanId, stage } }) })?.code;
    expect([withStage('pending'), withStage('ended')]).to.deep.equal(['POSITION_OPENING', undefined]);
  });

  it('refuse without a mark price, and with one that is too old, saying how old', () => {
    expect(denialOf({}, { market: undefined })?.code).to.equal('PRICE_MISSING');
    expect(denialOf({}, { market: noMark })?.code).to.equal('PRICE_MISSING');
    const aged = (ageMs: number) => denialOf({}, { market: makeMarket({ mark: { price: decimal('0.008625'), observedAt: NOW + 1_000 - ageMs } }) });
    expect(aged(10_000)).to.equal(undefined);
    expect(aged(10_001)).to.deep.equal({ code: 'PRICE_STALE', limit: '10000', ageMs: 10_001 });
  });

  it('refuse a target of 0 as well as a stop of 0', () => expect(denialOf({ takeProfitPercent: '0' }, {})?.code).to.equal('STOP_INVALID'));
});
