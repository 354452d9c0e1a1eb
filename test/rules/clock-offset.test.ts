/** The offset between two clocks: what is measured, what is not believed, and when a clock was set. */
import { expect } from 'chai';
import fc from 'fast-check';
import { clockSample, JUMP_MS, NO_READINGS, offsetOf, ROUND_TRIP_MAX_MS, wallJump, withSample } from '../../src/rules/clock-offset.ts';
import type { ClockReadings, ClockSample } from '../../src/rules/clock-offset.ts';

const SENT = 1_770_000_000_000;
const quick = (offsetMs: number, roundTripMs = 10): ClockSample => ({ offsetMs, roundTripMs });

describe('the clock\'s offset', () => {
  it('is the venue\'s time less the middle of the round trip', () => {
    expect(clockSample(SENT + 150, SENT, SENT + 100)).to.deep.equal({ offsetMs: 100, roundTripMs: 100 });
    expect(clockSample(SENT - 450, SENT, SENT + 100)).to.deep.equal({ offsetMs: -500, roundTripMs: 100 });
  });

  it('is not taken from a reading of more than two seconds, nor from one that went backwards', () => {
    expect(clockSample(SENT, SENT, SENT + ROUND_TRIP_MAX_MS)).to.have.property('roundTripMs', 2_000);
    expect(clockSample(SENT, SENT, SENT + ROUND_TRIP_MAX_MS + 1)).to.equal(undefined);
    expect(clockSample(SENT, SENT, SENT)).to.have.property('roundTripMs', 0);
    expect(clockSample(SENT, SENT, SENT - 1)).to.equal(undefined);
  });

  it('is unknown without a reading, the median of an odd number, the mean of the middle two of an even one, a whole number', () => {
    expect(offsetOf([])).to.equal(undefined);
    expect(offsetOf([quick(7)])).to.deep.equal({ offsetMs: 7, uncertaintyMs: 5 });
    expect(offsetOf([quick(1), quick(90), quick(5)])?.offsetMs).to.equal(5);
    expect(offsetOf([quick(90), quick(1), quick(6), quick(5)])?.offsetMs).to.equal(6);
    expect(offsetOf([quick(1.4), quick(1.4)])?.offsetMs).to.equal(1);
  });

  it('leaves out who was slower than three times the quickest, and than 50 ms beside it', () => {
    expect(offsetOf([quick(0, 10), quick(100, 60), quick(100, 60)])?.offsetMs, 'within 50 ms').to.equal(100);
    expect(offsetOf([quick(0, 10), quick(100, 61), quick(100, 61)])?.offsetMs, 'beyond').to.equal(0);
    expect(offsetOf([quick(0, 100), quick(100, 300), quick(100, 300)])?.offsetMs, 'within three times').to.equal(100);
    expect(offsetOf([quick(0, 100), quick(100, 301), quick(100, 301)])?.offsetMs, 'beyond').to.equal(0);
  });

  it('is wrong by half the quickest round trip at most, rounded up', () => {
    expect(offsetOf([quick(0, 11), quick(0, 40)])?.uncertaintyMs).to.equal(6);
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 900 })), { minLength: 1, maxLength: 9 }), (truth, trips) => {
        const samples = trips.map(([there, back]) => clockSample(SENT + there + truth, SENT, SENT + there + back)!);
        const { offsetMs } = offsetOf(samples)!;
        const slowest = Math.max(...trips.map(([there, back]) => there + back));
        expect(Math.abs(offsetMs - truth)).to.be.at.most(Math.ceil(slowest / 2));
      }),
      { numRuns: 200 },
    );
  });

  it('remembers the newest nine', () => {
    const { samples } = Array.from({ length: 12 }, (_, index) => quick(index + 1)).reduce<ClockReadings>(withSample, NO_READINGS);
    expect(samples.map((one) => one.offsetMs)).to.deep.equal([4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  describe('after a step of one of the clocks', () => {
    const known = Array.from({ length: 9 }, () => quick(20)).reduce<ClockReadings>(withSample, NO_READINGS);

    it('is doubted by the first reading that says so, and the next one\'s from then on', () => {
      for (const step of [1_000, -1_000, 3_000]) {
        const doubted = withSample(known, quick(20 + step, 200));
        expect(offsetOf(doubted.samples)?.offsetMs, 'one reading proves nothing').to.equal(20);
        expect(doubted.doubt).to.deep.equal(quick(20 + step, 200));
        const stepped = withSample(doubted, quick(26 + step, 200));
        expect(stepped).to.deep.equal({ samples: [quick(20 + step, 200), quick(26 + step, 200)], doubt: undefined });
      }
    });

    it('is what it was when the next reading says that again, or something else', () => {
      const doubted = withSample(known, quick(5_000));
      expect(withSample(doubted, quick(21))).to.deep.equal({ samples: [...known.samples.slice(1), quick(21)], doubt: undefined });
      expect(withSample(doubted, quick(-5_000))).to.deep.equal({ samples: known.samples, doubt: quick(-5_000) });
    });

    it('is not doubted for as much as both round trips, and a little of drift, can explain', () => {
      const one = withSample(NO_READINGS, quick(0, 100));
      expect(withSample(one, quick(550, 500)).doubt).to.equal(undefined);
      expect(withSample(one, quick(551, 500)).doubt).to.deep.equal(quick(551, 500));
      expect(withSample(one, quick(-551, 500)).doubt).to.deep.equal(quick(-551, 500));
    });

    it('is never doubted for answers that are slow or lopsided, whatever they are', () => {
      const trip = fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: -100, max: 100 }));
      fc.assert(
        fc.property(fc.integer({ min: -100_000, max: 100_000 }), fc.array(trip, { minLength: 1, maxLength: 30 }), (truth, trips) => {
          let readings = NO_READINGS;
          for (const [there, back, drift] of trips) {
            readings = withSample(readings, clockSample(SENT + there + truth + drift, SENT, SENT + there + back)!);
            expect(readings.doubt).to.equal(undefined);
          }
        }),
        { numRuns: 300 },
      );
    });

    it('of more than a second is seen by two readings of 200 ms, however lopsided', () => {
      const trip = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }));
      fc.assert(
        fc.property(fc.constantFrom(1, -1), fc.integer({ min: 1_001, max: 20_000 }), fc.array(trip, { minLength: 1, maxLength: 9 }), fc.tuple(trip, trip), (way, size, before, after) => {
          const read = (offset: number) => (readings: ClockReadings, [there, back]: readonly [number, number]) => withSample(readings, clockSample(SENT + there + offset, SENT, SENT + there + back)!);
          const readings = after.reduce(read(way * size), before.reduce(read(0), NO_READINGS));
          expect(Math.abs(offsetOf(readings.samples)!.offsetMs - way * size)).to.be.at.most(101);
        }),
        { numRuns: 300 },
      );
    });
  });

  it('sees that a clock was set, either way, and nothing in a clock that is a little late', () => {
    const before = { wall: 1_000, monotonic: 50 };
    const after = (jump: number) => wallJump(before, { wall: 2_000 + jump, monotonic: 1_050 });
    expect([after(0), after(JUMP_MS - 1), after(1 - JUMP_MS)]).to.deep.equal([0, 0, 0]);
    expect([after(JUMP_MS), after(-JUMP_MS), after(60_000.4), after(60_000.6)]).to.deep.equal([250, -250, 60_000, 60_001]);
  });
});
