/** The bridge's gates: each alone, their order, and what counts as the same signal (pipeline-facts, section 4). */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Denial } from '../../src/protocol/denials.ts';
import type { Intent } from '../../src/protocol/decisions.ts';
import { PHASES } from '../../src/protocol/views.ts';
import type { PlanId, SymbolName } from '../../src/protocol/names.ts';
import { planSchema } from '../../src/protocol/decisions.ts';
import { BRIDGE_GATES, decideIntent, lookedAt } from '../../src/rules/bridge-gates.ts';
import type { BridgeInputs, Sources } from '../../src/rules/bridge-gates.ts';
import { planIdFor } from '../../src/rules/client-ids.ts';
import { CHINESE, GPS, makeInstrument, makeIntent, makeLife, makeMarket, makeUniverse, NOW, POLICY } from '../kit/decisions.ts';

const SOURCES: Sources = { strategies: new Set(['trend-24h']), shadows: new Set(['ema-cross']), external: new Set(['manual']) };
const BRACKETS = [{ leverage: 50, notionalCap: decimal('1000') }, { leverage: 10, notionalCap: decimal('5000') }];
const LIMITS = { priceMaxAgeMs: 10_000, notionalPerTrade: '210', entrySlippageBps: 30 };

function makeInputs(fields: Partial<BridgeInputs> = {}): BridgeInputs {
  return { now: NOW, venueNow: NOW + 1_000, sources: SOURCES, universe: makeUniverse(), market: makeMarket(), life: makeLife(), brackets: BRACKETS, sentPlans: new Set(), limits: LIMITS, ...fields };
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

const instrument = (fields: Parameters<typeof makeInstrument>[0]) => ({ universe: makeUniverse([makeInstrument(fields)]) });

/** For each gate what only it refuses, in the order in which the gates stand; first the schema, which is no gate but the door. */
const GATES: readonly { readonly gate: string; readonly code: string; readonly intent?: Partial<Intent>; readonly inputs?: Partial<BridgeInputs> }[] = [
  { gate: 'INTENT_EXPIRED', code: 'INTENT_EXPIRED', intent: { expiresAt: NOW + 999 } },
  { gate: 'INTENT_DUPLICATE', code: 'INTENT_DUPLICATE', inputs: { sentPlans: new Set([planId]) } },
  { gate: 'SOURCE_NOT_LIVE', code: 'SOURCE_NOT_LIVE', inputs: { sources: { ...SOURCES, strategies: new Set(), shadows: new Set(['trend-24h']) } } },
  { gate: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', inputs: { universe: { ...makeUniverse([makeInstrument({ symbol: CHINESE })]), listed: makeUniverse().listed } } },
  { gate: 'POSITION_OPEN', code: 'POSITION_CLOSING', inputs: { life: makeLife({ phase: 'Closing' }) } },
  { gate: 'PRICE_STALE', code: 'PRICE_STALE', inputs: { market: makeMarket({ mark: { price: decimal('0.008625'), observedAt: NOW - 9_001 } }) } },
  { gate: 'STOP_INVALID', code: 'STOP_INVALID', intent: { stopLossPercent: '0' } },
  { gate: 'PRICE_OUT_OF_BOUNDS', code: 'PRICE_OUT_OF_BOUNDS', inputs: instrument({ multiplierUp: decimal('1.002') }) },
  { gate: 'NOTIONAL_TOO_SMALL', code: 'NOTIONAL_TOO_SMALL', intent: { notional: '1' } },
  { gate: 'QUANTITY_TOO_SMALL', code: 'QUANTITY_TOO_SMALL', inputs: instrument({ minQuantity: decimal('23190') }) },
  { gate: 'QUANTITY_TOO_LARGE', code: 'QUANTITY_TOO_LARGE', inputs: instrument({ marketMaxQuantity: decimal('23187') }) },
  { gate: 'LEVERAGE_BRACKET', code: 'LEVERAGE_BRACKET', inputs: { brackets: [{ leverage: 10, notionalCap: decimal('200') }] } },
  { gate: 'NOTIONAL_PER_TRADE', code: 'NOTIONAL_PER_TRADE', intent: { notional: '210' } },
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

  it('are all in this table, once each, in its order', () => expect(GATES.map((one) => one.gate)).to.deep.equal(BRIDGE_GATES.map((gate) => gate.code)));

  for (const { gate, code, intent, inputs } of GATES) {
    it(`refuse with ${code} when only that gate is against it, and would let it through without`, () => {
      expect(denialOf(intent ?? {}, inputs ?? {})).to.have.property('code', code);
      expect(decideIntent(makeIntent(intent), makeInputs(inputs), BRIDGE_GATES.filter((one) => one.code !== gate)), 'without the gate').to.have.property('plan');
    });
  }

  it('refuse what is not known, with the code of what it is, and say that it is not known', () => {
    const { mark: _mark, ...markless } = makeMarket();
    const missing: readonly (readonly [string, Partial<BridgeInputs>])[] = [['CLOCK_SKEW', { venueNow: undefined }], ['UNIVERSE_UNKNOWN', { universe: undefined }], ['POSITION_UNRESOLVED', { life: undefined }], ['PRICE_MISSING', { market: undefined }], ['PRICE_MISSING', { market: markless }], ['LEVERAGE_BRACKET', { brackets: undefined }]];
    for (const [code, inputs] of missing) expect(denialOf({}, inputs), code).to.include({ code, unknown: true });
    expect(decideIntent(makeIntent(), makeInputs({ venueNow: undefined }), BRIDGE_GATES.filter(({ code }) => code === 'PRICE_STALE')), 'an age by no clock').to.have.property('denial').that.includes({ code: 'PRICE_STALE', unknown: true });
    expect(decideIntent(makeIntent(), makeInputs({ venueNow: undefined, market: undefined }), []), 'without any gate nothing is planned on nothing').to.have.nested.property('denial.unknown', true);
  });

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
    for (const [index, first] of GATES.entries()) {
      for (const second of GATES.slice(index + 1)) {
        // Two spoilt filters of one instrument, and two notionals, cannot be put together by hand: their order is the table's.
        if ((first.inputs?.universe !== undefined && second.inputs?.universe !== undefined) || (first.inputs?.life !== undefined && second.inputs?.life !== undefined) || (first.intent?.notional !== undefined && second.intent?.notional !== undefined)) continue;
        // Another notional is another size, which the filters judge.
        if (second.intent?.notional !== undefined && first.inputs?.universe !== undefined) continue;
        expect(denialOf({ ...second.intent, ...first.intent }, { ...second.inputs, ...first.inputs })?.code, `${first.gate} before ${second.gate}`).to.equal(first.code);
      }
    }
    expect(denialOf({ confidence: 2, expiresAt: 0 }, { sentPlans: new Set([planId]) })?.code, 'the schema before all').to.equal('INTENT_INVALID');
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
    expect(codes).to.deep.equal({ Flat: undefined, Opening: 'POSITION_OPENING', Protected: 'POSITION_OPEN', Reducing: 'POSITION_OPEN', Closing: 'POSITION_CLOSING', Ambiguous: 'POSITION_UNRESOLVED', Drifted: 'POSITION_UNRESOLVED' });
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

  it('let who trades and who is declared in, a shadow never, and nobody else (ruling 27, failure 15)', () => {
    const from = (source: string) => denialOf({ source }, {});
    expect([from('trend-24h'), from('manual')]).to.deep.equal([undefined, undefined]);
    expect(from('ema-cross')).to.deep.equal({ code: 'SOURCE_NOT_LIVE', value: 'ema-cross' });
    expect(from('signal-injector')).to.deep.equal({ code: 'SOURCE_UNKNOWN', value: 'signal-injector' });
  });

  it('leave the rest after a close to the locks: what an operator has cleared is not held up here', () => {
    expect(denialOf({}, { life: makeLife({ lastClosedAt: NOW }) })).to.equal(undefined);
  });

  it('hold the value at the worst price to the limit of a trade: at it yes, a step above no (ruling 15)', () => {
    const capped = (notionalPerTrade: string) => denialOf({}, { limits: { ...LIMITS, notionalPerTrade } });
    expect(capped('200.5947504')).to.equal(undefined);
    expect(capped('200.5947503')).to.deep.equal({ code: 'NOTIONAL_PER_TRADE', limit: '200.5947503', value: '200.5947504' });
  });

  it('hold it to the brackets: at the cap yes, above no, and no leverage that none allows', () => {
    const capped = (notionalCap: string, leverage = 10) => denialOf({}, { brackets: [{ leverage, notionalCap: decimal(notionalCap) }] });
    expect(capped('200.5947504')).to.equal(undefined);
    expect(capped('200.5947503')).to.deep.equal({ code: 'LEVERAGE_BRACKET', limit: '200.5947503', value: '200.5947504' });
    expect(capped('1000000', 9)).to.include({ code: 'LEVERAGE_BRACKET', value: '10' });
    // The largest of those that allow the leverage, in whatever order the venue names them.
    const both = [{ leverage: 50, notionalCap: decimal('100') }, { leverage: 10, notionalCap: decimal('5000') }];
    for (const brackets of [both, both.toReversed()]) expect(denialOf({}, { brackets })).to.equal(undefined);
  });

  it('turn stop and target prices into percentages of the entry (failure 43)', () => {
    const percents = (intent: Partial<Intent>) => {
      const { stopLossPercent, takeProfitPercent } = planOf(intent);
      return [stopLossPercent, takeProfitPercent];
    };
    expect(percents({ source: 'manual', stopLoss: '0.0084525', takeProfit: '0.00897' })).to.deep.equal(['2', '4']);
    expect(percents({ source: 'manual', side: 'SHORT', stopLoss: '0.0087975', takeProfit: '0.00828' })).to.deep.equal(['2', '4']);
    expect(percents({ source: 'manual', stopLoss: '0.0084525' }), 'what is not given stays the intent\'s').to.deep.equal(['2', '4']);
    expect(percents({ source: 'manual', takeProfit: '0.0095' })).to.deep.equal(['2', '10.14492754']);
  });

  it('have no plan for a stop or target on the wrong side, at the entry, or beyond the liquidation (failure 43)', () => {
    const code = (intent: Partial<Intent>) => denialOf({ source: 'manual', ...intent }, {})?.code;
    for (const side of ['LONG', 'SHORT'] as const) {
      const [below, above] = ['0.0085', '0.0087'];
      expect(code({ side, stopLoss: side === 'LONG' ? above : below }), `${side}: stop`).to.equal('STOP_INVALID');
      expect(code({ side, takeProfit: side === 'LONG' ? below : above }), `${side}: target`).to.equal('STOP_INVALID');
      expect(code({ side, stopLoss: '0.008625' }), `${side}: stop at the entry`).to.equal('STOP_INVALID');
    }
    expect(code({ stopLoss: '0.0077625' }), 'ten percent at ten times').to.equal('STOP_INVALID');
    expect(code({ stopLoss: '0.0077626' })).to.equal(undefined);
    expect(code({ side: 'SHORT', takeProfitPercent: '100' }), 'a target at nothing').to.equal('STOP_INVALID');
    expect(denialOf({ takeProfitPercent: '1' }, instrument({ maxPrice: decimal('0.00866') }))?.code, 'a target the venue has no price for').to.equal('STOP_INVALID');
  });

  it('say what they looked at, and null for what is not known', () => {
    expect(lookedAt(makeInputs())).to.deep.equal({ mark: '0.008625', markAgeMs: 1_000, phase: 'Flat', lastClosedAt: null, ourUniverseVersion: 1, bracketsKnown: true });
    expect(lookedAt(makeInputs({ venueNow: undefined, universe: undefined, market: undefined, life: undefined, brackets: undefined }))).to.deep.equal({ mark: null, markAgeMs: null, phase: null, lastClosedAt: null, ourUniverseVersion: null, bracketsKnown: false });
  });

  it('refuse a target of 0 as well as a stop of 0', () => expect(denialOf({ takeProfitPercent: '0' }, {})?.code).to.equal('STOP_INVALID'));
});
