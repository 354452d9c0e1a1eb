/** A governor may die at any step of an opening: no permit of a dead one passes a limit, and nothing stays reserved (ruling 14, failures 51, 52, 71). */
import { expect } from 'chai';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { Floor } from '../kit/floor.ts';

const SYMBOLS = Array.from({ length: 10 }, (_, index) => `S${index}USDT` as SymbolName);

/** Where it dies: just after this actor has handled a message of this type; `often`: there are many, so another one with each seed. */
const STEPS: readonly { readonly when: string; readonly path: string; readonly type: string; readonly often: boolean; readonly revoked: boolean }[] = [
  { when: 'nobody has asked yet', path: 'executor', type: 'plan', often: true, revoked: false },
  { when: 'the slot is there and the permit requested', path: 'executor', type: 'slot-granted', often: true, revoked: false },
  { when: 'it has just granted', path: 'governor', type: 'request-permit', often: false, revoked: true },
  { when: 'the permit has arrived and the group is being appended', path: 'executor', type: 'permit-granted', often: false, revoked: true },
  { when: 'the group is with the journal', path: 'journal', type: 'append', often: false, revoked: true },
  { when: 'the group is durable and the order handed over', path: 'executor', type: 'appended', often: false, revoked: false },
  { when: 'the permit is redeemed and the order sent', path: 'gateway', type: 'write', often: false, revoked: false },
  { when: 'the answer is there', path: 'executor', type: 'write-outcome', often: false, revoked: false },
];

/** `slow`: the journal takes a second, so that the next governor is there before the permit of the dead one is redeemed. */
async function tenForOnePlace(seed: number, path: string, type: string, nth: number, slow: boolean) {
  let seen = 0;
  let deaths = 0;
  const floor: Floor = new Floor({
    seed,
    symbols: SYMBOLS,
    limits: { maxPositions: 1, notionalTotal: '2200', opensPerHour: 1_000, opensPer5Min: 1_000 },
    onHandled(by, what) {
      if (by !== path || what !== type || !armed || ++seen !== nth) return;
      deaths += 1;
      // In the middle of the turns: whoever comes next runs after it.
      floor.world.system.control('governor', 'kill', 'test');
    },
  });
  let armed = false;
  const { world } = floor;
  /** Symbols with an order to open on its way, or a position. */
  const open = new Set<SymbolName>();
  let most = 0;
  for (const [symbol, venue] of floor.venues) {
    venue.onWrite = (write: VenueWrite) => {
      if (write.kind !== 'OPEN') return undefined;
      open.add(symbol);
      most = Math.max(most, [...floor.venues].filter(([name, one]) => !one.quantity.isZero() || open.has(name)).length);
      // The venue takes its time: the order is on its way while others are decided.
      const { promise, resolve } = Promise.withResolvers<WriteOutcome>();
      world.clock.after(300, () => resolve(venue.execute(write)));
      return promise;
    };
  }
  await floor.start();
  armed = true;
  if (slow) floor.journal.mood = 'held';
  for (let round = 0; round < 12; round++) {
    for (const symbol of SYMBOLS) floor.intend(symbol);
    await world.advance(1_000);
    floor.journal.letThrough();
    await world.advance(1_500);
  }
  const opened = open.size;
  const holding = [...floor.venues].filter(([, venue]) => !venue.quantity.isZero()).map(([symbol]) => symbol);
  for (const symbol of SYMBOLS) world.system.tell(floor.executorOf(symbol), { type: 'close', reason: 'TEST', by: 'test' });
  await world.advance(25_000);
  return { floor, deaths, most, opened, holding };
}

const outcome = (run: Awaited<ReturnType<typeof tenForOnePlace>>) => ({ deaths: run.deaths, most: run.most, opened: run.opened, held: run.holding.length });

function expectAllFlat(floor: Floor): void {
  for (const [symbol, venue] of floor.venues) expect(venue.quantity.toFixed(), symbol).to.equal('0');
  for (const symbol of SYMBOLS) expect(floor.life(symbol)?.phase, symbol).to.equal('Flat');
  expect(floor.governorState.reservations).to.deep.equal([]);
}

describe('a governor that dies', () => {
  for (const { when, path, type, often, revoked } of STEPS) {
    it(`when ${when}: of ten plans for one place never more than one is opened, and nothing stays reserved`, async function () {
      this.timeout(60_000);
      for (const seed of [1, 2]) {
        const run = await tenForOnePlace(seed, path, type, often ? seed : 1, false);
        expect(outcome(run)).to.deep.equal({ deaths: 1, most: 1, opened: 1, held: 1 });
        expectAllFlat(run.floor);
      }
    });
    if (!revoked) continue;
    it(`when ${when}, and the journal is slow: what it granted is void for the next one, the executor gives the plan up, and another opens`, async function () {
      this.timeout(60_000);
      const run = await tenForOnePlace(3, path, type, 1, true);
      expect(outcome(run)).to.deep.equal({ deaths: 1, most: 1, opened: 1, held: 1 });
      expect(run.floor.told('order')).to.deep.equal({ PERMIT_REVOKED: 1, passed: 1 });
      expectAllFlat(run.floor);
    });
  }
});
