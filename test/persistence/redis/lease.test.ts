/** The place of the only writer in Redis, on a real server: no second start steals it, a dead holder frees it, and its holder stops relying on it in time (ruling 38). */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isKnownDead, ownIdentity } from '../../../src/persistence/process-identity.ts';
import type { ProcessIdentity } from '../../../src/persistence/process-identity.ts';
import { standaloneConnector } from '../../../src/persistence/redis/connection.ts';
import { journalKeys } from '../../../src/persistence/redis/keys.ts';
import { takeLease } from '../../../src/persistence/redis/lease.ts';
import type { LeaseOptions, RedisLease } from '../../../src/persistence/redis/lease.ts';
import type { VigilError } from '../../../src/protocol/errors.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import { refused } from '../refusal.ts';

/** While the machine sleeps wall time goes on and monotonic time does not. */
class SleepingClock extends VirtualClock {
  slept = 0;

  override now(): number {
    return super.now() + this.slept;
  }
}

describe('the identity of a process', () => {
  it('knows its own as alive, and one that was killed as dead, also before anybody has waited for it', async () => {
    expect(isKnownDead(ownIdentity())).to.equal(false);
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const born = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[19]!;
    const other: ProcessIdentity = { ...ownIdentity(), pid: child.pid!, born };
    expect(isKnownDead(other)).to.equal(false);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(isKnownDead(other)).to.equal(true);
  });

  it('takes a pid that was given away for another process, and says nothing of what it cannot see', () => {
    const own = ownIdentity();
    expect(isKnownDead({ ...own, born: '1' })).to.equal(true);
    // Another boot, another container, a system that does not tell.
    for (const other of [{ ...own, pid: 999_999_999, space: 'another' }, { ...own, pid: 999_999_999, space: '' }, { ...own, pid: 999_999_999, born: '' }]) expect(isKnownDead(other)).to.equal(false);
    expect(isKnownDead({ ...own, pid: 999_999_999 })).to.equal(true);
  });
});

