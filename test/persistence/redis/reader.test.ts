/** The journal in Redis as commands see it: at rest and in use, whole or not, and never written to. */
import { expect } from 'chai';
import { basename, dirname } from 'node:path';
import type { ChainedRow, JournalReader } from '../../../src/persistence/port.ts';
import { openRedisJournal } from '../../../src/persistence/redis/open.ts';
import { openRedisReader } from '../../../src/persistence/redis/reader.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { systemRandom } from '../../../src/supervision/random.ts';
import { CuttingProxy } from '../../kit/cutting-proxy.ts';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { allOf, readerContract } from '../reader-contract.ts';
import { noted, RedisStage } from './stage.ts';
import { refused } from '../refusal.ts';
import { removeTemporary } from '../temporary.ts';

describeWithRedis('the Redis reader', () => {
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.remove());
  const named = (place: string) => ({ url: server.url, prefix: 'quantum:', instance: basename(dirname(place)), file: place, clock: systemClock });

  readerContract(
    'Redis',
    (place) => openRedisJournal({ ...named(place), random: systemRandom, onFinding: (finding) => expect.fail(finding.message), onWarning: (warning) => expect.fail(warning) }),
    (place) => openRedisReader(named(place)),
  );
});

describeWithRedis('the reader of a journal in Redis', () => {
  let server: RedisServer;
  let stage: RedisStage;
  let reader: JournalReader;
  before(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.ask('FLUSHALL');
    stage = new RedisStage();
  });
  afterEach(async () => {
    await stage.close();
    removeTemporary();
  });
  after(() => server.remove());
  const open = async (): Promise<JournalReader> => (reader = await openRedisReader({ url: server.url, prefix: 'quantum:', instance: 't', file: stage.file, clock: systemClock }));
  const all = (from?: number): Promise<ChainedRow[]> => allOf(reader, from);

  it('says that there is none, and where it looked', async () => {
    await refused(open(), 'JOURNAL_UNAVAILABLE', server.where, 'quantum:journal:{t}:head', 'journal.redis.url');
    expect(await server.ask('DBSIZE')).to.equal(0);
  });

  it('writes nothing, whatever it is asked, and says how much Redis holds', async () => {
    const journal = await stage.open(server.url);
    for (let round = 1; round <= 300; round++) await journal.append([noted('a', round), noted('symbol/币安人生USDT', round)]);
    const before = await server.ask('INFO', 'replication');
    await open();
    expect(await all(601)).to.deep.equal([]);
    expect(await all()).to.have.length(600);
    for (const asked of [reader.head(), reader.anchor(), reader.sequences()]) await asked;
    expect((await reader.stats()).bytes).to.be.greaterThan(10_000);
    expect(await reader.faults()).to.deep.equal([]);
    await reader.close();
    expect(offsetOf(await server.ask('INFO', 'replication'))).to.equal(offsetOf(before));
    await journal.append([noted('a', 301)]);
  });

  it('reads on to the end that it finds when it gets there, and past what retention lets go of meanwhile', async () => {
    const journal = await stage.open(server.url);
    await journal.append(Array.from({ length: 2_000 }, (_, index) => ({ ...noted('decisions', index + 1), at: 1 })));
    await open();
    const positions: number[] = [];
    for await (const row of reader.entries()) {
      positions.push(row.position);
      if (positions.length === 300) {
        await journal.append([{ ...noted('decisions', 2_001), at: 50 }, { ...noted('new', 1), at: 50 }]);
        await journal.release(10);
      }
    }
    // What was read before is without a gap; then the rest is beyond the anchor.
    expect(positions.slice(0, 300)).to.deep.equal(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(positions.slice(-2)).to.deep.equal([2_001, 2_002]);
    expect((await reader.anchor()).position).to.equal(2_000);
    await reader.close();
  });

  it('finds a journal that is shorter than it was, and a server that would not keep it', async () => {
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1), noted('a', 2)]);
    await stage.close();
    await server.ask('HSET', 'quantum:journal:{t}:head', 'position', '1');
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu');
    await open();
    const faults = await reader.faults();
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(faults).to.have.length(2);
    expect(faults[0]).to.include('allkeys-lfu');
    expect(faults[1]).to.include('ends at position 1').and.to.include(`${stage.file}-head remembers 2`);
    await reader.close();
  });

  it('takes no entry for lost that was acknowledged while it asked how far the journal has got', async () => {
    const proxy = await CuttingProxy.start(server.port);
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1)]);
    reader = await openRedisReader({ url: `redis://127.0.0.1:${proxy.port}`, prefix: 'quantum:', instance: 't', file: stage.file, clock: systemClock });
    proxy.only = 'HMGET';
    proxy.meanwhile = () => journal.append([noted('a', 2)]);
    proxy.mood = 'late-answer';
    const faults = await reader.faults();
    expect(proxy.mood, 'it was asked').to.equal('pass');
    expect(faults).to.deep.equal([]);
    await reader.close();
    await proxy.close();
  });

  it('names a server that went away while it read', async () => {
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1)]);
    await open();
    await reader.close();
    await refused(reader.head(), 'JOURNAL_UNAVAILABLE', server.where);
    await refused(all(), 'JOURNAL_UNAVAILABLE', server.where);
  });

  it('refuses an entry that is none of ours, by name', async () => {
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1)]);
    await server.ask('HSET', 'quantum:journal:{t}:head', 'position', '2');
    await server.ask('XADD', 'quantum:journal:{t}:e:a', '2-0', 'hello', 'world');
    await open();
    await refused(all(), 'JOURNAL_CORRUPT', 'the stream of a', '2-0', 'Vigil did not write');
    await reader.close();
  });
});

