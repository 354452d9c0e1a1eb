/** What is read of an intent from outside, field by field at its edges: nothing is guessed, and every refusal names what it was held against. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { SymbolName } from '../../src/protocol/names.ts';
import { decideIntake, externalIntentSchema } from '../../src/rules/intake.ts';
import type { ExternalIntent, IntakeInputs } from '../../src/rules/intake.ts';
import { CHINESE, GPS, makeInstrument, makeUniverse, NOW } from '../kit/decisions.ts';

const TERMS = { notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', intentExpiryMs: 120_000, minConfidence: 0.5 };
const given = (fields: Partial<ExternalIntent> = {}): ExternalIntent => ({ source: 'manual', symbol: GPS, side: 'long', confidence: 0.9, ...fields });
const inputs = (fields: Partial<IntakeInputs> = {}): IntakeInputs => ({ venueNow: NOW, mark: '0.008625', universe: makeUniverse(), idempotencyKey: 'key-1', terms: TERMS, ...fields });
const decide = (fields: Partial<ExternalIntent> = {}, more: Partial<IntakeInputs> = {}) => decideIntake(given(fields), inputs(more));
function intentOf(fields: Partial<ExternalIntent> = {}, more: Partial<IntakeInputs> = {}) {
  const decision = decide(fields, more);
  if (!('intent' in decision)) throw new Error(`refused: ${decision.code}`);
  return decision.intent;
}

describe('an intent from outside, as it comes', () => {
  const taken = (fields: object) => externalIntentSchema.safeParse({ ...given(), ...fields }).success;

  it('is taken up to each edge of a field and not beyond', () => {
    const edges: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
      ['source', ['a', 'a'.repeat(100)], ['', 'a'.repeat(101)]],
      ['symbol', ['a', 'a'.repeat(100)], ['', 'a'.repeat(101)]],
      ['side', ['long', 'short', 'LONG', 'SHORT'], ['Long', 'buy', 'BUY', 'SELL', '']],
      ['confidence', [0, 1], [-0.001, 1.001, '1']],
      ['leverage', [1, 125], [0, 126, 1.5]],
      ['entryPrice', ['0.00000001'], ['0', '-1', '1e3', 1]],
      ['expiresAt', ['2026-02-03T12:00:00Z', '2026-02-03T12:00:00.123+05:30'], ['2026-02-03', '2026-02-03T12:00:00', 1]],
    ];
    for (const [field, good, bad] of edges) {
      for (const value of good) expect(taken({ [field]: value }), `${field} ${String(value)}`).to.equal(true);
      for (const value of bad) expect(taken({ [field]: value }), `${field} ${String(value)}`).to.equal(false);
    }
  });

  it('has no field that nobody knows', () => expect(taken({ size: '1' })).to.equal(false));
});

describe('what becomes of it', () => {
  it('one word of side is as good as the other, and the same key makes the same id', () => {
    for (const [side, meant] of [['long', 'LONG'], ['LONG', 'LONG'], ['short', 'SHORT'], ['SHORT', 'SHORT']] as const) expect(intentOf({ side }).side).to.equal(meant);
    expect(intentOf({ side: 'LONG' }).intentId).to.equal(intentOf({}, { venueNow: NOW + 1 }).intentId);
    expect(intentOf({}, { idempotencyKey: undefined }).intentId).not.to.equal(intentOf({}, { idempotencyKey: undefined, venueNow: NOW + 1 }).intentId);
  });

  it('carries a stop or a target only when it was given one', () => {
    expect(intentOf()).to.not.have.any.keys('stopLoss', 'takeProfit');
    expect(intentOf({ stopLoss: '0.0084' })).to.include({ stopLoss: '0.0084' }).and.not.have.property('takeProfit');
    expect(intentOf({ takeProfit: '0.009' })).to.include({ takeProfit: '0.009' }).and.not.have.property('stopLoss');
  });

  it('is priced as it says, else by the mark', () => expect([intentOf({ entryPrice: '7' }).price, intentOf().price]).to.deep.equal(['7', '0.008625']));

  it('needs as much confidence as is asked for, and says how much that is', () => {
    expect(intentOf({ confidence: 0.5 }).confidence).to.equal(0.5);
    expect(decide({ confidence: 0.499 })).to.include({ code: 'CONFIDENCE_LOW', limit: '0.5', value: '0.499' });
  });

  it('has to outlive the venue\'s present by a millisecond', () => {
    const until = (ms: number) => ({ expiresAt: new Date(NOW + ms).toISOString() });
    expect(intentOf(until(1)).expiresAt).to.equal(NOW + 1);
    expect(decide(until(0))).to.include({ code: 'INTENT_EXPIRED', limit: String(NOW), value: String(NOW), message: 'it expired 0 ms ago, by the venue\'s time' });
    expect(decide(until(-5))).to.include({ code: 'INTENT_EXPIRED', message: 'it expired 5 ms ago, by the venue\'s time' });
  });

  it('of a symbol without a price is told which there are', () => {
    const universe = makeUniverse([GPS, CHINESE].map((symbol) => makeInstrument({ symbol })));
    expect(decide({ symbol: 'BTCUSDT' }, { mark: undefined, universe })).to.include({ code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', limit: `${GPS}, ${CHINESE}`, value: 'BTCUSDT' });
    expect(decide({ symbol: CHINESE }, { mark: undefined, universe })).to.include({ code: 'PRICE_MISSING' });
    expect(intentOf({ symbol: 'BTCUSDT', entryPrice: '7' }, { mark: undefined, universe }).symbol, 'the bridge refuses it').to.equal('BTCUSDT' as SymbolName);
  });

  it('is not dated by a clock that is not known, nor judged by a universe that is not', () => {
    expect(decide({}, { venueNow: undefined })).to.include({ code: 'CLOCK_SKEW' });
    expect(decide({}, { universe: undefined })).to.include({ code: 'UNIVERSE_UNKNOWN' });
  });

  it('expires at the instant it names, of any date, offset and fraction: as Date reads it', () => {
    const two = (value: number) => String(value).padStart(2, '0');
    const offset = fc.oneof(fc.constant('Z'), fc.tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 14 }), fc.constantFrom(0, 30, 45)).map(([sign, hours, minutes]) => `${sign}${two(hours)}:${two(minutes)}`));
    const fraction = fc.oneof(fc.constant(''), fc.integer({ min: 1, max: 3 }).chain((digits) => fc.integer({ min: 0, max: 10 ** digits - 1 }).map((value) => `.${String(value).padStart(digits, '0')}`)));
    const instant = fc.integer({ min: NOW + 86_400_000, max: Date.UTC(9999, 0, 1) });
    const read = (iso: string) => intentOf({ expiresAt: iso }).expiresAt;
    fc.assert(
      fc.property(instant, offset, fraction, (at, zone, digits) => {
        const iso = `${new Date(at).toISOString().slice(0, 19)}${digits}${zone}`;
        expect(read(iso), iso).to.equal(Date.parse(iso));
      }),
      { numRuns: 1_000, seed: 15 },
    );
    // The edges of the calendar: leap days of every kind of year, and the seconds that may be left out.
    for (const iso of ['2028-02-29T23:59:59.999Z', '2100-02-28T23:59:59Z', '2100-03-01T00:00:00Z', '2400-02-29T12:00:00Z', '2400-12-31T00:00:00Z', '2401-01-01T00:00:00Z', '2399-12-31T23:59:59Z']) expect(read(iso), iso).to.equal(Date.parse(iso));
    expect(read('2099-12-31T12:30Z')).to.equal(Date.UTC(2099, 11, 31, 12, 30));
    expect(read('2099-12-31T12:30:00.1239Z'), 'more digits than milliseconds').to.equal(Date.UTC(2099, 11, 31, 12, 30, 0, 123));
  });
});
