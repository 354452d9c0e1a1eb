/** Somebody sets this machine's clock, back or on by an hour: nothing waits an hour for that, and nothing is called absent that the venue still takes. */
import { expect } from 'chai';
import type { WriteOutcome } from '../../src/protocol/venue.ts';
import { Desk, GPS, WALL_MS } from '../kit/actors.ts';

const BACK_MS = 3_600_000;
const setBack = (desk: Desk) => desk.world.clock.setWall(WALL_MS - BACK_MS);
const setOn = (desk: Desk) => desk.world.clock.setWall(WALL_MS + BACK_MS);
const setRight = (desk: Desk) => desk.world.clock.setWall(WALL_MS);

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

  it('set on instead, closes nothing for it that is about to get its stop, and still closes what gets none in its time', async () => {
    const desk = await new Desk().start();
    let refused = true;
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' && refused ? { result: 'rejected', venueCode: -1001, message: 'internal error' } : undefined);
    desk.plan();
    await desk.advance(500);
    setOn(desk);
    await desk.advance(2_000);
    expect(desk.logged(/NAKED POSITION/), 'two and a half seconds').to.equal(0);
    refused = false;
    await desk.advance(3_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.story).not.to.include('CloseRequested');
    const naked = await new Desk().start();
    naked.venue.onWrite = (write) => (write.kind === 'PROTECT' ? { result: 'rejected', venueCode: -1001, message: 'internal error' } : undefined);
    naked.plan();
    await naked.advance(500);
    setOn(naked);
    await naked.advance(11_000);
    expect(naked.venue.quantity.isZero()).to.equal(true);
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

  it('places a stop anew that is gone from the venue\'s list', async () => {
    const desk = await holding();
    const stops = () => [...desk.venue.algos.values()].filter((algo) => algo.type === 'STOP_MARKET' && algo.status === 'NEW');
    const [gone] = stops();
    setBack(desk);
    desk.venue.vanish(gone!.clientId);
    await desk.advance(20_000);
    expect(stops().map(({ quantity }) => quantity.toFixed())).to.deep.equal(['20000']);
    expect(stops()[0]!.clientId).not.to.equal(gone!.clientId);
    expect(desk.venue.quantity.isZero(), 'and nothing was closed for it').to.equal(false);
  });
});

describe('executor: a stop whose lists cannot be read, and a wall clock that is set', () => {
  for (const [how, set] of [['back', setBack], ['on', setOn]] as const) {
    it(`set ${how} by an hour: says after a minute that it was not seen, and not before`, async () => {
      const desk = await holding();
      const unseen = () => desk.standing.of('standing').filter(({ from, alerts }) => from === `executor/${GPS}` && alerts.some(({ name }) => name.startsWith('stop-unseen'))).length > 0;
      desk.venue.onRead = (name) => (name === 'openAlgoOrders' ? Promise.reject(new Error('timeout')) : undefined);
      await desk.advance(10_000);
      set(desk);
      await desk.advance(40_000);
      expect(unseen()).to.equal(false);
      await desk.advance(30_000);
      expect(unseen()).to.equal(true);
    });
  }
});

describe('executor: an entry without an answer, and a wall clock that is set', () => {
  const UNKNOWN: WriteOutcome = { result: 'unknown', message: 'socket hang up' };
  /** Nothing is heard of the entry, and the venue has not taken it yet. */
  async function lost(): Promise<Desk> {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => (write.kind === 'OPEN' ? UNKNOWN : undefined);
    desk.plan();
    await desk.advance(100);
    expect(desk.life.phase).to.equal('Ambiguous');
    return desk;
  }
  const asks = (desk: Desk, since: number) => desk.venue.reads.filter((read) => read.name === 'order').map((read) => read.at - since);
  /** Five seconds on, five back, every 700 ms. */
  async function toAndFro(desk: Desk, forMs: number): Promise<void> {
    for (let passed = 0; passed < forMs; passed += 700) {
      desk.world.clock.setWall(WALL_MS + (passed % 1_400 === 0 ? 5_000 : -5_000));
      await desk.advance(700);
    }
  }
  const WAYS = [
    ['set back by an hour', setBack, (desk: Desk, ms: number) => desk.advance(ms)],
    ['set on by an hour', setOn, (desk: Desk, ms: number) => desk.advance(ms)],
    ['set to and fro', () => undefined, toAndFro],
  ] as const;

  for (const [how, set, pass] of WAYS) {
    it(`${how}: asks at 0.5, 1, 2, 5 and 8 s all the same, and finds it absent in its time`, async () => {
      const desk = await lost();
      const since = desk.world.clock.monotonic() + WALL_MS - 100;
      set(desk);
      await pass(desk, 7_000);
      expect(desk.life.phase).to.equal('Ambiguous');
      await pass(desk, 4_200);
      expect(asks(desk, since)).to.have.length(5);
      for (const [index, after] of [500, 1_000, 2_000, 5_000, 8_000].entries()) expect(asks(desk, since)[index], `query ${index + 1}`).to.be.within(after, after + 600);
      expect(desk.refused).to.deep.equal(['ENTRY_ABSENT']);
      expect(desk.writes('OPEN')).to.have.length(1);
    });

    it(`${how}: calls nothing absent that the venue takes in the last moment of the window, a second ahead of its time`, async () => {
      const desk = await lost();
      desk.venue.streaming = false;
      set(desk);
      await pass(desk, 5_600);
      desk.venue.execute(desk.writes('OPEN')[0]!);
      await pass(desk, 10_500);
      expect(desk.story).not.to.include('OrderAbsent');
      expect(desk.life).to.include({ phase: 'Protected' });
      expect(desk.writes('OPEN')).to.have.length(1);
    });

    it(`${how} while nobody ran: the next incarnation neither waits for it nor believes it`, async () => {
      for (const taken of [true, false]) {
        const desk = await lost();
        desk.venue.streaming = false;
        desk.kill(`executor/${GPS}`);
        set(desk);
        await pass(desk, 4_900);
      expect(desk.story).not.to.include('OrderAbsent');
        if (taken) desk.venue.execute(desk.writes('OPEN')[0]!);
        await pass(desk, 14_000);
        expect(desk.story.includes('OrderAbsent')).to.equal(!taken);
        expect(desk.life.phase).to.equal(taken ? 'Protected' : 'Flat');
        expect(desk.writes('OPEN')).to.have.length(1);
      }
    });
  }

  it('put right again while the position beside it was being read: nothing read before counts as read after', async () => {
    const desk = await lost();
    desk.venue.streaming = false;
    setOn(desk);
    await desk.advance(2_000);
    setRight(desk);
    // From now on neither position nor trades can be read: all there is was read while the venue could still take it.
    desk.venue.onRead = (name) => (name === 'positions' || name === 'trades' ? Promise.reject(new Error('timeout')) : undefined);
    await desk.advance(60_000);
    expect(desk.story).not.to.include('OrderAbsent');
    desk.venue.onRead = () => undefined;
    await desk.advance(20_000);
    expect(desk.refused).to.deep.equal(['ENTRY_ABSENT']);
  });
});
