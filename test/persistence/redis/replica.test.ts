/** Redis with a replica: what must not be lost waits for it, and a promoted replica that lacks the tail is brought up to date (ruling 37). */
import { expect } from 'chai';
import type { Journal, NewEntry } from '../../../src/persistence/port.ts';
import { CuttingProxy } from '../../kit/cutting-proxy.ts';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { eventually } from '../../kit/service.ts';
import { noted, RedisStage, sending, sequencesOf, untilUp } from './stage.ts';
import { refused } from '../refusal.ts';
import { removeTemporary } from '../temporary.ts';

/** Half a second may be too short for a replica on a crowded machine; the repeat is the same entry. */
async function acknowledged(journal: Journal, entry: NewEntry): Promise<void> {
  await eventually('a replica acknowledges', () => journal.append([entry]).then(() => true));
}

describeWithRedis('the Redis journal with a replica', () => {
  let master: RedisServer;
  let replica: RedisServer;
  /** What clients are given as the address of the master, as a virtual address or HAProxy would be. */
  let address: CuttingProxy;
  let stage: RedisStage;
  beforeEach(async () => {
    master = await RedisServer.start();
    replica = await RedisServer.start({ replicaOf: master });
    await replica.caughtUp();
    address = await CuttingProxy.start(master.port);
    stage = new RedisStage();
  });
  afterEach(async () => {
    await stage.close();
    await address.close();
    replica.thaw();
    await Promise.all([master.remove(), replica.remove()]);
    removeTemporary();
  });
  const url = (): string => `redis://127.0.0.1:${address.port}`;

  it('acknowledges OrderSending only when the replica has it; exits and what came with it are not held up', async () => {
    const journal = await stage.open(url());
    await acknowledged(journal, sending('a', 1));
    replica.freeze();
    const order: string[] = [];
    const opening = refused(journal.append([sending('a', 2)]), 'JOURNAL_UNAVAILABLE', 'no replica has acknowledged', 'NO_REPLICA').then(() => order.push('opening refused'));
    const exit = journal.append([noted('b', 1)]).then(() => order.push('exit written'));
    await Promise.all([opening, exit, journal.append([sending('c', 1, 'reduce')])]);
    expect(order).to.deep.equal(['exit written', 'opening refused']);
    // It is in the store all the same: the repeat is the same entry, and counts when a replica has it.
    replica.thaw();
    await acknowledged(journal, sending('a', 2));
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2]);
    await replica.caughtUp();
    expect(await replica.ask('XLEN', 'quantum:journal:{t}:e:a')).to.equal(2);
  });

  it('goes on waiting for a replica that has gone away, and finds one that was attached later', async () => {
    const alone = await RedisServer.start();
    const late = await RedisServer.start({ replicaOf: alone });
    try {
      await late.caughtUp();
      const journal = await stage.open(alone.url);
      await acknowledged(journal, sending('a', 1));
      expect(journal.unreplicated()).to.equal(undefined);
      await late.kill();
      // Nobody opens anything: it is known all the same.
      await eventually('the replica is known to be gone', async () => (await journal.append([]), journal.unreplicated() !== undefined));
      expect(journal.unreplicated()).to.match(/no replica of Redis at .* has acknowledged anything since .*Bring a replica back/);
      await refused(journal.append([sending('a', 2)]), 'JOURNAL_UNAVAILABLE', 'NO_REPLICA', 'bring it back');
      await late.begin();
      await late.caughtUp();
      await eventually('the replica is known to be back', async () => (await journal.append([]), journal.unreplicated() === undefined));
      await acknowledged(journal, sending('a', 2));
      expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2]);
    } finally {
      await Promise.all([stage.close(), late.remove(), alone.remove()]);
    }
  });

  it('does not open where the opening itself would not outlive a failover', async () => {
    replica.freeze();
    await refused(stage.open(url(), { bounds: { connectMs: 4_000, callMs: 1_000 } }), 'JOURNAL_UNAVAILABLE', 'no replica', 'acknowledged the opening', 'NO_REPLICA');
    replica.thaw();
    await replica.caughtUp();
    const journal = await stage.open(url());
    expect(journal.writerEpoch, 'the refused opening took an epoch').to.equal(2);
    await acknowledged(journal, sending('a', 1));
  });

  it('wants a replica from the start on when it is told so', async () => {
    const alone = await RedisServer.start();
    try {
      await refused(stage.open(alone.url, { requireReplica: true, bounds: { connectMs: 4_000, callMs: 1_000 } }), 'JOURNAL_UNAVAILABLE', 'NO_REPLICA');
    } finally {
      await alone.remove();
    }
  });

  it('appends again what a promoted replica lacks, in order, and says so before anything newer is written', async () => {
    const journal = await stage.open(url());
    await journal.append([noted('a', 1), noted('b', 1)]);
    await replica.caughtUp();
    // The replica is cut off and promoted while the master still acknowledges.
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    await Promise.all(Array.from({ length: 1_199 }, (_, index) => journal.append([noted('a', index + 2)])));
    await journal.append([noted('b', 2, { 币安: '人生' })]);
    address.target = replica.port;
    await master.kill();
    await untilUp(journal);
    await journal.append([noted('b', 3)]);
    expect(stage.findings.map(({ code, details }) => [code, details?.['entries'], details?.['storeEndedAt']])).to.deep.equal([['FAILOVER_LOSS', 1_200, 2]]);
    expect((await sequencesOf(journal, 'a')).length).to.equal(1_200);
    expect((await journal.read('b')).map(({ payload }) => payload)).to.deep.equal([{ sequence: 1 }, { 币安: '人生' }, { sequence: 3 }]);
    // From now on an opening needs a replica again, and there is none: exits are written, openings are not.
    await refused(journal.append([sending('c', 1)]), 'JOURNAL_UNAVAILABLE', 'NO_REPLICA');
    await stage.close();
    stage.findings.length = 0;
    await stage.open(url());
    expect(stage.findings, 'nothing is missing: the opening read the chain through').to.deep.equal([]);
  });

  it('does not write to a server that has become a replica, and comes back when there is a master again', async () => {
    const journal = await stage.open(url());
    await journal.append([noted('a', 1)]);
    await master.ask('REPLICAOF', '127.0.0.1', replica.port);
    await refused(journal.append([noted('a', 2)]), 'JOURNAL_UNAVAILABLE', 'replica');
    await refused(journal.append([noted('a', 2)]), 'JOURNAL_UNAVAILABLE', 'the server is a replica', 'UNSAFE');
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    address.target = replica.port;
    await untilUp(journal);
    await journal.append([noted('a', 2)]);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2]);
    expect(stage.ended).to.deep.equal([]);
  });

  it('gives a writer epoch above every one that was ever used here, also when the store has forgotten it', async () => {
    const first = await stage.open(url());
    await first.append([noted('a', 1)]);
    await replica.caughtUp();
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    // As long as the master counts it, an opening waits for what it no longer acknowledges.
    await eventually('the master has noticed', async () => String(await master.ask('INFO', 'replication')).includes('connected_slaves:0'));
    for (let opening = 2; opening <= 4; opening++) await (await stage.open(url())).close();
    address.target = replica.port;
    const after = await stage.open(url());
    expect([first.writerEpoch, after.writerEpoch]).to.deep.equal([1, 5]);
  });
});
