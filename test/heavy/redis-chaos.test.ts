/** The journal in Redis while everything under it fails at random: what was acknowledged is there, once, in order, and the chain is whole. */
import { expect } from 'chai';
import { statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { NewEntry } from '../../src/persistence/port.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { CuttingProxy } from '../kit/cutting-proxy.ts';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';
import { noted, RedisStage, sequencesOf, untilUp } from '../persistence/redis/stage.ts';
import { removeTemporary } from '../persistence/temporary.ts';

const SEED = Number(process.env['VIGIL_SEED'] ?? 20_261_122);
const HURTS = Number(process.env['VIGIL_REDIS_HURTS'] ?? 60);
const ENTITIES = ['decisions', 'symbol/币安人生USDT', 'symbol/GPSUSDT', 'trading-state'];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeWithRedis('the Redis journal under random failures', () => {
  it(`keeps every acknowledged entry once and in order through ${HURTS} of them (seed ${SEED})`, async function () {
    this.timeout(240_000);
    const random = new SeededRandom(SEED);
    const server = await RedisServer.start({ appendfsync: 'everysec' });
    const proxy = await CuttingProxy.start(server.port);
    const stage = new RedisStage();
    let stop = false;
    try {
      const journal = await stage.open(`redis://127.0.0.1:${proxy.port}`);
      const log = join(server.directory, 'appendonlydir', 'appendonly.aof.1.incr.aof');
      /** What each writer knows to be written. */
      const acknowledged = new Map<string, number>(ENTITIES.map((entity) => [entity, 0]));
      const writers = ENTITIES.map(async (entity, writer) => {
        const own = new SeededRandom(SEED + writer + 1);
        while (!stop) {
          const from = acknowledged.get(entity)! + 1;
          const batch: NewEntry[] = Array.from({ length: 1 + Math.floor(own.next() * 4) }, (_, index) => ({ ...noted(entity, from + index, { text: 'x'.repeat(Math.floor(own.next() * 300)) }), type: own.next() < 0.1 ? 'Snapshot' : 'Noted' }));
          // Refused is not known: the same is handed in until it is.
          while (!(await journal.append(batch).then(() => true, () => false))) {
            if (stop) return;
            await pause(3 + own.next() * 20);
          }
          acknowledged.set(entity, batch.at(-1)!.sequence);
          await pause(own.next() * 3);
        }
      });
      const hurts: Record<string, () => Promise<void>> = {
        cutAnswer: async () => void Object.assign(proxy, { only: 'EVALSHA', mood: 'cut-answer' }),
        cutRequest: async () => void Object.assign(proxy, { only: 'EVALSHA', mood: 'cut-request' }),
        cutAll: async () => proxy.cutAll(),
        refuse: async () => {
          proxy.mood = 'refuse';
          proxy.cutAll();
          await pause(random.next() * 300);
          proxy.mood = 'pass';
        },
        freeze: async () => {
          server.freeze();
          await pause(random.next() * 900);
          server.thaw();
        },
        kill: async () => {
          await server.kill();
          await server.begin();
        },
        powerCut: async () => {
          await server.kill();
          // What was not synced yet is gone: anything from nothing to some hundred entries, in the middle of one mostly.
          truncateSync(log, Math.max(0, statSync(log).size - Math.floor(random.next() * 60_000)));
          await server.begin();
        },
        release: async () => void (await journal.release(noted('', 1).at + 1).catch(() => undefined)),
        read: async () => void (await journal.read(ENTITIES[Math.floor(random.next() * ENTITIES.length)]!).catch(() => undefined)),
      };
      const names = Object.keys(hurts);
      for (let hurt = 0; hurt < HURTS; hurt++) {
        await hurts[names[Math.floor(random.next() * names.length)]!]!();
        await pause(random.next() * 150);
      }
      proxy.mood = 'pass';
      await untilUp(journal);
      stop = true;
      await Promise.all(writers);
      expect(stage.ended, 'the writer goes on to the end').to.deep.equal([]);
      expect(new Set(stage.findings.map(({ code }) => code)), 'power cuts took what was acknowledged, and it was brought back').to.deep.equal(new Set(['FAILOVER_LOSS']));
      const last = new Map<string, number>();
      for (const entity of ENTITIES) last.set(entity, await journal.lastSequence(entity));
      for (const [entity, sequence] of acknowledged) expect(last.get(entity), `${entity}: acknowledged up to`).to.be.at.least(sequence);
      await stage.close();
      const told = stage.findings.length;
      // The opening reads every entry and its checksum, and compares with what the data directory remembers.
      const again = await stage.open(server.url);
      expect(stage.findings.length, 'nothing is missing any more').to.equal(told);
      for (const entity of ENTITIES) {
        const sequences = await sequencesOf(again, entity);
        expect(sequences).to.deep.equal(sequences.map((_, index) => sequences[0]! + index));
        expect(await again.lastSequence(entity)).to.equal(last.get(entity));
      }
      expect(Math.min(...last.values()), 'it was no idle run').to.be.greaterThan(50);
    } finally {
      stop = true;
      await stage.close();
      await proxy.close();
      await server.remove();
      removeTemporary();
    }
  });
});
