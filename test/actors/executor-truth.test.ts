/** The venue is truth: what it states and the journal cannot explain is adopted or declared, on record; nothing is invented. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { DeskOptions } from '../kit/actors.ts';
import { Desk, GPS } from '../kit/actors.ts';

const standing = (desk: Desk) => [...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW');

/** The venue holds `quantity` that no trade explains. */
async function stranger(quantity: string, options: DeskOptions = {}): Promise<Desk> {
  const desk = new Desk(options);
  desk.venue.quantity = decimal(quantity);
  return desk.start(8_000);
}

describe('executor: the venue\'s word', () => {
  it('adopts an unknown position with a mandate, protects it, and can close it (ruling 26)', async () => {
    for (const [quantity, side] of [['5000', 'LONG'], ['-5000', 'SHORT']] as const) {
      const desk = await stranger(quantity);
      expect(desk.story[0]).to.equal('PositionAdopted');
      expect(desk.life.position).to.include({ side, quantity: '5000' });
      expect(desk.life.phase).to.equal('Protected');
      expect(desk.story).to.not.include('FillRecorded');
      desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
      await desk.advance(5_000);
      expect(desk.life.phase).to.equal('Flat');
      expect(desk.venue.quantity.toFixed()).to.equal('0');
    }
  });

  it('leaves an unknown position alone where it is told to: declared, closed to openings, not written to (ruling 26)', async () => {
    const desk = await stranger('5000', { unknownPositions: 'leave' });
    expect(desk.story).to.deep.equal(['DriftFound']);
    expect(desk.life.phase).to.equal('Drifted');
    desk.plan();
    await desk.advance(30_000);
    expect(desk.refused).to.deep.equal(['POSITION_UNRESOLVED']);
    expect(desk.venue.writes.filter((write) => write.kind !== 'CONFIGURE')).to.deep.equal([]);
    desk.venue.quantity = decimal('0');
    await desk.advance(70_000);
    expect(desk.life.phase).to.equal('Flat');
  });

  it('does not spend the rate limit on a position it leaves alone (failure 57)', async () => {
    const desk = await stranger('5000', { unknownPositions: 'leave' });
    const before = desk.venue.reads.length;
    await desk.advance(60_000);
    expect(desk.venue.reads.length - before).to.be.below(60);
  });

  it('leaves alone what somebody opens by hand while we watch, too (ruling 26)', async () => {
    const desk = await new Desk({ unknownPositions: 'leave' }).start();
    desk.venue.trade('BUY', decimal('5000'), decimal('0.01'));
    await desk.advance(30_000);
    expect(desk.venue.writes.filter((write) => write.kind !== 'CONFIGURE')).to.deep.equal([]);
    expect(desk.life.phase).to.equal('Drifted');
  });

  for (const late of [false, true]) {
    it(`a reading ${late ? 'that is late by a second' : 'from before'} does not clear away what somebody has just opened by hand: nothing is opened on top of it`, async () => {
      const desk = await new Desk({ unknownPositions: 'leave' }).start();
      const before = Promise.withResolvers<object>();
      desk.venue.onRead = (name) => (name === 'positions' ? before.promise : undefined);
      const asked = desk.venue.reads.length;
      while (!desk.venue.reads.slice(asked).some(({ name }) => name === 'positions')) await desk.advance(1_000);
      desk.venue.trade('BUY', decimal('5000'), decimal('0.01'));
      if (!late) desk.venue.onRead = () => undefined;
      before.resolve([]);
      for (let i = 0; i < 10; i++) {
        await desk.advance(100);
        desk.plan({ planId: `plan-${i}` as never });
      }
      desk.venue.onRead = () => undefined;
      await desk.advance(5_000);
      expect(desk.story).to.deep.equal(['DriftFound']);
      expect(desk.writes('OPEN')).to.deep.equal([]);
      expect(desk.life.phase).to.equal('Drifted');
    });
  }

  it('keeps the exits of a position of ours of which the venue states another size, where strangers\' are left alone (ruling 5, failure 64)', async () => {
    const desk = await new Desk({ unknownPositions: 'leave' }).start();
    desk.plan();
    await desk.advance(2_000);
    desk.venue.quantity = decimal('15000');
    await desk.advance(100_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(standing(desk).map((algo) => algo.quantity.toFixed())).to.deep.equal(['15000', '15000']);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(5_000);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
    expect(desk.life.phase).to.equal('Flat');
  });

  it('records a position that vanished without a trade as external, and invents no fill (operators\' 23)', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(2_000);
    desk.venue.quantity = decimal('0');
    await desk.advance(100_000);
    expect(desk.story.filter((type) => type === 'FillRecorded')).to.have.length(1);
    expect(desk.story).to.include('PositionAdopted');
    expect(desk.story.at(-1)).to.equal('PositionClosed');
    expect(desk.journal.entries.findLast((entry) => entry.type === 'PositionClosed')!.payload).to.include({ reason: 'EXTERNAL' });
    expect(standing(desk)).to.deep.equal([]);
    expect(desk.life.phase).to.equal('Flat');
  });

  it('opens nothing on top of what the venue states and nobody knows yet (ruling 19)', async () => {
    const desk = await new Desk().start();
    desk.venue.quantity = decimal('-5000');
    while (desk.logged(/another position than our count/) === 0) await desk.advance(100);
    expect(desk.life.phase).to.equal('Flat');
    desk.plan();
    await desk.advance(30_000);
    expect(desk.refused).to.deep.equal(['POSITION_UNRESOLVED']);
    expect(desk.writes('OPEN')).to.deep.equal([]);
    expect(desk.life.position).to.include({ side: 'SHORT', quantity: '5000' });
  });

  it('does not count a trade on top of the position that it was adopted with, whenever its list can be read again: also in the next life', async () => {
    const desk = await new Desk().start();
    desk.venue.streaming = false;
    desk.venue.onRead = (name) => (name === 'trades' ? Promise.reject(new Error('away')) : undefined);
    desk.plan();
    await desk.advance(12_000);
    expect(desk.story).to.include('PositionAdopted').and.to.not.include('FillRecorded');
    desk.kill(`executor/${GPS}`);
    await desk.advance(5_000);
    desk.venue.onRead = () => undefined;
    // Its answer is lost: what became of it, the trade list tells, with the fill of the entry.
    desk.venue.onWrite = (write) => {
      if (write.kind === 'CLOSE') desk.venue.execute(write);
      return write.kind === 'CLOSE' ? { result: 'unknown', message: 'no answer' } : undefined;
    };
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(5_000);
    expect(desk.story.filter((type) => type === 'FillRecorded')).to.have.length(2);
    expect(desk.story.filter((type) => type === 'PositionAdopted')).to.have.length(1);
    expect(desk.writes('CLOSE').map((write) => write.quantity.toFixed())).to.deep.equal(['20000']);
    expect(desk.life.lastClosed).to.include({ reason: 'OPERATOR', quantity: '20000', commission: '0.2' });
    expect(desk.life.phase).to.equal('Flat');
    expect(desk.findings.of('finding')).to.deep.equal([]);
  });

  it('closed while its trades could not be read, it does not come back with the next plan', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(2_000);
    desk.venue.streaming = false;
    desk.venue.onRead = (name) => (name === 'trades' ? Promise.reject(new Error('away')) : undefined);
    desk.venue.trade('SELL', decimal('20000'), decimal('0.0103'));
    await desk.advance(120_000);
    expect(desk.story.at(-1)).to.equal('PositionClosed');
    const before = desk.story.length;
    // Its answer and its events are lost: the list of trades tells of both.
    desk.venue.onRead = () => undefined;
    desk.venue.onWrite = (write) => {
      if (write.kind !== 'OPEN') return undefined;
      desk.venue.execute(write);
      return { result: 'unknown', message: 'no answer' };
    };
    desk.plan({ planId: 'plan-2' as never });
    await desk.advance(10_000);
    expect(desk.story.slice(before).filter((type) => type === 'FillRecorded')).to.have.length(2);
    expect(desk.story.slice(before)).to.not.include('PositionAdopted');
    expect(desk.life.position).to.include({ side: 'LONG', quantity: '20000', commission: '0.1' });
    expect(desk.life.phase).to.equal('Protected');
  });

  for (const late of ['0', '12000']) {
    it(`keeps the stop while the venue's reading of the position is late by 20 s: ${late} of 20000, and no trade that took the rest`, async () => {
      const desk = await new Desk().start();
      desk.plan();
      await desk.advance(2_000);
      const stop = standing(desk).map((algo) => algo.clientId);
      desk.venue.quantity = decimal(late);
      const before = desk.venue.reads.length;
      while (!desk.venue.reads.slice(before).some(({ name }) => name === 'trades')) await desk.advance(1_000);
      await desk.advance(20_000);
      desk.venue.quantity = decimal('20000');
      await desk.advance(70_000);
      expect(desk.story).to.not.include('PositionAdopted');
      expect(desk.life).to.deep.include({ phase: 'Protected' });
      expect(standing(desk).map((algo) => algo.clientId)).to.deep.equal(stop);
    });
  }

  it('takes a position closed by hand as what it is: the real fill, reason EXTERNAL', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(2_000);
    desk.venue.trade('SELL', decimal('20000'), decimal('0.0103'));
    await desk.advance(5_000);
    expect(desk.story.filter((type) => type === 'FillRecorded')).to.have.length(2);
    expect(desk.story).to.not.include('PositionAdopted');
    expect(desk.journal.entries.at(-1)!.payload).to.include({ reason: 'EXTERNAL' });
  });

  for (const restarted of [false, true]) {
    it(`finds a trade that nobody told of although later ones were heard${restarted ? ', after a restart, too' : ''}: it is looked for since the position began`, async () => {
      const desk = await stranger('20000');
      desk.venue.streaming = false;
      desk.venue.trade('SELL', decimal('1000'), decimal('0.0101'));
      await desk.advance(10_000);
      desk.venue.streaming = true;
      desk.venue.trade('SELL', decimal('2000'), decimal('0.0101'));
      await desk.advance(10);
      if (restarted) desk.kill(`executor/${GPS}`);
      await desk.advance(70_000);
      expect(desk.story.filter((type) => type === 'FillRecorded')).to.have.length(2);
      expect(desk.story.filter((type) => type === 'PositionAdopted')).to.have.length(1);
      expect(desk.life.position?.quantity).to.equal('17000');
      expect(desk.findings.of('finding').map(({ finding }) => finding.code)).to.not.include('RECORD_DIFFERS');
    });
  }

  it('finds what was traded between two positions and nobody told of, although fills of the second were heard', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(2_000);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(5_000);
    desk.venue.streaming = false;
    desk.venue.trade('SELL', decimal('1000'), decimal('0.0101'));
    await desk.advance(10_000);
    desk.venue.streaming = true;
    desk.plan({ planId: 'plan-2' as never });
    await desk.advance(70_000);
    expect(desk.story).to.not.include('PositionAdopted');
    expect(desk.life.position?.quantity).to.equal('19000');
  });

  it('what strangers traded, and was left alone, is no part of the next position', async () => {
    const desk = await new Desk({ unknownPositions: 'leave' }).start();
    desk.plan();
    await desk.advance(2_000);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(5_000);
    desk.venue.trade('SELL', decimal('5000'), decimal('0.01'));
    await desk.advance(5_000);
    desk.venue.trade('BUY', decimal('5000'), decimal('0.01'));
    await desk.advance(70_000);
    expect(desk.story.slice(-2)).to.deep.equal(['DriftFound', 'DriftCleared']);
    // Its answer and its events are lost: the list of trades tells.
    desk.venue.streaming = false;
    desk.venue.onWrite = (write) => {
      if (write.kind !== 'OPEN') return undefined;
      desk.venue.execute(write);
      return { result: 'unknown', message: 'no answer' };
    };
    const openedAt = desk.world.clock.now();
    desk.plan({ planId: 'plan-2' as never });
    await desk.advance(10_000);
    expect(desk.life.position).to.deep.include({ side: 'LONG', quantity: '20000', commission: '0.1', openedAt });
    expect(desk.findings.of('finding')).to.deep.equal([]);
  });

  it('does not let a slow answer of one reading into the next: what was asked before a fill says nothing after it (failure 84)', async () => {
    const desk = await new Desk().start();
    const old = Promise.withResolvers<object>();
    let asked = 0;
    desk.venue.onRead = (name) => {
      if (name === 'positions') return ++asked === 1 ? old.promise : new Promise<object>(() => undefined);
      return name === 'openOrders' ? Promise.reject(new Error('timeout')) : undefined;
    };
    // Any answered order makes it look at the venue's side; the first reading fails in one part, its positions part is slow.
    desk.venue.streaming = false;
    desk.venue.onWrite = (write) => (write.kind === 'OPEN' ? { result: 'unknown', message: 'no answer' } : undefined);
    desk.plan();
    await desk.advance(1_000);
    desk.venue.onRead = (name) => (name === 'positions' ? new Promise<object>(() => undefined) : undefined);
    await desk.advance(3_000);
    old.resolve([]);
    await desk.advance(5_000);
    // Five times unknown, but no reading of the position begun after the order was sent has come back.
    expect(desk.story).to.not.include('OrderAbsent');
  });

  it('reads the venue by itself when nobody brings its side, and then once the reconciler does', async () => {
    const desk = new Desk();
    desk.feed.stream = undefined;
    desk.venue.quantity = decimal('5000');
    await desk.start(12_000);
    expect(desk.life.symbol).to.equal(GPS);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.life.reconciledEpoch).to.equal(0);
    desk.feed.stream = { live: true, streamEpoch: 4, since: 0 };
    await desk.advance(5_000);
    expect(desk.life.reconciledEpoch).to.equal(4);
  });
});
