/** kill -9 and power cuts of the Redis server: what each appendfsync may lose, and that the writer brings back what it still has. */
import { expect } from 'chai';
import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import type { RedisSettings } from '../../kit/redis.ts';
import { noted, RedisStage, sequencesOf, untilUp } from './stage.ts';
import { refused } from '../refusal.ts';
import { removeTemporary } from '../temporary.ts';

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describeWithRedis('kill -9 of the Redis server', () => {
  let server: RedisServer;
  let stage: RedisStage;
  const start = async (settings: RedisSettings): Promise<void> => {
    server = await RedisServer.start(settings);
  };
  beforeEach(() => {
    stage = new RedisStage();
  });
  afterEach(async () => {
    await stage.close();
    await server.remove();
    removeTemporary();
  });
  /** What the disk had when the power went: everything after it was in the memory of the machine. */
  const log = (): string => join(server.directory, 'appendonlydir', 'appendonly.aof.1.incr.aof');

  it('with appendfsync always loses nothing that was acknowledged, however often (20 kills)', async () => {
    await start({ appendfsync: 'always' });
    const journal = await stage.open(server.url);
    const acknowledged: number[] = [0, 0, 0];
    let stop = false;
    const writers = acknowledged.map(async (_, writer) => {
      for (let written = true; !stop || !written; ) {
        const sequence = acknowledged[writer]! + 1;
        // What was refused may be there all the same, and is handed in until it is acknowledged.
        written = await journal.append([noted(`w${writer}`, sequence), noted(`x${writer}`, sequence)]).then(() => true, () => false);
        if (written) acknowledged[writer] = sequence;
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    for (let kill = 0; kill < 20; kill++) {
      const target = Math.max(...acknowledged) + 20;
      while (Math.max(...acknowledged) < target) await new Promise((resolve) => setTimeout(resolve, 2));
      await server.kill();
      await server.begin();
      await untilUp(journal);
    }
    stop = true;
    await Promise.all(writers);
    for (const [writer, last] of acknowledged.entries()) {
      expect(await sequencesOf(journal, `w${writer}`)).to.deep.equal(upTo(last));
      expect(await sequencesOf(journal, `x${writer}`)).to.deep.equal(upTo(last));
    }
    // Nothing was ever missing, and so nothing had to be brought back.
    expect([stage.findings, stage.warnings]).to.deep.equal([[], []]);
    await stage.close();
    expect((await (await stage.open(server.url)).stats()).entries).to.equal(acknowledged.reduce((sum, last) => sum + 2 * last, 0));
  });

  it('with appendfsync everysec loses nothing to a kill, for the kernel has it', async () => {
    await start({ appendfsync: 'everysec' });
    const journal = await stage.open(server.url);
    for (let sequence = 1; sequence <= 50; sequence++) await journal.append([noted('a', sequence)]);
    await server.kill();
    await server.begin();
    await untilUp(journal);
    expect(await sequencesOf(journal, 'a')).to.deep.equal(upTo(50));
    expect(stage.findings).to.deep.equal([]);
    expect(stage.warnings[0]).to.include('appendfsync is everysec').and.to.include('up to two seconds of acknowledged entries are lost');
  });

  it('with appendfsync everysec a power cut takes the newest entries; the writer appends them again and says so (FAILOVER_LOSS)', async () => {
    await start({ appendfsync: 'everysec' });
    const journal = await stage.open(server.url);
    for (let sequence = 1; sequence <= 10; sequence++) await journal.append([noted('a', sequence)]);
    const onDisk = statSync(log()).size;
    for (let sequence = 11; sequence <= 30; sequence++) await journal.append([noted('a', sequence), noted('b', sequence - 10)]);
    await server.kill();
    // Half of a transaction on the disk is none: Redis cuts it off when it starts.
    truncateSync(log(), onDisk + 40);
    await server.begin();
    await untilUp(journal);
    expect([await sequencesOf(journal, 'a'), await sequencesOf(journal, 'b')]).to.deep.equal([upTo(30), upTo(20)]);
    expect(stage.findings.map(({ code, details }) => [code, details?.['entries'], details?.['storeEndedAt'], details?.['writerEndedAt']])).to.deep.equal([['FAILOVER_LOSS', 40, 10, 50]]);
    expect(stage.findings[0]?.message).to.include(server.where).and.to.include('40 acknowledged entries').and.to.include('appended again, in order');
    await journal.append([noted('a', 31)]);
    await stage.close();
    stage.findings.length = 0;
    expect(await sequencesOf(await stage.open(server.url), 'a')).to.deep.equal(upTo(31));
    expect(stage.findings, 'nothing is missing any more').to.deep.equal([]);
  });

  it('takes the opening up again, too, when even that is lost', async () => {
    await start({ appendfsync: 'everysec' });
    const first = await stage.open(server.url);
    await first.append([noted('a', 1)]);
    const onDisk = statSync(log()).size;
    const journal = await stage.open(server.url);
    await server.kill();
    truncateSync(log(), onDisk);
    await server.begin();
    await untilUp(journal);
    expect(stage.findings.map((finding) => finding.message).join()).to.include(`lost the opening of epoch ${journal.writerEpoch}`);
    await journal.append([noted('a', 2)]);
    // The older writer comes back, too, and finds with its first append that it has been replaced.
    while (stage.ended.length === 0) {
      await first.append([noted('b', 1)]).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await refused(first.append([noted('b', 1)]), 'JOURNAL_UNAVAILABLE', `epoch ${journal.writerEpoch}`);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2]);
  });

  it('says how much is missing when nobody is left who has it, and goes on from what is there', async () => {
    await start({ appendfsync: 'everysec' });
    const journal = await stage.open(server.url);
    await journal.append([noted('a', 1), noted('a', 2)]);
    const onDisk = statSync(log()).size;
    await journal.append([noted('a', 3), noted('b', 1)]);
    await stage.close();
    await server.kill();
    truncateSync(log(), onDisk);
    await server.begin();
    const again = await stage.open(server.url);
    expect(stage.findings.map(({ code, message, details }) => [code, message.includes('lost 2 acknowledged entries before this start'), details?.['entries']])).to.deep.equal([['FAILOVER_LOSS', true, 2]]);
    expect(await sequencesOf(again, 'a')).to.deep.equal([1, 2]);
    await again.append([noted('a', 3, { anew: true })]);
    expect(again.writerEpoch).to.be.greaterThan(journal.writerEpoch);
  });

  it('writes no more when more is lost than it still has, and says so: nothing it could do would be right', async () => {
    await start({ appendfsync: 'everysec' });
    const journal = await stage.open(server.url, { tailRows: 5 });
    await journal.append([noted('a', 1)]);
    const onDisk = statSync(log()).size;
    for (let sequence = 2; sequence <= 20; sequence++) await journal.append([noted('a', sequence)]);
    await server.kill();
    truncateSync(log(), onDisk);
    await server.begin();
    while (stage.ended.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(stage.ended.map(({ code, details }) => [code, details['reason']])).to.deep.equal([['JOURNAL_UNAVAILABLE', 'DIVERGED']]);
    await refused(journal.append([noted('a', 21)]), 'JOURNAL_UNAVAILABLE', 'lost 19 acknowledged entries', 'Restart the service');
    expect(stage.findings.map((finding) => finding.details?.['entries'])).to.deep.equal([19]);
    expect(await sequencesOf(await stage.open(server.url), 'a')).to.deep.equal([1]);
  });

  it('frozen (SIGSTOP), it is slow: appends are refused in their time, nothing blocks, and on return each is there once', async () => {
    await start({ appendfsync: 'always' });
    const journal = await stage.open(server.url, { bounds: { connectMs: 4_000, callMs: 1_000 } });
    await journal.append([noted('a', 1)]);
    server.freeze();
    await Promise.all([2, 3].map((sequence) => refused(journal.append([noted('a', sequence)]), 'JOURNAL_UNAVAILABLE', 'no answer')));
    await refused(journal.read('a'), 'JOURNAL_UNAVAILABLE', 'no answer');
    server.thaw();
    await untilUp(journal);
    await journal.append([noted('a', 2), noted('a', 3)]);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2, 3]);
    expect((await journal.stats()).entries).to.equal(3);
    expect(stage.findings).to.deep.equal([]);
  });
});
