/** An executor writes its whole life down before reading it back takes long, or retention would have to wait for it; and goes on from there. */
import { expect } from 'chai';
import type { LifeEvent } from '../../src/protocol/life-events.ts';
import { restoreLife } from '../../src/rules/position-life/snapshot.ts';
import { Desk, GPS } from '../kit/actors.ts';

const ENTITY = `symbol/${GPS}`;
const HOUR_MS = 3_600_000;

/** Drift found and cleared, again and again: a life whose end is the same as its beginning. */
async function lived(desk: Desk, events: number, at: number): Promise<void> {
  const told = Array.from({ length: events }, (_none, index): LifeEvent => (index % 2 === 0 ? { type: 'DriftFound', at, journal: '0', venue: '5' } : { type: 'DriftCleared', at, venue: '0' }));
  await desk.journal.append(told.map(({ type, at: when, ...payload }, index) => ({ entity: ENTITY, sequence: index + 1, type, version: 1, at: when, payload })));
}

describe('the executor\'s Snapshots', () => {
  it('come after two hundred events of a stream that never had one, and not a moment before', async () => {
    for (const [events, snapshots] of [[198, 0], [200, 1]] as const) {
      const desk = new Desk();
      await lived(desk, events, desk.world.clock.now());
      await desk.start();
      expect(desk.story.filter((type) => type === 'Snapshot'), `${events} events`).to.have.length(snapshots);
    }
  });

  it('come when the oldest entry, or the last Snapshot itself, is a day old: even of a symbol that rests', async () => {
    const desk = new Desk();
    await lived(desk, 2, desk.world.clock.now() - 24 * HOUR_MS + 10_000);
    await desk.start();
    expect(desk.story).to.not.include('Snapshot');
    await desk.advance(10_000);
    expect(desk.story).to.deep.equal(['DriftFound', 'DriftCleared', 'Snapshot']);
    await desk.advance(60_000);
    expect(desk.story, 'nothing has happened since').to.have.length(3);
    desk.world.clock.moveTo(desk.world.clock.now() + 24 * HOUR_MS);
    await desk.advance(2_000);
    expect(desk.story).to.deep.equal(['DriftFound', 'DriftCleared', 'Snapshot', 'Snapshot']);
  });

  it('are what the next incarnation begins with: an open position, its stop and its count go on as if it had never ended', async () => {
    const desk = new Desk();
    await lived(desk, 196, desk.world.clock.now());
    await desk.start();
    desk.plan();
    await desk.advance(10_000);
    expect(desk.life.phase).to.equal('Protected');
    const entries = await desk.journal.read(ENTITY);
    expect(entries[0]!.type).to.equal('Snapshot');
    const before = desk.life;
    desk.kill(`executor/${GPS}`);
    await desk.advance(10_000);
    // When the venue last listed the stop is no part of the life: the new incarnation has looked again.
    expect({ ...desk.life.position, stopSeenAt: 0 }).to.deep.equal({ ...before.position, stopSeenAt: 0 });
    expect(desk.life.mandate).to.deep.equal(before.mandate);
    expect(desk.writes('OPEN')).to.have.length(1);
    expect(desk.story.filter((type) => type === 'FillRecorded'), 'no fill twice').to.have.length(1);
    // The stream as a whole tells the same life as from the Snapshot on.
    expect(restoreLife(GPS, await desk.journal.read(ENTITY))).to.deep.equal(restoreLife(GPS, desk.journal.entries.filter((entry) => entry.entity === ENTITY && entry.type !== 'Snapshot')));
  });

  it('that the journal does not take are written again as they were, under the same number', async () => {
    const desk = new Desk();
    await lived(desk, 200, desk.world.clock.now());
    desk.journal.mood = 'failing';
    await desk.start();
    expect(desk.story).to.have.length(200);
    expect(desk.logged(/journal did not take the events/)).to.be.at.least(1);
    desk.journal.mood = 'ok';
    await desk.advance(5_000);
    expect(desk.story.slice(200)).to.deep.equal(['Snapshot']);
    expect((await desk.journal.read(ENTITY))[0]).to.include({ sequence: 201, type: 'Snapshot' });
  });

  it('of a later Vigil are not guessed at: the executor does not start, and says by what name', async () => {
    const desk = new Desk();
    await desk.journal.append([{ entity: ENTITY, sequence: 1, type: 'Snapshot', version: 99, at: 1, payload: {} }]);
    let refused: unknown;
    await desk.start().catch((error: unknown) => (refused = error));
    const said = [String(refused), ...desk.world.events.map((event) => JSON.stringify(event, (_key, value: unknown) => (value instanceof Error ? value.message : value)))].join('\n');
    expect(said).to.contain('life event Snapshot has version 99; this build knows 2');
    expect(desk.venue.writes).to.deep.equal([]);
  });
});
