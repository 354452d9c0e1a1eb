/** A part of a position is closed and its stop moved: undisturbed, with lost answers, kills at every point, and a disk that is away. */
import { expect } from 'chai';
import { ZERO } from '../../src/protocol/decimal.ts';
import type { ClosedView } from '../../src/protocol/views.ts';
import type { PositionId } from '../../src/protocol/names.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { readClientId } from '../../src/rules/client-ids.ts';
import type { DeskOptions } from '../kit/actors.ts';
import { anInstrument, Desk, GPS } from '../kit/actors.ts';

const EXECUTOR = `executor/${GPS}`;
const P = `plan-${GPS}-1` as PositionId;
const isPart = (write: VenueWrite) => write.kind === 'CLOSE' && readClientId(write.clientId)?.leg === 'reduce';

/** 20,000 at 0.01, protected at 0.0098 and 0.0104. */
async function holding(options: DeskOptions = {}): Promise<Desk> {
  const desk = await new Desk(options).start();
  desk.plan();
  await desk.advance(1_500);
  expect(desk.life.phase).to.equal('Protected');
  return desk;
}
const reduce = (desk: Desk, percent = '25', tier = '1') => desk.world.system.tell(desk.executor, { type: 'reduce', positionId: P, tier, percent, reason: `TIER_${tier}`, by: 'exits' });
const move = (desk: Desk, stopPrice: string) => desk.world.system.tell(desk.executor, { type: 'move-stop', positionId: P, stopPrice, reason: 'PROFIT_LOCK', by: 'exits' });
const close = (desk: Desk, reason = 'EMERGENCY') => desk.world.system.tell(desk.executor, { type: 'close', reason, by: 'exits', positionId: P });
const book = (desk: Desk) => [...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW').map((algo) => `${algo.type === 'STOP_MARKET' ? 'stop' : 'target'} ${algo.side} ${algo.quantity.toFixed()} at ${algo.triggerPrice.toFixed()}`).toSorted();
const parts = (desk: Desk) => desk.venue.writes.filter(isPart);

describe('executor: a part', () => {
  it('is one reduce-only order under the mandate, and both protections follow it, the new ones first (failures 35, 93)', async () => {
    const desk = await holding();
    const before = desk.venue.writes.length;
    reduce(desk);
    await desk.advance(3_000);
    expect(desk.venue.writes.slice(before).map((write) => (write.kind === 'PROTECT' ? `place ${write.leg} ${write.quantity.toFixed()}` : write.kind === 'CLOSE' ? `close ${write.quantity.toFixed()}` : write.kind.toLowerCase()))).to.deep.equal(['close 5000', 'place stop 15000', 'place target 15000', 'cancel', 'cancel']);
    expect(book(desk)).to.deep.equal(['stop SELL 15000 at 0.0098', 'target SELL 15000 at 0.0104']);
    expect(desk.life).to.deep.include({ phase: 'Protected' });
    expect(desk.life.position).to.deep.include({ quantity: '15000', originalQuantity: '20000', tiersDone: ['1'], reducing: false, initialStop: '0.0098', stopLoss: '0.0098' });
  });

  it('of a tier is closed once, however often it is asked for, also after a restart (failure 56)', async () => {
    const desk = await holding();
    reduce(desk);
    reduce(desk);
    await desk.advance(3_000);
    desk.kill(EXECUTOR);
    await desk.advance(8_000);
    reduce(desk);
    await desk.advance(3_000);
    expect(parts(desk)).to.have.length(1);
    reduce(desk, '50', '1.5');
    await desk.advance(3_000);
    expect(desk.life.position).to.deep.include({ quantity: '5000', tiersDone: ['1', '1.5'] });
    expect(desk.story.filter((type) => type === 'ReduceRequested')).to.have.length(2);
  });

  it('too small for the venue, or leaving dust, closes the whole, and the journal says why (operators\' 40)', async () => {
    const desk = await holding();
    const instruments = new Map([[GPS, anInstrument(GPS, { minNotional: anInstrument().minNotional.multipliedBy(10) })]]);
    desk.feed.universe = { ...desk.feed.universe!, instruments, listed: instruments };
    await desk.advance(1_500);
    reduce(desk);
    await desk.advance(5_000);
    expect(parts(desk)).to.deep.equal([]);
    expect(desk.life.phase).to.equal('Flat');
    const asked = desk.journal.entries.find((entry) => entry.type === 'CloseRequested')!;
    expect(asked.payload).to.deep.equal({ reason: 'TIER_1', by: 'exits', detail: 'the part of 5000 is worth 49.00, less than 50' });
    expect(desk.life.lastClosed?.reason).to.equal('TIER_1');
  });

  it('leaves the close free although the cancel of the stop it replaces must wait a minute (failure 57)', async () => {
    const desk = await holding();
    desk.venue.onWrite = (write) => (write.kind === 'CANCEL' ? { result: 'throttled', retryAfterMs: 60_000, banned: false, message: 'Too many requests' } : undefined);
    reduce(desk);
    await desk.advance(3_000);
    const replaced = desk.writes('CANCEL').map((write) => write.clientId);
    expect(replaced, 'the stop and the target, each once').to.have.length(2);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(1_000);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
    await desk.advance(30_000);
    expect(desk.writes('CANCEL').filter(({ clientId }) => replaced.includes(clientId)), 'nor is it asked for each second meanwhile').to.have.length(2);
    desk.venue.onWrite = () => undefined;
    await desk.advance(60_000);
    expect(desk.life.phase).to.equal('Flat');
    expect(book(desk)).to.deep.equal([]);
  });

  it('whose answer is lost is asked for and never sent twice; meanwhile the stop stands (failure 47)', async () => {
    for (const streaming of [true, false]) {
      const desk = await holding();
      desk.venue.streaming = streaming;
      desk.venue.onWrite = (write): WriteOutcome | undefined => {
        if (!isPart(write)) return undefined;
        desk.venue.execute(write);
        return { result: 'unknown', message: 'socket hang up' };
      };
      reduce(desk);
      await desk.advance(30_000);
      expect(parts(desk), `streaming ${streaming}`).to.have.length(1);
      expect(desk.life.position).to.deep.include({ quantity: '15000', reducing: false });
      expect(book(desk)).to.deep.equal(['stop SELL 15000 at 0.0098', 'target SELL 15000 at 0.0104']);
    }
  });

  it('that never arrived is sent again under its own id, when the position agrees that it did not (ruling 8)', async () => {
    const desk = await holding();
    let lost = 0;
    desk.venue.onWrite = (write) => (isPart(write) && ++lost === 1 ? { result: 'unknown', message: 'no answer' } : undefined);
    reduce(desk);
    await desk.advance(5_000);
    expect(parts(desk), 'not before it is known').to.have.length(1);
    expect(desk.life).to.deep.include({ phase: 'Ambiguous' });
    expect(book(desk)[0]).to.equal('stop SELL 20000 at 0.0098');
    await desk.advance(60_000);
    expect(parts(desk)).to.have.length(2);
    expect(new Set(parts(desk).map((write) => write.clientId)).size).to.equal(1);
    expect(desk.venue.quantity.toFixed()).to.equal('15000');
    expect(desk.life.phase).to.equal('Protected');
  });

  const REFUSED: WriteOutcome = { result: 'rejected', venueCode: -1021, message: 'Timestamp for this request is outside of the recvWindow.' };
  const EXPIRED: WriteOutcome = { result: 'accepted', order: { orderId: '77', status: 'EXPIRED', executedQuantity: ZERO } };
  for (const [what, when, answer, lost, killed] of [
    ['refused', 'while the second is on its way', REFUSED, false, false],
    ['refused', 'after the second answer was lost', REFUSED, true, false],
    ['refused', 'after a restart', REFUSED, false, true],
    ['expired', 'while the second is on its way', EXPIRED, false, false],
  ] as const) {
    it(`whose first sending is found ${what} late, ${when}, is not closed under a second id: that says nothing of the second sending (ruling 8)`, async () => {
      const desk = await holding();
      const { clock } = desk.world;
      const first = Promise.withResolvers<WriteOutcome>();
      desk.venue.onWrite = (write): WriteOutcome | Promise<WriteOutcome> | undefined => {
        if (!isPart(write)) return undefined;
        if (parts(desk).length === 1) return first.promise;
        // An overloaded venue: nothing of it is told for a while.
        desk.venue.streaming = false;
        const outcome = desk.venue.execute(write);
        return lost ? { result: 'unknown', message: 'socket hang up' } : new Promise((resolve) => void clock.after(3_000, () => resolve(outcome)));
      };
      desk.venue.onRead = () => (parts(desk).length > 1 ? Promise.reject(new Error('timeout')) : undefined);
      reduce(desk);
      for (let waited = 0; parts(desk).length < 2 && waited < 60_000; waited += 250) await desk.advance(250);
      if (killed) desk.kill(EXECUTOR);
      await desk.advance(killed ? 2_500 : 250);
      first.resolve(answer);
      await desk.advance(killed ? 250 : 1_500);
      desk.venue.onRead = () => undefined;
      await desk.advance(60_000);
      expect(parts(desk).map((write) => write.clientId)).to.deep.equal([parts(desk)[0]!.clientId, parts(desk)[0]!.clientId]);
      expect(desk.venue.quantity.toFixed()).to.equal('15000');
      expect(book(desk)).to.deep.equal(['stop SELL 15000 at 0.0098', 'target SELL 15000 at 0.0104']);
    });
  }

  it('that arrived, though the venue knows neither order nor trades, is not closed a second time when its word has been taken', async () => {
    for (const tradesListed of [true, false]) {
      const desk = await holding();
      desk.venue.streaming = false;
      desk.venue.onWrite = (write): WriteOutcome | undefined => {
        if (!isPart(write)) return undefined;
        desk.venue.execute(write);
        desk.venue.orders.delete(write.clientId);
        return { result: 'unknown', message: 'no answer' };
      };
      if (!tradesListed) desk.venue.onRead = (name) => (name === 'trades' ? Promise.reject(new Error('timeout')) : undefined);
      reduce(desk);
      await desk.advance(90_000);
      expect(desk.venue.quantity.toFixed(), `trades listed ${tradesListed}`).to.equal('15000');
      expect(desk.story.includes('PositionAdopted')).to.equal(!tradesListed);
      expect(desk.life.position).to.deep.include({ quantity: '15000', reducing: false, tiersDone: ['1'] });
      expect(book(desk)).to.deep.equal(['stop SELL 15000 at 0.0098', 'target SELL 15000 at 0.0104']);
    }
  });

  it('that the venue does not find is not closed again while its position cannot be read', async () => {
    const desk = await holding();
    desk.venue.streaming = false;
    desk.venue.onWrite = (write): WriteOutcome | undefined => {
      if (!isPart(write)) return undefined;
      desk.venue.execute(write);
      desk.venue.orders.delete(write.clientId);
      return { result: 'unknown', message: 'no answer' };
    };
    desk.venue.onRead = (name) => (name === 'trades' || name === 'positions' ? Promise.reject(new Error('timeout')) : undefined);
    reduce(desk);
    await desk.advance(60_000);
    expect(parts(desk)).to.have.length(1);
    expect(desk.life.phase).to.equal('Ambiguous');
    desk.venue.onRead = () => undefined;
    await desk.advance(60_000);
    expect(parts(desk)).to.have.length(1);
    expect(desk.life.position).to.deep.include({ quantity: '15000', reducing: false });
  });

  it('under way is overtaken by a close, which waits for nothing and never turns the position', async () => {
    const desk = await holding();
    const answer = Promise.withResolvers<WriteOutcome>();
    let part: VenueWrite | undefined;
    desk.venue.onWrite = (write) => {
      if (!isPart(write)) return undefined;
      part = write;
      return answer.promise;
    };
    reduce(desk);
    await desk.advance(300);
    close(desk);
    await desk.advance(300);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
    answer.resolve(desk.venue.execute(part!));
    await desk.advance(10_000);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
    expect(desk.life).to.deep.include({ phase: 'Flat' });
    expect(desk.life.lastClosed?.reason).to.equal('EMERGENCY');
    expect(book(desk)).to.deep.equal([]);
  });

  it('waits for its record while the journal is away, for it would be closed twice; a close does not wait (ruling 36)', async () => {
    const desk = await holding();
    desk.journal.mood = 'failing';
    reduce(desk);
    await desk.advance(20_000);
    expect(parts(desk)).to.deep.equal([]);
    expect(desk.life.position).to.deep.include({ reducing: true });
    close(desk);
    await desk.advance(3_000);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
    desk.journal.mood = 'ok';
    await desk.advance(10_000);
    expect(parts(desk)).to.deep.equal([]);
    expect(desk.life.phase).to.equal('Flat');
    const back = await holding();
    back.journal.mood = 'failing';
    reduce(back);
    await back.advance(5_000);
    back.journal.mood = 'ok';
    await back.advance(5_000);
    expect(parts(back)).to.have.length(1);
    expect(back.venue.quantity.toFixed()).to.equal('15000');
  });

  it('refused by the venue again and again is left after five times, and the position stays behind its stop', async () => {
    const desk = await holding();
    desk.venue.onWrite = (write) => (isPart(write) ? { result: 'rejected', venueCode: -1001, message: 'Internal error' } : undefined);
    reduce(desk);
    await desk.advance(60_000);
    expect(parts(desk)).to.have.length(5);
    expect(new Set(parts(desk).map((write) => write.clientId)).size).to.equal(5);
    expect(desk.life).to.deep.include({ phase: 'Protected' });
    expect(desk.life.position).to.deep.include({ quantity: '20000', reducing: false });
    expect(desk.life.lastRefusal, 'that is no refusal of an entry').to.equal(undefined);
  });

  for (const [path, streaming] of [[EXECUTOR, true], [EXECUTOR, false], ['gateway', true], ['journal', false]] as const) {
    it(`with ${path} killed after each of its messages${streaming ? '' : ', the user stream silent'}: closed at most once, always behind a stop, in the end protected`, async function () {
      this.timeout(180_000);
      const run = async (point: number | undefined) => {
        let handled = 0;
        let armed = false;
        const desk: Desk = await holding({
          seed: (point ?? 0) + 1,
          onHandled(actor) {
            if (!armed || actor !== path) return;
            handled += 1;
            if (handled === point) desk.kill(path);
          },
        });
        armed = true;
        desk.venue.streaming = streaming;
        reduce(desk);
        move(desk, '0.0101');
        await desk.advance(700);
        const during = handled;
        armed = false;
        await desk.advance(35_000);
        return { desk, during };
      };
      const { during } = await run(undefined);
      expect(during).to.be.at.least(4);
      let reduced = 0;
      for (let point = 1; point <= during; point++) {
        const { desk } = await run(point);
        const held = desk.venue.quantity.toFixed();
        expect(['15000', '20000'], `point ${point}`).to.include(held);
        reduced += held === '15000' ? 1 : 0;
        expect(desk.life.phase, `point ${point}`).to.equal('Protected');
        expect(desk.life.position?.quantity, `point ${point}`).to.equal(held);
        expect(book(desk).map((one) => one.replace(/ at .*/, '')), `point ${point}`).to.deep.equal([`stop SELL ${held}`, `target SELL ${held}`]);
        expect(new Set(parts(desk).map((write) => write.clientId)).size, `point ${point}`).to.be.at.most(1);
        expect(desk.logged(/NAKED/), `point ${point}`).to.equal(0);
      }
      expect(reduced, 'most runs get it done').to.be.greaterThan(during / 2);
    });
  }
});

describe('executor: a stop that is moved', () => {
  it('is placed before the old one goes, to the tick away from the entry, and never back (rulings 4 and 6)', async () => {
    const desk = await holding();
    const before = desk.venue.writes.length;
    move(desk, '0.010021');
    await desk.advance(3_000);
    expect(desk.venue.writes.slice(before).map((write) => write.kind)).to.deep.equal(['PROTECT', 'CANCEL']);
    expect(book(desk)).to.deep.equal(['stop SELL 20000 at 0.01003', 'target SELL 20000 at 0.0104']);
    expect(desk.life.position).to.deep.include({ stopLoss: '0.01003', initialStop: '0.0098' });
    for (const price of ['0.01002', '0.0098', '0.01003']) move(desk, price);
    await desk.advance(3_000);
    expect(desk.venue.writes.length).to.equal(before + 2);
  });

  it('is shown where it stands while the new one is on its way', async () => {
    const desk = await holding();
    const answer = Promise.withResolvers<WriteOutcome>();
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' ? answer.promise : undefined);
    move(desk, '0.01003');
    await desk.advance(1_000);
    expect(desk.life).to.deep.include({ phase: 'Protected' });
    expect(desk.life.position?.stopLoss).to.equal('0.0098');
  });

  it('and would trigger at once is a stop that is hit: the position is closed, the old stop standing till then (−2021, failure 91)', async () => {
    const desk = await holding();
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' ? { result: 'rejected', venueCode: -2021, message: 'Order would immediately trigger.' } : undefined);
    move(desk, '0.01003');
    await desk.advance(500);
    expect(desk.writes('CLOSE')).to.have.length(1);
    expect(desk.writes('CANCEL').filter((write) => write.clientId === desk.writes('PROTECT')[0]!.clientId && desk.venue.writes.indexOf(write) < desk.venue.writes.indexOf(desk.writes('CLOSE')[0]!))).to.deep.equal([]);
    await desk.advance(5_000);
    expect(desk.life.lastClosed?.reason).to.equal('STOP_PASSED');
  });

  it('and refused for another reason is tried again now and then, not every second, with the old one standing', async () => {
    const desk = await holding();
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' ? { result: 'rejected', venueCode: -4045, message: 'Reach max stop order limit.' } : undefined);
    const before = desk.writes('PROTECT').length;
    move(desk, '0.01003');
    await desk.advance(59_000);
    expect(desk.writes('PROTECT').length - before).to.equal(4);
    expect(book(desk)[0]).to.equal('stop SELL 20000 at 0.0098');
    expect(desk.writes('CLOSE')).to.deep.equal([]);
    desk.venue.onWrite = () => undefined;
    await desk.advance(15_000);
    expect(book(desk)[0]).to.equal('stop SELL 20000 at 0.01003');
  });

  it('into profit and hit says so; what the position was and made is told until the next one (ruling 23)', async () => {
    const desk = await holding();
    const { openedAt } = desk.life.position!;
    move(desk, '0.01003');
    await desk.advance(3_000);
    desk.venue.trigger([...desk.venue.algos.values()].find((algo) => algo.status === 'NEW' && algo.type === 'STOP_MARKET')!.clientId);
    await desk.advance(5_000);
    const closed: Partial<ClosedView> = { positionId: P, planId: P, side: 'LONG', reason: 'PROFIT_LOCK', entryPrice: '0.01', quantity: '20000', openedAt, realizedPnl: '0', commission: '0.2' };
    expect(desk.life.lastClosed).to.deep.include(closed);
    expect(desk.journal.entries.at(-1)!.payload).to.deep.include({ side: 'LONG', planId: P, entryPrice: '0.01', quantity: '20000', openedAt });
    desk.kill(EXECUTOR);
    await desk.advance(3_000);
    expect(desk.life.lastClosed).to.deep.include(closed);
  });
});

describe('executor: what it says of its symbol', () => {
  it('keeps the first stop of an adopted position as its risk (rulings 21 and 26)', async () => {
    const desk = await new Desk().start();
    desk.venue.trade('BUY', anInstrument().maxPrice.multipliedBy(5), anInstrument().minPrice.multipliedBy(1_000));
    await desk.advance(8_000);
    const { position } = desk.life;
    expect(position).to.deep.include({ side: 'LONG', quantity: '5000', initialStop: '0.0098', originalQuantity: '5000', tiersDone: [] });
    desk.world.system.tell(desk.executor, { type: 'move-stop', positionId: position!.positionId, stopPrice: '0.01003', reason: 'PROFIT_LOCK', by: 'exits' });
    await desk.advance(3_000);
    expect(desk.life.position).to.deep.include({ stopLoss: '0.01003', initialStop: '0.0098' });
  });

  it('tells the venue\'s refusal of an entry, over a restart too (failure 40)', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => (write.kind === 'OPEN' ? { result: 'rejected', venueCode: -2019, message: 'Margin is insufficient.' } : undefined);
    desk.plan();
    await desk.advance(2_000);
    const at = desk.life.lastRefusal!.at;
    expect(desk.life.lastRefusal).to.deep.equal({ venueCode: -2019, message: 'Margin is insufficient.', at });
    desk.kill(EXECUTOR);
    await desk.advance(3_000);
    expect(desk.life.lastRefusal).to.deep.equal({ venueCode: -2019, message: 'Margin is insufficient.', at });
  });

  it('does not close the next position for a plan that was meant for the last one', async () => {
    const desk = await holding();
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'KILL_SCORE', by: 'exits', positionId: 'plan-0' as PositionId });
    await desk.advance(3_000);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
    expect(desk.life.phase).to.equal('Protected');
  });

  it('reads a journal from before there were parts and moved stops, and tells what was lost of its last position from the fold', async () => {
    const desk = await holding();
    desk.venue.trigger([...desk.venue.algos.values()].find((algo) => algo.type === 'STOP_MARKET')!.clientId);
    await desk.advance(5_000);
    const told = desk.life.lastClosed!;
    const closed = desk.journal.entries.at(-1)!;
    expect(closed.type).to.equal('PositionClosed');
    const { positionId, reason, realizedPnl, commission } = closed.payload as ClosedView;
    desk.journal.entries[desk.journal.entries.length - 1] = { ...closed, payload: { positionId, reason, realizedPnl, commission } };
    desk.kill(EXECUTOR);
    await desk.advance(3_000);
    expect(desk.life).to.deep.include({ phase: 'Flat', lastClosed: told });
  });
});
