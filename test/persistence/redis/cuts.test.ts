/** The way to Redis breaks in the middle of appends: each is written once, and never twice, whatever was lost on the way. */
import { expect } from 'chai';
import { describeWithRedis, RedisServer } from '../../kit/redis.ts';
import { CuttingProxy } from '../../kit/cutting-proxy.ts';
import { noted, RedisStage, sequencesOf, untilUp } from './stage.ts';
import { refused } from '../refusal.ts';
import { removeTemporary } from '../temporary.ts';

describeWithRedis('the Redis journal over a way that breaks', () => {
  let server: RedisServer;
  let proxy: CuttingProxy;
  let stage: RedisStage;
  before(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.ask('FLUSHALL');
    proxy = await CuttingProxy.start(server.port);
    stage = new RedisStage();
  });
  afterEach(async () => {
    await stage.close();
    await proxy.close();
    removeTemporary();
  });
  after(() => server.remove());
  const url = (): string => `redis://127.0.0.1:${proxy.port}`;

  it('counts an append whose answer was lost as written, once (failure 48)', async () => {
    const journal = await stage.open(url());
    await journal.append([noted('a', 1)]);
    proxy.only = 'EVAL';
    proxy.mood = 'cut-answer';
    await Promise.all([journal.append([noted('a', 2), noted('b', 1)]), journal.append([noted('a', 3)])]);
    expect(proxy.cuts).to.equal(1);
    expect([await sequencesOf(journal, 'a'), await sequencesOf(journal, 'b')]).to.deep.equal([[1, 2, 3], [1]]);
    // Written by the first call: the second connection wrote nothing but its own number.
    expect((await journal.stats()).entries).to.equal(4);
    expect([stage.findings, stage.ended]).to.deep.equal([[], []]);
  });

  it('sends an append again of which only half got through', async () => {
    const journal = await stage.open(url());
    await journal.append([noted('a', 1)]);
    proxy.only = 'EVAL';
    proxy.mood = 'cut-request';
    await journal.append([noted('a', 2, { text: 'x'.repeat(5_000) })]);
    expect(proxy.cuts).to.equal(1);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2]);
  });

  it('refuses what it cannot resolve in time, and finds the repeat written once the way is back', async () => {
    const journal = await stage.open(url());
    proxy.only = 'EVAL';
    proxy.mood = 'cut-answer';
    proxy.next = 'refuse';
    await refused(journal.append([noted('a', 1)]), 'JOURNAL_UNAVAILABLE', `Redis at 127.0.0.1:${proxy.port}`, 'tried again by itself');
    await refused(journal.append([noted('a', 2)]), 'JOURNAL_UNAVAILABLE');
    await refused(journal.read('a'), 'JOURNAL_UNAVAILABLE');
    proxy.mood = 'pass';
    await untilUp(journal);
    // Refused to its caller, and in the store: the repeat says the same and is no second entry, another content is a conflict.
    await refused(journal.append([noted('a', 1, { other: true })]), 'JOURNAL_SEQUENCE_CONFLICT', 'other content');
    await journal.append([noted('a', 1)]);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1]);
    expect((await journal.stats()).entries).to.equal(1);
  });

  it('does not let an append be carried out late that was given up: the connection it was sent on is fenced off', async () => {
    const journal = await stage.open(url());
    await journal.append([noted('a', 1)]);
    proxy.only = 'EVALSHA';
    proxy.mood = 'hold-request';
    proxy.next = 'refuse';
    await refused(journal.append([noted('a', 2, { from: 'the old connection' })]), 'JOURNAL_UNAVAILABLE');
    proxy.mood = 'pass';
    await untilUp(journal);
    expect(await proxy.letGo()).to.include('STRANGER');
    await journal.append([noted('a', 2, { from: 'the new one' })]);
    expect((await journal.read('a')).map(({ payload }) => payload)).to.deep.equal([{ sequence: 1 }, { from: 'the new one' }]);
    expect(stage.ended).to.deep.equal([]);
  });

  it('gives up what breaks the connection each time it is sent, alone: what was sent with it is written', async () => {
    const journal = await stage.open(url());
    await journal.append([noted('a', 1)]);
    proxy.only = 'poison';
    proxy.mood = 'cut-request';
    proxy.next = 'cut-request';
    const outcomes = await Promise.allSettled([journal.append([noted('a', 2)]), journal.append([noted('b', 1, 'poison'), noted('c', 1)]), journal.append([noted('a', 3)])]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(proxy.cuts).to.equal(3);
    await refused(journal.append([noted('b', 1, 'poison')]), 'JOURNAL_UNAVAILABLE', 'LOST');
    expect([await sequencesOf(journal, 'a'), await sequencesOf(journal, 'b')]).to.deep.equal([[1, 2, 3], []]);
  });

  it('keeps every acknowledged entry, and each once, under a way that breaks again and again', async () => {
    const journal = await stage.open(url());
    proxy.only = 'EVALSHA';
    let written = 0;
    const breakSomething = (): void => {
      written += 1;
      if (written % 24 === 0) proxy.cutAll();
      else if (written % 8 === 0) proxy.mood = written % 16 === 0 ? 'cut-answer' : 'cut-request';
    };
    const writers = ['a', 'b', 'c', 'd'].map(async (entity) => {
      for (let sequence = 1; sequence <= 60; sequence++) {
        // Refused: nobody knows what became of it, and the same is handed in again.
        while (!(await journal.append([noted(entity, sequence)]).then(() => true, () => false))) await new Promise((resolve) => setTimeout(resolve, 5));
        breakSomething();
      }
    });
    await Promise.all(writers);
    proxy.mood = 'pass';
    expect(proxy.cuts).to.be.greaterThan(5);
    await untilUp(journal);
    for (const entity of ['a', 'b', 'c', 'd']) expect(await sequencesOf(journal, entity)).to.deep.equal(Array.from({ length: 60 }, (_, index) => index + 1));
    expect((await journal.stats()).entries).to.equal(240);
    expect(stage.findings).to.deep.equal([]);
    await stage.close();
    // The chain of checksums is whole: an opening reads all of it.
    expect((await (await stage.open(url())).stats()).entries).to.equal(240);
  });

  it('answers a read that was under way when the connection broke by name, and the next one by the rows', async () => {
    const journal = await stage.open(url());
    await journal.append(Array.from({ length: 600 }, (_, index) => noted('long', index + 1)));
    proxy.only = 'XRANGE';
    proxy.mood = 'cut-answer';
    await refused(journal.read('long'), 'JOURNAL_UNAVAILABLE', 'LOST');
    expect(await journal.read('long')).to.have.length(600);
  });
});
