/** An entry whose answer is lost: asked for, never sent twice, and whatever it became is protected or ended by name. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { WriteOutcome } from '../../src/protocol/venue.ts';
import { Desk } from '../kit/actors.ts';

const UNKNOWN: WriteOutcome = { result: 'unknown', message: 'socket hang up' };

/** A desk whose entry gets no answer. `arrives`: it was executed all the same. */
async function lost(arrives: boolean, options: { streaming: boolean }): Promise<Desk> {
  const desk = await new Desk().start();
  desk.venue.streaming = options.streaming;
  desk.venue.onWrite = (write) => {
    if (write.kind !== 'OPEN') return undefined;
    if (arrives) desk.venue.execute(write);
    return UNKNOWN;
  };
  desk.plan();
  await desk.advance(200);
  return desk;
}

const asks = (desk: Desk) => desk.venue.reads.filter((read) => read.name === 'order').map((read) => read.at);

describe('executor: an entry without an answer', () => {
  it('is asked for at 0.5, 1, 2, 5 and 8 s, and found absent every time with the position flat ends ENTRY_ABSENT (ruling 8, failure 47)', async () => {
    const desk = await lost(false, { streaming: true });
    expect(desk.life.phase).to.equal('Ambiguous');
    const since = desk.world.clock.now() - 200;
    await desk.advance(7_500);
    expect(desk.life.phase).to.equal('Ambiguous');
    await desk.advance(3_000);
    expect(asks(desk)).to.have.length(5);
    for (const [index, after] of [500, 1_000, 2_000, 5_000, 8_000].entries()) expect(asks(desk)[index]! - since, `query ${index + 1}`).to.be.within(after, after + 400);
    expect(desk.story.slice(-2)).to.deep.equal(['OrderAbsent', 'PlanEnded']);
    expect(desk.refused).to.deep.equal(['ENTRY_ABSENT']);
    expect(desk.life.phase).to.equal('Flat');
    await desk.advance(60_000);
    expect(desk.writes('OPEN')).to.have.length(1);
  });

  it('found filled is protected, and never sent a second time (failure 47)', async () => {
    const desk = await lost(true, { streaming: true });
    await desk.advance(3_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.life.position).to.include({ quantity: '20000', stopLoss: '0.0098' });
    expect(desk.writes('OPEN')).to.have.length(1);
  });

  it('found with an executed quantity that no event has told: the trades are asked for and counted once (failure 83)', async () => {
    const desk = await lost(true, { streaming: false });
    await desk.advance(5_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.story.filter((type) => type === 'FillRecorded')).to.have.length(1);
    // The stream comes back and repeats the fill.
    const [order] = desk.venue.orders.values();
    desk.world.system.tell(desk.executor, { type: 'user-event', event: { type: 'order', order: order!, trade: desk.venue.trades[0]!, observedAt: desk.world.clock.now() } });
    await desk.advance(5_000);
    expect(desk.life.position).to.include({ quantity: '20000' });
    expect(desk.story).to.not.include('PositionAdopted');
  });

  it('is protected before it is resolved when the position is there and the order cannot be asked for (ruling 8)', async () => {
    const desk = await lost(true, { streaming: false });
    desk.venue.onRead = (name) => (name === 'order' ? Promise.reject(new Error('timeout')) : undefined);
    await desk.advance(3_000);
    expect([...desk.venue.algos.values()].some((algo) => algo.type === 'STOP_MARKET' && algo.status === 'NEW')).to.equal(true);
    expect(desk.state).to.have.nested.property('entry.state', 'ambiguous');
    desk.venue.onRead = () => undefined;
    await desk.advance(20_000);
    expect(desk.life).to.include({ phase: 'Protected' });
    expect(desk.writes('OPEN')).to.have.length(1);
  });

  it('stays open and unresolved while neither order nor position can be read: nothing is concluded from silence (operators\' 19)', async () => {
    const desk = await lost(false, { streaming: true });
    desk.venue.onRead = (name) => (name === 'order' || name === 'positions' ? Promise.reject(new Error('timeout')) : undefined);
    await desk.advance(60_000);
    expect(desk.life.phase).to.equal('Ambiguous');
    desk.venue.onRead = () => undefined;
    await desk.advance(60_000);
    expect(desk.refused).to.deep.equal(['ENTRY_ABSENT']);
    expect(desk.writes('OPEN')).to.have.length(1);
  });

  it('is ambiguous from the deadline on, and its late answer is taken as the fact it is (ruling 9)', async () => {
    const desk = await new Desk().start();
    const answer = Promise.withResolvers<WriteOutcome>();
    desk.venue.streaming = false;
    desk.venue.onWrite = (write) => (write.kind === 'OPEN' ? answer.promise : undefined);
    desk.plan();
    await desk.advance(7_900);
    expect(desk.life.phase).to.equal('Opening');
    await desk.advance(200);
    expect(desk.life.phase).to.equal('Ambiguous');
    answer.resolve(desk.venue.execute(desk.writes('OPEN')[0]!));
    await desk.advance(3_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.logged(/late answer/)).to.equal(1);
    expect(desk.writes('OPEN')).to.have.length(1);
  });

  it('answered NEW whose end is never told is asked for until it ends, and protected (failure 44)', async () => {
    const desk = await new Desk().start();
    desk.venue.streaming = false;
    desk.venue.onWrite = (write) => {
      if (write.kind !== 'OPEN') return undefined;
      desk.venue.execute(write);
      return { result: 'accepted', order: { orderId: '1', status: 'NEW', executedQuantity: decimal('0') } };
    };
    desk.plan();
    await desk.advance(5_000);
    expect(desk.life.phase).to.equal('Protected');
  });

  it('answered FILLED, and gone again before anyone heard of it: both executions are counted and the symbol is free (operators\' 23)', async () => {
    const desk = await new Desk().start();
    desk.venue.streaming = false;
    desk.venue.onWrite = (write) => {
      if (write.kind !== 'OPEN') return undefined;
      const outcome = desk.venue.execute(write);
      desk.venue.trade('SELL', decimal('20000'), decimal('0.0095'));
      return outcome;
    };
    desk.plan();
    await desk.advance(10_000);
    expect(desk.story.filter((type) => type === 'FillRecorded')).to.have.length(2);
    expect(desk.story.at(-1)).to.equal('PositionClosed');
    expect(desk.life.phase).to.equal('Flat');
  });

  it('is absent although somebody else holds a position of the symbol meanwhile: that is known and agrees without it', async () => {
    const desk = await lost(false, { streaming: true });
    desk.venue.trade('BUY', decimal('3000'), decimal('0.01'));
    await desk.advance(30_000);
    expect(desk.story).to.include('OrderAbsent');
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.life.position).to.include({ quantity: '3000' });
  });

  for (const [slowMs, adopts] of [[3_000, false], [7_500, true]] as const) {
    it(`counts its own fill once when the trade list takes ${slowMs} ms, and is protected before it counts as naked (rulings 8, 10)`, async () => {
      const desk = await new Desk().start();
      desk.venue.streaming = false;
      const trades = Promise.withResolvers<object>();
      desk.venue.onRead = (name) => (name === 'trades' ? trades.promise : undefined);
      desk.plan();
      await desk.advance(slowMs);
      expect(desk.life.phase).to.equal(adopts ? 'Protected' : 'Opening');
      trades.resolve(desk.venue.trades);
      desk.venue.onRead = () => undefined;
      await desk.advance(3_000);
      expect(desk.story.includes('PositionAdopted')).to.equal(adopts);
      expect(desk.life.position).to.include({ quantity: '20000' });
      expect(desk.life.phase).to.equal('Protected');
    });
  }
});