describeWithRedis('the check of a journal in Redis at opening', () => {
  let server: RedisServer;
  let stage: RedisStage;
  const stream = 'quantum:journal:{t}:e:a';
  before(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.ask('FLUSHALL');
    stage = new RedisStage();
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1), noted('b', 1), { ...noted('a', 2), type: 'Snapshot' }, noted('a', 3)]);
    await stage.close();
  });
  afterEach(async () => {
    await stage.close();
    removeTemporary();
  });
  after(() => server.remove());

  /** Somebody's hand in the store, and the words with which it is found. */
  const hands: readonly (readonly [string, [string, ...(string | number)[]][], string])[] = [
    ['an entry that was removed', [['XDEL', stream, '3-0']], 'lacks the entry at position 3'],
    ['an entity that was removed', [['DEL', 'quantum:journal:{t}:e:b']], 'lacks the entry at position 2'],
    ['an end that was removed', [['XDEL', stream, '4-0']], 'ends at position 3, but its own head says 4'],
    ['an end that was moved back', [['HSET', 'quantum:journal:{t}:head', 'position', 3]], 'ends at position 3 with another entry than its own head says'],
    ['an entity whose number was changed', [['HSET', 'quantum:journal:{t}:entities', 'a', 7]], 'ends a with #3, but its hash of entities says #7'],
    ['a Snapshot that was forgotten', [['DEL', 'quantum:journal:{t}:snapshots']], 'the newest Snapshot of a at position 3, but its hash of snapshots says none'],
    ['a stream that is none', [['DEL', stream], ['SET', stream, 'x']], 'WRONGTYPE'],
  ];
  for (const [what, commands, says] of hands) {
    it(`finds ${what}, and writes nothing`, async () => {
      for (const command of commands) await server.ask(...command);
      const head = await server.ask('HGETALL', 'quantum:journal:{t}:head');
      await refused(stage.open(server.url), says === 'WRONGTYPE' ? 'JOURNAL_FOREIGN' : 'JOURNAL_CORRUPT', says);
      expect(await server.ask('HGETALL', 'quantum:journal:{t}:head')).to.deep.equal(head);
    });
  }

  it('finds a changed payload by its checksum, and another journal in its place by the head file', async () => {
    const rows = (await server.ask('XRANGE', stream, '-', '+')) as [string, string[]][];
    await server.ask('DEL', stream);
    for (const [id, fields] of rows) await server.ask('XADD', stream, id, ...fields.map((field) => (field === '{"sequence":2}' ? '{"sequence":9}' : field)));
    await refused(stage.open(server.url), 'JOURNAL_CORRUPT', 'changed entry at position 3 (a #2)', 'checksum');
    await server.ask('FLUSHALL');
    const file = stage.file;
    stage.forget();
    const other = await stage.open(server.url);
    await other.append([1, 2, 3, 4, 5].map((sequence) => noted('x', sequence)));
    await stage.close();
    await refused(stage.open(server.url, { file }), 'JOURNAL_CORRUPT', 'is not the journal that', `${file}-head`, 'remove that file');
  });
});

function offsetOf(info: unknown): string | undefined {
  return /master_repl_offset:(\d+)/.exec(String(info))?.[1];
}
