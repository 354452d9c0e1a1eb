/** What the venue's answers prescribe, between executor and gateway: the symbol is compared at once, stops come through, an entry without room is refused. */
import { expect } from 'chai';
import { ZERO } from '../../src/protocol/decimal.ts';
import { Desk } from '../kit/actors.ts';

const standing = (desk: Desk) => [...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW' && algo.type === 'STOP_MARKET');
const opened = async (): Promise<Desk> => {
  const desk = await new Desk().start();
  desk.plan();
  await desk.advance(2_000);
  expect(desk.life.phase).to.equal('Protected');
  return desk;
};

describe('executor and gateway: what answers prescribe', () => {
  it('refuses a plan that finds no room in time, with a code, and takes the next one when there is room (failure 57)', async () => {
    const desk = await new Desk().start();
    // Others behind the same address ask more and more.
    for (let weight = 2_000; desk.world.clock.now() % 60_000 < 30_000 || weight < 2_030; weight++) {
      desk.venue.stated = { weight1m: weight, orders10s: undefined, orders1m: undefined };
      await desk.advance(2_000);
    }
    desk.plan();
    await desk.advance(3_000);
    expect(desk.refused).to.deep.equal(['VENUE_THROTTLED']);
    expect(desk.writes('OPEN')).to.deep.equal([]);
    expect(desk.life.phase).to.equal('Flat');
    // The venue's next minute.
    desk.venue.stated = { weight1m: 30, orders10s: undefined, orders1m: undefined };
    await desk.advance(120_000);
    desk.plan({ planId: 'plan-2' as never });
    await desk.advance(2_000);
    expect(desk.life.phase).to.equal('Protected');
  });

  it('compares the symbol in the same moment when a close is refused with −2022, and does not close again what is gone (failure 54)', async () => {
    const desk = await opened();
    // Somebody closed it by hand, and the stream has not said so.
    desk.venue.quantity = ZERO;
    const now = desk.world.clock.now();
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.world.settle();
    expect(desk.venue.reads.filter((read) => read.at === now).map((read) => read.name)).to.include.members(['positions', 'openOrders', 'openAlgoOrders']);
    await desk.advance(30_000);
    expect(desk.life.phase).to.equal('Flat');
    expect(desk.writes('CLOSE').length).to.be.at.most(3);
    expect(standing(desk)).to.deep.equal([]);
  });

  it('a close that was throttled says nothing of what is held: a reading that comes late takes no stop off it', async () => {
    const desk = await opened();
    desk.venue.onWrite = (write) => (write.kind === 'CLOSE' ? { result: 'throttled', retryAfterMs: 12_000, banned: false, message: 'Too many requests' } : undefined);
    desk.venue.onRead = (name) => (name === 'positions' ? [] : undefined);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(8_000);
    expect(standing(desk)).to.have.length(1);
    expect(desk.story).not.to.include('PositionAdopted');
    desk.venue.onRead = () => undefined;
    desk.venue.onWrite = () => undefined;
    await desk.advance(30_000);
    expect(desk.venue.quantity.isZero()).to.equal(true);
    expect(desk.life.phase).to.equal('Flat');
  });

  it('places one stop although the first one was refused by its time (failure 58)', async () => {
    const desk = await new Desk().start();
    let refused = 0;
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' && write.leg === 'stop' && refused++ === 0 ? { result: 'rejected', venueCode: -1021, message: 'outside of the recvWindow' } : undefined);
    desk.plan();
    await desk.advance(2_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(standing(desk)).to.have.length(1);
    const ids = desk.writes('PROTECT').filter((write) => write.kind === 'PROTECT' && write.leg === 'stop').map((write) => write.clientId);
    expect(ids).to.have.length(2);
    expect(new Set(ids).size, 'the same order').to.equal(1);
    expect(desk.story).to.not.include('ProtectionEnded');
  });

  it('protects the position as soon as a refused key is taken again', async () => {
    const desk = await new Desk().start();
    let refused = true;
    desk.venue.onWrite = (write) => (refused && write.kind !== 'OPEN' ? { result: 'rejected', venueCode: -2015, message: 'Invalid API-key, IP, or permissions for action.' } : undefined);
    desk.plan();
    await desk.advance(4_000);
    expect(desk.owners.of('set').map((message) => message.state)).to.deep.equal(['HALTED']);
    expect(desk.life.position).to.include({ quantity: '20000', stopLoss: null });
    expect(standing(desk)).to.deep.equal([]);
    expect(desk.writes('PROTECT').length, 'no storm').to.be.at.most(4);
    refused = false;
    await desk.advance(5_000);
    expect(standing(desk)).to.have.length(1);
    expect(desk.life.phase).to.equal('Protected');
  });
});
