/** What the log keeps and writes has bounds: nobody's history pushes out another's, and what finds no room is counted. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DecisionOutbox } from '../../src/operator/decisions/decision-outbox.ts';
import { DecisionStore, recorded } from '../../src/operator/decisions/decision-store.ts';
import { readDecisions } from '../../src/protocol/decision-records.ts';
import type { DecisionsPayload } from '../../src/protocol/decision-records.ts';
import type { Decision } from '../../src/protocol/decisions.ts';
import { DENIALS } from '../../src/protocol/denials.ts';
import type { DenialCode } from '../../src/protocol/denials.ts';
import type { IntentId, SymbolName } from '../../src/protocol/names.ts';
import { CHINESE, GPS, HYPE, NOW } from '../kit/decisions.ts';

const passed = (symbol: SymbolName, at = NOW, inputs: Decision['inputs'] = {}): Decision => ({ stage: 'signal', symbol, outcome: 'passed', at, by: 'generator/trend-24h', inputs });
const refused = (symbol: SymbolName, at = NOW, outcome: DenialCode = 'POSITION_OPEN'): Decision => ({ stage: 'intent', symbol, outcome, at, by: 'bridge' });

describe('what the log of decisions keeps', () => {
  it('is at most so much of one symbol, the newest of it', () => {
    const store = new DecisionStore({ ofSymbol: 10, records: 1_000 });
    for (let at = 0; at < 25; at++) store.add(passed(GPS, NOW + at));
    expect(store.of(GPS, 100).map((one) => one.at - NOW)).to.deep.equal([24, 23, 22, 21, 20, 19, 18, 17, 16, 15]);
    expect([store.size, store.forgotten]).to.deep.equal([10, 15]);
  });

  it('is at most so much of all, and what gives way is of whoever has the most', () => {
    const store = new DecisionStore({ ofSymbol: 100, records: 50 });
    store.add(passed(CHINESE));
    for (let at = 0; at < 90; at++) store.add(passed(at % 3 === 0 ? HYPE : GPS, NOW + at));
    expect(store.size).to.equal(50);
    expect(store.of(CHINESE, 100)).to.have.length(1);
    expect(store.of(HYPE, 100).length).to.be.at.least(24);
  });

  it('is bounded whatever names come from outside', () => {
    const store = new DecisionStore({ ofSymbol: 10, records: 100 });
    for (let at = 0; at < 10_000; at++) store.add(refused(`X${at}${'Y'.repeat(1_000)}` as SymbolName, NOW + at, 'SYMBOL_NOT_IN_POLICY_UNIVERSE'));
    expect(store.size).to.equal(100);
    expect(store.symbols).to.have.length(100);
    expect(Math.max(...store.symbols.map((name) => name.length))).to.be.at.most(100);
  });

  it('counts every decision in some record, while nothing has to give way', () => {
    const outcomes = ['passed', 'POSITION_OPEN', 'INTENT_EXPIRED'] as const;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(GPS, CHINESE), fc.constantFrom(...outcomes), fc.nat(3_600_000)), { maxLength: 60 }), (decisions) => {
        const store = new DecisionStore();
        for (const [symbol, outcome, at] of decisions) store.add({ stage: 'intent', symbol, outcome, at: NOW + at, by: 'bridge' });
        for (const symbol of [GPS, CHINESE]) {
          for (const outcome of outcomes) {
            const records = store.of(symbol, 1_000).filter((one) => one.outcome === outcome);
            expect(records.reduce((sum, one) => sum + one.count, 0)).to.equal(decisions.filter(([name, code]) => name === symbol && code === outcome).length);
            for (const one of records) expect(one.lastAt - one.at).to.be.within(0, 900_000);
          }
        }
      }),
    );
  });
});

describe('what the log of decisions writes', () => {
  const fill = (outbox: DecisionOutbox, store: DecisionStore, count: number, inputs: Decision['inputs'] = {}) => {
    for (let at = 0; at < count; at++) outbox.add(store.add(passed(GPS, NOW + at, inputs)).kept);
  };
  const payloadOf = (outbox: DecisionOutbox, sequence: number, now: number) => outbox.next(sequence, now)?.payload as DecisionsPayload | undefined;

  it('waits within a bound while the journal is away; the oldest is dropped, and counted', () => {
    const outbox = new DecisionOutbox(NOW, { waiting: 5, bytesAMs: 1, burstBytes: 1_000_000 });
    fill(outbox, new DecisionStore(), 8);
    expect([outbox.waiting, outbox.dropped]).to.deep.equal([5, 3]);
    expect(payloadOf(outbox, 1, NOW)?.records.map((one) => one.at - NOW)).to.deep.equal([3, 4, 5, 6, 7]);
  });

  it('goes in groups of at most five hundred', () => {
    const outbox = new DecisionOutbox(NOW);
    fill(outbox, new DecisionStore(), 1_200);
    const sizes: number[] = [];
    for (let sequence = 1; sequence <= 4; sequence++) {
      sizes.push(payloadOf(outbox, sequence, NOW)?.records.length ?? 0);
      outbox.written(sequence);
    }
    expect(sizes).to.deep.equal([500, 500, 200, 0]);
  });

  it('is no more in a time than the journal may take; the rest is counted and stays in memory', () => {
    const outbox = new DecisionOutbox(NOW, { waiting: 1_000, bytesAMs: 1, burstBytes: 3_000 });
    const store = new DecisionStore();
    fill(outbox, store, 100, { text: 'x'.repeat(500) });
    const records = payloadOf(outbox, 1, NOW)?.records ?? [];
    expect(records.length).to.be.within(3, 5);
    expect(outbox.dropped).to.equal(100 - records.length);
    expect(store.of(GPS, 1_000)).to.have.length(100);
    outbox.written(1);
    fill(outbox, store, 1, { text: 'x'.repeat(500) });
    expect(payloadOf(outbox, 2, NOW + 1), 'the credit is used up').to.equal(undefined);
    fill(outbox, store, 1, { text: 'x'.repeat(500) });
    expect(payloadOf(outbox, 2, NOW + 2_000)?.records, 'and comes back with time').to.have.length(1);
  });

  it('is the same again until it is known to be written, whatever is decided meanwhile', () => {
    const outbox = new DecisionOutbox(NOW);
    const store = new DecisionStore();
    fill(outbox, store, 2);
    const first = outbox.next(1, NOW);
    fill(outbox, store, 2);
    expect(outbox.next(1, NOW + 5_000)).to.deep.equal(first);
    outbox.written(1);
    expect(payloadOf(outbox, 2, NOW + 6_000)?.records).to.have.length(2);
  });

  it('says of what was decided again while it was on its way how often by now', () => {
    const outbox = new DecisionOutbox(NOW);
    const store = new DecisionStore();
    outbox.add(store.add(refused(GPS)).kept);
    outbox.next(1, NOW);
    outbox.repeat(store.add(refused(GPS, NOW + 10)).kept);
    outbox.written(1);
    expect(payloadOf(outbox, 2, NOW + 59_999)).to.equal(undefined);
    expect(payloadOf(outbox, 2, NOW + 60_000)).to.deep.equal({ records: [], repeats: [[1, 0, 2, NOW + 10]] });
  });

  it('is read back as it was, for each refusal of the catalogue', () => {
    for (const code of Object.keys(DENIALS) as DenialCode[]) {
      const decision: Decision = { ...refused(CHINESE, NOW, code), ids: { intentId: 'intent-1' as IntentId }, denials: [{ code, unknown: true, limit: '1', value: '2', ageMs: 3, detail: 'd' }], inputs: { side: 'LONG', nested: [1, null] }, queueMs: 0.25, serviceMs: 1 };
      const { kept } = new DecisionStore().add(decision);
      const payload = JSON.parse(JSON.stringify({ records: [recorded(kept)] })) as unknown;
      expect(readDecisions({ entity: 'decisions', sequence: 7, type: 'DecisionsRecorded', version: 1, at: NOW, payload })).to.deep.equal({ records: [{ place: { sequence: 7, index: 0 }, decision: recorded(kept) }], repeats: [], faults: [] });
    }
  });
});

describe('a day of decisions in the journal', () => {
  /** Each minute every symbol is looked at; a third of them signals, is taken for a duplicate position and refused. */
  function dayOf(symbols: number): number {
    const store = new DecisionStore();
    const outbox = new DecisionOutbox(NOW);
    let sequence = 1;
    let bytes = 0;
    for (let minute = 0; minute < 1_440; minute++) {
      const at = NOW + minute * 60_000;
      for (let index = 0; index < symbols; index++) {
        const symbol = `SYMBOL${index}USDT` as SymbolName;
        const by = 'generator/trend-24h';
        const inputs = { source: 'trend-24h', verdict: 'signal', side: 'LONG', confidence: 0.6274 };
        const timing = { queueMs: 0.123, serviceMs: 0.045 };
        const ids = { intentId: `intent-${minute}-${index}-abcdef` as IntentId };
        const made: Decision[] = index % 3 > 0
          ? [{ stage: 'signal', symbol, outcome: 'SIGNAL_HOLD', at, by, inputs: { source: 'trend-24h', verdict: 'hold', confidence: 0.3 }, denials: [{ code: 'SIGNAL_HOLD', value: '0.3' }], ...timing }]
          : [
              { stage: 'signal', symbol, outcome: 'passed', at, by, ids, inputs, ...timing },
              { stage: 'intent', symbol, outcome: 'POSITION_OPEN', at, by: 'bridge', ids, inputs: { ...inputs, price: '0.008625', notional: '200', leverage: 10, universeVersion: 1 }, denials: [{ code: 'POSITION_OPEN' }], ...timing },
            ];
        for (const decision of made) {
          const { kept, fresh } = store.add(decision);
          if (fresh) outbox.add(kept);
          else outbox.repeat(kept);
        }
      }
      for (let second = 1; ; second++) {
        const entry = outbox.next(sequence, at + second * 1_000);
        if (entry === undefined) break;
        bytes += JSON.stringify(entry).length;
        outbox.written(sequence);
        sequence += 1;
      }
    }
    expect(outbox.dropped).to.equal(0);
    return bytes / 1_048_576;
  }

  it('is a few megabytes for nine symbols, some ten for a hundred', () => {
    expect(dayOf(9)).to.be.below(3);
    expect(dayOf(100)).to.be.within(10, 40);
  });
});
