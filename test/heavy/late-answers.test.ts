/** One symbol whose answers come late, twice or never, at a venue that is overloaded: for every seed one entry, one part, one close, and a stop of what is held (rulings 8, 9). */
import { expect } from 'chai';
import type { PositionId } from '../../src/protocol/names.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { Desk, GPS } from '../kit/actors.ts';

const EXECUTOR = `executor/${GPS}`;
const POSITION = `plan-${GPS}-1` as PositionId;
/** The venue refuses what is older; and the adapter gives up on an answer after half a minute. */
const ARRIVES_WITHIN_MS = 4_900;
const ANSWERED_WITHIN_MS = 24_000;
const TROUBLE_S = 80;

/** What is asked for until it is done, and what must be true when the venue is itself again. */
interface Story {
  readonly name: string;
  readonly seeds: { readonly first: number; readonly count: number };
  /** The trouble begins before the entry. */
  readonly opening: boolean;
  readonly ask: (desk: Desk) => void;
  readonly fault: (desk: Desk) => string | undefined;
}

const held = (desk: Desk) => desk.venue.quantity.toFixed();
const stops = (desk: Desk) => [...desk.venue.algos.values()].filter(({ status }) => status === 'NEW').map(({ quantity }) => quantity.toFixed());
const is = (desk: Desk, quantity: string) => held(desk) === quantity && stops(desk).join() === (quantity === '0' ? '' : `${quantity},${quantity}`);
const tell = (desk: Desk) => `holds ${held(desk)}, protected ${stops(desk).join('|') || 'by nothing'}, phase ${desk.life.phase}`;

const STORIES: readonly Story[] = [
  { name: 'an entry is one position with its stop, or none', seeds: { first: 1, count: 50 }, opening: true, ask: () => undefined, fault: (desk) => (is(desk, '20000') || is(desk, '0') ? undefined : tell(desk)) },
  {
    name: 'a part is closed once',
    seeds: { first: 200, count: 100 },
    opening: false,
    ask: (desk) => desk.world.system.tell(desk.executor, { type: 'reduce', positionId: POSITION, tier: '1', percent: '25', reason: 'TIER_1', by: 'exits' }),
    // Naked for too long it is closed whole.
    fault: (desk) => (is(desk, desk.story.includes('CloseRequested') ? '0' : '15000') ? undefined : tell(desk)),
  },
  { name: 'a close ends flat, and nothing is left in the book', seeds: { first: 1, count: 50 }, opening: false, ask: (desk) => desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'exits' }), fault: (desk) => (is(desk, '0') && desk.life.phase === 'Flat' ? undefined : tell(desk)) },
];

/** Answers every write late, wrongly or not at all, until `over`; what it executes it executes once. */
function trouble(desk: Desk, random: SeededRandom, over: () => boolean): void {
  const { clock } = desk.world;
  const later = <Value>(ms: number, run: () => Value) => new Promise<Value>((resolve) => void clock.after(ms, () => resolve(run())));
  desk.venue.onWrite = (write: VenueWrite): Promise<WriteOutcome> | undefined => {
    const [kind, arrivesMs, answeredMs] = [random.next(), random.next() * ARRIVES_WITHIN_MS, random.next() * ANSWERED_WITHIN_MS];
    if (over() || kind < 0.3) return undefined;
    if (kind < 0.5) return later(answeredMs, () => ({ result: 'rejected', venueCode: -1021, message: 'outside of the recvWindow' }));
    if (kind < 0.6) return later(arrivesMs / 20, () => ({ result: 'unknown', message: 'socket hang up' }));
    return later(arrivesMs, () => desk.venue.execute(write)).then((outcome) => later(answeredMs, () => (kind < 0.8 ? outcome : { result: 'unknown', message: 'no answer' })));
  };
  desk.venue.onRead = () => (!over() && random.next() < 0.15 ? later(random.next() * 3_000, () => undefined).then(() => Promise.reject(new Error('timeout'))) : undefined);
}

async function faultOf({ opening, ask, fault }: Story, seed: number): Promise<string | undefined> {
  const random = new SeededRandom(seed);
  const desk = await new Desk().start();
  let over = false;
  if (!opening) {
    desk.plan();
    await desk.advance(1_500);
  }
  trouble(desk, random, () => over);
  if (opening) desk.plan();
  for (let second = 0; second < TROUBLE_S; second += 1) {
    if (second % 5 === 0) ask(desk);
    if (second % 10 === 0) desk.venue.streaming = random.next() < 0.6;
    if (random.next() < 0.01) desk.kill(EXECUTOR);
    await desk.advance(1_000);
  }
  over = true;
  desk.venue.streaming = true;
  await desk.advance(120_000);
  const entries = desk.writes('OPEN').length;
  return entries === 1 || (opening && entries === 0) ? fault(desk) : `${entries} entries were sent`;
}

describe('a symbol whose answers come late', () => {
  for (const story of STORIES) {
    it(`${story.name}, for ${story.seeds.count} seeds`, async () => {
      const faults: string[] = [];
      for (let seed = story.seeds.first; seed < story.seeds.first + story.seeds.count; seed += 1) {
        const fault = await faultOf(story, seed);
        if (fault !== undefined) faults.push(`seed ${seed}: ${fault}`);
      }
      expect(faults).to.deep.equal([]);
    });
  }
});
