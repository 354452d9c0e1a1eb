/** What became of one thing: by any of its ids the whole chain, from the decisions and from the symbol's own journal, and nothing of its neighbours. */
import { expect } from 'chai';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { decisionLogBehaviour } from '../../src/operator/decision-log.ts';
import type { DecisionLogInternal } from '../../src/operator/decision-log.ts';
import { DecisionStore } from '../../src/operator/decisions/decision-store.ts';
import { segmentsOf } from '../../src/operator/decisions/life-segments.ts';
import { traceOf } from '../../src/operator/decisions/trace.ts';
import type { Decision } from '../../src/protocol/decisions.ts';
import { LIFE_EVENT_VERSION } from '../../src/protocol/life-events.ts';
import type { LifeEvent } from '../../src/protocol/life-events.ts';
import type { JournalEntryDraft } from '../../src/protocol/messages.ts';
import type { TraceView } from '../../src/protocol/read-models.ts';
import type { ClientId, IntentId, PermitId, PlanId, PositionId } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { Desk } from '../kit/actors.ts';
import { CHINESE, GPS, NOW } from '../kit/decisions.ts';
import { idOf, tell } from '../kit/lives.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { World } from '../kit/world.ts';

const entriesOf = (events: readonly LifeEvent[], symbol: string = GPS): JournalEntryDraft[] => events.map(({ type, at, ...payload }, index) => ({ entity: `symbol/${symbol}`, sequence: index + 1, type, version: LIFE_EVENT_VERSION, at, payload }));
const stepsOf = (view: TraceView) => view.steps.map((step) => `${step.step} ${step.outcome}`);

/** The story of `tell()` with what was decided before it; the same signal was refused a minute earlier under the same plan. */
function told() {
  const story = tell();
  const events = [...story.protected(), story.triggered('stop'), story.fill(10, { side: 'SELL', orderId: 'o-stop', at: 45 }), story.closed()];
  const ids = { intentId: 'intent-1' as IntentId, planId: 'plan-1' as PlanId };
  const decide = (part: Partial<Decision> & Pick<Decision, 'stage'>): Decision => ({ symbol: GPS, outcome: 'passed', at: NOW - 5, by: 'bridge', ...part });
  const decisions: Decision[] = [
    decide({ stage: 'signal', at: NOW - 60_000, ids: { intentId: 'intent-0' as IntentId } }),
    decide({ stage: 'intent', at: NOW - 60_000, ids: { intentId: 'intent-0' as IntentId } }),
    decide({ stage: 'permit', at: NOW - 60_000, outcome: 'EQUITY_STALE', by: 'governor', ids: { intentId: 'intent-0' as IntentId, planId: ids.planId, clientId: idOf('entry') } }),
    decide({ stage: 'signal', at: NOW - 9, by: 'generator/trend-24h', ids: { intentId: ids.intentId }, queueMs: 0.5, serviceMs: 2 }),
    decide({ stage: 'intent', at: NOW - 7, ids: { intentId: ids.intentId } }),
    decide({ stage: 'plan', at: NOW - 7, ids }),
    decide({ stage: 'permit', at: NOW, by: 'governor', ids: { ...ids, clientId: idOf('entry'), permitId: 'permit-1' as PermitId } }),
    decide({ stage: 'fill', at: NOW + 10, ids: { ...ids, positionId: 'plan-1' as PositionId } }),
    decide({ stage: 'exit', at: NOW + 35, action: 'CLOSE', by: 'exits', ids: { positionId: 'plan-1' as PositionId } }),
    decide({ stage: 'signal', at: NOW + 60_000, outcome: 'SIGNAL_HOLD' }),
  ];
  const store = new DecisionStore();
  for (const one of decisions) store.add(one);
  return { events, records: store.of(GPS, 100), segments: segmentsOf(GPS, entriesOf(events)).segments };
}

const CHAIN = ['signal passed', 'intent passed', 'plan passed', 'permit passed', 'IntentAccepted recorded', 'PlanMade recorded', 'PermitGranted recorded', 'OrderSending recorded', 'fill passed', 'OrderReported FILLED', 'FillRecorded recorded', 'ProtectionSending recorded', 'ProtectionPlaced recorded', 'ProtectionSending recorded', 'ProtectionPlaced recorded', 'exit passed', 'ProtectionTriggered recorded', 'FillRecorded recorded', 'PositionClosed STOP'];

