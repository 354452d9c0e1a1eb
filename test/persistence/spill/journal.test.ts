/** The journal while its store is away: nothing accepted is lost or doubled, nothing is opened, and what cannot be kept is said (ruling 36). */
import { expect } from 'chai';
import fc from 'fast-check';
import { SNAPSHOT } from '../../../src/persistence/port.ts';
import type { NewEntry } from '../../../src/persistence/port.ts';
import { SpillFile } from '../../../src/persistence/spill/file.ts';
import { openSpillingJournal } from '../../../src/persistence/spill/journal.ts';
import type { SpillingJournal } from '../../../src/persistence/spill/journal.ts';
import type { SpillEvent, SpillingOptions } from '../../../src/persistence/spill/options.ts';
import { VigilError } from '../../../src/protocol/errors.ts';
import { MemoryJournal } from '../../kit/memory-journal.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import { entry } from '../journal-contract.ts';
import { MemoryDisk } from './memory-disk.ts';
import { refused } from '../refusal.ts';

const GPS = 'symbol/GPSUSDT';
const opening = (entity: string, sequence: number): NewEntry => ({ ...entry(entity, sequence), type: 'OrderSending', payload: { purpose: 'entry' } });
const noted = (entity: string, sequence: number, payload: unknown = { sequence }): NewEntry => ({ ...entry(entity, sequence, payload), type: 'Noted' });

/** Lets everything that is ready run, without moving time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

class Bench {
  readonly clock = new VirtualClock();
  store = new MemoryJournal();
  disk = new MemoryDisk();
  readonly events: SpillEvent[] = [];
  readonly fenced: VigilError[] = [];
  journal!: SpillingJournal;

  async open(options: Partial<SpillingOptions> = {}): Promise<this> {
    const opened = openSpillingJournal({
      store: this.store,
      spill: await SpillFile.open(this.disk, { 'journal.engine': 'redis' }),
      clock: this.clock,
      maxMs: 60_000,
      maxRecords: 10_000,
      patienceMs: 1_000,
      waits: (batch) => batch.some((one) => one.type === 'OrderSending'),
      told: (event) => this.events.push(event),
      onFenced: (error) => this.fenced.push(error),
      ...options,
    });
    for (let turn = 0; turn < 20; turn++) {
      await settle();
      this.clock.advance(1_000);
    }
    this.journal = await opened;
    return this;
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      await settle();
    }
  }

  /** Away, noticed by an append of its own. */
  async away(mood: 'failing' | 'silent' = 'failing'): Promise<void> {
    this.store.mood = mood;
    const noticed = this.journal.append([noted('noticed', 1)]);
    await this.pass(mood === 'silent' ? 1_000 : 100);
    await noticed;
  }

  async back(): Promise<void> {
    this.store.mood = 'ok';
    await this.pass(7_000);
  }

  sequences(entity: string): number[] {
    return this.store.entries.filter((one) => one.entity === entity).map((one) => one.sequence);
  }
}

