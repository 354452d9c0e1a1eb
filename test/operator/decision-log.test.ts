/** The log of decisions: the same again is one record, nothing waits for the journal, and a restart forgets nothing that was written. */
import { expect } from 'chai';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { decisionLogBehaviour } from '../../src/operator/decision-log.ts';
import type { DecisionLogInternal } from '../../src/operator/decision-log.ts';
import { DECISIONS_ENTITY } from '../../src/protocol/decision-records.ts';
import type { DecisionsPayload } from '../../src/protocol/decision-records.ts';
import type { Decision } from '../../src/protocol/decisions.ts';
import type { HappenedMessage } from '../../src/protocol/messages.ts';
import type { RecordedDecision, TraceView } from '../../src/protocol/read-models.ts';
import type { IntentId, SymbolName } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { CHINESE, GPS, HYPE } from '../kit/decisions.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const LOG = 'operator/decision-log';

async function bench(store = new MemoryJournal(), startAt = 0) {
  const world = new World();
  if (startAt > 0) world.clock.moveTo(startAt);
  const listener = new Probe<HappenedMessage>(world, 'listener');
  const journal = world.system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
  const log = world.system.ref<DecisionLogInternal>(LOG);
  await world.start(listener.spec, worker(journal, journalBehaviour(store, { listeners: [log] })), worker(log, decisionLogBehaviour({ journal, listeners: [listener.ref] })));
  // What is on record has been taken up.
  await world.advance(100);
  const answered = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
    await world.advance(50);
    return asked;
  };
  return {
    world, store, listener,
    decide: (part: Partial<Decision> = {}) => world.system.tell(log, { type: 'decided', decision: { stage: 'intent', symbol: GPS, outcome: 'POSITION_OPEN', at: world.clock.now(), by: 'bridge', inputs: { source: 'trend-24h', side: 'LONG' }, ...part } }),
    explain: (symbol: SymbolName = GPS, limit = 100): Promise<readonly RecordedDecision[]> => answered(world.system.ask(log, { type: 'explain', symbol, limit }, 1_000)),
    trace: (id: string): Promise<TraceView> => answered(world.system.ask(log, { type: 'trace', id }, 20_000)),
    counted: async (stage: string) => {
      const { stages } = await answered(world.system.ask(log, { type: 'funnel', windowMs: 86_400_000 }, 1_000));
      return stages.find((one) => one.stage === stage)!;
    },
    get state(): Record<string, unknown> {
      return (world.system.inspect(LOG) as unknown as { state: Record<string, unknown> }).state;
    },
    written: () => store.entries.filter((entry) => entry.entity === DECISIONS_ENTITY).map((entry) => entry.payload as DecisionsPayload),
  };
}

