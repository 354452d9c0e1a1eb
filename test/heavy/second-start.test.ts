/** One writer: a second start on a live instance is refused and names the holder; one after kill -9 takes its place, and nothing is ordered twice (ruling 38). */
import { copyFileSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { executedEntries } from '../kit/venue-check.ts';
import { only, restful, settled } from '../kit/main-job.ts';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';
import { useSandbox } from '../kit/service.ts';
import type { Paper, Sandbox, Service } from '../kit/service.ts';

const SYMBOLS = ['GPSUSDT', 'ANKRUSDT'];
/** Well below the lease of ten seconds and what a taker waits beyond it: a holder known to be dead is not waited for. */
const AT_ONCE_MS = 15_000;

interface Store {
  readonly sets: readonly string[];
  /** Where the second one has its data: with SQLite the directory is what is fought over, with Redis the journal. */
  readonly secondDir: (box: Sandbox, first: Service) => string;
}

/** Another data directory of the same instance: its orders are not a stranger's, whichever of the two is faster. */
function twinOf(box: Sandbox, { dataDir }: Service): string {
  const twin = box.newDir();
  mkdirSync(twin, { mode: 0o700 });
  copyFileSync(join(dataDir, 'instance-tag'), join(twin, 'instance-tag'));
  return twin;
}

/** What both engines promise. */
function promises(box: Sandbox, store: () => Store): void {
  let paper: Paper;
  let first: Service;
  const started = (dataDir?: string) => box.service({ paper, sets: [only(...SYMBOLS), restful, ...store().sets], ...(dataDir === undefined ? {} : { dataDir }) });

  it('a second start on a live instance exits 2, names the holder, and orders nothing', async () => {
    paper = await box.paper();
    first = started();
    await settled(first, paper, SYMBOLS, 60_000);
    const before = await paper.truth();
    const second = started(store().secondDir(box, first));
    expect(await second.process.end(60_000), second.process.said).to.deep.equal({ code: 2, signal: null });
    expect(second.process.stderr).to.contain('INSTANCE_RUNNING').and.contain(String(first.process.pid)).and.not.match(/\n\s+at /);
    await settled(first, paper, SYMBOLS);
    const after = await paper.truth();
    expect({ orders: after.orders, algoOrders: after.algoOrders }, 'what the second has touched').to.deep.equal({ orders: before.orders, algoOrders: before.algoOrders });
  });

  it('two that start at the same moment are one that runs and one that was refused', async () => {
    await first.process.die();
    const both = [started(first.dataDir), started(store().secondDir(box, first))];
    const loser = await Promise.race(both.map((one) => one.process.exited.then(() => one)));
    const winner = both.find((one) => one !== loser)!;
    expect(loser.process.exit, loser.process.said).to.deep.equal({ code: 2, signal: null });
    await winner.answers(60_000);
    expect(winner.process.exit, winner.process.said).to.equal(undefined);
    await winner.process.die();
  });

  it('a start after kill -9 has the place at once, with every position as it was and nothing ordered twice', async () => {
    const begun = performance.now();
    const next = started(first.dataDir);
    await next.answers(60_000);
    expect(performance.now() - begun, 'from the start to the first answer').to.be.below(AT_ONCE_MS);
    await settled(next, paper, SYMBOLS, 60_000);
    const truth = await paper.truth();
    for (const symbol of SYMBOLS) expect(executedEntries(truth, symbol), `entries executed in ${symbol}`).to.have.length(1);
    expect(await next.stop('SIGTERM', 60_000)).to.deep.equal({ code: 0, signal: null });
  });
}

describe('the only writer, with SQLite', function () {
  this.timeout(180_000);
  const box = useSandbox();
  promises(box, () => ({ sets: [], secondDir: (_, first) => first.dataDir }));
});

describeWithRedis('the only writer, with Redis', () => {
  const box = useSandbox();
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.remove());
  promises(box, () => ({ sets: ['journal.engine=redis', `journal.redis.url=${redis.url}`, 'journal.redis.instance=only'], secondDir: twinOf }));

  it(`says on which machine the holder runs (${hostname()})`, async function () {
    this.timeout(180_000);
    const paper = await box.paper();
    const sets = [only(...SYMBOLS), restful, 'journal.engine=redis', `journal.redis.url=${redis.url}`, 'journal.redis.instance=named'];
    const holder = box.service({ paper, sets });
    await holder.answers(60_000);
    const second = box.service({ paper, sets });
    expect(await second.process.end(60_000), second.process.said).to.deep.equal({ code: 2, signal: null });
    expect(second.process.stderr).to.contain(`process ${holder.process.pid}`).and.contain(hostname());
  });
});