describe('a trace', () => {
  for (const [what, id] of [['an intent', 'intent-1'], ['a permit', 'permit-1'], ['a mandate', 'mandate-1'], ['an order by its client id', idOf('entry')], ['an order by the venue\'s id', 'o-entry'], ['a stop by its client id', idOf('stop')], ['a stop by the venue\'s id', 'a-stop-1'], ['the order that a stop became', 'o-stop'], ['a trade', 't-1']] as const) {
    it(`of ${what} is the whole chain, in order, and nothing of the signal before it`, () => {
      const { records, segments } = told();
      const view = traceOf(id, records, segments);
      expect(stepsOf(view).toSorted()).to.deep.equal(CHAIN.toSorted());
      expect(view.steps.map((step) => step.at)).to.deep.equal(view.steps.map((step) => step.at).toSorted((a, b) => a - b));
    });
  }

  it('of a plan, which is also the name of its position, shows each time it was tried', () => {
    const { records, segments } = told();
    const steps = stepsOf(traceOf('plan-1', records, segments));
    expect(steps).to.include.members([...CHAIN, 'permit EQUITY_STALE']);
    expect(steps).not.to.include('signal SIGNAL_HOLD');
  });

  it('of an intent that was refused ends with the refusal', () => {
    const { records, segments } = told();
    const view = traceOf('intent-0', records, segments);
    expect(stepsOf(view)).to.deep.equal(['signal passed', 'intent passed', 'permit EQUITY_STALE']);
    expect(view.ids).to.deep.equal({ intentId: 'intent-0', planId: 'plan-1', clientId: idOf('entry'), orderIds: [] });
  });

  it('names everything that the chain is known by', () => {
    const { records, segments } = told();
    expect(traceOf('o-stop', records, segments).ids).to.deep.equal({ intentId: 'intent-1', planId: 'plan-1', permitId: 'permit-1', clientId: idOf('entry'), positionId: 'plan-1', orderIds: ['o-entry', 'a-stop-1', 'a-target-1', 'o-stop'] });
  });

  it('of what nobody knows is empty', () => {
    const { records, segments } = told();
    expect(traceOf('intent-9', records, segments)).to.deep.equal({ id: 'intent-9', ids: { orderIds: [] }, steps: [] });
    expect(traceOf('', records, segments).steps).to.deep.equal([]);
  });

  it('shows how long each hop waited and took: the decision its own, the append and the venue by the journal', () => {
    const { records, segments } = told();
    const at = (view: TraceView, step: string) => view.steps.find((one) => one.step === step);
    const view = traceOf('intent-1', records, segments, { of: (clientId) => (clientId === idOf('entry') ? 3.5 : undefined) });
    expect(at(view, 'signal')).to.include({ queueMs: 0.5, serviceMs: 2, by: 'generator/trend-24h' });
    expect(at(view, 'OrderSending'), 'the group append').to.include({ queueMs: null, serviceMs: 3.5 });
    expect(at(view, 'OrderReported'), 'the append, then redeeming, the venue and the way back').to.include({ queueMs: 3.5, serviceMs: 6.5 });
    expect(at(view, 'ProtectionPlaced'), 'where the append is not known, both together').to.include({ queueMs: null, serviceMs: 10 });
    expect(at(traceOf('intent-1', records, segments), 'OrderReported')).to.include({ queueMs: null, serviceMs: 10 });
  });

  it('gives a late fill to the life whose order it is, and keeps two lives of a symbol apart', () => {
    const story = tell();
    const second: LifeEvent[] = [
      { type: 'PositionAdopted', at: NOW + 200, positionId: 'adopted-1' as PositionId, quantity: '5', entryPrice: '100', cause: 'test', mandate: { mandateId: 'mandate-2' as never, symbol: GPS, side: 'LONG', maxQuantity: '5' } },
      { type: 'OrderSending', at: NOW + 210, purpose: 'close', clientId: 'close-2' as ClientId, attempt: 1, side: 'SELL', quantity: '5' },
    ];
    const late = story.fill(1, { orderId: 'o-entry', tradeId: 't-late', at: 150 });
    const { segments } = segmentsOf(GPS, entriesOf([...story.opened(), story.closed(), late, ...second]));
    expect(segments.map((life) => life.events.length)).to.deep.equal([8, 2]);
    expect(stepsOf(traceOf('t-late', [], segments)).at(-1)).to.equal('FillRecorded recorded');
    expect(stepsOf(traceOf('close-2', [], segments))).to.deep.equal(['PositionAdopted recorded', 'OrderSending recorded']);
  });

  it('keeps two openings of a symbol apart, though a fill of the first comes while the second is under way', () => {
    const story = tell();
    const second = story.opening(200).map((event) => JSON.parse(JSON.stringify(event).replaceAll('plan-1', 'plan-2').replaceAll('intent-1', 'intent-2').replaceAll('permit-1', 'permit-2').replaceAll('mandate-1', 'mandate-2').replaceAll(idOf('entry'), idOf('entry', 1, 'plan-2'))) as LifeEvent);
    const late = story.fill(1, { orderId: 'o-entry', tradeId: 't-late', at: 210 });
    const { segments } = segmentsOf(GPS, entriesOf([...story.opened(), story.closed(), ...second, late]));
    expect(segments.map((life) => [life.planId, life.events.length])).to.deep.equal([['plan-1', 8], ['plan-2', 4]]);
    expect(traceOf('permit-2', [], segments).steps).to.have.length(4);
    expect(traceOf('t-late', [], segments).ids.planId).to.equal('plan-1');
  });

  it('of a permit that came to nothing goes back to its signal', () => {
    const { records } = told();
    expect(stepsOf(traceOf('permit-1', records, []))).to.deep.equal(['signal passed', 'intent passed', 'plan passed', 'permit passed', 'fill passed']);
  });

  it('is told of a Snapshot in between nothing that was not told before', () => {
    const { events } = told();
    const entries = entriesOf(events);
    const middle = { ...entries[6]!, type: 'Snapshot', payload: {} };
    expect(segmentsOf(GPS, [...entries.slice(0, 6), middle, ...entries.slice(6)])).to.deep.equal(segmentsOf(GPS, entries));
  });

  it('leaves out entries of the journal that it cannot read, and says which', () => {
    const entries = entriesOf(tell().opened());
    const { segments, faults } = segmentsOf(GPS, [...entries.slice(0, 2), { ...entries[2]!, version: 9 }, ...entries.slice(3)]);
    expect(faults).to.have.length(1);
    expect(faults[0]).to.match(/^symbol\/GPSUSDT #3: .*version 9/);
    expect(segments[0]?.events).to.have.length(entries.length - 1);
  });

  it('of a real opening runs from the permit over the append and the venue to the stop', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(3_000);
    const store = new DecisionStore();
    for (const { decision } of desk.decisions.of('decided')) store.add(decision);
    const { segments, faults } = segmentsOf(GPS, await desk.journal.read(`symbol/${GPS}`));
    expect(faults).to.deep.equal([]);
    const view = traceOf('plan-GPSUSDT-1', store.of(GPS, 100), segments);
    expect(stepsOf(view)).to.include.members(['permit passed', 'OrderSending recorded', 'fill passed', 'OrderReported FILLED', 'order passed', 'ProtectionPlaced recorded', 'position passed']);
    expect(view.steps.filter((step) => step.step === 'permit')[0]).to.have.property('queueMs').that.is.a('number');
    const orderId = view.ids.orderIds[0]!;
    for (const id of [view.ids.permitId, view.ids.clientId, orderId]) expect(traceOf(id!, store.of(GPS, 100), segments).steps, id).to.deep.equal(view.steps);
  });
});