describe('the journal while its store is away', () => {
  it('hands everything to a store that is there, and keeps nothing', async () => {
    const { journal, store, disk } = await new Bench().open();
    await journal.append([opening(GPS, 1), noted(GPS, 2)]);
    expect(store.story(GPS)).to.deep.equal(['OrderSending', 'Noted']);
    expect(disk.bytes.length).to.equal(0);
    expect(journal.availability()).to.include({ store: 'up', reason: null, spilled: 0, unrecorded: null });
    await refused(journal.append([noted(GPS, 2, 'other')]), 'JOURNAL_SEQUENCE_CONFLICT');
    expect(journal.availability().store).to.equal('up');
  });

  for (const mood of ['failing', 'silent'] as const) {
    it(`keeps what a ${mood} store does not take, refuses openings, and gives the store all of it in order when it is back (failure 82)`, async () => {
      const bench = await new Bench().open();
      const { journal } = bench;
      await journal.append([noted(GPS, 1)]);
      await bench.away(mood);
      await journal.append([noted(GPS, 2), noted('trading-state', 1)]);
      await refused(journal.append([opening('symbol/HYPEUSDT', 1)]), 'JOURNAL_UNAVAILABLE', 'an opening waits');
      await journal.append([noted(GPS, 3)]);
      expect(bench.sequences(GPS)).to.deep.equal([1]);
      expect(journal.availability()).to.include({ store: 'away', spilled: 4 });
      await bench.back();
      expect(bench.sequences(GPS)).to.deep.equal([1, 2, 3]);
      expect(journal.availability()).to.include({ store: 'up', spilled: 0 });
      expect(bench.disk.bytes.length).to.equal(0);
      expect(bench.events.map((event) => event.type)).to.deep.equal(['away', 'back']);
      expect(bench.events.at(-1)).to.include({ records: 4 });
      await journal.append([opening('symbol/HYPEUSDT', 1)]);
      expect(bench.sequences('symbol/HYPEUSDT')).to.deep.equal([1]);
    });
  }

  it('takes what was on its way for in doubt: an opening is refused, the rest is kept, and what the store had taken after all is there once', async () => {
    const bench = await new Bench().open();
    const { journal, store } = bench;
    store.mood = 'held';
    const [exit, open] = [journal.append([noted(GPS, 1)]), journal.append([opening('symbol/HYPEUSDT', 1)])];
    const refusal = refused(open, 'JOURNAL_UNAVAILABLE');
    await bench.pass(1_100);
    await exit;
    await refusal;
    store.letThrough();
    await bench.pass(1_000);
    expect([bench.sequences(GPS), bench.sequences('symbol/HYPEUSDT')]).to.deep.equal([[1], [1]]);
    expect(journal.availability().store).to.equal('up');
    // Its writer sends it again, with what became of it.
    await journal.append([opening('symbol/HYPEUSDT', 1), noted('symbol/HYPEUSDT', 2)]);
    expect(bench.sequences('symbol/HYPEUSDT')).to.deep.equal([1, 2]);
  });

  it('keeps nothing of an entity whose last batch was not taken: what is kept has no gap', async () => {
    const bench = await new Bench().open();
    await bench.away();
    await refused(bench.journal.append([opening(GPS, 5)]), 'JOURNAL_UNAVAILABLE');
    await refused(bench.journal.append([noted(GPS, 6)]), 'JOURNAL_UNAVAILABLE', 'waits for #5');
    await bench.journal.append([noted('symbol/HYPEUSDT', 9), noted('symbol/HYPEUSDT', 10)]);
    await refused(bench.journal.append([noted('symbol/HYPEUSDT', 12)]), 'JOURNAL_UNAVAILABLE', 'waits for #11');
    await refused(bench.journal.append([noted('symbol/HYPEUSDT', 10, 'other')]), 'JOURNAL_SEQUENCE_CONFLICT', '#10');
    await bench.journal.append([noted('symbol/HYPEUSDT', 10), noted('symbol/HYPEUSDT', 11)]);
    expect(bench.journal.availability().spilled).to.equal(4);
  });

  it('is bounded in time and in records, and says that what comes after is not on record', async () => {
    const bench = await new Bench().open({ maxRecords: 3 });
    await bench.away();
    await bench.journal.append([noted(GPS, 1), noted(GPS, 2)]);
    await refused(bench.journal.append([noted(GPS, 3)]), 'JOURNAL_UNAVAILABLE', 'journal.spill.maxRecords (3)');
    expect(bench.journal.availability().unrecorded).to.include('maxRecords');
    await bench.back();
    expect(bench.journal.availability().unrecorded).to.equal(null);
    expect(bench.sequences(GPS)).to.deep.equal([1, 2]);

    const slow = await new Bench().open();
    await slow.away();
    await slow.pass(59_000);
    await slow.journal.append([noted(GPS, 1)]);
    await slow.pass(2_000);
    expect(slow.journal.availability().unrecorded, 'before anybody has tried').to.include('journal.spill.maxMs (60000)');
    await refused(slow.journal.append([noted(GPS, 2)]), 'JOURNAL_UNAVAILABLE', 'journal.spill.maxMs (60000)');
    expect(slow.events.map((event) => event.type)).to.deep.equal(['away', 'unrecorded']);
    await slow.back();
    await slow.journal.append([noted(GPS, 2)]);
    expect(slow.sequences(GPS)).to.deep.equal([1, 2]);
  });

  it('claims nothing that the disk did not keep, and keeps again when there is room', async () => {
    const bench = await new Bench().open();
    await bench.away();
    bench.disk.full = true;
    await refused(bench.journal.append([noted(GPS, 1)]), 'JOURNAL_UNAVAILABLE', 'ENOSPC');
    expect(bench.journal.availability()).to.deep.include({ spilled: 1, unrecorded: '/data/spill cannot be written: ENOSPC: no space left on device' });
    bench.disk.full = false;
    await bench.journal.append([noted(GPS, 1)]);
    expect(bench.journal.availability()).to.include({ spilled: 2, unrecorded: null });
    await bench.back();
    expect(bench.sequences(GPS)).to.deep.equal([1]);
  });

  it('gives the store what an earlier process had kept before anything newer', async () => {
    const before = await new Bench().open();
    await before.journal.append([noted(GPS, 1)]);
    await before.away();
    await before.journal.append([noted(GPS, 2)]);
    const bench = new Bench();
    [bench.store, bench.disk] = [before.store, before.disk.crashed(0)];
    bench.store.mood = 'ok';
    await bench.open();
    expect(bench.sequences(GPS)).to.deep.equal([1, 2]);
    expect((await bench.journal.read(GPS)).map((one) => one.sequence)).to.deep.equal([1, 2]);
    expect(bench.disk.bytes.length).to.equal(0);
  });

  it('takes no harm from a kill between the last record in the store and the emptying of the file', async () => {
    const bench = await new Bench().open();
    await bench.away();
    await bench.journal.append([noted(GPS, 1)]);
    const kept = bench.disk.crashed(0);
    await bench.back();
    const again = new Bench();
    [again.store, again.disk] = [bench.store, kept];
    await again.open();
    expect(again.sequences(GPS)).to.deep.equal([1]);
    expect(again.events.map((event) => event.type)).to.deep.equal(['away', 'back']);
  });

  it('puts the file aside with a finding when the store has something else, and gives it what it will take', async () => {
    const bench = await new Bench().open();
    await bench.away();
    await bench.journal.append([noted(GPS, 1, 'ours')]);
    await bench.journal.append([noted('symbol/HYPEUSDT', 1)]);
    await bench.journal.append([noted(GPS, 2, 'ours')]);
    bench.store.mood = 'ok';
    await bench.store.append([noted(GPS, 1, 'another writer\'s')]);
    await bench.back();
    expect(bench.sequences('symbol/HYPEUSDT')).to.deep.equal([1]);
    expect(bench.store.entries.filter((one) => one.entity === GPS).map((one) => one.payload)).to.deep.equal(['another writer\'s']);
    expect(bench.events.at(-1)).to.include({ type: 'finding', file: '/data/spill.aside-1', records: 4 });
    expect(bench.journal.availability().aside).to.deep.equal(['/data/spill.aside-1']);
    expect(bench.disk.asides[0]!.toString()).to.include('ours');
    await bench.journal.append([noted('symbol/HYPEUSDT', 2)]);
  });

  it('answers a reader with what is kept, too, and from memory when the store does not answer', async () => {
    const bench = await new Bench().open();
    const { journal, store } = bench;
    await journal.append([noted(GPS, 1), { ...noted(GPS, 2), type: SNAPSHOT }, noted(GPS, 3)]);
    await journal.read(GPS);
    await bench.away();
    await journal.append([noted(GPS, 4)]);
    for (const readsFail of [false, true]) {
      store.readsFail = readsFail;
      expect((await journal.read(GPS)).map((one) => one.sequence), `reads ${readsFail ? 'fail' : 'work'}`).to.deep.equal([2, 3, 4]);
    }
    await refused(journal.read('symbol/NEVERREAD'), 'JOURNAL_UNAVAILABLE');
    store.readsFail = false;
    expect(await journal.entities('symbol/')).to.deep.equal([GPS]);
    expect(await journal.lastSequence(GPS)).to.equal(4);
    expect((await journal.readTypes(['Noted'], 0)).map((one) => `${one.entity}${one.sequence}`)).to.deep.equal([`${GPS}1`, `${GPS}3`, 'noticed1', `${GPS}4`]);
    expect((await journal.readTail(GPS, { since: 0, characters: 1_000 })).map((one) => one.sequence)).to.deep.equal([1, 2, 3, 4]);
    await refused(journal.release(0), 'JOURNAL_UNAVAILABLE', 'nothing is let go of');
  });

  it('answers a reader with everything that counts also when the store comes back while it is asked: what was kept is in neither then', async () => {
    const bench = await new Bench().open();
    const { journal, store } = bench;
    await journal.append([noted(GPS, 1)]);
    await bench.away();
    await journal.append([noted(GPS, 2), noted('symbol/NEW', 1)]);
    const answered = Promise.withResolvers<void>();
    /** The store answers as it is now, and the answer comes when it has been back for a while. */
    const late = <Name extends 'read' | 'readTail' | 'readTypes' | 'lastSequence' | 'entities'>(name: Name) => {
      const ask = store[name].bind(store) as (...asked: unknown[]) => Promise<unknown>;
      store[name] = (async (...asked: unknown[]) => {
        const answer = await ask(...asked);
        await answered.promise;
        return answer;
      }) as never;
    };
    for (const name of ['read', 'readTail', 'readTypes', 'lastSequence', 'entities'] as const) late(name);
    const asked = Promise.all([journal.read(GPS), journal.readTail(GPS, { since: 0, characters: 1_000 }), journal.readTypes(['Noted'], 0), journal.lastSequence(GPS), journal.entities('symbol/')]);
    store.mood = 'ok';
    await bench.pass(700);
    expect(journal.availability(), 'back').to.include({ store: 'up', spilled: 0 });
    answered.resolve();
    const [read, tail, types, last, entities] = await asked;
    expect([read.map((one) => one.sequence), tail.map((one) => one.sequence), types.filter((one) => one.entity === GPS).map((one) => one.sequence), last, entities]).to.deep.equal([[1, 2], [1, 2], [1, 2], 2, [GPS, 'symbol/NEW']]);
  });

  for (const mood of ['failing', 'silent'] as const) {
    it(`notices within seconds that the store is ${mood}, although nobody writes or reads`, async () => {
      const bench = await new Bench().open();
      bench.store.mood = mood;
      await bench.pass(2_100);
      expect(bench.journal.availability()).to.include({ store: 'away', spilled: 0 });
      expect(bench.disk.bytes.length).to.equal(0);
      await bench.back();
      expect(bench.journal.availability().store).to.equal('up');
    });
  }

  it('refuses alone what no replica vouches for: the store is there, and the rest goes on', async () => {
    const bench = await new Bench().open();
    const taken = bench.store.append.bind(bench.store);
    bench.store.append = (batch) => (batch.some((one) => one.type === 'OrderSending') ? Promise.reject(new VigilError('JOURNAL_UNAVAILABLE', 'no replica', { details: { reason: 'NO_REPLICA' } })) : taken(batch));
    await refused(bench.journal.append([opening(GPS, 1)]), 'JOURNAL_UNAVAILABLE', 'no replica');
    await bench.journal.append([noted('symbol/HYPEUSDT', 1)]);
    expect(bench.journal.availability()).to.include({ store: 'up', spilled: 0 });
    expect(bench.events).to.deep.equal([]);
  });

  it('knows what no replica vouches for as written: who starts again while the store is away goes on behind it', async () => {
    const bench = await new Bench().open();
    const { journal, store } = bench;
    await journal.append([noted(GPS, 1)]);
    const taken = store.append.bind(store);
    store.append = async (batch) => {
      await taken(batch);
      if (batch.some((one) => one.type === 'OrderSending')) throw new VigilError('JOURNAL_UNAVAILABLE', 'no replica', { details: { reason: 'NO_REPLICA' } });
    };
    await refused(journal.append([opening(GPS, 2)]), 'JOURNAL_UNAVAILABLE', 'no replica');
    expect(bench.sequences(GPS)).to.deep.equal([1, 2]);
    await bench.away();
    store.readsFail = true;
    expect((await journal.read(GPS)).map((one) => one.sequence)).to.deep.equal([1, 2]);
  });

  it('notices by a reading, too, that the store is away', async () => {
    const bench = await new Bench().open();
    bench.store.readsFail = true;
    await refused(bench.journal.read(GPS), 'JOURNAL_UNAVAILABLE');
    expect(bench.journal.availability().store).to.equal('away');
    bench.store.readsFail = false;
    await bench.back();
    expect(bench.journal.availability().store).to.equal('up');
  });

  it('writes nothing more, here or there, once another writer has its place: it is fenced, not away', async () => {
    const bench = await new Bench().open();
    bench.store.append = () => Promise.reject(new VigilError('JOURNAL_UNAVAILABLE', 'was opened anew (writer epoch 2)', { details: { latest: 2 } }));
    await refused(bench.journal.append([noted(GPS, 1)]), 'JOURNAL_UNAVAILABLE', 'writer epoch 2');
    await refused(bench.journal.append([noted(GPS, 1)]), 'JOURNAL_UNAVAILABLE', 'writer epoch 2');
    expect(bench.fenced).to.have.length(1);
    expect(bench.disk.bytes.length).to.equal(0);
    expect(bench.journal.availability()).to.include({ store: 'away', spilled: 0 });
  });

  it('learns on the store\'s return that another writer has its place, and keeps what it had for the reconciler', async () => {
    const bench = await new Bench().open();
    await bench.away();
    await bench.journal.append([noted(GPS, 1)]);
    bench.store.append = () => Promise.reject(new VigilError('JOURNAL_UNAVAILABLE', 'was opened anew (writer epoch 2)', { details: { latest: 2 } }));
    await bench.pass(2_000);
    expect(bench.fenced).to.have.length(1);
    await refused(bench.journal.append([noted(GPS, 2)]), 'JOURNAL_UNAVAILABLE', 'writer epoch 2');
    expect(bench.disk.bytes.length).to.be.greaterThan(0);
  });

  it('closes with the store away, and leaves what it kept for the next start', async () => {
    const bench = await new Bench().open();
    await bench.away();
    await bench.journal.append([noted(GPS, 1)]);
    await bench.journal.close();
    await refused(bench.journal.append([noted(GPS, 2)]), 'JOURNAL_UNAVAILABLE', 'closed');
    expect(bench.disk.bytes.toString()).to.include('GPSUSDT');
  });

  it('refuses what JSON would lose at once, up or away', async () => {
    const bench = await new Bench().open();
    await refused(bench.journal.append([noted(GPS, 1, Number.NaN)]), 'INTERNAL', 'NaN');
    await bench.away();
    await refused(bench.journal.append([noted(GPS, 1, Number.NaN)]), 'INTERNAL', 'NaN');
  });

  /**
   * Writers as executors are: each keeps what is not yet acknowledged and sends it again with what came since; after a
   * crash it begins with what it reads. Whatever happens in between, what was acknowledged is in the store at the end, in
   * order, once, and as it was acknowledged.
   */
  it('has in the store exactly what was accepted, in order, after any interleaving of away, back, full disks, crashes and torn tails', async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ do: fc.constant('append' as const), writer: fc.nat(2), many: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('store' as const), mood: fc.constantFrom('ok' as const, 'failing' as const, 'silent' as const, 'held' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('disk' as const), full: fc.boolean(), held: fc.boolean() }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.constantFrom(100, 600, 1_100, 6_000) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), torn: fc.double({ min: 0, max: 1, noNaN: true }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        let bench = await new Bench().open();
        let life = 0;
        let numbers = 0;
        const accepted = new Map<string, unknown>();
        const writers = [0, 1, 2].map((index) => ({ entity: `symbol/${index}`, sequence: 0, outbox: [] as NewEntry[], busy: false }));
        const flush = (writer: (typeof writers)[number]): void => {
          if (writer.busy || writer.outbox.length === 0) return;
          writer.busy = true;
          const sent = [...writer.outbox];
          const within = life;
          bench.journal.append(sent).then(
            () => {
              if (within !== life) return;
              for (const one of sent) accepted.set(`${one.entity} ${one.sequence}`, one.payload);
              writer.outbox = writer.outbox.slice(sent.length);
              writer.busy = false;
            },
            () => {
              if (within === life) writer.busy = false;
            },
          );
        };
        for (const one of steps) {
          if (one.do === 'append') {
            const writer = writers[one.writer]!;
            for (let index = 0; index < one.many; index++) writer.outbox.push(noted(writer.entity, ++writer.sequence, { number: ++numbers }));
          } else if (one.do === 'store') {
            if (one.mood === 'ok') bench.store.letThrough();
            else bench.store.mood = one.mood;
          } else if (one.do === 'disk') {
            if (!one.held) bench.disk.letThrough();
            [bench.disk.full, bench.disk.held] = [one.full, one.held];
          } else if (one.do === 'time') await bench.pass(one.ms);
          else {
            life += 1;
            const next = new Bench();
            next.disk = bench.disk.crashed(one.torn);
            // What was on its way to the store may yet arrive there, before its next opening fences the dead writer off.
            next.store = bench.store;
            bench.store.letThrough();
            await settle();
            bench = await next.open();
            for (const writer of writers) {
              const rows = await bench.journal.read(writer.entity);
              Object.assign(writer, { sequence: rows.at(-1)?.sequence ?? 0, outbox: [], busy: false });
            }
          }
          for (const writer of writers) flush(writer);
          await settle();
        }
        bench.disk.letThrough();
        [bench.disk.full, bench.disk.held] = [false, false];
        bench.store.letThrough();
        await bench.pass(8_000);
        for (let round = 0; round < 5; round++) {
          for (const writer of writers) flush(writer);
          await bench.pass(1_000);
        }
        expect(bench.journal.availability()).to.deep.include({ store: 'up', spilled: 0, aside: [] });
        expect(writers.map((writer) => writer.outbox.length)).to.deep.equal([0, 0, 0]);
        for (const { entity } of writers) {
          const rows = bench.store.entries.filter((row) => row.entity === entity);
          expect(rows.map((row) => row.sequence)).to.deep.equal(rows.map((_, index) => index + 1));
        }
        const stored = new Map(bench.store.entries.map((row) => [`${row.entity} ${row.sequence}`, row.payload]));
        for (const [key, payload] of accepted) expect(stored.get(key), key).to.deep.equal(payload);
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);
});
