/** What Redis may say instead of taking an entry, each by its name and with what to do; and what it must promise before anything is written. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { ownIdentity } from '../../../src/persistence/process-identity.ts';
import { CALL_BOUNDS, standaloneConnector } from '../../../src/persistence/redis/connection.ts';
import { voidPromises, weaknesses } from '../../../src/persistence/redis/durability.ts';
import type { ServerFacts } from '../../../src/persistence/redis/durability.ts';
import { journalKeys } from '../../../src/persistence/redis/keys.ts';
import { takeLease } from '../../../src/persistence/redis/lease.ts';
import { redisReadModels } from '../../../src/persistence/redis/read-models.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { noted, RedisStage, sequencesOf, untilUp } from './stage.ts';
import { refused } from '../refusal.ts';
import { removeTemporary } from '../temporary.ts';

const SOUND: ServerFacts = { version: '7.0.15', role: 'master', replicas: 0, appendOnly: true, appendFsync: 'always', maxmemoryPolicy: 'noeviction', maxmemory: 0, loading: false, cluster: false };

describe('what a Redis server must promise', () => {
  const faults: readonly (readonly [string, Partial<ServerFacts>, string])[] = [
    ['appendonly no', { appendOnly: false }, 'a restart of Redis loses everything since its last snapshot'],
    ['appendfsync no', { appendFsync: 'no' }, 'a power cut loses what the kernel had not yet written'],
    ['a policy that evicts', { maxmemoryPolicy: 'allkeys-lru' }, 'Redis would delete the journal'],
    ['a policy that evicts what has a time to live', { maxmemoryPolicy: 'volatile-ttl' }, 'Set maxmemory-policy noeviction'],
    ['a replica', { role: 'slave' }, 'Give the address of the master'],
    ['a Sentinel', { role: 'sentinel' }, 'the server is a sentinel'],
    ['cluster mode', { cluster: true }, 'standalone'],
    ['an old version', { version: '6.0.16' }, 'version 6.0.16: retention needs 6.2 or later'],
    ['a version nobody knows', { version: '0' }, '6.2'],
  ];
  for (const [name, fact, says] of faults) {
    it(`refuses ${name}, and says what is lost by it`, () => {
      expect(voidPromises({ ...SOUND, ...fact })).to.have.length(1);
      expect(voidPromises({ ...SOUND, ...fact })[0]).to.include(says);
    });
  }

  it('refuses nothing of a sound one, and names every fault of an unsound one', () => {
    for (const version of ['6.2.0', '7.0.15', '7.4.1', '8.0.0', '10.0.0']) expect(voidPromises({ ...SOUND, version })).to.deep.equal([]);
    expect(weaknesses(SOUND)).to.deep.equal([]);
    expect(voidPromises({ ...SOUND, appendOnly: false, maxmemoryPolicy: 'allkeys-lru', role: 'slave' })).to.have.length(3);
  });

  it('warns of what only weakens it', () => {
    expect(weaknesses({ ...SOUND, appendFsync: 'everysec' }).join()).to.include('up to two seconds');
    expect(weaknesses({ ...SOUND, appendFsync: undefined }).join()).to.include('cannot be read');
  });
});

describeWithRedis('the Redis journal refuses by name', () => {
  let server: RedisServer;
  let stage: RedisStage;
  const onServer = async (...settings: [string, string][]): Promise<void> => {
    for (const [name, value] of settings) await server.ask('CONFIG', 'SET', name, value);
  };
  before(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.ask('FLUSHALL');
    stage = new RedisStage();
  });
  afterEach(async () => {
    await stage.close();
    await onServer(['maxmemory', '0'], ['maxmemory-policy', 'noeviction'], ['appendfsync', 'always'], ['min-replicas-to-write', '0']);
    removeTemporary();
  });
  after(() => server.remove());

  it('a server that would not keep its word, with every cause, before anything is written', async () => {
    await onServer(['maxmemory-policy', 'allkeys-lru'], ['appendfsync', 'no']);
    const refusal = await refused(stage.open(server.url), 'JOURNAL_STORE_UNSAFE', server.where, 'maxmemory-policy is allkeys-lru', 'appendfsync is no');
    expect(refusal.explain()).to.include('redis.conf');
    expect(await server.ask('DBSIZE')).to.equal(0);
    const volatile = await RedisServer.start({ appendonly: 'no' });
    try {
      await refused(stage.open(volatile.url), 'JOURNAL_STORE_UNSAFE', 'appendonly is no', 'loses everything');
    } finally {
      await volatile.remove();
    }
  });

  it('a missing and a wrong password, without repeating either', async () => {
    const locked = await RedisServer.start({ password: 'a-very-secret-word' });
    try {
      await refused(stage.open(`redis://${locked.where}`), 'JOURNAL_STORE_DENIED', 'NOAUTH', 'VIGIL_JOURNAL__REDIS__PASSWORD');
      const wrong = await refused(stage.open(`redis://:not-this-secret@${locked.where}`), 'JOURNAL_STORE_DENIED', 'WRONGPASS');
      const nobody = await refused(stage.open(`redis://somebody:not-this-secret@${locked.where}`), 'JOURNAL_STORE_DENIED');
      for (const error of [wrong, nobody]) expect([error.stack, JSON.stringify(error.details), error.explain(), String(error.cause)].join()).not.to.include('not-this-secret');
      const journal = await stage.open(locked.url);
      await journal.append([noted('a', 1)]);
      expect(await sequencesOf(journal, 'a')).to.deep.equal([1]);
      await stage.close();
    } finally {
      await locked.remove();
    }
  });

  it('a user who may not do what the journal needs, naming the remedy', async () => {
    await server.ask('ACL', 'SETUSER', 'reader', 'on', '>word', '~quantum:*', '+@read', '+info', '+config|get', '+client');
    await refused(stage.open(`redis://reader:word@${server.where}`), 'JOURNAL_STORE_DENIED', 'NOPERM', 'docs/redis.md', 'ACL SETUSER');
    // Exactly what docs/redis.md gives it is enough.
    const documented = /ACL (SETUSER vigil [^`]*)```/.exec(readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8'))![1]!;
    await server.ask('ACL', ...documented.replace('>PASSWORD', '>word').trim().split(/\s+/));
    const journal = await stage.open(`redis://vigil:word@${server.where}`);
    await journal.append([noted('a', 1), { ...noted('decisions', 1), at: 1 }]);
    await journal.release(10);
    expect([await sequencesOf(journal, 'a'), (await journal.stats()).entries]).to.deep.equal([[1], 2]);
    expect(stage.warnings).to.deep.equal([]);
    const connector = standaloneConnector(`redis://vigil:word@${server.where}`, 'lease', systemClock, CALL_BOUNDS);
    const lease = await takeLease({ connector, keys: journalKeys('quantum:', 't'), holder: 'h', identity: ownIdentity(), clock: systemClock, log: { warn: () => undefined, info: () => undefined }, onTaken: () => undefined });
    await lease.giveBack();
    const models = redisReadModels({ url: `redis://vigil:word@${server.where}`, prefix: 'quantum:', instance: 't', clock: systemClock });
    await models.show([{ name: 'position:A', record: { a: '1' } }, { name: 'position:A', record: null }, { name: 'stream:x', added: { a: '1' } }]);
    models.close();
    // Hosted servers hide CONFIG.
    await stage.close();
    await server.ask('ACL', 'SETUSER', 'vigil', '-config|get');
    await stage.open(`redis://vigil:word@${server.where}`);
    expect(stage.warnings.join()).to.include('appendfsync cannot be read');
  });

  it('a server whose memory is full; exits and reads go on when there is room again', async () => {
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1)]);
    await onServer(['maxmemory', '1']);
    await refused(journal.append([noted('a', 2)]), 'JOURNAL_UNAVAILABLE', 'OOM', 'maxmemory', 'vigil journal stats');
    expect(await sequencesOf(journal, 'a'), 'reads go on').to.deep.equal([1]);
    await onServer(['maxmemory', '0']);
    await journal.append([noted('a', 2)]);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2]);
  });

  it('a server that wants more replicas than it has', async () => {
    const journal = await stage.open(server.url);
    await onServer(['min-replicas-to-write', '1']);
    await refused(journal.append([noted('a', 1)]), 'JOURNAL_UNAVAILABLE', 'NOREPLICAS', 'min-replicas-to-write');
    await onServer(['min-replicas-to-write', '0']);
    await journal.append([noted('a', 1)]);
  });

  it('a key of another program, alone: what was appended with it is written', async () => {
    const journal = await stage.open(server.url);
    await server.ask('SET', 'quantum:journal:{t}:e:b', 'mine');
    const outcomes = await Promise.allSettled([journal.append([noted('a', 1)]), journal.append([noted('b', 1), noted('c', 1)]), journal.append([noted('a', 2)])]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    await refused(journal.append([noted('b', 1)]), 'JOURNAL_UNAVAILABLE', 'quantum:journal:{t}:e:b is a string', 'another journal.redis.prefix');
    expect([await sequencesOf(journal, 'a'), await sequencesOf(journal, 'c'), await server.ask('GET', 'quantum:journal:{t}:e:b')]).to.deep.equal([[1, 2], [], 'mine']);
  });

  it('a head of another program, and one of a later Vigil', async () => {
    const head = 'quantum:journal:{t}:head';
    await server.ask('SET', head, 'mine');
    await refused(stage.open(server.url), 'JOURNAL_FOREIGN', 'another journal.redis.prefix');
    await server.ask('DEL', head);
    await server.ask('HSET', head, 'color', 'blue');
    await refused(stage.open(server.url), 'JOURNAL_FOREIGN', head, 'another program');
    await server.ask('HSET', head, 'format', '2');
    await refused(stage.open(server.url), 'JOURNAL_FOREIGN', 'has format 2, this Vigil knows 1');
  });

  it('addresses that are none, naming the field and never the value', async () => {
    for (const [url, why] of [['nonsense', 'cannot be read as a URL'], ['http://127.0.0.1:1', 'scheme'], ['redis://', 'no host'], ['redis://h/3', 'selects a database'], ['redis://h?db=3', 'query'], ['redis://u:12/word@h', 'selects a database'], ['redis://u:word%is@h', 'write %25']] as const) {
      const error = await refused(stage.open(url), 'CONFIG_INVALID', 'journal.redis.url', why, 'redis://');
      expect(error.message).not.to.include(url === 'redis://' ? 'redis:///' : url).and.not.to.include('word%').and.not.to.include('word@');
    }
    await refused(stage.open(server.url, { prefix: 'q{x}:' }), 'CONFIG_INVALID', 'prefix');
    await refused(stage.open(server.url, { instance: 'a b' }), 'CONFIG_INVALID', 'instance');
  });

  it('a server that is not there, at once', async () => {
    const gone = await RedisServer.start();
    await gone.kill();
    const before = systemClock.monotonic();
    await refused(stage.open(gone.url), 'JOURNAL_UNAVAILABLE', gone.where, 'ECONNREFUSED');
    expect(systemClock.monotonic() - before, 'sooner than a connection may take').to.be.lessThan(4_000);
    await gone.remove();
  });

  it('a journal whose server was emptied behind it, and takes nothing of ours for new', async () => {
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1), noted('b', 1)]);
    await stage.close();
    await server.ask('FLUSHALL');
    await refused(stage.open(server.url), 'JOURNAL_CORRUPT', 'is empty, but held 2 entries', `${stage.file}-head`);
    expect(await server.ask('DBSIZE')).to.equal(0);
  });

  it('is brought back whole into a server that was emptied under it while it lives', async () => {
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1), noted('b', 1)]);
    await server.ask('FLUSHALL');
    await journal.append([noted('a', 2)]);
    expect(stage.findings.map(({ code, details }) => [code, details?.['entries']])).to.deep.equal([['FAILOVER_LOSS', 2]]);
    expect([await sequencesOf(journal, 'a'), await sequencesOf(journal, 'b')]).to.deep.equal([[1, 2], [1]]);
  });
});

describeWithRedis('the Redis journal and a server that still reads its data', () => {
  it('waits for it at opening, and while it runs is away and comes back by itself', async () => {
    const server = await RedisServer.start({ appendfsync: 'always', config: { 'aof-use-rdb-preamble': 'yes', 'key-load-delay': '3000', 'loading-process-events-interval-bytes': '1024' } });
    const stage = new RedisStage();
    try {
      const journal = await stage.open(server.url);
      await journal.append([noted('a', 1)]);
      const client = server.client();
      for (let key = 0; key < 400; key++) await client.set(`filler:${key}`, 'x'.repeat(200));
      await client.call('BGREWRITEAOF');
      while (String(await client.call('INFO', 'persistence')).includes('aof_rewrite_in_progress:1')) await new Promise((resolve) => setTimeout(resolve, 20));
      await server.kill();
      await server.begin('Server initialized');
      const started = systemClock.monotonic();
      let seen = '';
      while (!seen.includes('LOADING') && systemClock.monotonic() - started < 5_000) {
        seen = await journal.append([noted('a', 2)]).then(() => 'written', (error: Error) => error.message);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(seen).to.include('LOADING').and.to.include('tried again by itself');
      const second = await stage.open(server.url);
      expect((await sequencesOf(second, 'a')).slice(0, 1)).to.deep.equal([1]);
      await untilUp(second);
    } finally {
      await stage.close();
      await server.remove();
      removeTemporary();
    }
  });
});