describeWithRedis('the lease of the journal in Redis', function () {
  let server: RedisServer;
  const leases: RedisLease[] = [];
  let instances = 0;
  before(async () => (server = await RedisServer.start()));
  after(() => server.remove());
  afterEach(() => {
    for (const lease of leases.splice(0)) lease.stop();
  });

  const elsewhere: ProcessIdentity = { host: 'other-host', pid: 77, space: 'another boot', born: '1' };

  function bench() {
    const clock = new SleepingClock();
    const taken: VigilError[] = [];
    const keys = journalKeys('quantum:', `lease-${++instances}`);
    const options = (holder: string, identity = ownIdentity()): LeaseOptions => ({
      // Real time for the network, the test's own for the rest.
      connector: standaloneConnector(server.url, 'test', systemClock, { connectMs: 4_000, callMs: 4_000 }),
      keys,
      holder,
      identity,
      clock,
      log: { info: () => undefined, warn: () => undefined },
      onTaken: (error) => taken.push(error),
    });
    const take = async (holder: string, identity?: ProcessIdentity) => {
      const lease = await takeLease(options(holder, identity));
      leases.push(lease);
      return lease;
    };
    /** Lets the server's clock pass the end of the lease. */
    const expire = () => server.ask('HSET', keys.lease, 'until', '1');
    return { clock, taken, keys, take, expire };
  }

  const fieldsOf = async (key: string) => {
    const flat = (await server.ask('HGETALL', key)) as string[];
    return Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]!]] : [])));
  };

  /** Until what was asked over the network has been answered. */
  const answered = async (done: () => boolean | Promise<boolean>) => {
    for (let look = 0; look < 400; look++) {
      if (await done()) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('not answered within 2 s');
  };

  it('is free at the first start, names its holder, and nothing is in doubt', async () => {
    const { keys, take } = bench();
    const lease = await take('a');
    expect([lease.doubt(), lease.displaced()]).to.deep.equal([undefined, undefined]);
    const own = ownIdentity();
    expect(await fieldsOf(keys.lease)).to.include({ holder: 'a', host: own.host, pid: String(process.pid), born: own.born, released: '0' });
  });

  it('refuses a second start on a live lease, by name, and leaves the lease as it is', async () => {
    const { keys, take } = bench();
    await take('a');
    await refused(take('b'), 'INSTANCE_RUNNING', `process ${process.pid} on ${ownIdentity().host}`, server.where, keys.instance);
    expect(await fieldsOf(keys.lease)).to.include({ holder: 'a' });
    // Somebody of whom nothing can be known from here is believed as long as the lease holds.
    const other = bench();
    await other.take('a', elsewhere);
    await refused(other.take('b'), 'INSTANCE_RUNNING', 'process 77 on other-host (since');
  });

  it('is its holder\'s own, asked again: the answer to the first question may have been lost', async () => {
    const { take } = bench();
    await take('a', elsewhere);
    expect((await take('a', elsewhere)).doubt()).to.equal(undefined);
  });

  it('is free at once after an orderly end, and when its holder on this machine is dead', async () => {
    const { take } = bench();
    await (await take('a', elsewhere)).giveBack();
    expect((await take('b')).doubt()).to.equal(undefined);
    const crashed = bench();
    await crashed.take('a', { ...ownIdentity(), born: '1' });
    expect((await crashed.take('b')).doubt()).to.equal(undefined);
  });

  it('taken over after it expired, opens nothing for the lease, the venue\'s window and a second; exits go on', async () => {
    const { clock, take, expire } = bench();
    (await take('a', elsewhere)).stop();
    await expire();
    const lease = await take('b');
    expect(lease.doubt()).to.include('taken over from process 77 on other-host').and.include('16 s more');
    expect(lease.displaced()).to.equal(undefined);
    for (let second = 0; second < 16; second += 2) {
      clock.advance(2_000);
      await answered(() => lease.doubt()?.includes('renewed') !== true);
    }
    expect(lease.doubt()).to.equal(undefined);
  });

  it('that Redis has forgotten, while the journal is there, is waited for like an expired one', async () => {
    const { keys, take } = bench();
    await server.ask('HSET', keys.head, 'writerEpoch', '7');
    expect((await take('b')).doubt()).to.include('a holder that Redis has forgotten');
  });

  it('is renewed every 2 s, so that it never expires by the server\'s clock', async () => {
    const { clock, keys, take } = bench();
    await take('a');
    for (let time = 0; time < 3; time++) {
      await server.ask('HSET', keys.lease, 'until', '1');
      clock.advance(2_000);
      await answered(async () => Number((await fieldsOf(keys.lease))['until']) > 1);
    }
  });

  it('is relied on for 6 s after the last renewal, by the larger of both clocks, and again from the next one on', async () => {
    const { clock, take } = bench();
    const lease = await take('a');
    server.freeze();
    try {
      clock.advance(6_000);
      expect(lease.doubt()).to.equal(undefined);
      clock.advance(1);
      expect(lease.doubt()).to.include('last renewed 6.0 s ago');
      expect(lease.displaced(), 'exits go on').to.equal(undefined);
    } finally {
      server.thaw();
    }
    await answered(() => {
      clock.advance(10);
      return lease.doubt() === undefined;
    });
    // The machine slept, or its clock was set: whichever says more counts.
    clock.slept += 6_001;
    expect(lease.doubt()).to.include('last renewed');
  });

  it('taken by another is over for good: nothing at all is sent, it is told once, and it is not given back', async () => {
    const { clock, taken, keys, take, expire } = bench();
    const lease = await take('a', elsewhere);
    await expire();
    await take('b');
    clock.advance(2_000);
    await answered(() => taken.length > 0);
    expect(taken[0]).to.include({ code: 'JOURNAL_UNAVAILABLE' });
    expect(taken[0]!.details).to.include({ reason: 'FENCED', holder: 'b', pid: process.pid });
    expect([lease.doubt(), lease.displaced()]).to.deep.equal([taken[0]!.message, taken[0]!.message]);
    await lease.giveBack();
    expect(await fieldsOf(keys.lease)).to.include({ holder: 'b', released: '0' });
    expect(taken).to.have.length(1);
  });

  it('taken by another is not given back either by a holder that has not learned of it yet', async () => {
    const { keys, take, expire } = bench();
    const lease = await take('a', elsewhere);
    await expire();
    await take('b');
    await lease.giveBack();
    expect(await fieldsOf(keys.lease)).to.include({ holder: 'b', released: '0' });
  });

  it('with a standby registered, mandates stop with it, too', async () => {
    const { clock, keys, take } = bench();
    await server.ask('HSET', keys.lease, 'standby', 'other-host');
    await server.ask('HSET', keys.lease, 'format', '1', 'holder', 'x', 'until', '1', 'released', '1');
    const lease = await take('a');
    clock.advance(2_000);
    server.freeze();
    try {
      clock.advance(6_001);
      await answered(() => true);
    } finally {
      server.thaw();
    }
    await answered(() => {
      clock.advance(500);
      return lease.doubt() === undefined;
    });
    clock.slept += 6_001;
    expect(lease.displaced()).to.include('a standby takes over');
  });

  it('is renewed again after Redis was killed and came back, without having been lost', async () => {
    const { clock, taken, take } = bench();
    const lease = await take('a');
    await server.kill();
    clock.advance(2_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.begin();
    await answered(() => {
      clock.advance(500);
      return lease.doubt() === undefined;
    });
    await refused(take('b'), 'INSTANCE_RUNNING');
    expect(taken).to.deep.equal([]);
  });

  it('on a key of another program, or of a later Vigil, is refused, and the key left alone', async () => {
    const { keys, take } = bench();
    await server.ask('SET', keys.lease, 'theirs');
    await refused(take('a'), 'JOURNAL_FOREIGN', `${keys.lease} is a string`);
    expect(await server.ask('GET', keys.lease)).to.equal('theirs');
    const later = bench();
    await server.ask('HSET', later.keys.lease, 'holder', 'x', 'format', '2', 'until', '1');
    await refused(later.take('a'), 'JOURNAL_FOREIGN', `${later.keys.lease} has format 2`);
    expect(await fieldsOf(later.keys.lease)).to.deep.equal({ holder: 'x', format: '2', until: '1' });
  });

  it('with Redis away is JOURNAL_UNAVAILABLE, naming where', async () => {
    const gone = await RedisServer.start();
    await gone.kill();
    const lease = takeLease({ connector: standaloneConnector(gone.url, 'test', systemClock, { connectMs: 500, callMs: 500 }), keys: journalKeys('quantum:', 'x'), holder: 'a', identity: ownIdentity(), clock: systemClock, log: { info: () => undefined, warn: () => undefined }, onTaken: () => undefined });
    await refused(lease, 'JOURNAL_UNAVAILABLE', gone.where);
    await gone.remove();
  });
});
