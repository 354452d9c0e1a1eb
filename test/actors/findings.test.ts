/** Findings: journalled once, counted when seen again, standing for a day, over a restart and a journal that is away. */
import { expect } from 'chai';
import { findingsBehaviour } from '../../src/actors/findings.ts';
import type { Finding } from '../../src/protocol/findings.ts';
import type { FindingMessage, JournalEntryDraft, JournalMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Ref, Tagged } from '../../src/supervision/ref.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const DAY = 86_400_000;
const OVERFILL: Finding = { code: 'OVERFILL', subject: 'order-1', message: '12 of order-1 were filled, 10 ordered.' };

async function bench(kept: JournalEntryDraft[] = []) {
  const world = new World();
  const journal = new Probe<JournalMessage>(world, 'journal');
  const watchdog = new Probe<StandingMessage>(world, 'watchdog');
  const mood = { away: false, losesAnswer: false, silent: false };
  journal.answer = (message) => {
    if (mood.silent && message.type === 'append') {
      mood.silent = false;
      kept.push(...message.entries);
      return undefined;
    }
    if (mood.away) return message.type === 'append' ? { ok: false, code: 'JOURNAL_UNAVAILABLE', message: 'disk full' } : undefined;
    if (message.type === 'append') {
      kept.push(...message.entries);
      if (mood.losesAnswer) return { ok: false, code: 'JOURNAL_UNAVAILABLE', message: 'no answer' };
      return { ok: true };
    }
    return message.type === 'read' ? [...kept] : undefined;
  };
  const ref = world.system.ref<FindingMessage>('findings');
  await world.start(journal.spec, watchdog.spec, worker(ref as unknown as Ref<Tagged>, findingsBehaviour({ journal: journal.ref, watchdog: watchdog.ref }) as unknown as Behaviour<Tagged, unknown>));
  await world.advance(10);
  const alerts = () => watchdog.last('standing')?.alerts ?? [];
  return { world, kept, mood, alerts, journal, find: (finding: Finding) => world.system.tell(ref, { type: 'finding', from: 'executor/GPSUSDT', finding }) };
}

describe('findings', () => {
  it('are journalled with who saw them, and stand among the alerts with what to do', async () => {
    const { world, kept, alerts, find } = await bench();
    find(OVERFILL);
    await world.advance(100);
    expect(kept).to.have.length(1);
    expect(kept[0]).to.deep.include({ entity: 'findings', sequence: 1, type: 'FindingKept', payload: { ...OVERFILL, from: 'executor/GPSUSDT' } });
    expect(alerts()).to.have.length(1);
    expect(alerts()[0]!.name).to.equal('finding/OVERFILL/order-1');
    expect(alerts()[0]!.message).to.match(/^12 of order-1 were filled, 10 ordered\. The venue is believed/);
  });

  it('seen again are counted, and journalled anew only after an hour', async () => {
    const { world, kept, alerts, find } = await bench();
    for (let i = 0; i < 5; i++) find(OVERFILL);
    await world.advance(2_000);
    expect(kept).to.have.length(1);
    expect(alerts()[0]!.message).to.include('5 times');
    await world.advance(3_600_000);
    find(OVERFILL);
    await world.advance(100);
    expect(kept.map((entry) => entry.sequence)).to.deep.equal([1, 2]);
  });

  it('are journalled as soon as the journal takes them again, however the wall clock was set meanwhile', async () => {
    const { world, kept, mood, find } = await bench();
    mood.away = true;
    find(OVERFILL);
    await world.advance(1_000);
    world.clock.setWall(-3_600_000);
    mood.away = false;
    await world.advance(10_000);
    expect(kept).to.have.length(1);
  });

  it('stand for a day after they were last seen, over a restart of the actor, too', async () => {
    const { world, alerts, find } = await bench();
    find(OVERFILL);
    await world.advance(100);
    world.system.control('findings', 'kill', 'test');
    await world.advance(5_000);
    expect(alerts().map((alert) => alert.name)).to.deep.equal(['finding/OVERFILL/order-1']);
    world.clock.moveTo(world.clock.now() + DAY);
    await world.advance(2_000);
    expect(alerts()).to.deep.equal([]);
  });

  it('wait while the journal is away, and are all written when it is back', async () => {
    const { world, kept, mood, alerts, find } = await bench();
    mood.away = true;
    find(OVERFILL);
    find({ ...OVERFILL, subject: 'order-2' });
    await world.advance(5_000);
    expect(kept).to.deep.equal([]);
    expect(alerts()).to.have.length(2);
    mood.away = false;
    await world.advance(30_000);
    expect(kept.map((entry) => entry.sequence)).to.deep.equal([1, 2]);
  });

  it('are not written twice when only the answer of the journal was lost', async () => {
    const { world, kept, mood, find } = await bench();
    mood.losesAnswer = true;
    find(OVERFILL);
    await world.advance(100);
    mood.losesAnswer = false;
    await world.advance(30_000);
    expect(kept).to.have.length(1);
  });

  it('are written down together when the first entry is a day old; what was found meanwhile is lost by none of it', async () => {
    const { world, kept, mood, alerts, find } = await bench();
    find(OVERFILL);
    await world.advance(3_700_000);
    find(OVERFILL);
    find({ ...OVERFILL, subject: 'order-2' });
    await world.advance(1_000);
    world.clock.moveTo(world.clock.now() + DAY - 3_600_000);
    // The answer to the Snapshot is lost, and another finding comes meanwhile.
    mood.losesAnswer = true;
    await world.advance(1_500);
    expect(kept.map((entry) => entry.type)).to.deep.equal(['FindingKept', 'FindingKept', 'FindingKept', 'Snapshot']);
    find({ ...OVERFILL, subject: 'order-3' });
    mood.losesAnswer = false;
    await world.advance(10_000);
    expect(kept.map((entry) => [entry.sequence, entry.type]).slice(3)).to.deep.equal([[4, 'Snapshot'], [5, 'FindingKept']]);
    const before = alerts();
    expect(before.map((alert) => alert.name)).to.deep.equal(['finding/OVERFILL/order-1', 'finding/OVERFILL/order-2', 'finding/OVERFILL/order-3']);
    expect(before[0]!.message).to.include('2 times');
    // The journal answers from the newest Snapshot on.
    kept.splice(0, 3);
    world.system.control('findings', 'kill', 'test');
    await world.advance(5_000);
    expect(alerts()).to.deep.equal(before);
  });

  it('that come while a Snapshot is on its way are journalled after it', async () => {
    const { world, kept, mood, journal, find } = await bench();
    find(OVERFILL);
    await world.advance(1_000);
    world.clock.moveTo(world.clock.now() + DAY);
    mood.silent = true;
    await world.advance(1_500);
    find({ ...OVERFILL, subject: 'order-2' });
    await world.advance(1_000);
    journal.answerNext('append', { ok: true });
    await world.advance(5_000);
    expect(kept.map((entry) => [entry.sequence, entry.type])).to.deep.equal([[1, 'FindingKept'], [2, 'Snapshot'], [3, 'FindingKept']]);
    expect(kept.at(-1)!.payload).to.include({ subject: 'order-2' });
  });
});
