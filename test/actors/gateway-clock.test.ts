/** The venue's clock: a median of quick readings, measured anew after a jump or a refused time, and what was refused by its time alone goes once more, once. */
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
    // One reading a minute, and the median of nine turns with the fifth.
    await world.advance(10 * 60_000);
    expect(owners.alerts).to.not.have.property('clock-skew');
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

  it('is measured at once when a close is refused by its time, and the close goes a second time under its own id (failure 58)', async () => {
    const { world, venue, executor, send, close, offsets } = await gatewayBench();
    await world.advance(2_000);
    let refused = 0;
    venue.onWrite = () => (refused++ === 0 ? TOO_LATE : { result: 'accepted' });
    venue.onRead = (name) => (name === 'serverTime' ? { serverTime: world.clock.now() - 4_000, sentAt: world.clock.now(), receivedAt: world.clock.now() } : undefined);
    send(close('a'));
    await world.settle();
    expect(venue.writes.map((write) => write.clientId)).to.deep.equal(['a', 'a']);
    expect(offsets.at(-1), 'by the new reading alone').to.equal(-4_000);
    expect(executor.of('write-outcome').map((message) => message.outcome.result)).to.deep.equal(['accepted']);
  });

  it('is not measured for ever: refused by its time twice, the executor is told', async () => {
    const { world, venue, executor, send, close } = await gatewayBench();
    venue.onWrite = () => TOO_LATE;
    send(close('a'));
    await world.advance(1_000);
    expect(venue.writes).to.have.length(2);
    expect(executor.of('write-outcome').map(({ outcome }) => outcome)).to.deep.equal([{ ...TOO_LATE, reaction: 'resync' }]);
  });

  it('sends no opening twice: its permit is used up (ruling 8)', async () => {
    const { world, venue, executor, open } = await gatewayBench();
    venue.onWrite = () => TOO_LATE;
    open('entry');
    await world.advance(1_000);
    expect(venue.writes.map((write) => write.kind)).to.deep.equal(['OPEN']);
    expect(executor.last('write-outcome')?.outcome).to.deep.equal({ ...TOO_LATE, reaction: 'resync' });
  });

  it('sends nothing again whose fate was called unknown meanwhile', async () => {
    const { world, venue, executor, send, close } = await gatewayBench();
    const answer = Promise.withResolvers<WriteOutcome>();
    venue.onWrite = () => answer.promise;
    send(close('a'));
    await world.advance(8_100);
    answer.resolve(TOO_LATE);
    await world.advance(1_000);
    expect(venue.writes).to.have.length(1);
    expect(executor.of('write-outcome').map(({ outcome, late }) => [outcome.result, late])).to.deep.equal([['unknown', false], ['rejected', true]]);
  });

  it('tells the refusal as it came when the time cannot be had, and does not wait long for it', async () => {
    const { world, venue, executor, send, close } = await gatewayBench();
    venue.onWrite = () => TOO_LATE;
    venue.onRead = (name) => (name === 'serverTime' ? new Promise(() => undefined) : undefined);
    send(close('a'));
    await world.advance(2_600);
    expect(venue.writes).to.have.length(1);
    expect(executor.of('write-outcome').map(({ outcome }) => outcome.result)).to.deep.equal(['rejected']);
  });

  it('brings a refused close home although the gateway was killed while the clock was measured', async () => {
    const { world, venue, executor, send, close } = await gatewayBench();
    let refused = 0;
    venue.onWrite = () => (refused++ === 0 ? TOO_LATE : { result: 'accepted' });
    const time = Promise.withResolvers<object>();
    venue.onRead = (name) => (name === 'serverTime' ? time.promise : undefined);
    send(close('a'));
    await world.settle();
    world.system.control('gateway', 'kill', 'test');
    time.resolve({ serverTime: world.clock.now(), sentAt: world.clock.now(), receivedAt: world.clock.now() });
    await world.advance(1_000);
    expect(venue.writes.map((write) => write.clientId)).to.deep.equal(['a', 'a']);
    expect(executor.of('write-outcome').map(({ outcome }) => outcome.result)).to.deep.equal(['accepted']);
  });

  it('is measured for a read that was refused by its time, which is asked once more', async () => {
    const { venue, read } = await gatewayBench();
    let refused = 0;
    venue.onRead = (name) => (name === 'account' && refused++ === 0 ? Promise.reject(new VenueError('rejected', 'outside of the recvWindow', { venueCode: -1021 })) : undefined);
    expect(await read()).to.have.property('ok', true);
    venue.onRead = (name) => (name === 'account' ? Promise.reject(new VenueError('rejected', 'outside of the recvWindow', { venueCode: -1021 })) : undefined);
    const asked = venue.reads.filter((one) => one.name === 'account').length;
    expect(await read()).to.deep.equal({ ok: false, kind: 'rejected', message: 'outside of the recvWindow' });
    expect(venue.reads.filter((one) => one.name === 'account').length - asked).to.equal(2);
  });
});
