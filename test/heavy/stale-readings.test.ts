/** One symbol whose readings are of a moment ago, whose events come late and twice, and that somebody else trades by hand: both sides are one in the end, and nothing is found that was not so. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { PlanId } from '../../src/protocol/names.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { Desk, GPS } from '../kit/actors.ts';

const EXECUTOR = `executor/${GPS}`;
const SEEDS = 40;
const STEPS = 35;
const READ_WITHIN_MS = 6_000;
const TOLD_WITHIN_MS = 5_000;
/** What would be wrong here: the venue executes what it is asked, and once. */
const NEVER = ['OVERFILL', 'FILL_WRONG_SIDE', 'ORDER_DOUBLED'];

/** A third of the answers tell of the moment at which they were asked for, seconds ago; a tenth never come. A third of the events come late, some twice. */
function trouble(desk: Desk, random: SeededRandom, over: () => boolean): void {
  const { clock } = desk.world;
  const within = (ms: number) => Math.floor(random.next() * ms);
  const later = <Value>(ms: number, value: Value) => new Promise<Value>((resolve) => void clock.after(ms, () => resolve(value)));
  let asking = false;
  desk.venue.onRead = (name, query) => {
    if (asking || over()) return undefined;
    asking = true;
    const answer = desk.venue.read(name, query as never) as Promise<object>;
    asking = false;
    const [kind, ms] = [random.next(), within(READ_WITHIN_MS)];
    if (kind < 0.1) return later(ms, undefined).then(() => Promise.reject(new Error('timeout')));
    return kind < 0.4 ? answer.then((value) => later(ms, value)) : answer;
  };
  desk.venue.onTell = (deliver) => {
    if (random.next() < 0.33 && !over()) clock.after(within(TOLD_WITHIN_MS), deliver);
    else deliver();
    if (random.next() < 0.1) clock.after(within(4 * TOLD_WITHIN_MS), deliver);
  };
}

/** Something of what happens to a symbol: a plan, a close, a part, a stop that fires, a trade by hand, a restart. */
function happen(desk: Desk, random: SeededRandom, step: number): void {
  const { venue } = desk;
  const what = random.next();
  const held = venue.quantity.abs();
  const stop = [...venue.algos.values()].find((algo) => algo.status === 'NEW' && (algo.side === 'SELL') === venue.quantity.isPositive());
  const { position } = desk.life;
  if (what < 0.35) desk.plan({ planId: `plan-${step}` as PlanId, side: random.next() < 0.5 ? 'LONG' : 'SHORT' });
  else if (what < 0.45) desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
  else if (what < 0.55 && position !== undefined) desk.world.system.tell(desk.executor, { type: 'reduce', positionId: position.positionId, tier: String(step % 3), percent: '25', reason: 'TIER', by: 'test' });
  else if (what < 0.65 && stop !== undefined && !held.isZero() && stop.quantity.isLessThanOrEqualTo(held)) venue.trigger(stop.clientId);
  else if (what < 0.72) venue.trade(random.next() < 0.5 ? 'BUY' : 'SELL', random.next() < 0.3 ? held.multipliedBy(2).plus(1) : decimal(String(1 + Math.floor(random.next() * 30_000))), decimal('0.01'));
  else if (what < 0.8) desk.kill(EXECUTOR);
  else if (what < 0.88) venue.streaming = false;
  if (!venue.streaming && random.next() < 0.4) reconnect(desk);
}

function reconnect(desk: Desk): void {
  desk.venue.streaming = true;
  desk.feed.stream = { live: true, streamEpoch: (desk.feed.stream?.streamEpoch ?? 0) + 1, since: 0 };
}

async function lived(unknownPositions: 'adopt' | 'leave', seed: number): Promise<Desk> {
  const random = new SeededRandom(seed * 7_919);
  const desk = await new Desk({ seed, unknownPositions }).start();
  let over = false;
  trouble(desk, random, () => over);
  for (let step = 0; step < STEPS; step += 1) {
    happen(desk, random, step);
    await desk.advance(Math.floor(random.next() * 5_000));
  }
  over = true;
  reconnect(desk);
  await desk.advance(180_000);
  return desk;
}

/** What is wrong; undefined: nothing. */
function faultOf({ venue, life, journal, findings, world }: Desk): string | undefined {
  const held = venue.quantity;
  const book = [...venue.algos.values()].filter(({ status }) => status === 'NEW').map(({ type, side, quantity }) => `${type} ${side} ${quantity.toFixed()}`);
  const out = `${held.isPositive() ? 'SELL' : 'BUY'} ${held.abs().toFixed()}`;
  const wanted = held.isZero() || life.phase === 'Drifted' ? [] : [`STOP_MARKET ${out}`, `TAKE_PROFIT_MARKET ${out}`];
  if (book.toSorted().join() !== wanted.join()) return `holds ${held.toFixed()}, in the book ${book.join() || 'nothing'}, phase ${life.phase}`;
  if (life.phase === 'Drifted' ? life.drift !== held.toFixed() : (life.position?.quantity ?? '0') !== held.abs().toFixed()) return `holds ${held.toFixed()}, counted ${life.drift ?? life.position?.quantity ?? 'nothing'}`;
  const trades = journal.entries.filter(({ type }) => type === 'FillRecorded').map(({ payload }) => (payload as { tradeId: string }).tradeId);
  if (new Set(trades).size !== trades.length) return 'a trade is on record twice';
  const found = findings.of('finding').find(({ finding }) => NEVER.includes(finding.code));
  if (found !== undefined) return found.finding.message;
  const crash = world.events.find((event) => event.type === 'crashed' && !JSON.stringify(event.crash).includes('test'));
  return crash === undefined ? undefined : JSON.stringify(crash);
}

describe('a symbol whose readings are old', () => {
  for (const unknownPositions of ['adopt', 'leave'] as const) {
    it(`agrees with the venue in the end, protected whole or flat and with an empty book, where strangers' positions are ${unknownPositions === 'adopt' ? 'adopted' : 'left alone'}, for ${SEEDS} seeds (rulings 5, 9, 26; failures 44, 84)`, async () => {
      const faults: string[] = [];
      let closed = 0;
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const desk = await lived(unknownPositions, seed);
        closed += desk.story.filter((type) => type === 'PositionClosed').length;
        const fault = faultOf(desk);
        if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
      }
      expect(faults).to.deep.equal([]);
      expect(closed, 'positions that began and ended').to.be.above(SEEDS / 2);
    });
  }
});
