/** Owners over a store and a replica that fail at random, with a spill beside: who starts again finds all that was acknowledged to it, and no number is given twice. */
import { expect } from 'chai';
import { join } from 'node:path';
import { canonicalJson } from '../../src/persistence/canonical-json.ts';
import type { Journal, NewEntry } from '../../src/persistence/port.ts';
import { openSpillDisk } from '../../src/persistence/spill/disk.ts';
import { SpillFile } from '../../src/persistence/spill/file.ts';
import { openSpillingJournal } from '../../src/persistence/spill/journal.ts';
import type { SpillEvent } from '../../src/persistence/spill/options.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { CuttingProxy } from '../kit/cutting-proxy.ts';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';
import { noted, RedisStage, sending } from '../persistence/redis/stage.ts';
import { removeTemporary, temporaryDirectory } from '../persistence/temporary.ts';

const SEED = Number(process.env['VIGIL_SEED'] ?? 20_261_123);
const RUN_MS = 12_000;
/** Beyond the run, until everything has been handed in: a crowded machine may need it, no test waits for it. */
const DRAIN_MS = 120_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One actor that alone writes an entity: hands in what waits until it is taken, and now and then dies and reads what is on record. */
class Owner {
  readonly acknowledged = new Map<number, NewEntry>();
  starts = 0;
  #outbox: NewEntry[] = [];
  #sequence = 0;
  readonly #entity: string;
  readonly #journal: Journal;
  readonly #random: SeededRandom;

  constructor(entity: string, journal: Journal, random: SeededRandom) {
    this.#entity = entity;
    this.#journal = journal;
    this.#random = random;
  }

  async run(isOver: () => boolean, deadline: number): Promise<void> {
    while (!isOver() || this.#outbox.length > 0) {
      expect(Date.now(), `${this.#entity}: ${this.#outbox.length} entries still wait`).to.be.lessThan(deadline);
      if (!isOver() && this.#random.next() < 0.8) this.#decide();
      const batch = [...this.#outbox];
      const refusal = await this.#journal.append(batch).then(() => undefined, (error: VigilError) => error);
      if (refusal === undefined) {
        for (const entry of batch) this.acknowledged.set(entry.sequence, entry);
        this.#outbox = [];
      } else {
        expect(refusal.code, `${this.#entity}: a number was given twice: ${refusal.message}`).to.equal('JOURNAL_UNAVAILABLE');
        await pause(30);
        if (this.#random.next() < 0.15) await this.#startAgain(deadline);
      }
      await pause(this.#random.next() * 20);
    }
  }

  #decide(): void {
    this.#sequence += 1;
    const entry = this.#random.next() < 0.1 ? sending(this.#entity, this.#sequence) : noted(this.#entity, this.#sequence, { is: this.#random.next() });
    this.#outbox.push({ ...entry, at: Date.now() });
  }

  /** What waited is forgotten with it; what was acknowledged must be there. */
  async #startAgain(deadline: number): Promise<void> {
    this.starts += 1;
    this.#outbox = [];
    for (;;) {
      const found = await this.#journal.read(this.#entity).catch(() => undefined);
      if (found === undefined) {
        expect(Date.now(), `${this.#entity} cannot be read`).to.be.lessThan(deadline);
        await pause(50);
        continue;
      }
      this.#sequence = found.at(-1)?.sequence ?? 0;
      expect(this.#sequence, `${this.#entity}: read after a start, with #${Math.max(0, ...this.acknowledged.keys())} acknowledged`).to.be.at.least(Math.max(0, ...this.acknowledged.keys()));
      return;
    }
  }
}

describeWithRedis('owners of entities over a Redis that fails at random', () => {
  it(`find what was acknowledged whenever they start again, and give no number twice (seed ${SEED})`, async function () {
    this.timeout(RUN_MS + DRAIN_MS + 60_000);
    const random = new SeededRandom(SEED);
    const server = await RedisServer.start();
    const replica = await RedisServer.start({ replicaOf: server });
    await replica.caughtUp();
    const proxy = await CuttingProxy.start(server.port);
    const stage = new RedisStage();
    const events: SpillEvent[] = [];
    try {
      const store = await stage.open(`redis://127.0.0.1:${proxy.port}`, { bounds: { connectMs: 700, callMs: 700 } });
      const spill = await SpillFile.open(await openSpillDisk(join(temporaryDirectory(), 'spill'), () => Date.now()), { 'journal.engine': 'redis' });
      const journal = await openSpillingJournal({ store, spill, clock: systemClock, maxMs: 60_000, maxRecords: 10_000, patienceMs: 900, waits: (batch) => batch.some(({ type }) => type === 'OrderSending'), told: (event) => events.push(event), onFenced: (error) => stage.ended.push(error) });
      const over = Date.now() + RUN_MS;
      const owners = Array.from({ length: 6 }, (_, index) => new Owner(`symbol/币安人生${index}`, journal, new SeededRandom(SEED + index + 1)));
      const refuse = async (ms: number): Promise<void> => {
        proxy.mood = 'refuse';
        proxy.cutAll();
        await pause(ms);
      };
      const hurts: readonly (() => Promise<void>)[] = [
        async () => void Object.assign(proxy, { only: 'EVAL', mood: 'cut-answer', next: random.next() < 0.5 ? 'refuse' : 'pass' }),
        async () => void Object.assign(proxy, { only: '', mood: 'cut-request' }),
        () => refuse(random.next() * 2_000),
        async () => {
          server.freeze();
          await pause(random.next() * 1_500);
          server.thaw();
        },
        async () => {
          replica.freeze();
          await pause(random.next() * 1_500);
          if (random.next() < 0.5) await refuse(random.next() * 800);
          replica.thaw();
        },
      ];
      const hurting = (async () => {
        while (Date.now() < over) {
          await pause(random.next() * 300);
          await hurts[Math.floor(random.next() * hurts.length)]!();
          Object.assign(proxy, { next: 'pass', ...(random.next() < 0.7 ? { mood: 'pass' } : {}) });
        }
        Object.assign(proxy, { next: 'pass', mood: 'pass' });
      })();
      await Promise.all([hurting, ...owners.map((owner) => owner.run(() => Date.now() >= over, over + DRAIN_MS))]);
      while (journal.availability().store !== 'up') await pause(50);
      expect(events.filter(({ type }) => type === 'finding'), 'the store took all that was kept').to.deep.equal([]);
      expect([stage.ended, stage.findings]).to.deep.equal([[], []]);
      for (const [index, { acknowledged }] of owners.entries()) {
        const rows = new Map((await journal.read(`symbol/币安人生${index}`)).map((row) => [row.sequence, row]));
        for (const [sequence, { type, at, payload }] of acknowledged) expect([rows.get(sequence)?.type, rows.get(sequence)?.at, canonicalJson(rows.get(sequence)?.payload)]).to.deep.equal([type, at, canonicalJson(payload)]);
      }
      expect([events.some(({ type }) => type === 'back'), owners.some(({ starts }) => starts > 0), owners.every(({ acknowledged }) => acknowledged.size > 20)], 'it was no idle run').to.deep.equal([true, true, true]);
      await journal.close();
    } finally {
      await stage.close();
      await proxy.close();
      for (const one of [replica, server]) {
        one.thaw();
        await one.remove();
      }
      removeTemporary();
    }
  });
});
