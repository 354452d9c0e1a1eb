/** The Redis engine keeps the contract, on a real server. */
import { expect } from 'chai';
import { basename, dirname } from 'node:path';
import type { ChainedRow, NewEntry } from '../../../src/persistence/port.ts';
import { CALL_BOUNDS, standaloneConnector } from '../../../src/persistence/redis/connection.ts';
import type { RedisConnection } from '../../../src/persistence/redis/connection.ts';
import { journalKeys } from '../../../src/persistence/redis/keys.ts';
import { openRedisJournal } from '../../../src/persistence/redis/open.ts';
import { backward, forward } from '../../../src/persistence/redis/rows.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { systemRandom } from '../../../src/supervision/random.ts';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { journalContract } from '../journal-contract.ts';
import { noted, RedisStage, sending, sequencesOf } from './stage.ts';
import { refused } from '../refusal.ts';
import { removeTemporary } from '../temporary.ts';

describeWithRedis('the Redis journal', () => {
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.remove());

  it('takes a batch over more entities than a command of a script takes arguments, and all of it or nothing', async () => {
    const stage = new RedisStage();
    const journal = await stage.open(server.url, { instance: 'many' });
    const many = Array.from({ length: 2_300 }, (_, index) => `symbol/${index}`);
    await journal.append(many.flatMap((entity, index) => [noted(entity, 1), ...(index % 2 === 0 ? [{ ...noted(entity, 2), type: 'Snapshot' }] : [])]));
    await journal.append(many.map((entity, index) => noted(entity, index % 2 === 0 ? 3 : 2)));
    // Somebody else's hand in one of them, beyond the first thousand.
    await server.ask('HSET', 'quantum:journal:{many}:entities', 'symbol/2222', 9);
    await refused(journal.append(many.map((entity, index) => noted(entity, index % 2 === 0 ? 4 : 3))), 'JOURNAL_UNAVAILABLE', 'symbol/2222 ends with #9 there, and with #3 here');
    await server.ask('HSET', 'quantum:journal:{many}:entities', 'symbol/2222', 3);
    await stage.close();
    const again = await stage.open(server.url, { instance: 'many' });
    expect((await again.stats()).entries).to.equal(2_300 + 1_150 + 2_300);
    expect((await again.read('symbol/2298')).map(({ sequence }) => sequence)).to.deep.equal([2, 3]);
    expect((await again.read('symbol/2299')).map(({ sequence }) => sequence)).to.deep.equal([1, 2]);
    await stage.close();
    removeTemporary();
  });

  it('takes back what it has added of a group when Redis refuses the rest of it', async () => {
    const stage = new RedisStage();
    const journal = await stage.open(server.url, { instance: 'half' });
    await journal.append([noted('a', 1), noted('b', 1)]);
    // Somebody else's hand: nothing can be added there any more, and nothing is to be seen of it.
    await server.ask('XADD', 'quantum:journal:{half}:e:b', '999999-0', 'hello', 'world');
    await server.ask('XDEL', 'quantum:journal:{half}:e:b', '999999-0');
    const error = await journal.append([noted('a', 2), noted('b', 2)]).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(Error);
    expect(await server.ask('XLEN', 'quantum:journal:{half}:e:a')).to.equal(1);
    expect(await server.ask('HMGET', 'quantum:journal:{half}:entities', 'a', 'b')).to.deep.equal(['1', '1']);
    await stage.close();
    removeTemporary();
  });

  it('writes what was sent together with entries of a stream in which another hand has written, and refuses those alone, by name', async () => {
    const stage = new RedisStage();
    const journal = await stage.open(server.url, { instance: 'hand' });
    await journal.append([noted('a', 1), noted('b', 1)]);
    await server.ask('XADD', 'quantum:journal:{hand}:e:b', '999999-0', 'hello', 'world');
    const [taken, not] = [journal.append([noted('a', 2)]), refused(journal.append([noted('b', 2)]), 'JOURNAL_UNAVAILABLE', 'quantum:journal:{hand}:e:b', '999999-0', 'journal.redis.prefix')];
    await Promise.all([taken, not]);
    await journal.append([noted('a', 3)]);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2, 3]);
    await stage.close();
    removeTemporary();
  });

  it('is no writer beside another of the same epoch: a failover may lose an opening, and its number is given again (ruling 37)', async () => {
    const stage = new RedisStage();
    const journal = await stage.open(server.url, { instance: 'pair' });
    await journal.append([noted('a', 1)]);
    await server.ask('HSET', 'quantum:journal:{pair}:head', 'holder', 'another');
    await refused(journal.append([noted('a', 2)]), 'JOURNAL_UNAVAILABLE');
    await refused(journal.release(Number.MAX_SAFE_INTEGER), 'JOURNAL_UNAVAILABLE');
    expect(await server.ask('HMGET', 'quantum:journal:{pair}:head', 'holder', 'position')).to.deep.equal(['another', '1']);
    expect(await server.ask('XLEN', 'quantum:journal:{pair}:e:a')).to.equal(1);
    await stage.close();
    removeTemporary();
  });

  it('asked for types, reads those entities that may have some of that time, and not the weeks of decisions beside them', async () => {
    const stage = new RedisStage();
    const pages = async (): Promise<number> => Number(/cmdstat_xrange:calls=(\d+)/.exec(String(await server.ask('INFO', 'commandstats')))?.[1] ?? 0);
    const asked = async (types: readonly string[], since: number): Promise<readonly [found: string[], pages: number]> => {
      const before = await pages();
      const found = (await journal.readTypes(types, since)).map(({ entity, sequence }) => `${entity} ${sequence}`);
      return [found, (await pages()) - before];
    };
    const at = (entry: NewEntry, time: number): NewEntry => ({ ...entry, at: time });
    let journal = await stage.open(server.url, { instance: 'types' });
    await journal.append([...Array.from({ length: 1_000 }, (_, index) => at(noted('decisions', index + 1), 9_000)), at(sending('symbol/币安人生USDT', 1), 1_000)]);
    // The clock was set back in between: the newest time counts, not the last.
    await journal.append([at(sending('symbol/GPSUSDT', 1), 5_000), at(noted('symbol/GPSUSDT', 2), 2_000)]);
    for (const when of ['by whom they were written', 'after a new opening']) {
      expect(await asked(['OrderSending'], 3_000), when).to.deep.equal([['symbol/GPSUSDT 1'], 1]);
      expect(await asked(['OrderSending', 'Unheard'], 0), when).to.deep.equal([['symbol/币安人生USDT 1', 'symbol/GPSUSDT 1'], 2]);
      expect(await asked(['OrderSending'], 5_001), when).to.deep.equal([[], 0]);
      await stage.close();
      journal = await stage.open(server.url, { instance: 'types' });
    }
    await journal.append([at(sending('symbol/GPSUSDT', 3), 6_000), at(sending('new', 1), 6_000)]);
    expect(await asked(['OrderSending'], 5_001), 'appended since').to.deep.equal([['symbol/GPSUSDT 3', 'new 1'], 2]);
    await stage.close();
    removeTemporary();
  });

  it('reads long entries by few, so that no answer is one that an append would have to wait for', async () => {
    const stage = new RedisStage();
    const journal = await stage.open(server.url, { instance: 'long' });
    for (let sequence = 1; sequence <= 400; sequence += 20) await journal.append(Array.from({ length: 20 }, (_, index) => noted('decisions', sequence + index, { text: 'x'.repeat(50_000) })));
    const connection = await standaloneConnector(server.url, 'vigil:test', systemClock, CALL_BOUNDS).connect();
    const answers: number[] = [];
    const watched: RedisConnection = {
      where: connection.where,
      ended: undefined,
      onLost: () => undefined,
      close: () => connection.close(),
      async call(...asked) {
        const answer = await connection.call(...asked);
        answers.push(JSON.stringify(answer).length);
        return answer;
      },
    };
    const keys = journalKeys('quantum:', 'long');
    const sequences = async (pages: AsyncIterable<ChainedRow[]>): Promise<number[]> => (await Array.fromAsync(pages)).flat().map(({ sequence }) => sequence);
    const all = Array.from({ length: 400 }, (_, index) => index + 1);
    expect(await sequences(forward(watched, keys, 'decisions', 0, 400))).to.deep.equal(all);
    expect(await sequences(backward(watched, keys, 'decisions'))).to.deep.equal(all.toReversed());
    expect(Math.max(...answers)).to.be.lessThan(3_000_000);
    expect(answers.length).to.be.lessThan(60);
    watched.close();
    await stage.close();
    removeTemporary();
  });

  it('lets go of nothing that a read under way is still to find, and of what was appended before it was asked to', async () => {
    const stage = new RedisStage();
    const journal = await stage.open(server.url, { instance: 'release' });
    await journal.append(Array.from({ length: 6_000 }, (_, index) => ({ ...noted('decisions', index + 1), at: 1 })));
    // Backwards: what retention takes first is read last.
    const tail = journal.readTail('decisions', { since: 0, characters: 10_000_000 });
    const appended = journal.append([{ ...noted('decisions', 6_001), at: 1 }]);
    const released = journal.release(100);
    expect((await tail).slice(0, 6_000).map(({ sequence }) => sequence)).to.deep.equal(Array.from({ length: 6_000 }, (_, index) => index + 1));
    await appended;
    expect(await released).to.deep.equal({ entries: 6_001, through: 6_001, heldBy: undefined });
    await stage.close();
    removeTemporary();
  });

  journalContract('Redis', (place) =>
    openRedisJournal({
      url: server.url,
      prefix: 'quantum:',
      instance: basename(dirname(place)),
      file: place,
      clock: systemClock,
      random: systemRandom,
      onFinding: (finding) => expect.fail(finding.message),
      onWarning: (warning) => expect.fail(warning),
    }),
  );
});
