/** Reconciliation comes to the same end whatever the order: twice is once, and no symbol's result depends on another or on who came first (operators' 25 and 27). */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../src/protocol/decimal.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { Floor } from '../kit/floor.ts';

const NAMES = ['AAAUSDT', 'BBBUSDT', 'CCCUSDT', 'DDDUSDT'] as unknown as readonly SymbolName[];
const PRICE = decimal('0.0101');

/** What befell a symbol while nobody told us. */
const MISHAPS = ['nothing', 'stranger', 'stranger-short', 'unseen-trade', 'unseen-close', 'vanished-position', 'other-size', 'turned', 'vanished-stop'] as const;
type Mishap = (typeof MISHAPS)[number];

interface Fate {
  readonly opened: boolean;
  readonly mishap: Mishap;
}

const fate = fc.record({ opened: fc.boolean(), mishap: fc.constantFrom(...MISHAPS) });

function befall(floor: Floor, symbol: SymbolName, { mishap }: Fate): void {
  const venue = floor.venues.get(symbol)!;
  const held = venue.quantity;
  const [stop] = [...venue.algos.values()].filter((algo) => algo.status === 'NEW' && algo.type === 'STOP_MARKET');
  switch (mishap) {
    case 'nothing':
      return;
    case 'stranger':
    case 'stranger-short':
      if (held.isZero()) venue.quantity = decimal(mishap === 'stranger' ? '5000' : '-5000');
      return;
    case 'unseen-trade':
      return venue.trade('BUY', decimal('3000'), PRICE);
    case 'unseen-close':
      return held.isZero() ? undefined : venue.trade('SELL', held, PRICE);
    case 'vanished-position':
      venue.quantity = decimal('0');
      return;
    case 'other-size':
      if (!held.isZero()) venue.quantity = held.minus(1_000);
      return;
    case 'turned':
      if (!held.isZero()) venue.trade('SELL', held.multipliedBy(2), PRICE);
      return;
    case 'vanished-stop':
      if (stop !== undefined) venue.vanish(stop.clientId);
  }
}

/** All that a reconciliation may leave behind, without what only time makes differ. */
function outcome(floor: Floor, symbol: SymbolName) {
  const venue = floor.venues.get(symbol)!;
  const life = floor.life(symbol);
  const standing = [...venue.algos.values()].filter((algo) => algo.status === 'NEW').map((algo) => `${algo.type} ${algo.side} ${algo.quantity.toFixed()} from ${algo.triggerPrice.toFixed()}`).toSorted();
  return { phase: life?.phase, held: life?.position === undefined ? '0' : `${life.position.side} ${life.position.quantity} at ${life.position.entryPrice}`, drift: life?.drift ?? null, venue: venue.quantity.toFixed(), standing };
}

async function reconcile(floor: Floor): Promise<readonly { readonly symbol: string; readonly outcome: string }[]> {
  const asked = floor.world.system.ask(floor.world.system.ref('reconciler') as never, { type: 'reconcile-now', symbol: undefined } as never, 30_000) as Promise<{ readonly rows: readonly { readonly symbol: string; readonly outcome: string }[] }>;
  await floor.world.advance(20_000);
  return (await asked).rows;
}

async function run(order: readonly SymbolName[], fates: ReadonlyMap<SymbolName, Fate>, seed: number) {
  const floor = await new Floor({ symbols: order, seed }).start();
  for (const symbol of order) if (fates.get(symbol)!.opened) floor.intend(symbol);
  await floor.world.advance(6_000);
  for (const symbol of order) {
    floor.venues.get(symbol)!.streaming = false;
    befall(floor, symbol, fates.get(symbol)!);
  }
  await reconcile(floor);
  // A position that nothing explains the end of is believed to be gone after half a minute: a list may be late.
  await floor.world.advance(40_000);
  const once = new Map(order.map((symbol) => [symbol, outcome(floor, symbol)]));
  const entries = floor.journal.entries.length;
  const writes = order.reduce((sum, symbol) => sum + floor.venues.get(symbol)!.writes.length, 0);
  const rows = await reconcile(floor);
  const again = await reconcile(floor);
  return { once, twice: new Map(order.map((symbol) => [symbol, outcome(floor, symbol)])), rows: [...rows, ...again], news: floor.journal.entries.slice(entries).map((entry) => `${entry.entity} ${entry.type}`), moreWrites: order.reduce((sum, symbol) => sum + floor.venues.get(symbol)!.writes.length, 0) - writes };
}

describe('reconciliation converges', () => {
  it('twice is once, and in any order of the symbols and of who runs first the result is the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { minLength: 2, maxLength: NAMES.length }), fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 1_000_000 }), async (chosen, seed, otherSeed) => {
        const symbols = NAMES.slice(0, chosen.length);
        const fates = new Map(symbols.map((symbol, index) => [symbol, chosen[index]!]));
        const one = await run(symbols, fates, seed);
        expect(one.news, 'the second finds nothing to record').to.deep.equal([]);
        expect(one.moreWrites, 'and nothing to do').to.equal(0);
        expect([...one.twice]).to.deep.equal([...one.once]);
        expect(one.rows.every((row) => row.outcome === 'agreed'), JSON.stringify(one.rows)).to.equal(true);
        for (const { phase, held, venue } of one.once.values()) expect([phase, held === '0'], JSON.stringify([...one.once])).to.deep.equal(venue === '0' ? ['Flat', true] : ['Protected', false]);
        for (const [symbol, { opened, mishap }] of fates) if (mishap === 'nothing') expect(one.once.get(symbol)?.held === '0', `${symbol} was opened, or not`).to.equal(!opened);
        const other = await run(symbols.toReversed(), fates, otherSeed);
        for (const symbol of symbols) expect(other.once.get(symbol), symbol).to.deep.equal(one.once.get(symbol));
      }),
      { numRuns: 15 },
    );
  });
});
