/** The way of an opening: slot, permit, one durable append, then the write; and a position with a stop at its end. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { Desk, GPS } from '../kit/actors.ts';

describe('executor: opening', () => {
  it('leads from a plan to a position with stop and target, at prices from the average fill (rulings 3, 6)', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(2_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.life.position).to.include({ side: 'LONG', quantity: '20000', entryPrice: '0.01', stopLoss: '0.0098', takeProfit: '0.0104' });
  });

  it('asks slot, then permit, then makes intent, plan, permit and order durable together, and only then sends (ruling 3)', async () => {
    const order: string[] = [];
    const desk = await new Desk({ onHandled: (path, type) => order.push(`${path} ${type}`) }).start();
    desk.journal.mood = 'held';
    order.length = 0;
    desk.plan();
    await desk.advance(400);
    const steps = order.filter((one) => ['gateway request-slot', 'governor request-permit', 'journal append', 'gateway write'].includes(one));
    expect(steps).to.deep.equal(['gateway request-slot', 'governor request-permit', 'journal append']);
    expect(desk.venue.writes).to.deep.equal([]);
    desk.journal.letThrough();
    await desk.advance(0);
    expect(desk.journal.batches[0]!.map((entry) => entry.type)).to.deep.equal(['IntentAccepted', 'PlanMade', 'PermitGranted', 'OrderSending']);
    expect(desk.writes('OPEN')).to.have.length(1);
  });

  it('never sends an opening whose record is not durable: it ends JOURNAL_AWAY and the symbol is Flat again', async () => {
    for (const mood of ['failing', 'silent'] as const) {
      const desk = await new Desk().start();
      desk.journal.mood = mood;
      desk.plan();
      await desk.advance(6_000);
      expect(desk.writes('OPEN'), mood).to.deep.equal([]);
      expect(desk.refused, mood).to.deep.equal(['JOURNAL_AWAY']);
      expect(desk.life.phase, mood).to.equal('Flat');
      desk.journal.mood = 'ok';
      await desk.advance(10_000);
      expect(desk.story, mood).to.deep.equal(['IntentAccepted', 'PlanMade', 'PermitGranted', 'OrderSending', 'OrderAbandoned', 'PlanEnded']);
      expect(desk.writes('OPEN'), mood).to.deep.equal([]);
    }
  });

  it('sends stop and close within their patience while the journal is away, and records them when it is back (failure 82, ruling 36)', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => {
      if (write.kind === 'OPEN') desk.journal.mood = 'failing';
      return undefined;
    };
    desk.plan();
    await desk.advance(1_000);
    expect(desk.writes('PROTECT').map((write) => write.leg)).to.include('stop');
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(1_000);
    expect(desk.venue.quantity.isZero()).to.equal(true);
    expect(desk.story.at(-1)).to.equal('OrderSending');
    await desk.advance(60_000);
    desk.journal.mood = 'ok';
    await desk.advance(5_000);
    const said = desk.world.logs.filter((line) => /events of this symbol/.test(line.message) && line.level !== 'debug').map(({ level, message }) => `${level}: ${message}`);
    expect(said, 'once when it goes, once when it is back').to.deep.equal(['error: the journal did not take the events of this symbol; openings wait, exits go on', 'info: the journal has the events of this symbol again']);
    expect(desk.life.phase).to.equal('Flat');
    expect(desk.story.filter((type) => type === 'OrderSending')).to.have.length(2);
    expect(desk.story.at(-1)).to.equal('PositionClosed');
  });

  it('abandons the order when its permit is refused at the last moment, and is Flat again (rulings 3, 11)', async () => {
    const desk = await new Desk().start();
    desk.journal.mood = 'held';
    desk.plan();
    await desk.advance(300);
    desk.authority.epochs.advance();
    desk.journal.letThrough();
    await desk.advance(1_000);
    expect(desk.writes('OPEN')).to.deep.equal([]);
    expect(desk.refused).to.deep.equal(['PERMIT_EPOCH']);
    expect(desk.story).to.deep.equal(['IntentAccepted', 'PlanMade', 'PermitGranted', 'OrderSending', 'OrderAbandoned', 'PlanEnded']);
    expect(desk.life).to.include({ phase: 'Flat', notional: '0' });
  });

  it('protects the filled part of an entry that expired with a rest, and nothing when nothing was filled (ruling 7)', async () => {
    for (const [executed, phase] of [['7000', 'Protected'], ['0', 'Flat']] as const) {
      const desk = await new Desk().start();
      desk.venue.onWrite = (write) => (write.kind === 'OPEN' ? desk.venue.fill(write, decimal(executed), write.price) : undefined);
      desk.plan();
      await desk.advance(2_000);
      expect(desk.life.phase, executed).to.equal(phase);
      expect(desk.writes('PROTECT').map((write) => write.quantity.toFixed()), executed).to.deep.equal(executed === '0' ? [] : ['7000', '7000']);
      expect(desk.refused, executed).to.deep.equal(executed === '0' ? ['ENTRY_UNFILLED'] : []);
    }
  });

  it('ends the plan when the venue rejects the entry, and leaves nothing behind (failure 81)', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => (write.kind === 'OPEN' ? { result: 'rejected', venueCode: -2019, message: 'Margin is insufficient.' } : undefined);
    desk.plan();
    await desk.advance(2_000);
    expect(desk.story.slice(-2)).to.deep.equal(['OrderRejected', 'PlanEnded']);
    expect(desk.refused).to.deep.equal(['VENUE_REJECTED']);
    expect(desk.life.phase).to.equal('Flat');
    expect(desk.life.mandate).to.equal(undefined);
  });

  it('refuses a plan unless Flat, and an expired one (rulings 18, 19, failure 46)', async () => {
    const desk = await new Desk().start();
    desk.plan({ planId: 'plan-stale' as never, expiresAt: desk.world.clock.now() - 1 });
    await desk.advance(1_000);
    expect(desk.writes('OPEN')).to.have.length(0);
    desk.plan();
    desk.plan({ planId: 'plan-second' as never });
    await desk.advance(2_000);
    desk.plan({ planId: 'plan-third' as never });
    await desk.advance(1_000);
    expect(desk.refused).to.deep.equal(['INTENT_EXPIRED', 'POSITION_OPENING', 'POSITION_OPEN']);
    expect(desk.writes('OPEN')).to.have.length(1);
  });

  it('the same plan a second time is refused, and takes nothing from the first that is on its way', async () => {
    const desk = await new Desk().start();
    desk.plan();
    desk.plan();
    await desk.advance(2_000);
    expect(desk.refused).to.deep.equal(['POSITION_OPENING']);
    expect(desk.writes('OPEN')).to.have.length(1);
    expect(desk.life.phase).to.equal('Protected');
  });

  it('opens nothing before the venue\'s side was read in this incarnation (failure 46)', async () => {
    const desk = new Desk();
    desk.feed.stream = undefined;
    await desk.start(500);
    desk.plan();
    await desk.advance(100);
    expect(desk.refused).to.deep.equal(['POSITION_UNRESOLVED']);
  });

  it('opens nothing while an order of ours still stands in the book of a flat symbol (ruling 6)', async () => {
    const desk = new Desk();
    const orphan = 'x-15PC4ZJyaaaas00000000000000000000' as never;
    desk.venue.execute({ kind: 'PROTECT', symbol: GPS, clientId: orphan, side: 'SELL', leg: 'stop', quantity: decimal('1'), triggerPrice: decimal('0.009') });
    desk.venue.onWrite = (write) => (write.kind === 'CANCEL' ? { result: 'unknown', message: 'no answer' } : undefined);
    await desk.start();
    desk.plan();
    await desk.advance(3_000);
    expect(desk.writes('OPEN')).to.deep.equal([]);
    expect(desk.refused).to.deep.equal(['POSITION_CLOSING']);
    desk.venue.onWrite = () => undefined;
    await desk.advance(10_000);
    expect(desk.venue.algos.get(orphan)?.status).to.equal('CANCELED');
    expect(desk.life.phase).to.equal('Flat');
  });
});
