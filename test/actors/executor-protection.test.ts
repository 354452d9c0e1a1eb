/** A position and its stop: placed, refused, passed, triggered, vanished; and never cancelled before the venue says flat. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { STOP_LOST_BOUND_MS } from '../../src/rules/position-life/guard.ts';
import { clientIdFor } from '../../src/rules/client-ids.ts';
import { Desk, GPS, TAG } from '../kit/actors.ts';

async function holding(script?: (desk: Desk, write: VenueWrite) => WriteOutcome | undefined): Promise<Desk> {
  const desk = await new Desk().start();
  if (script !== undefined) desk.venue.onWrite = (write) => script(desk, write);
  desk.plan();
  await desk.advance(1_000);
  return desk;
}

/** The venue does not know it. */
const ABSENT = Promise.resolve(undefined) as unknown as Promise<object>;

/** What the executor last said stands wrong. */
const alerts = (desk: Desk) => (desk.standing.of('standing').filter(({ from }) => from === `executor/${GPS}`).at(-1)?.alerts ?? []).map(({ name }) => name);
const isStop = (write: VenueWrite) => write.kind === 'PROTECT' && write.leg === 'stop';
const standing = (desk: Desk) => [...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW');
const stopOf = (desk: Desk) => standing(desk).find((algo) => algo.type === 'STOP_MARKET');

describe('executor: protection', () => {
  it('alarms 3 s after the fill and closes at 10 s when the venue rejects every stop (ruling 10, failure 88)', async () => {
    const desk = await holding((_desk, write) => (isStop(write) ? { result: 'rejected', venueCode: -4131, message: 'the book is thin' } : undefined));
    await desk.advance(1_500);
    expect(desk.logged(/NAKED POSITION/)).to.equal(0);
    await desk.advance(1_000);
    expect(desk.logged(/NAKED POSITION/)).to.equal(1);
    await desk.advance(5_000);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
    await desk.advance(4_000);
    expect(desk.writes('CLOSE')).to.have.length(1);
    expect(desk.life.phase).to.equal('Flat');
    expect(desk.writes('PROTECT').length).to.be.within(6, 12);
    expect(new Set(desk.writes('PROTECT').map((write) => write.clientId)).size, 'a definite refusal raises the attempt (ruling 8)').to.equal(desk.writes('PROTECT').length);
  });

  it('takes −2021 for a stop that is hit, and closes at once (failure 91)', async () => {
    const desk = await holding((_desk, write) => (isStop(write) ? { result: 'rejected', venueCode: -2021, message: 'Order would immediately trigger.' } : undefined));
    await desk.advance(2_000);
    expect(desk.writes('CLOSE').map((write) => [write.side, write.quantity.toFixed()])).to.deep.equal([['SELL', '20000']]);
    expect(desk.life.phase).to.equal('Flat');
  });

  it('cancels the target only after the venue has confirmed flat, and closes the position after that (ruling 4, failure 92)', async () => {
    const desk = await holding();
    desk.venue.onRead = (name) => (name === 'positions' ? Promise.reject(new Error('timeout')) : undefined);
    desk.venue.trigger(stopOf(desk)!.clientId);
    await desk.advance(30_000);
    expect(desk.writes('CANCEL'), 'flat is not confirmed').to.deep.equal([]);
    expect(desk.life.phase).to.equal('Closing');
    desk.venue.onRead = () => undefined;
    await desk.advance(5_000);
    expect(desk.writes('CANCEL')).to.have.length(1);
    expect(standing(desk)).to.deep.equal([]);
    expect(desk.story.at(-1)).to.equal('PositionClosed');
    expect(desk.journal.entries.at(-1)!.payload).to.include({ reason: 'STOP' });
    expect(desk.life.phase).to.equal('Flat');
  });

  it('sees a stop that vanished, and places it anew, within the bound, whenever it does; a position that cannot have one is closed ten seconds later', async () => {
    for (const [offset, refused] of [[0, false], [3_700, false], [9_900, false], [14_800, true]] as const) {
      const desk = await holding();
      await desk.advance(70_000 + offset);
      const first = stopOf(desk)!;
      if (refused) desk.venue.onWrite = (write) => (isStop(write) ? { result: 'rejected', venueCode: -4131, message: 'no' } : undefined);
      desk.venue.vanish(first.clientId);
      await desk.advance(STOP_LOST_BOUND_MS);
      if (!refused) expect(stopOf(desk)?.clientId, `offset ${offset}`).to.be.a('string').that.is.not.equal(first.clientId);
      await desk.advance(12_000);
      expect(desk.venue.quantity.isZero(), `offset ${offset}`).to.equal(refused);
    }
  });

  it('a stop that the venue has told of is not gone for one unknown from before and one list that lacks it', async () => {
    const lost: VenueWrite[] = [];
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => {
      if (!isStop(write) || lost.length > 0) return undefined;
      lost.push(write);
      return { result: 'unknown', message: 'socket hang up' };
    };
    desk.plan();
    await desk.advance(600);
    const asked = desk.venue.reads.filter(({ name }) => name === 'algoOrder').length;
    expect(asked, 'the venue did not know it once').to.equal(1);
    desk.venue.execute(lost[0]!);
    await desk.advance(20_000);
    expect(desk.life.phase).to.equal('Protected');
    let unlisted = 0;
    desk.venue.onRead = (name) => {
      if (name === 'openAlgoOrders' && unlisted === 0) return ((unlisted += 1), []);
      return name === 'algoOrder' && unlisted === 1 ? ((unlisted += 1), ABSENT) : undefined;
    };
    await desk.advance(20_000);
    expect(unlisted).to.equal(2);
    expect(desk.story).not.to.include('ProtectionLost');
    expect(standing(desk)).to.have.length(2);
  });

  it('a stop that is sent again is not sent a third time for answers from before', async () => {
    const desk = await new Desk().start();
    const { clock } = desk.world;
    let stops = 0;
    desk.venue.onWrite = (write) => {
      if (!isStop(write)) return undefined;
      return (stops += 1) === 1 ? { result: 'unknown', message: 'socket hang up' } : new Promise(() => undefined);
    };
    desk.venue.onRead = (name) => (name === 'algoOrder' ? new Promise<object>((resolve) => void clock.after(2_500, () => resolve(undefined as unknown as object))) : undefined);
    desk.plan();
    await desk.advance(5_800);
    expect(stops).to.equal(2);
  });

  it('takes a stop for gone that the list lacks and whose own query never answers, within the bound', async () => {
    const desk = await holding();
    await desk.advance(61_000);
    const first = stopOf(desk)!;
    desk.venue.onRead = (name) => (name === 'algoOrder' ? Promise.reject(new Error('timeout')) : undefined);
    desk.venue.vanish(first.clientId);
    await desk.advance(STOP_LOST_BOUND_MS);
    expect(stopOf(desk)?.clientId).to.be.a('string').that.is.not.equal(first.clientId);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
  });

  it('says that a naked position is not closed in time, why not, and what to do; and closes it when it can', async () => {
    const desk = await new Desk().start();
    let halted = true;
    desk.venue.onWrite = (write) => (halted && write.kind !== 'OPEN' && write.kind !== 'CONFIGURE' ? { result: 'rejected', venueCode: -4140, message: 'Invalid symbol status for opening position' } : undefined);
    desk.plan();
    const said = () => (desk.standing.of('standing').filter(({ from }) => from === `executor/${GPS}`).at(-1)?.alerts ?? []).map(({ message }) => message).join();
    await desk.advance(8_000);
    expect(said()).to.match(/it is closed after 10000 ms\.$/);
    await desk.advance(10_000);
    expect(said()).to.match(/closing it is tried since .*; the last (CLOSE|PROTECT) was not taken: Invalid symbol status for opening position\. Close it at the venue if that stays\.$/);
    halted = false;
    await desk.advance(10_000);
    expect(desk.life.phase).to.equal('Flat');
    expect(alerts(desk)).to.deep.equal([]);
  });

  it('says when the venue last listed the stop, and alerts when it cannot be seen for long', async () => {
    const desk = await holding();
    await desk.advance(100_000);
    const age = () => desk.world.clock.now() - desk.life.position!.stopSeenAt!;
    expect(age()).to.be.below(16_000);
    desk.venue.onRead = (name) => (name === 'openAlgoOrders' ? Promise.reject(new Error('timeout')) : undefined);
    await desk.advance(40_000);
    expect(alerts(desk)).to.deep.equal([]);
    await desk.advance(30_000);
    expect(alerts(desk)).to.deep.equal([`stop-unseen/${GPS}`]);
    expect(desk.life.phase, 'nothing is concluded from silence').to.equal('Protected');
    desk.venue.onRead = () => undefined;
    await desk.advance(5_000);
    expect(alerts(desk)).to.deep.equal([]);
    expect(age()).to.be.below(6_000);
  });

  it('leaves what others have placed where it is: it sweeps by its own ids, never by symbol', async () => {
    const desk = await holding();
    const { symbol, side, quantity, triggerPrice } = stopOf(desk)!;
    const theirs = 'web_their-own-stop' as never;
    desk.venue.execute({ kind: 'PROTECT', symbol, clientId: theirs, side, leg: 'stop', quantity, triggerPrice });
    await desk.advance(65_000);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(10_000);
    expect(desk.life.phase).to.equal('Flat');
    expect(standing(desk).map((algo) => algo.clientId)).to.deep.equal([theirs]);
  });

  it('places a vanished stop anew and keeps the position, long after the fill (failure 92, ruling 10)', async () => {
    const desk = await holding();
    await desk.advance(60_000);
    const first = stopOf(desk)!;
    desk.venue.vanish(first.clientId);
    await desk.advance(70_000);
    expect(desk.writes('CLOSE')).to.deep.equal([]);
    expect(stopOf(desk)?.clientId).to.be.a('string').that.is.not.equal(first.clientId);
    expect(desk.life.phase).to.equal('Protected');
  });

  it('follows a position that somebody else has enlarged, and can still close it (failure 64)', async () => {
    const desk = await holding();
    await desk.advance(60_000);
    desk.venue.trade('BUY', decimal('5000'), decimal('0.01'));
    await desk.advance(5_000);
    expect(desk.writes('CLOSE'), 'a stop that is being replaced is not a naked position').to.deep.equal([]);
    expect(stopOf(desk)?.quantity.toFixed()).to.equal('25000');
    expect(standing(desk).filter((algo) => algo.type === 'STOP_MARKET'), 'the old one goes once the new one stands').to.have.length(1);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(5_000);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
    expect(desk.life.phase).to.equal('Flat');
  });

  it('follows a position that somebody else has turned round', async () => {
    const desk = await holding();
    desk.venue.trade('SELL', decimal('30000'), decimal('0.01'));
    await desk.advance(8_000);
    expect(desk.life.position).to.include({ side: 'SHORT', quantity: '10000' });
    expect(stopOf(desk)).to.include({ side: 'BUY' });
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(5_000);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
  });

  it('does not send the stop of the old side again, for the new one, when it is turned round before that was answered', async () => {
    const desk = await new Desk().start();
    let sent = 0;
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' && sent++ === 0 ? { result: 'unknown', message: 'lost on the way' } : undefined);
    desk.plan();
    await desk.advance(300);
    desk.venue.trade('SELL', decimal('50000'), decimal('0.01'));
    await desk.advance(1_000);
    expect(stopOf(desk)).to.include({ side: 'BUY' });
    await desk.advance(30_000);
    expect(desk.writes('PROTECT').map((write) => `${write.leg} ${write.side} ${write.quantity.toFixed()} ${write.triggerPrice.toFixed()}`)).to.deep.equal(['stop SELL 20000 0.0098', 'stop BUY 30000 0.0102', 'target BUY 30000 0.0096']);
    expect(new Set(desk.writes('PROTECT').map((write) => write.clientId)).size).to.equal(3);
    expect(desk.life.phase).to.equal('Protected');
  });

  it('does not believe in a stop because its id stands: sent by a process whose record was lost, it may be another (rulings 8, 36)', async () => {
    const desk = await new Desk().start();
    const taken = clientIdFor(TAG, 'stop', `plan-${GPS}-1`, 1);
    desk.venue.execute({ kind: 'PROTECT', symbol: GPS, clientId: taken, side: 'SELL', leg: 'stop', quantity: decimal('5000'), triggerPrice: decimal('0.0098') });
    // The venue refuses the id (−4116), and knows it when it is asked.
    desk.venue.onWrite = (write) => (write.kind === 'PROTECT' && write.clientId === taken ? { result: 'unknown', message: 'the client order id is duplicated' } : undefined);
    desk.plan();
    await desk.advance(10_000);
    expect(standing(desk).filter((algo) => algo.type === 'STOP_MARKET').map((algo) => `${algo.side} ${algo.quantity.toFixed()}`)).to.deep.equal(['SELL 20000']);
    expect(desk.life).to.deep.include({ phase: 'Protected' });
    expect(desk.life.position?.stopOrderId).to.equal(clientIdFor(TAG, 'stop', `plan-${GPS}-1`, 2));
  });

  it('does not take a stop for one that was left behind which a list from before it went still has: neither while something is held nor when all is over', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(2_000);
    /** The venue's side as it is now, to be told later. */
    const read = () => {
      const { quantity, algos, mark } = desk.venue;
      const readAt = desk.world.clock.now();
      const position = quantity.isZero() ? undefined : { symbol: GPS, quantity, entryPrice: decimal('0.01'), markPrice: mark, unrealizedPnl: decimal('0'), updatedAt: readAt };
      const truth = { streamEpoch: 1, readAt, begunAt: desk.world.clock.monotonic(), position, openOrders: [], openAlgoOrders: [...algos.values()].filter((algo) => algo.status === 'NEW'), trades: [], settings: undefined };
      return () => desk.world.system.tell(desk.executor, { type: 'truth', truth });
    };
    const held = read();
    desk.world.system.tell(desk.executor, { type: 'move-stop', positionId: desk.life.position!.positionId, stopPrice: '0.0099', reason: 'PROFIT_LOCK', by: 'test' });
    await desk.advance(2_000);
    const cancelled = desk.writes('CANCEL').length;
    expect(cancelled, 'the stop that was replaced').to.equal(1);
    held();
    await desk.advance(2_000);
    expect(desk.writes('CANCEL')).to.have.length(cancelled);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(100);
    expect(desk.life.phase).to.equal('Closing');
    const flat = read();
    await desk.advance(5_000);
    const story = desk.story.length;
    const over = desk.writes('CANCEL').length;
    flat();
    await desk.advance(5_000);
    expect(desk.story.slice(story)).to.deep.equal([]);
    expect(desk.writes('CANCEL')).to.have.length(over);
    expect(desk.life.phase).to.equal('Flat');
  });

  it('closed before its stop stands, and the close lost on the way: the stop is placed within the bound, and goes when it is closed (rulings 8, 10)', async () => {
    const desk = await new Desk().start();
    let lost = 0;
    desk.venue.onWrite = (write) => {
      if (write.kind === 'OPEN') return undefined;
      if (write.kind === 'CLOSE' && lost++ === 0) return new Promise<WriteOutcome>(() => undefined);
      // The operator was quicker than the first stop.
      return write.kind === 'PROTECT' && lost === 0 ? { result: 'rejected', venueCode: -1001, message: 'internal error' } : undefined;
    };
    desk.plan();
    await desk.advance(500);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(9_000);
    expect([...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW').map((algo) => `${algo.type} ${algo.quantity.toFixed()}`)).to.deep.equal(['STOP_MARKET 20000']);
    await desk.advance(15_000);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
    expect(desk.life.phase).to.equal('Flat');
    expect([...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW')).to.deep.equal([]);
  });

  it('clears a stop of its own that no journal knows, once the one on record stands, and only then (rulings 4, 36)', async () => {
    const desk = await holding();
    const unknown = 'x-15PC4ZJyaaaas00000000000000000000' as never;
    const { symbol, side, quantity, triggerPrice } = stopOf(desk)!;
    desk.venue.execute({ kind: 'PROTECT', symbol, clientId: unknown, side, leg: 'stop', quantity, triggerPrice });
    await desk.advance(65_000);
    expect(desk.venue.algos.get(unknown)?.status).to.equal('CANCELED');
    expect(standing(desk)).to.have.length(2);
    expect(desk.life.phase).to.equal('Protected');
  });

  it('asks for a stop whose answer is lost, and takes it for placed when the venue knows it', async () => {
    const desk = await holding((world, write) => {
      if (!isStop(write)) return undefined;
      world.venue.streaming = false;
      world.venue.execute(write);
      return { result: 'unknown', message: 'socket hang up' };
    });
    await desk.advance(2_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(standing(desk).filter((algo) => algo.type === 'STOP_MARKET')).to.have.length(1);
  });

  it('asks again without limit for a close that is refused or throttled, and stops when it is flat', async () => {
    let refusals = 0;
    const desk = await holding((_desk, write) => {
      if (write.kind !== 'CLOSE' || ++refusals > 20) return undefined;
      return refusals % 2 === 0 ? { result: 'rejected', venueCode: -1001, message: 'Internal error' } : { result: 'throttled', retryAfterMs: 1_500, banned: false, message: 'Too many requests' };
    });
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(40_000);
    expect(desk.writes('CLOSE')).to.have.length(21);
    expect(desk.life.phase).to.equal('Flat');
  });

  it('looks at once when the venue says there is nothing to reduce (ruling 5, failure 54)', async () => {
    const desk = await holding();
    desk.venue.streaming = false;
    desk.venue.trade('SELL', decimal('20000'), decimal('0.0097'));
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(5_000);
    expect(desk.writes('CLOSE').length).to.be.at.most(2);
    expect(desk.story.at(-1)).to.equal('PositionClosed');
    expect(standing(desk)).to.deep.equal([]);
  });

  it('sends a stop that never arrived again under its own id, and forgets it when the position is gone (ruling 8)', async () => {
    for (const gone of [false, true]) {
      const desk = await holding((_desk, write) => (isStop(write) ? { result: 'unknown', message: 'no answer' } : undefined));
      if (gone) desk.venue.trade('SELL', decimal('20000'), decimal('0.01'));
      else desk.venue.onWrite = () => undefined;
      await desk.advance(12_000);
      expect(desk.life.phase).to.equal(gone ? 'Flat' : 'Protected');
      const stops = desk.writes('PROTECT').filter((write) => write.leg === 'stop');
      expect(new Set(stops.map((write) => write.clientId)).size).to.equal(1);
    }
  });

  it('a list of stops that cannot be read is said when it begins, once a minute, and when it is over', async () => {
    const desk = await new Desk().start();
    desk.plan();
    await desk.advance(5_000);
    let away = true;
    desk.venue.onRead = (name) => (away && name === 'openAlgoOrders' ? Promise.reject(new Error('ECONNREFUSED')) : undefined);
    await desk.advance(130_000);
    away = false;
    await desk.advance(10_000);
    const told = desk.world.logs.filter(({ level, message }) => level !== 'debug' && message.startsWith('the list of stops')).map(({ level, message }) => [level, message]);
    const unread = ['warn', 'the list of stops could not be read; asking again'];
    expect(told).to.deep.equal([unread, unread, unread, ['info', 'the list of stops can be read again']]);
  });
});
