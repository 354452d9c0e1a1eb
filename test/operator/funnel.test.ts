/** The funnel: what came in, went on and was refused, in any window of a day, in bounded memory. */
import { expect } from 'chai';
import { decisionLogBehaviour } from '../../src/operator/decision-log.ts';
import { FunnelCounts } from '../../src/operator/funnel-counts.ts';
import type { Decision, Stage } from '../../src/protocol/decisions.ts';
import type { JournalMessage } from '../../src/protocol/messages.ts';
import type { DecisionLogInternal } from '../../src/operator/decision-log.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';
import { NOW } from './kit/readings.ts';
import { RACOON } from './kit/service.ts';

const step = (stage: Stage, outcome: Decision['outcome'], at: number): Decision => ({ stage, symbol: RACOON, outcome, at, by: 'test' });
const stageOf = (counts: FunnelCounts, stage: Stage, windowMs: number, now: number) => counts.view(windowMs, now).stages.find((one) => one.stage === stage);

describe('funnel', () => {
  it('counts in, out and refused by code, and names every stage in order, also the empty ones', () => {
    const counts = new FunnelCounts();
    counts.add(step('intent', 'passed', NOW), NOW);
    counts.add(step('intent', 'POSITION_OPEN', NOW), NOW);
    counts.add(step('intent', 'POSITION_OPEN', NOW), NOW);
    counts.add(step('intent', 'TRADING_HALTED', NOW), NOW);
    const view = counts.view(3_600_000, NOW);
    expect(view.stages.map((one) => one.stage)).to.deep.equal(['signal', 'intent', 'plan', 'permit', 'order', 'fill', 'position']);
    expect(view.stages[1]).to.deep.equal({ stage: 'intent', in: 4, out: 1, refused: { POSITION_OPEN: 2, TRADING_HALTED: 1 }, lastAt: '2026-02-02T02:40:00.000Z' });
    expect(view.stages[0]).to.deep.equal({ stage: 'signal', in: 0, out: 0, refused: {}, lastAt: null });
  });

  it('a window leaves out what is older, to the bucket of ten seconds', () => {
    const counts = new FunnelCounts();
    counts.add(step('signal', 'passed', NOW), NOW);
    const later = NOW + 60_000;
    expect(stageOf(counts, 'signal', 60_000, later)?.in).to.equal(1);
    expect(stageOf(counts, 'signal', 49_000, later)).to.deep.equal({ stage: 'signal', in: 0, out: 0, refused: {}, lastAt: null });
  });

  it('keeps a day and no more, whatever comes in', () => {
    const counts = new FunnelCounts();
    for (let at = NOW; at < NOW + 2 * 86_400_000; at += 10_000) counts.add(step('signal', 'passed', at), at);
    expect(counts.buckets).to.be.at.most(8_641);
    const now = NOW + 2 * 86_400_000;
    expect(stageOf(counts, 'signal', 86_400_000, now)?.in).to.equal(8_640);
  });

  it('puts the steps of a clock that lags or leads where they can be counted', () => {
    const counts = new FunnelCounts();
    counts.add(step('signal', 'passed', NOW), NOW);
    counts.add(step('signal', 'passed', NOW + 5_000), NOW);
    counts.add(step('signal', 'passed', NOW - 25_000), NOW);
    counts.add(step('signal', 'passed', NOW - 15_000), NOW);
    expect(counts.buckets).to.equal(3);
    expect(stageOf(counts, 'signal', 60_000, NOW)).to.deep.include({ in: 4, lastAt: '2026-02-02T02:40:00.000Z' });
    expect(stageOf(counts, 'signal', 10_000, NOW)?.in).to.equal(2);
  });

  it('answers as an actor, and shows the last hour', async () => {
    const world = new World();
    const ref = world.system.ref<DecisionLogInternal>('operator/decision-log');
    const journal = new Probe<JournalMessage>(world, 'journal');
    await world.start(journal.spec, worker(ref, decisionLogBehaviour({ journal: journal.ref, listeners: [] })));
    world.system.tell(ref, { type: 'decided', decision: step('plan', 'QUANTITY_TOO_SMALL', world.clock.now()) });
    await world.advance(20_000);
    const asked = world.system.ask(ref, { type: 'funnel', windowMs: 60_000 }, 500);
    await world.settle();
    const view = await asked;
    expect(view.windowMs).to.equal(60_000);
    expect(view.stages[2]).to.deep.include({ in: 1, out: 0, refused: { QUANTITY_TOO_SMALL: 1 } });
    expect(world.system.inspect('operator/decision-log')).to.have.nested.property('state.lastHour[2].in', 1);
  });
});
