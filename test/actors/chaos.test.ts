/** Everything at once, by seed: kills, lost answers, silent streams, failing reads and disks, strangers' trades. Then quiet, and all must be in order. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { Desk, GPS } from '../kit/actors.ts';

const SEEDS = 20;
const STEPS = 40;
const ACTORS = [`executor/${GPS}`, `executor/${GPS}`, 'gateway', 'governor', 'journal'];

function misanswered(desk: Desk, write: VenueWrite, chance: number): WriteOutcome | undefined {
  if (chance < 0.15) return { result: 'unknown', message: 'lost on the way' };
  if (chance < 0.3) {
    desk.venue.execute(write);
    return { result: 'unknown', message: 'lost on the way back' };
  }
  if (chance < 0.35) return { result: 'rejected', venueCode: -1001, message: 'internal error' };
  return chance < 0.4 ? { result: 'throttled', retryAfterMs: 500, banned: false, message: 'too many requests' } : undefined;
}

/** A part is to be closed, or the stop moved, of whatever is held. */
function exits(desk: Desk, chance: () => number): void {
  const positionId = desk.life.position?.positionId;
  if (positionId === undefined) return;
  const asked = { positionId, reason: 'TIER', by: 'chaos' };
  if (chance() < 0.6) desk.world.system.tell(desk.executor, { type: 'reduce', ...asked, tier: String(Math.floor(chance() * 3)), percent: '25' });
  else desk.world.system.tell(desk.executor, { type: 'move-stop', ...asked, stopPrice: (0.0097 + chance() * 0.0006).toFixed(7) });
}

/** One life among disturbances; ends after three minutes without any. */
async function lived(seed: number): Promise<Desk> {
  const random = new SeededRandom(seed);
  const chance = () => random.next();
  const desk = new Desk({ seed });
  await desk.start();
  desk.venue.onWrite = (write) => misanswered(desk, write, chance());
  desk.venue.onRead = () => (chance() < 0.25 ? Promise.reject(new Error('timeout')) : undefined);
  for (let step = 0; step < STEPS; step++) {
    desk.venue.streaming = chance() < 0.7;
    const what = chance();
    const standing = [...desk.venue.algos.values()].find((algo) => algo.status === 'NEW');
    if (what < 0.35) desk.kill(ACTORS[Math.floor(chance() * ACTORS.length)]!);
    else if (what < 0.45) desk.journal.mood = chance() < 0.5 ? 'failing' : 'silent';
    else if (what < 0.5 && standing !== undefined && !desk.venue.quantity.isZero()) desk.venue.trigger(standing.clientId);
    else if (what < 0.55) desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'chaos' });
    else if (what < 0.6) desk.venue.trade(chance() < 0.5 ? 'SELL' : 'BUY', decimal('3000'), decimal('0.01'));
    // Often: a part is closed only where a position stands behind its stop at that moment, and a rare event counts nothing but chance.
    if (chance() < 0.4) exits(desk, chance);
    if (chance() < 0.5) desk.journal.mood = 'ok';
    if (chance() < 0.5) desk.plan({ planId: `plan-${step}` as never });
    await desk.advance(Math.floor(chance() * 4_000));
  }
  desk.journal.mood = 'ok';
  desk.venue.streaming = true;
  desk.venue.onWrite = () => undefined;
  desk.venue.onRead = () => undefined;
  await desk.advance(180_000);
  return desk;
}

/** Each tier of each position was asked for once, and the venue executed at most that of it. */
function tiersTaken(desk: Desk, seed: number): number {
  const asked = new Map<string, { quantity: string; ids: Set<string> }>();
  let last: string | undefined;
  for (const { type, payload } of desk.journal.entries) {
    const event = payload as { positionId: string; tier: string; quantity: string; purpose: string; clientId: string };
    if (type === 'ReduceRequested') {
      last = `${event.positionId}/${event.tier}`;
      expect(asked.has(last), `seed ${seed}: ${last} was asked for twice`).to.equal(false);
      asked.set(last, { quantity: event.quantity, ids: new Set() });
    }
    if (type === 'OrderSending' && event.purpose === 'reduce') asked.get(last!)!.ids.add(event.clientId);
  }
  for (const [tier, { quantity, ids }] of asked) {
    const orders = new Set([...desk.venue.orders.values()].filter((order) => ids.has(order.clientId)).map((order) => order.orderId));
    const executed = desk.venue.trades.filter((trade) => orders.has(trade.orderId)).reduce((sum, trade) => sum.plus(trade.quantity), decimal('0'));
    expect(executed.isLessThanOrEqualTo(quantity), `seed ${seed}: ${executed.toFixed()} of ${quantity} closed for ${tier}`).to.equal(true);
  }
  return asked.size;
}

describe('executor, governor, gateway and journal among disturbances', () => {
  it(`end in order ${SEEDS} times: no entry twice, the venue's position known and behind one stop, or flat with an empty book (failures 47, 84, 88)`, async function () {
    this.timeout(180_000);
    let openings = 0;
    let closings = 0;
    let parts = 0;
    let moves = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const desk = await lived(seed);
      const entries = desk.writes('OPEN').map((write) => write.clientId);
      openings += entries.length;
      closings += desk.story.filter((type) => type === 'PositionClosed').length;
      parts += tiersTaken(desk, seed);
      moves += desk.story.filter((type) => type === 'StopMoveRequested').length;
      expect(new Set(entries).size, `seed ${seed}: an entry was sent twice`).to.equal(entries.length);
      const held = desk.venue.quantity;
      const book = [...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW');
      const stops = book.filter((algo) => algo.type === 'STOP_MARKET');
      expect({ phase: desk.life.phase, quantity: desk.life.position?.quantity ?? '0' }, `seed ${seed}`).to.deep.equal({ phase: held.isZero() ? 'Flat' : 'Protected', quantity: held.abs().toFixed() });
      expect(held.isZero() ? book.length : stops.length, `seed ${seed}: orders in the book`).to.equal(held.isZero() ? 0 : 1);
      for (const stop of stops) expect(`${stop.side} ${stop.quantity.toFixed()}`, `seed ${seed}`).to.equal(`${held.isPositive() ? 'SELL' : 'BUY'} ${held.abs().toFixed()}`);
    }
    expect(openings, 'there were openings').to.be.greaterThan(SEEDS);
    expect(closings, 'and closings').to.be.greaterThan(SEEDS / 2);
    // Of a hundred seeds any twenty in a row closed 39 to 48 parts and moved 22 to 30 stops.
    expect(parts, 'and parts closed').to.be.greaterThan(SEEDS * 1.5);
    expect(moves, 'and stops moved').to.be.greaterThan(SEEDS * 0.75);
  });
});
