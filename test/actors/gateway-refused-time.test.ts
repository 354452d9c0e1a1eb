/** What the venue refuses by its time alone (−1021) goes once more by a new reading of the clock, once; many who are refused wait for one reading (failure 58). */
import { expect } from 'chai';
import type { WriteOutcome } from '../../src/protocol/venue.ts';
import { VenueError } from '../../src/venue/port.ts';
import { gatewayBench } from '../kit/gateway-bench.ts';

const TOO_LATE: WriteOutcome = { result: 'rejected', venueCode: -1021, message: 'Timestamp for this request is outside of the recvWindow.' };

describe('the gateway, refused by its time,', () => {
  it('measures the clock at once when a close is refused, and the close goes a second time under its own id (failure 58)', async () => {
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

  it('is final the second time: the executor is told', async () => {
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

  it('asks a read once more', async () => {
    const { venue, read } = await gatewayBench();
    let refused = 0;
    venue.onRead = (name) => (name === 'account' && refused++ === 0 ? Promise.reject(new VenueError('rejected', 'outside of the recvWindow', { venueCode: -1021 })) : undefined);
    expect(await read()).to.have.property('ok', true);
    venue.onRead = (name) => (name === 'account' ? Promise.reject(new VenueError('rejected', 'outside of the recvWindow', { venueCode: -1021 })) : undefined);
    const asked = venue.reads.filter((one) => one.name === 'account').length;
    expect(await read()).to.deep.equal({ ok: false, kind: 'rejected', message: 'outside of the recvWindow' });
    expect(venue.reads.filter((one) => one.name === 'account').length - asked).to.equal(2);
  });

  describe('forty times at once', () => {
    const refusal = () => Promise.reject(new VenueError('rejected', 'outside of the recvWindow', { venueCode: -1021 }));
    const READS = 20;
    const WRITES = 20;

    /** Twenty readings and twenty closes are refused as often as `times` says; the venue tells the time when the test lets it. */
    async function forty(times: number) {
      const bench = await gatewayBench();
      const { world, venue, ref, send, close } = bench;
      await world.advance(2_000);
      const said = { time: Promise.withResolvers<object>(), accounts: 0 };
      const refusals = new Map<string, number>();
      const refuses = (what: string) => {
        refusals.set(what, (refusals.get(what) ?? 0) + 1);
        return refusals.get(what)! <= times;
      };
      venue.onRead = (name) => {
        if (name === 'serverTime') return said.time.promise;
        // The first of each comes before the second of any.
        return name === 'account' && refuses(`account ${said.accounts++ % READS}`) ? refusal() : undefined;
      };
      venue.onWrite = ({ clientId }) => (refuses(clientId) ? TOO_LATE : { result: 'accepted' });
      const asked = venue.reads.length;
      const answers = Array.from({ length: READS }, () => world.system.ask(ref, { type: 'read', name: 'account', query: {} }, 60_000));
      for (let i = 0; i < WRITES; i++) send(close(`c${i}`));
      await world.settle();
      return { ...bench, answers, reads: (name: string) => venue.reads.slice(asked).filter((one) => one.name === name).length, tellTime: () => said.time.resolve({ serverTime: world.clock.now(), sentAt: world.clock.now(), receivedAt: world.clock.now() }) };
    }

    it('measures the clock once for all of them, and each goes once more', async () => {
      const { world, venue, executor, answers, reads, tellTime } = await forty(1);
      expect(reads('serverTime'), 'one question').to.equal(1);
      expect([reads('account'), venue.writes.length], 'nothing goes again before its answer').to.deep.equal([READS, WRITES]);
      tellTime();
      await world.settle();
      expect(reads('serverTime'), 'no time has passed: no further reading').to.equal(1);
      expect([reads('account'), venue.writes.length]).to.deep.equal([2 * READS, 2 * WRITES]);
      expect(new Set(venue.writes.slice(WRITES).map(({ clientId }) => clientId)).size, 'each under its own id').to.equal(WRITES);
      expect((await Promise.all(answers)).map(({ ok }) => ok)).to.deep.equal(Array.from({ length: READS }, () => true));
      expect(executor.of('write-outcome').map(({ outcome }) => outcome.result)).to.deep.equal(Array.from({ length: WRITES }, () => 'accepted'));
    });

    it('is final for each of them the second time, and measures the clock once more', async () => {
      const { world, venue, executor, answers, reads, tellTime } = await forty(Infinity);
      tellTime();
      await world.settle();
      expect([reads('account'), venue.writes.length]).to.deep.equal([2 * READS, 2 * WRITES]);
      const told = await Promise.all(answers);
      expect(told.map((answer) => (answer.ok ? '' : answer.message))).to.deep.equal(Array.from({ length: READS }, () => 'outside of the recvWindow'));
      expect(executor.of('write-outcome').map(({ outcome }) => outcome)).to.deep.equal(Array.from({ length: WRITES }, () => ({ ...TOO_LATE, reaction: 'resync' })));
      expect(reads('serverTime')).to.be.within(2, 3);
    });

    it('is told to all of them when the time cannot be had', async () => {
      const { world, venue, executor, answers, reads } = await forty(1);
      await world.advance(2_500);
      expect([reads('account'), venue.writes.length]).to.deep.equal([READS, WRITES]);
      expect((await Promise.all(answers)).map((answer) => (answer.ok ? '' : answer.kind))).to.deep.equal(Array.from({ length: READS }, () => 'unreachable'));
      expect(executor.of('write-outcome').map(({ outcome }) => outcome.result)).to.deep.equal(Array.from({ length: WRITES }, () => 'rejected'));
      expect(reads('serverTime')).to.equal(1);
      await world.advance(2_500);
      expect(reads('serverTime'), 'and the clock is measured again').to.equal(2);
    });

    it('brings the writes home, and asks nothing again for those who were told that the gateway has ended', async () => {
      const { world, venue, executor, answers, reads, tellTime } = await forty(1);
      const told = Promise.allSettled(answers);
      world.system.control('gateway', 'kill', 'test');
      tellTime();
      await world.advance(1_000);
      expect((await told).map(({ status }) => status)).to.deep.equal(Array.from({ length: READS }, () => 'rejected'));
      expect([reads('account'), venue.writes.length]).to.deep.equal([READS, 2 * WRITES]);
      expect(executor.of('write-outcome').map(({ outcome }) => outcome.result)).to.deep.equal(Array.from({ length: WRITES }, () => 'accepted'));
    });

    it('is told, and nothing is asked, when the venue bans the address meanwhile', async () => {
      const { world, venue, executor, send, close, answers, reads } = await forty(1);
      venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 120_000, banned: true, message: 'banned' });
      send(close('banned'));
      await world.settle();
      expect(reads('serverTime')).to.equal(1);
      // The one question that is under way ends as any does.
      await world.advance(2_500);
      expect((await Promise.all(answers)).map(({ ok }) => ok)).to.deep.equal(Array.from({ length: READS }, () => false));
      expect(executor.of('write-outcome').filter(({ outcome }) => outcome.result === 'rejected')).to.have.length(WRITES);
      await world.advance(100_000);
      expect(reads('serverTime'), 'not before the ban is over').to.equal(1);
      await world.advance(20_000);
      expect(reads('serverTime')).to.equal(2);
    });
  });

  it('measures the clock once for openings that are refused beside one another, and sends none of them again', async () => {
    const { world, venue, open, executor } = await gatewayBench();
    await world.advance(2_000);
    venue.onWrite = () => TOO_LATE;
    const asked = venue.reads.length;
    for (const id of ['a', 'b', 'c', 'd']) open(id);
    await world.settle();
    expect(executor.of('write-outcome')).to.have.length(4);
    expect(venue.reads.slice(asked).map(({ name }) => name)).to.deep.equal(['serverTime']);
  });

  it('is told, and measures nothing, when its refusal comes after a ban', async () => {
    const { world, venue, ref, executor, send, close } = await gatewayBench();
    await world.advance(2_000);
    const refusal = Promise.withResolvers<never>();
    const written = Promise.withResolvers<WriteOutcome>();
    venue.onRead = (name) => (name === 'account' ? refusal.promise : undefined);
    venue.onWrite = (write) => (write.clientId === 'late' ? written.promise : { result: 'throttled', retryAfterMs: 120_000, banned: true, message: 'banned' });
    const answers: unknown[] = [];
    void world.system.ask(ref, { type: 'read', name: 'account', query: {} } as never, 60_000).then((answer) => answers.push(answer), (error: unknown) => answers.push(error));
    send(close('late'));
    send(close('banned'));
    await world.settle();
    const asked = venue.reads.length;
    refusal.reject(new VenueError('rejected', 'outside of the recvWindow', { venueCode: -1_021 }));
    written.resolve(TOO_LATE);
    await world.settle();
    expect(answers).to.deep.equal([{ ok: false, kind: 'rejected', message: 'outside of the recvWindow' }]);
    expect(executor.of('write-outcome').map(({ write, outcome }) => [write.clientId, outcome.result])).to.deep.include(['late', 'rejected']);
    expect(venue.reads).to.have.length(asked);
  });
});