describe('a trace asked of the log', () => {
  async function bench() {
    const world = new World();
    const store = new MemoryJournal();
    const journal = world.system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
    const log = world.system.ref<DecisionLogInternal>('operator/decision-log');
    await store.append(entriesOf(tell().protected(), CHINESE));
    await store.append(entriesOf([tell().drift(3)], GPS));
    await world.start(worker(journal, journalBehaviour(store, { listeners: [log] })), worker(log, decisionLogBehaviour({ journal, listeners: [] })));
    await world.advance(100);
    return {
      world, store, log,
      trace: async (id: string): Promise<TraceView> => {
        const asked = world.system.ask(log, { type: 'trace', id }, 30_000);
        await world.advance(10_000);
        return asked;
      },
    };
  }

  it('is found in the journal of every symbol where the log knows nothing of it', async () => {
    const { trace } = await bench();
    const view = await trace('a-stop-1');
    expect(view.ids.planId).to.equal('plan-1');
    expect(view.steps.length).to.equal(tell().protected().length);
    expect(view.steps[0]?.by).to.equal(`executor/${CHINESE}`);
    expect(await trace('nobody')).to.deep.equal({ id: 'nobody', ids: { orderIds: [] }, steps: [] });
  });

  it('says that it may lack steps while the journal cannot be read, and gives what it has', async () => {
    const { world, log, store, trace } = await bench();
    world.system.tell(log, { type: 'decided', decision: { stage: 'intent', symbol: CHINESE, outcome: 'passed', at: world.clock.now(), by: 'bridge', ids: { intentId: 'intent-1' as IntentId } } });
    store.readsFail = true;
    const view = await trace('intent-1');
    expect(stepsOf(view)).to.deep.equal(['intent passed']);
    expect(view.incomplete).to.match(/^the journal could not be read/);
  });

  it('knows how long the append of an order took', async () => {
    const { world, store, trace } = await bench();
    const journal = world.system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
    store.mood = 'held';
    const events = tell().opening().map((event) => ({ ...event, at: world.clock.now() }));
    const asked = world.system.ask(journal, { type: 'append', entries: entriesOf(events, 'OTHERUSDT') }, 5_000);
    await world.advance(40);
    store.letThrough();
    await world.advance(10);
    expect(await asked).to.deep.equal({ ok: true });
    const view = await trace('permit-1');
    expect(view.steps.find((step) => step.step === 'OrderSending')?.serviceMs).to.equal(40);
  });
});
