/** Somebody sets this machine's clock back by an hour while a position is open: nothing waits an hour for that. */
import { expect } from 'chai';
import { Desk, WALL_MS } from '../kit/actors.ts';

const BACK_MS = 3_600_000;
const setBack = (desk: Desk) => desk.world.clock.setWall(WALL_MS - BACK_MS);

async function holding(): Promise<Desk> {
  const desk = await new Desk().start();
  desk.plan();
  await desk.advance(2_000);
  expect(desk.life.phase).to.equal('Protected');
  return desk;
}

describe('executor: a wall clock that is set back', () => {
  it('asks again for a close that was refused, within seconds', async () => {
    const desk = await holding();
    desk.venue.onWrite = (write) => (write.kind === 'CLOSE' && desk.writes('CLOSE').length === 1 ? { result: 'rejected', venueCode: -1001, message: 'internal error' } : undefined);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(100);
    expect(desk.writes('CLOSE')).to.have.length(1);
    setBack(desk);
    await desk.advance(3_000);
    expect(desk.writes('CLOSE')).to.have.length(2);
    expect(desk.venue.quantity.isZero()).to.equal(true);
  });

  it('closes a position without a stop in its time (ruling 10)', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' ? { result: 'rejected', venueCode: -1001, message: 'internal error' } : undefined);
    desk.plan();
    await desk.advance(500);
    expect(desk.venue.quantity.isZero()).to.equal(false);
    setBack(desk);
    await desk.advance(4_000);
    expect(desk.logged(/NAKED POSITION/)).to.equal(1);
    await desk.advance(7_000);
    expect(desk.venue.quantity.isZero()).to.equal(true);
    expect(desk.story).to.include('CloseRequested');
  });

  it('lets no exit wait for a journal that is away', async () => {
    const desk = await holding();
    desk.journal.mood = 'silent';
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(100);
    setBack(desk);
    await desk.advance(1_000);
    expect(desk.venue.quantity.isZero()).to.equal(true);
  });

  it('takes what the venue says from then on: a stop that was hit is a close on record, and the symbol is flat', async () => {
    const desk = await holding();
    const [stop] = [...desk.venue.algos.values()].filter((algo) => algo.type === 'STOP_MARKET' && algo.status === 'NEW');
    desk.venue.trigger(stop!.clientId);
    await desk.world.settle();
    setBack(desk);
    await desk.advance(5_000);
    expect(desk.story.at(-1)).to.equal('PositionClosed');
    expect(desk.life.phase).to.equal('Flat');
  });
});
