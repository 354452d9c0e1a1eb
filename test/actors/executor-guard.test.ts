/** A venue that takes no stop: the position is guarded from here, loudly, and never left alone (failures 89, 89b; ruling 10). */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VenueWrite } from '../../src/protocol/venue.ts';
import { Desk, GPS, WALL_MS } from '../kit/actors.ts';

const isStop = (write: VenueWrite) => write.kind === 'PROTECT' && write.leg === 'stop';

/** A position whose stops are refused with `venueCode`, as long as `refuses` says so. */
async function guarding(venueCode: number, refuses: () => boolean = () => true): Promise<Desk> {
  const desk = await new Desk().start();
  desk.venue.onWrite = (write) => (isStop(write) && refuses() ? { result: 'rejected', venueCode, message: 'no such order' } : undefined);
  desk.plan();
  await desk.advance(1_000);
  return desk;
}

const alerts = (desk: Desk) => (desk.standing.of('standing').filter(({ from }) => from === `executor/${GPS}`).at(-1)?.alerts ?? []).map(({ name }) => name);
const reasons = (desk: Desk) => desk.journal.entries.filter((entry) => entry.type === 'CloseRequested').map((entry) => (entry.payload as { reason: string }).reason);

describe('executor: a venue that takes no stop', () => {
  for (const venueCode of [-4120, -4045, -2025]) {
    it(`${venueCode}: told loudly, asked again without haste, and closed at the market when the mark reaches the stop`, async () => {
      const desk = await guarding(venueCode);
      await desk.advance(60_000);
      expect(desk.writes('CLOSE'), 'guarded is not naked').to.deep.equal([]);
      expect(desk.life.position).to.include({ guard: '0.0098', stopOrderId: null });
      expect(desk.writes('PROTECT').length, 'asked again, not in a storm').to.be.within(3, 7);
      expect(alerts(desk)).to.deep.equal([`stop-refused/${GPS}`]);
      expect(new Set(desk.owners.findings)).to.deep.equal(new Set([`STOP_NOT_TAKEN ${GPS} ${venueCode}`]));
      desk.venue.mark = decimal('0.0098');
      await desk.advance(4_000);
      expect(desk.writes('CLOSE').map((write) => [write.side, write.quantity.toFixed()])).to.deep.equal([['SELL', '20000']]);
      await desk.advance(4_000);
      expect(desk.life.phase).to.equal('Flat');
      expect(desk.life.lastClosed).to.include({ reason: 'STOP_PASSED' });
      expect(alerts(desk)).to.deep.equal([]);
    });
  }

  it('a price that is heard closes at once, and a restart guards it still', async () => {
    const desk = await guarding(-4120);
    await desk.advance(5_000);
    desk.kill(`executor/${GPS}`);
    await desk.advance(30_000);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
    expect(desk.life.position).to.include({ guard: '0.0098' });
    const hear = (price: string) => desk.world.system.tell(desk.executor, { type: 'mark', price: decimal(price), observedAt: desk.world.clock.now() });
    hear('0.0099');
    await desk.advance(100);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
    hear('0.00979');
    await desk.advance(100);
    expect(desk.writes('CLOSE')).to.have.length(1);
    expect(reasons(desk)).to.deep.equal(['STOP_PASSED']);
  });

  it('a short is closed when the mark rises to its stop', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => (isStop(write) ? { result: 'rejected', venueCode: -4120, message: 'no such order' } : undefined);
    desk.plan({ side: 'SHORT', action: 'OPEN_SHORT' });
    await desk.advance(20_000);
    expect(desk.life.position).to.include({ side: 'SHORT', guard: '0.0102' });
    desk.venue.mark = decimal('0.0102');
    await desk.advance(4_000);
    expect(desk.writes('CLOSE').map((write) => write.side)).to.deep.equal(['BUY']);
  });

  it('one whose price nobody knows for ten seconds is naked, and closed (ruling 10)', async () => {
    const desk = await guarding(-4120);
    await desk.advance(30_000);
    desk.venue.onRead = (name) => (name === 'positions' ? Promise.reject(new Error('timeout')) : undefined);
    await desk.advance(7_000);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
    await desk.advance(6_000);
    expect(desk.writes('CLOSE')).to.have.length(1);
    expect(reasons(desk)).to.deep.equal(['NAKED']);
  });

  it('a price older than one that was read does not count', async () => {
    const desk = await guarding(-4120);
    await desk.advance(5_000);
    desk.world.system.tell(desk.executor, { type: 'mark', price: decimal('0.0090'), observedAt: desk.world.clock.now() - 20_000 });
    await desk.advance(5_000);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
  });

  for (const [how, byMs] of [['back', -3_600_000], ['on', 3_600_000]] as const) {
    it(`this machine's clock set ${how} by an hour: closes nothing for it, reads the price that the stream leaves out, and closes at the stop`, async () => {
      const desk = await guarding(-4120);
      await desk.advance(20_000);
      const hear = (price: string) => desk.world.system.tell(desk.executor, { type: 'mark', price: decimal(price), observedAt: desk.world.clock.monotonic() + WALL_MS });
      hear('0.0099');
      await desk.advance(300);
      desk.world.clock.setWall(WALL_MS + byMs);
      for (let second = 0; second < 15; second += 1) {
        hear('0.0099');
        await desk.advance(1_000);
      }
      expect(desk.writes('CLOSE'), 'the price goes on coming').to.deep.equal([]);
      desk.venue.mark = decimal('0.0098');
      await desk.advance(4_000);
      expect(desk.writes('CLOSE'), 'the stream is silent, and the price was read').to.have.length(1);
      expect(reasons(desk)).to.deep.equal(['STOP_PASSED']);
    });
  }

  it('the same price told again and again is not a young one', async () => {
    const desk = await guarding(-4120);
    await desk.advance(20_000);
    const observedAt = desk.world.clock.now();
    desk.venue.onRead = (name) => (name === 'positions' ? Promise.reject(new Error('timeout')) : undefined);
    for (let second = 0; second < 13; second += 1) {
      desk.world.system.tell(desk.executor, { type: 'mark', price: decimal('0.0099'), observedAt });
      await desk.advance(1_000);
    }
    expect(reasons(desk)).to.deep.equal(['NAKED']);
  });

  it('takes the stop when the venue does, and is no guard any more', async () => {
    let refuses = true;
    const desk = await guarding(-4045, () => refuses);
    await desk.advance(20_000);
    refuses = false;
    await desk.advance(20_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.life.position).to.include({ guard: null, stopLoss: '0.0098' });
    expect(alerts(desk)).to.deep.equal([]);
    desk.venue.mark = decimal('0.0097');
    await desk.advance(70_000);
    expect(desk.writes('CLOSE'), 'the venue has its stop').to.deep.equal([]);
  });

  it('a refused target leaves the stop where it is, and guards nothing', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' && write.leg === 'target' ? { result: 'rejected', venueCode: -4045, message: 'no room' } : undefined);
    desk.plan();
    await desk.advance(30_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.life.position).to.include({ guard: null, stopLoss: '0.0098', takeProfit: null });
    expect(alerts(desk)).to.deep.equal([]);
  });
});
