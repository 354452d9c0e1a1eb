/** A life taken up at its Snapshot is the life that was lived: the same now, and the same after whatever comes next. */
import { expect } from 'chai';
import fc from 'fast-check';
import { VigilError } from '../../../src/protocol/errors.ts';
import { LIFE_EVENT_VERSION } from '../../../src/protocol/life-events.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import type { JournalledEntry } from '../../../src/protocol/versions.ts';
import type { SymbolName } from '../../../src/protocol/names.ts';
import { canonicalJson } from '../../../src/persistence/canonical-json.ts';
import { evolve } from '../../../src/rules/position-life/evolve.ts';
import { newLife } from '../../../src/rules/position-life/life.ts';
import type { Life } from '../../../src/rules/position-life/life.ts';
import { lifeSnapshot, restoreLife } from '../../../src/rules/position-life/snapshot.ts';
import { GPS, NOW } from '../../kit/decisions.ts';
import { DeskModel } from './desk-model.ts';
import { part, step, take } from './random-lives.ts';
import { anyEvents, idOf, lifeOf, tell } from '../../kit/lives.ts';

const a = tell();

/** As the journal gives it back: through its own text. */
function snapshotEntry(life: Life): JournalledEntry {
  return { type: 'Snapshot', version: LIFE_EVENT_VERSION, at: NOW, payload: JSON.parse(canonicalJson(lifeSnapshot(life))) as unknown };
}

function entryOf({ type, at, ...payload }: LifeEvent): JournalledEntry {
  return { type, version: LIFE_EVENT_VERSION, at, payload: JSON.parse(canonicalJson(payload)) as unknown };
}

describe('the Snapshot of a life', () => {
  it('is the life itself, and goes on as it would have gone on, for any order of any events', () => {
    const some = fc.array(fc.constantFrom(...anyEvents()), { maxLength: 40 });
    fc.assert(
      fc.property(some, some, (before, after) => {
        const lived = lifeOf(before);
        expect(restoreLife(GPS, [snapshotEntry(lived)])).to.deep.equal(lived);
        expect(restoreLife(GPS, [snapshotEntry(lived), ...after.map(entryOf)])).to.deep.equal(after.reduce(evolve, lived));
        expect(snapshotEntry(restoreLife(GPS, [snapshotEntry(lived)])), 'a Snapshot of what a Snapshot brought back').to.deep.equal(snapshotEntry(lived));
      }),
      { numRuns: 300, seed: 6_013 },
    );
  });

  it('holds orders and protections in whatever state they are', () => {
    const partSent: LifeEvent = { type: 'OrderSending', at: NOW + 46, purpose: 'reduce', clientId: idOf('reduce'), attempt: 1, side: 'SELL', quantity: '3', reason: 'TIER' };
    const stories: readonly (readonly LifeEvent[])[] = [
      a.opening(),
      [...a.opening(), a.ambiguous()],
      [...a.opening(), a.reported('NEW', 0)],
      a.protected(),
      [...a.protected(), a.triggered('stop'), a.ended('target', 'CANCELED')],
      [...a.protected(), partSent],
      [...a.protected(), a.closeRequested(), a.closing(), a.ambiguous(idOf('close'))],
    ];
    for (const story of stories) expect(restoreLife(GPS, [snapshotEntry(lifeOf(story))])).to.deep.equal(lifeOf(story));
  });

  it('taken at any moment of a life on the market carries it on to the same end, with the same needs', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: step }, { weight: 1, arbitrary: part }), { minLength: 5, maxLength: 50 }), fc.nat({ max: 49 }), (steps, moment) => {
        const desk = new DeskModel();
        for (const [index, one] of steps.entries()) {
          take(desk, one);
          desk.settle();
          if (index !== moment) continue;
          const needs = desk.needs();
          desk.life = restoreLife(GPS, [snapshotEntry(desk.life)]);
          expect(desk.needs()).to.deep.equal(needs);
        }
        expect(desk.fault()).to.equal(undefined);
        expect(desk.life).to.deep.equal(desk.replayed());
      }),
      { numRuns: 150, seed: 6_015 },
    );
  });

  it('stands for everything before it, also where it comes among other entries', () => {
    const events = a.protected();
    const whole = lifeOf(events, a.closeRequested());
    expect(restoreLife(GPS, [...events.map(entryOf), snapshotEntry(lifeOf(events)), entryOf(a.closeRequested())])).to.deep.equal(whole);
    expect(restoreLife(GPS, [...events.map(entryOf), entryOf(a.closeRequested())]), 'a stream from before there were Snapshots').to.deep.equal(whole);
  });

  it('of nothing is nothing', () => {
    expect(restoreLife(GPS, [])).to.deep.equal(newLife(GPS));
    expect(restoreLife(GPS, [snapshotEntry(newLife(GPS))])).to.deep.equal(newLife(GPS));
  });

  it('keeps every digit of an average and of a small price', () => {
    const life = lifeOf(a.fill(3, { price: '0.00000000010000000001' }), a.fill(4, { price: '0.0000000002' }));
    expect(restoreLife(GPS, [snapshotEntry(life)]).holding.averageEntry.toFixed()).to.equal(life.holding.averageEntry.toFixed()).and.to.have.length.above(20);
  });

  it('that lacks a field, has one too many or of another kind is refused by the name of the field', () => {
    const whole = snapshotEntry(lifeOf(a.protected(), a.closeRequested())).payload as Record<string, unknown>;
    const reading = (payload: unknown) => () => restoreLife(GPS, [{ type: 'Snapshot', version: LIFE_EVENT_VERSION, at: NOW, payload }]);
    expect(Object.keys(whole)).to.include.members(Object.keys(newLife(GPS)));
    for (const field of Object.keys(whole)) {
      const { [field]: _gone, ...rest } = whole;
      expect(reading(rest), `without ${field}`).to.throw(new RegExp(field));
      expect(reading({ ...rest, [field]: Symbol.iterator }), `with a wrong ${field}`).to.throw(new RegExp(field));
    }
    expect(reading({ ...whole, extra: 1 })).to.throw(/extra/);
    expect(reading({ ...whole, entry: { ...(whole['entry'] as object), quantity: 10 } }), 'a number for a decimal').to.throw(/quantity/);
  });

  it('from before adoptions said up to when the trades are in them is read, and knows of none', () => {
    const life = lifeOf(a.protected(), a.adopted(5, 3));
    const { adoptedThrough, ...before } = snapshotEntry(life).payload as Record<string, unknown>;
    expect(adoptedThrough).to.equal(NOW + 3);
    expect(restoreLife(GPS, [{ type: 'Snapshot', version: 1, at: NOW, payload: before }])).to.deep.equal({ ...life, adoptedThrough: undefined });
  });

  it('of another symbol, or of a later Vigil, is refused', () => {
    const entry = snapshotEntry(lifeOf(a.protected()));
    expect(() => restoreLife('HYPEUSDT' as SymbolName, [entry])).to.throw(RangeError, 'the Snapshot in the stream of HYPEUSDT is of GPSUSDT');
    expect(() => restoreLife(GPS, [{ ...entry, version: 3 }])).to.throw(VigilError, 'life event Snapshot has version 3; this build knows 2').that.includes({ code: 'JOURNAL_FOREIGN' });
  });
});