describe('the log of decisions', () => {
  it('keeps the same refusal as one record with a count, the newest numbers and both times (ruling 35)', async () => {
    const { world, decide, explain } = await bench();
    const first = world.clock.now();
    decide({ denials: [{ code: 'POSITION_OPEN', value: '1' }] });
    await world.advance(60_000);
    decide({ denials: [{ code: 'POSITION_OPEN', value: '2' }] });
    const records = await explain();
    expect(records).to.have.length(1);
    expect(records[0]).to.deep.include({ count: 2, at: first, lastAt: first + 60_000, denials: [{ code: 'POSITION_OPEN', value: '2' }] });
  });

  for (const [what, other] of [
    ['stage', { stage: 'plan' }],
    ['code', { outcome: 'INTENT_DUPLICATE' }],
    ['decider', { by: 'bridge-2' }],
    ['side', { inputs: { source: 'trend-24h', side: 'SHORT' } }],
    ['source', { inputs: { source: 'manual', side: 'LONG' } }],
    ['exit', { action: 'CLOSE' }],
    ['reason of an exit', { inputs: { source: 'trend-24h', side: 'LONG', code: 'RISK_UNKNOWN' } }],
  ] as const satisfies readonly (readonly [string, Partial<Decision>])[]) {
    it(`takes another ${what} for another decision`, async () => {
      const { decide, explain } = await bench();
      decide();
      decide(other);
      expect((await explain()).map((one) => one.count)).to.deep.equal([1, 1]);
    });
  }

  it('begins a record anew after a quarter of an hour, so that numbers on record are never older', async () => {
    const { world, decide, explain } = await bench();
    for (let minute = 0; minute <= 15; minute++) {
      decide();
      if (minute < 15) await world.advance(60_000);
    }
    expect((await explain()).map((one) => one.count)).to.deep.equal([1, 15]);
  });

  it('keeps what passed one by one, but for holding a position, which is no event', async () => {
    const { decide, explain } = await bench();
    for (const id of ['a', 'b']) decide({ outcome: 'passed', ids: { intentId: id as IntentId } });
    decide({ stage: 'exit', outcome: 'passed', action: 'HOLD' });
    decide({ stage: 'exit', outcome: 'passed', action: 'HOLD' });
    expect((await explain()).map((one) => [one.stage, one.count])).to.have.deep.members([['intent', 1], ['intent', 1], ['exit', 2]]);
  });

  it('answers newest first, and no more than was asked for', async () => {
    const { world, decide, explain } = await bench();
    decide();
    await world.advance(1);
    decide({ stage: 'permit', outcome: 'EQUITY_STALE', by: 'governor' });
    await world.advance(1);
    decide();
    expect((await explain()).map((one) => one.outcome)).to.deep.equal(['POSITION_OPEN', 'EQUITY_STALE']);
    decide({ stage: 'plan', outcome: 'passed' });
    expect((await explain(GPS, 1)).map((one) => one.stage), 'of two in the same millisecond the later one').to.deep.equal(['plan']);
    expect(await explain(CHINESE)).to.deep.equal([]);
  });

  it('writes what is new about a second later in one group, and counts of what repeats once a minute', async () => {
    const { world, decide, written } = await bench();
    for (const symbol of [GPS, HYPE, CHINESE]) decide({ symbol });
    expect(written()).to.have.length(0);
    await world.advance(1_000);
    expect(written().map((one) => one.records.map((record) => record.symbol))).to.deep.equal([[GPS, HYPE, CHINESE]]);
    for (let second = 0; second < 58; second++) {
      decide();
      await world.advance(1_000);
    }
    const repeats = written().flatMap((one) => one.repeats ?? []);
    expect(written()).to.have.length(1);
    expect(repeats).to.have.length(0);
    await world.advance(3_000);
    expect(written().slice(1)).to.have.length(1);
    expect(written()[1]).to.deep.include({ records: [] });
    expect(written()[1]?.repeats?.map(([sequence, index, count]) => [sequence, index, count])).to.deep.equal([[1, 0, 59]]);
  });

  it('tells whoever listens of each record that is new, and not of what repeats', async () => {
    const { world, decide, listener } = await bench();
    for (let times = 0; times < 5; times++) decide();
    decide({ outcome: 'passed' });
    await world.settle();
    expect(listener.of('happened').map((told) => (told.what === 'decision' ? told.decision.outcome : ''))).to.deep.equal(['POSITION_OPEN', 'passed']);
  });

  it('forgets nothing over a restart of the actor: explain, trace and funnel answer as before', async () => {
    const { world, decide, explain, counted, trace } = await bench();
    decide({ ids: { intentId: 'intent-1' as IntentId } });
    decide({ ids: { intentId: 'intent-1' as IntentId } });
    decide({ symbol: CHINESE, outcome: 'passed', ids: { intentId: 'intent-2' as IntentId } });
    await world.advance(61_000);
    decide({ ids: { intentId: 'intent-1' as IntentId } });
    await world.advance(61_000);
    const before = [await explain(), await explain(CHINESE), await counted('intent'), (await trace('intent-2')).steps];
    world.system.control(LOG, 'kill', 'test');
    await world.advance(10_000);
    expect(world.system.inspect(LOG)?.incarnation).to.equal(2);
    const after = [await explain(), await explain(CHINESE), await counted('intent'), (await trace('intent-2')).steps];
    expect((before[0] as RecordedDecision[])[0]?.count).to.equal(3);
    expect(after).to.deep.equal(before);
  });

  it('forgets nothing over a restart of the service, numbers on where the journal ends, and leaves out what is older than a day', async () => {
    const first = await bench();
    first.decide({ outcome: 'passed', ids: { intentId: 'old' as IntentId } });
    await first.world.advance(13 * 3_600_000);
    first.decide();
    await first.world.advance(5_000);
    const second = await bench(first.store, first.world.clock.now() + 12 * 3_600_000);
    expect((await second.explain()).map((one) => one.outcome)).to.deep.equal(['POSITION_OPEN']);
    expect(await second.counted('intent')).to.deep.include({ in: 1, out: 0 });
    second.decide({ outcome: 'INTENT_EXPIRED' });
    await second.world.advance(2_000);
    expect(second.written()).to.have.length(3);
    const third = await bench(first.store, second.world.clock.now() + 50 * 3_600_000);
    third.decide();
    await third.world.advance(2_000);
    expect(third.written(), 'also where the last entry is older than a day').to.have.length(4);
    expect(third.world.logs.filter((line) => line.level === 'warn'), 'and not by trying').to.deep.equal([]);
  });

  it('loses nothing while the journal is away, and what it was told meanwhile can be asked about', async () => {
    const { world, store, decide, explain, written, state } = await bench();
    expect(state['notWritten']).to.equal(0);
    for (const mood of ['failing', 'silent'] as const) {
      store.mood = mood;
      decide({ outcome: 'passed', inputs: { mood } });
      await world.advance(20_000);
    }
    expect(await explain()).to.have.length(2);
    expect(written()).to.have.length(0);
    store.mood = 'ok';
    await world.advance(20_000);
    expect(written().flatMap((one) => one.records.map((record) => record.inputs?.['mood']))).to.deep.equal(['failing', 'silent']);
  });

  it('a write that came through after all is not written twice', async () => {
    const { world, store, decide, written } = await bench();
    store.mood = 'held';
    decide();
    await world.advance(7_000);
    decide({ outcome: 'INTENT_EXPIRED' });
    store.letThrough();
    await world.advance(20_000);
    expect(written().flatMap((one) => one.records.map((record) => record.outcome))).to.deep.equal(['POSITION_OPEN', 'INTENT_EXPIRED']);
  });

  it('takes another number where its own is taken', async () => {
    const { world, store, decide, written } = await bench();
    await world.advance(2_000);
    await store.append([{ entity: DECISIONS_ENTITY, sequence: 1, type: 'DecisionsRecorded', version: 1, at: 0, payload: { records: [] } }]);
    decide();
    await world.advance(5_000);
    expect(written().map((one) => one.records.length)).to.deep.equal([0, 1]);
  });

  it('reads back once the journal can be read, and has kept what was decided until then', async () => {
    const first = await bench();
    first.decide();
    await first.world.advance(2_000);
    first.store.readsFail = true;
    const second = await bench(first.store, first.world.clock.now() + 1_000);
    second.decide({ outcome: 'passed' });
    expect((await second.explain()).map((one) => one.outcome)).to.deep.equal(['passed']);
    first.store.readsFail = false;
    await second.world.advance(60_000);
    expect((await second.explain()).map((one) => one.outcome)).to.deep.equal(['passed', 'POSITION_OPEN']);
    expect(second.state).to.include({ readBack: 'done', toWrite: 0 });
    expect(second.written()).to.have.length(2);
  });

  it('leaves out records that are damaged or of a later build, and says which by number', async () => {
    const first = await bench();
    first.decide();
    first.decide({ outcome: 'INTENT_EXPIRED' });
    await first.world.advance(2_000);
    const [good, other] = first.written()[0]!.records;
    const entry = (sequence: number, payload: unknown, version = 1) => ({ entity: DECISIONS_ENTITY, sequence, type: 'DecisionsRecorded', version, at: first.world.clock.now(), payload });
    await first.store.append([entry(2, { records: [{ ...good, outcome: 'COSMIC_RAYS' }, other, 'nonsense'] }), entry(3, { records: [] }, 9), entry(4, 'torn')]);
    const second = await bench(first.store, first.world.clock.now());
    const { state, explain, world } = second;
    expect((await explain()).map((one) => one.outcome)).to.have.members(['POSITION_OPEN', 'INTENT_EXPIRED', 'INTENT_EXPIRED']);
    expect(state['unreadable']).to.deep.equal({
      count: 4,
      first: [
        'decisions #2, record 1: outcome: neither passed nor a refusal of this build',
        'decisions #2, record 3: record: Invalid input: expected object, received string',
        'decisions #3: DecisionsRecorded of version 9; this build knows DecisionsRecorded of version 1',
        'decisions #4: record: Invalid input: expected object, received string',
      ],
    });
    expect(world.logs.some((line) => line.level === 'warn' && line.message.includes('cannot be read'))).to.equal(true);
  });

  it('keeps no secret, and cuts what is no input but a document', async () => {
    const { decide, explain } = await bench();
    decide({ inputs: { apiSecret: 'hush', side: 'LONG' } });
    decide({ outcome: 'passed', inputs: { body: 'x'.repeat(100_000) } });
    const [passed, refused] = (await explain()).toSorted((a) => (a.outcome === 'passed' ? -1 : 1));
    expect(refused?.inputs).to.deep.equal({ apiSecret: '[redacted]', side: 'LONG' });
    expect(JSON.stringify(passed?.inputs).length).to.be.below(5_000);
  });
});
