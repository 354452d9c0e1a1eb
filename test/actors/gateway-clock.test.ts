/** The venue's clock: a median of quick readings, measured anew after a jump, a step or a refused time. */
import { expect } from 'chai';
import type { WriteOutcome } from '../../src/protocol/venue.ts';
import { VenueError } from '../../src/venue/port.ts';
import { gatewayBench } from '../kit/gateway-bench.ts';

const TOO_LATE: WriteOutcome = { result: 'rejected', venueCode: -1021, message: 'Timestamp for this request is outside of the recvWindow.' };

describe('the gateway\'s clock', () => {
  it('is the median of five offsets, each corrected by half its round trip, and a reading that took too long is not taken', async () => {
    const trips = [[100, 0], [100, 40], [100, 9_000], [100, 20], [100, 0]] as const;
    let sample = 0;
    const { world, session } = await gatewayBench((venue, { clock }) => {
      venue.onRead = (name) => {
        if (name !== 'serverTime') return undefined;
        const [offset, trip] = trips[sample++ % trips.length]!;
        // A lopsided trip: all of it on the way back.
        return { serverTime: clock.now() + offset, sentAt: clock.now(), receivedAt: clock.now() + trip };
      };
    });
    expect(session()?.clockOffsetMs, 'of 100 and 80').to.equal(90);
    await world.advance(10_000);
    expect(session()?.clockOffsetMs, 'of 100, 80, 90, 100, 100').to.equal(100);
  });

  it('is asked for again when the venue does not tell it, and there is no offset until then', async () => {
    const { world, venue, session } = await gatewayBench((venue) => {
      venue.onRead = (name) => (name === 'serverTime' ? Promise.reject(new VenueError('unreachable', 'down')) : undefined);
    });
    await world.advance(10_000);
    expect(session()?.clockOffsetMs).to.equal(undefined);
    venue.onRead = () => undefined;
    await world.advance(4_000);
    expect(session()?.clockOffsetMs).to.equal(0);
  });

  it('is an alert when the two differ by more than is allowed, and none when they do not', async () => {
    let offset = 1_001;
    const { world, owners } = await gatewayBench((venue, { clock }) => {
      venue.onRead = (name) => (name === 'serverTime' ? { serverTime: clock.now() + offset, sentAt: clock.now(), receivedAt: clock.now() } : undefined);
    });
    await world.advance(2_000);
    expect(owners.alerts['clock-skew']).to.include('differs by 1001 ms').and.include('1000 are allowed');
    offset = -1_000;
    await world.advance(20_000);
    expect(owners.alerts).to.not.have.property('clock-skew');
  });

  it('that steps by less than the recvWindow is noticed with the next reading, and taken with the one that follows at once', async () => {
    for (const step of [3_000, -1_500]) {
      let offset = 20;
      const { world, venue, session, owners } = await gatewayBench((scripted, { clock }) => {
        scripted.onRead = (name) => (name === 'serverTime' ? { serverTime: clock.now() + offset, sentAt: clock.now(), receivedAt: clock.now() } : undefined);
      });
      // The median is of nine by then.
      await world.advance(180_000);
      expect(session()?.clockOffsetMs).to.equal(20);
      const asked = venue.reads.length;
      offset = 20 + step;
      await world.advance(15_200);
      expect(session()?.clockOffsetMs).to.equal(20 + step);
      const times = venue.reads.slice(asked).filter(({ name }) => name === 'serverTime').map(({ at }) => at);
      expect([times[1]! - times[0]!, times.length <= 5], 'a few in a row').to.deep.equal([100, true]);
      await world.advance(1_000);
      expect(owners.alerts).to.have.property('clock-skew');
      const settled = venue.reads.filter(({ name }) => name === 'serverTime').length;
      await world.advance(14_000);
      expect(venue.reads.filter(({ name }) => name === 'serverTime').length - settled, 'and it is measured as rarely as before').to.be.at.most(1);
    }
  });

  it('is not taken for set by one reading that says so, nor by answers that are slow', async () => {
    const readings: (readonly [offset: number, there: number, back: number])[] = [[9_000, 0, 0], [20, 0, 1_900], [20, 1_900, 0], [20, 0, 0]];
    const { world, venue, session, offsets } = await gatewayBench((scripted, { clock }) => {
      scripted.onRead = (name) => (name === 'serverTime' ? { serverTime: clock.now() + 20, sentAt: clock.now(), receivedAt: clock.now() } : undefined);
    });
    await world.advance(180_000);
    offsets.length = 0;
    venue.onRead = (name) => {
      if (name !== 'serverTime') return undefined;
      const [offset, there, back] = readings.shift() ?? [20, 0, 0];
      const sentAt = world.clock.now();
      return { serverTime: sentAt + there + offset, sentAt, receivedAt: sentAt + there + back };
    };
    await world.advance(60_000);
    expect(readings).to.deep.equal([]);
    expect(session()?.clockOffsetMs).to.equal(20);
    expect(new Set(offsets)).to.deep.equal(new Set([20]));
  });

  it('is asked for rarely also when the readings never agree', async () => {
    let far = 0;
    const { world, venue } = await gatewayBench((scripted, { clock }) => {
      scripted.onRead = (name) => (name === 'serverTime' ? { serverTime: clock.now() + 10_000 * far++, sentAt: clock.now(), receivedAt: clock.now() } : undefined);
    });
    const asked = venue.reads.length;
    await world.advance(60_000);
    expect(venue.reads.length - asked).to.be.at.most(6);
  });

  it('found far away by a refused close, is told at once, and an opening that has its permit already does not go (failure 58)', async () => {
    let offset = 0;
    const { world, venue, executor, reader, send, close, open } = await gatewayBench((scripted, { clock }) => {
      scripted.onRead = (name) => (name === 'serverTime' ? { serverTime: clock.now() + offset, sentAt: clock.now(), receivedAt: clock.now() } : undefined);
    });
    await world.advance(2_000);
    offset = -3_000;
    venue.onWrite = () => (venue.writes.length > 1 ? undefined : TOO_LATE);
    const told = reader.of('session').length;
    send(close('a'));
    await world.settle();
    expect(reader.of('session').slice(told).map(({ view }) => view.clockOffsetMs), 'no time has passed').to.deep.equal([-3_000]);
    open('entry');
    send(close('b'));
    await world.settle();
    expect(venue.writes.map((write) => write.clientId), 'what reduces goes by the new time').to.deep.equal(['a', 'a', 'b']);
    expect(executor.of('write-refused').map(({ write, code }) => [write.clientId, code])).to.deep.equal([['entry', 'CLOCK_SKEW']]);
  });

  it('is not known after the wall clock has jumped, until it is measured by what the wall clock says then', async () => {
    let offset = 0;
    const { world, venue, offsets, session, reader } = await gatewayBench((scripted, { clock }) => {
      scripted.onRead = (name) => (name === 'serverTime' ? { serverTime: clock.now() + offset, sentAt: clock.now(), receivedAt: clock.now() } : undefined);
    });
    await world.advance(2_000);
    const asked = venue.reads.filter((one) => one.name === 'serverTime').length;
    world.clock.setWall(5_000);
    offset = -5_000;
    await world.advance(2_000);
    expect(venue.reads.filter((one) => one.name === 'serverTime').length).to.be.greaterThan(asked);
    expect(session()?.clockOffsetMs).to.equal(-5_000);
    expect(offsets.at(-1), 'not a median with what was measured before').to.equal(-5_000);
    expect(reader.of('session').length).to.be.greaterThan(3);
  });

  it('is not known from the first message after the wall clock has jumped: an opening that has its permit does not go, a close does', async () => {
    const { world, venue, executor, session, open, send, close } = await gatewayBench();
    await world.advance(2_000);
    const time = Promise.withResolvers<object>();
    venue.onRead = (name) => (name === 'serverTime' ? time.promise : undefined);
    world.clock.setWall(3_000);
    open('entry');
    send(close('exit'));
    await world.settle();
    expect(venue.writes.map(({ clientId }) => clientId), 'no time has passed').to.deep.equal(['exit']);
    expect(executor.of('write-refused').map(({ write, code }) => [write.clientId, code])).to.deep.equal([['entry', 'CLOCK_SKEW']]);
    expect(session()?.clockOffsetMs, 'and the governor knows').to.equal(undefined);
    time.resolve({ serverTime: world.clock.now() - 3_000, sentAt: world.clock.now(), receivedAt: world.clock.now() });
    await world.settle();
    expect(session()?.clockOffsetMs).to.equal(-3_000);
  });

  it('is not what a reading says during which the wall clock was set', async () => {
    const { world, venue, offsets, session } = await gatewayBench();
    const answers: ((value: object) => void)[] = [];
    await world.advance(2_000);
    venue.onRead = (name) => (name === 'serverTime' ? new Promise((resolve) => answers.push(resolve)) : undefined);
    while (answers.length === 0) await world.advance(1_000);
    offsets.length = 0;
    const sentAt = world.clock.now();
    world.clock.setWall(1_900);
    // The venue's clock goes on as before, and ours says that the answer took 1,900 ms.
    answers[0]!({ serverTime: sentAt, sentAt, receivedAt: world.clock.now() });
    await world.settle();
    expect([offsets, session()?.clockOffsetMs]).to.deep.equal([[], undefined]);
    answers[1]!({ serverTime: sentAt, sentAt: world.clock.now(), receivedAt: world.clock.now() });
    await world.settle();
    expect(offsets).to.deep.equal([-1_900]);
  });

  it('is known as before when the process was stopped between a look at one clock and at the other', async () => {
    const { world } = await gatewayBench();
    await world.advance(2_000);
    const { clock } = world;
    const monotonic = clock.monotonic.bind(clock);
    const jumps = () => world.logs.filter(({ message }) => message.includes('the wall clock has jumped')).length;
    for (let nth = 0; nth < 30; nth++) {
      let calls = 0;
      // Whoever asks for the nth time hears it late; a look at the two clocks is among them.
      clock.monotonic = () => monotonic() + (calls++ === nth ? 400 : 0);
      await world.advance(1_000);
    }
    expect(jumps()).to.equal(0);
    clock.monotonic = () => monotonic() + 400;
    await world.advance(1_000);
    expect(jumps(), 'and what stays is one').to.equal(1);
  });

  for (const [how, byMs] of [['back', -3_600_000], ['on', 3_600_000]] as const) {
    it(`set ${how} by an hour: a rest is kept by what the clock says then, for a gateway that is started again`, async () => {
      const { world, venue, session, send, close, owners } = await gatewayBench();
      venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 50_000, banned: true, message: 'slowly' });
      send(close('told'));
      await world.advance(10_000);
      world.clock.setWall(byMs);
      await world.advance(1_000);
      expect(session()?.throttle?.until).to.be.within(world.clock.now() + 38_000, world.clock.now() + 40_000);
      expect(owners.kept).to.deep.equal(session()?.throttle);
    });
  }

  it('put back by an hour makes no rest an hour longer, and no order or reading count for an hour more', async () => {
    const { world, venue, session, send, close, slot, read, executor } = await gatewayBench();
    await world.advance(2_000);
    for (let i = 0; i < 250; i++) send(close(`c${i}`));
    venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 50_000, banned: false, message: 'slowly' });
    send(close('told'));
    await world.settle();
    venue.onWrite = () => undefined;
    // An hour passes, and the wall clock shows the same time as before.
    world.clock.setWall(-3_600_000);
    await world.advance(3_600_000);
    expect(session()?.throttle?.until).to.be.below(world.clock.now());
    slot('entry');
    expect(await read()).to.have.property('ok', true);
    expect(executor.of('slot-granted').map(({ planId }) => planId as string)).to.deep.equal(['entry']);
  });
});
