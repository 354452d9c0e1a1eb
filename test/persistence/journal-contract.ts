/** What every journal engine promises, as one suite: an engine that passes it can take another's place. */
import { expect } from 'chai';
import fc from 'fast-check';
import { join } from 'node:path';
import { SNAPSHOT } from '../../src/persistence/port.ts';
import type { Journal, NewEntry } from '../../src/persistence/port.ts';
import { JournalModel, scriptOfBatches } from './journal-model.ts';
import { refused } from './refusal.ts';
import { removeTemporary, temporaryDirectory } from './temporary.ts';

const CJK = 'symbol/币安人生USDT';

/** An entry with the least said. */
export function entry(entity: string, sequence: number, payload: unknown = { sequence }): NewEntry {
  return { entity, sequence, type: 'OrderSending', version: 1, at: 1_770_000_000_000, payload };
}

function snapshot(entity: string, sequence: number, payload: unknown): NewEntry {
  return { ...entry(entity, sequence, payload), type: SNAPSHOT };
}

/** Runs the suite. `open` opens the journal at `place`, a path in a fresh directory; two opens of one place are the same journal. */
export function journalContract(name: string, open: (place: string) => Promise<Journal>): void {
  describe(`${name} keeps the journal's contract`, () => {
    const opened: Journal[] = [];
    let place = '';
    const openAgain = async (): Promise<Journal> => {
      const journal = await open(place);
      opened.push(journal);
      return journal;
    };
    let journal: Journal;

    beforeEach(async () => {
      place = join(temporaryDirectory(), 'journal.db');
      journal = await openAgain();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()));
      removeTemporary();
    });

    it('reads back what was appended, in order and with position and epoch', async () => {
      await journal.append([entry('symbol/GPSUSDT', 1, { price: '0.0123' }), entry('trading-state', 1), entry('symbol/GPSUSDT', 2)]);
      expect(await journal.read('symbol/GPSUSDT')).to.deep.equal([
        { ...entry('symbol/GPSUSDT', 1, { price: '0.0123' }), position: 1, writerEpoch: journal.writerEpoch },
        { ...entry('symbol/GPSUSDT', 2), position: 3, writerEpoch: journal.writerEpoch },
      ]);
      expect(await journal.read('symbol/UNKNOWN')).to.deep.equal([]);
    });

    it('reads back the newest entries of an entity, in order, as far as a time and a size allow', async () => {
      const dated = (sequence: number): NewEntry => ({ ...entry('decisions', sequence, { text: 'x'.repeat(100_000) }), at: 1_000 + sequence });
      for (let sequence = 1; sequence <= 12; sequence++) await journal.append([dated(sequence), entry('symbol/GPSUSDT', sequence)]);
      const tail = async (since: number, characters: number) => (await journal.readTail('decisions', { since, characters })).map((one) => one.sequence);
      expect(await tail(0, 10_000_000)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(await tail(1_004, 10_000_000)).to.deep.equal([4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect(await tail(0, 350_000)).to.deep.equal([10, 11, 12]);
      expect(await tail(0, 1)).to.deep.equal([12]);
      expect(await tail(2_000, 10_000_000)).to.deep.equal([]);
      expect(await journal.readTail('nobody', { since: 0, characters: 100 })).to.deep.equal([]);
    });

    it('writes a batch whole or not at all', async () => {
      await journal.append([entry('a', 1)]);
      await refused(journal.append([entry('b', 1), entry('a', 3), entry('c', 1)]), 'JOURNAL_SEQUENCE_CONFLICT', 'a: got #3', 'expected #2');
      expect(await journal.entities('')).to.deep.equal(['a']);
      expect([await journal.read('b'), await journal.read('c'), await journal.lastSequence('b')]).to.deep.equal([[], [], 0]);
      const { entries, first, last, entities } = await journal.stats();
      expect({ entries, first, last, entities }).to.deep.equal({ entries: 1, first: 1, last: 1, entities: 1 });
    });

    it('refuses a gap, a first that is not 1, zero, and a repeat with other content', async () => {
      await refused(journal.append([entry('a', 2)]), 'JOURNAL_SEQUENCE_CONFLICT', 'expected #1');
      await refused(journal.append([entry('a', 0)]), 'JOURNAL_SEQUENCE_CONFLICT', 'expected #1');
      await journal.append([entry('a', 1, { quantity: '1' })]);
      await refused(journal.append([entry('a', 1, { quantity: '2' })]), 'JOURNAL_SEQUENCE_CONFLICT', 'other content');
      await refused(journal.append([{ ...entry('a', 1, { quantity: '1' }), at: 5 }]), 'JOURNAL_SEQUENCE_CONFLICT', 'other content');
      expect((await journal.read('a')).map((stored) => stored.payload)).to.deep.equal([{ quantity: '1' }]);
    });

    it('takes a repeated batch for written, also in part and after a restart (failure 48)', async () => {
      const batch = [entry('a', 1, { x: 1, y: 2 }), entry('a', 2)];
      await Promise.all([journal.append(batch), journal.append(batch)]);
      await journal.append([entry('a', 1, { y: 2, x: 1 }), entry('a', 2), entry('a', 3)]);
      await journal.close();
      const again = await openAgain();
      await again.append(batch);
      expect((await again.read('a')).map((stored) => stored.sequence)).to.deep.equal([1, 2, 3]);
    });

    it('lets a conflicting batch fail alone among concurrent ones', async () => {
      const outcomes = await Promise.allSettled([
        journal.append([entry('a', 1)]),
        journal.append([entry('b', 1), entry('a', 9)]),
        journal.append([entry('a', 2), entry('c', 1)]),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
      expect(await journal.entities('')).to.deep.equal(['a', 'c']);
    });

    it('shows a reader every append that was called before, and fixes the payload at the call', async () => {
      const payload = { stop: '1' };
      const appended = journal.append([entry('a', 1, payload)]);
      const [seen, typed, names, stats] = [journal.read('a'), journal.readTypes(['OrderSending'], 0), journal.entities('a'), journal.stats()];
      payload.stop = 'changed later';
      expect((await seen).map((stored) => stored.payload)).to.deep.equal([{ stop: '1' }]);
      expect(await typed).to.have.length(1);
      expect(await names).to.deep.equal(['a']);
      expect((await stats).entries).to.equal(1);
      await appended;
    });

    it('keeps Unicode entities apart and finds them by prefix, wildcards and all (failure 20)', async () => {
      const names = [CJK, 'symbol/币安', 'symbol/GPSUSDT', 'symbol_x', 'symbol%', 'SYMBOL/GPSUSDT', 'symbol/é', 'symbol/e\u0301', 'symbol/\u{10FFFF}z', '🙂'];
      await journal.append(names.map((name) => entry(name, 1, { name })));
      for (const name of names) expect((await journal.read(name)).map((stored) => stored.payload)).to.deep.equal([{ name }]);
      const found = await journal.entities('symbol/');
      expect(found).to.have.members(names.filter((name) => name.startsWith('symbol/')));
      expect(await journal.entities('symbol/币')).to.have.members([CJK, 'symbol/币安']);
      expect(await journal.entities('symbol_')).to.deep.equal(['symbol_x']);
      expect(await journal.entities('')).to.have.length(names.length);
    });

    it('reads types over all entities in the order of the journal, from a time on', async () => {
      const typed = (entity: string, sequence: number, type: string, at: number): NewEntry => ({ ...entry(entity, sequence), type, at });
      // A clock that was set back: the order is the journal's, and the time decides only what belongs to it.
      await journal.append([typed('a', 1, 'Opened', 100), typed('b', 1, 'Closed', 300), typed('a', 2, 'Closed', 200), typed('b', 2, 'Noted', 400), typed('a', 3, 'Opened', 199)]);
      const found = async (types: string[], since: number) => (await journal.readTypes(types, since)).map((stored) => `${stored.entity}${stored.sequence}`);
      expect(await found(['Closed', 'Opened', "no'such"], 0)).to.deep.equal(['a1', 'b1', 'a2', 'a3']);
      expect(await found(['Closed', 'Opened'], 200)).to.deep.equal(['b1', 'a2']);
      expect(await found(['Closed', 'Opened'], 401)).to.deep.equal([]);
      expect(await found([], 0)).to.deep.equal([]);
    });

    it('reads an entity from its newest Snapshot on, and its tail and its types from the beginning', async () => {
      await journal.append([entry('a', 1), snapshot('a', 2, { sum: 1 }), entry('a', 3), entry('b', 1)]);
      await journal.append([snapshot('a', 4, { sum: 2 }), entry('a', 5), entry('c', 1), snapshot('c', 2, null)]);
      const sequences = async (entity: string) => (await journal.read(entity)).map((stored) => stored.sequence);
      expect([await sequences('a'), await sequences('b'), await sequences('c')]).to.deep.equal([[4, 5], [1], [2]]);
      expect((await journal.read('a'))[0]).to.deep.equal({ ...snapshot('a', 4, { sum: 2 }), position: 5, writerEpoch: journal.writerEpoch });
      expect((await journal.readTail('a', { since: 0, characters: 10_000 })).map((stored) => stored.sequence)).to.deep.equal([1, 2, 3, 4, 5]);
      expect((await journal.readTypes([SNAPSHOT], 0)).map((stored) => stored.position)).to.deep.equal([2, 5, 8]);
      await journal.close();
      const again = await openAgain();
      expect((await again.read('a')).map((stored) => stored.sequence)).to.deep.equal([4, 5]);
      await again.append([snapshot('a', 6, { sum: 3 })]);
      expect((await again.read('a')).map((stored) => stored.payload)).to.deep.equal([{ sum: 3 }]);
    });

    it('says how far each entity has got', async () => {
      await journal.append([entry('a', 1), entry('a', 2), entry(CJK, 1)]);
      expect([await journal.lastSequence('a'), await journal.lastSequence(CJK), await journal.lastSequence('nobody')]).to.deep.equal([2, 1, 0]);
    });

    describe('retention', () => {
      const dated = (entity: string, sequence: number, at: number): NewEntry => ({ ...entry(entity, sequence), at });
      const held = async () => {
        const { first, last, entries } = await journal.stats();
        return [first, last, entries];
      };

      it('lets go of the old prefix that logs and snapshots allow, and of nothing beyond it', async () => {
        await journal.append([dated('decisions', 1, 10), dated('a', 1, 11), dated('operator', 1, 12), { ...snapshot('a', 2, {}), at: 13 }, dated('decisions', 2, 14), dated('b', 1, 15), dated('decisions', 3, 16)]);
        expect(await journal.release(10)).to.deep.equal({ entries: 0, through: 0, heldBy: undefined });
        // The snapshot of `a` has nothing after it that stands for it.
        expect(await journal.release(100)).to.deep.equal({ entries: 3, through: 3, heldBy: 'a' });
        expect(await held()).to.deep.equal([4, 7, 4]);
        expect(await journal.release(100)).to.deep.equal({ entries: 0, through: 3, heldBy: 'a' });
        await journal.append([{ ...snapshot('a', 3, {}), at: 17 }]);
        expect(await journal.release(100)).to.deep.equal({ entries: 2, through: 5, heldBy: 'b' });
        await journal.append([{ ...snapshot('b', 2, {}), at: 18 }, dated('decisions', 4, 19)]);
        // Age alone does not go round an entry that is younger and lies before.
        expect(await journal.release(16)).to.deep.equal({ entries: 1, through: 6, heldBy: undefined });
        expect((await journal.read('a')).map((stored) => stored.sequence)).to.deep.equal([3]);
        expect((await journal.readTypes(['OrderSending'], 0)).map((stored) => stored.position)).to.deep.equal([7, 10]);
      });

      it('is stopped by an entry that is not old enough, however old those behind it say they are', async () => {
        await journal.append([dated('decisions', 1, 1), dated('decisions', 2, 50), dated('decisions', 3, 2)]);
        expect(await journal.release(10)).to.deep.equal({ entries: 1, through: 1, heldBy: undefined });
        expect((await journal.readTail('decisions', { since: 0, characters: 100 })).map((stored) => stored.sequence)).to.deep.equal([2, 3]);
      });

      it('remembers sequences and entities of which nothing is left, over a restart too', async () => {
        await journal.append([dated('decisions', 1, 1), dated('decisions', 2, 2), dated(`shadow/${CJK}`, 1, 3)]);
        expect(await journal.release(100)).to.deep.equal({ entries: 3, through: 3, heldBy: undefined });
        expect(await held()).to.deep.equal([4, 3, 0]);
        await journal.close();
        journal = await openAgain();
        expect(await held()).to.deep.equal([4, 3, 0]);
        expect([await journal.lastSequence('decisions'), await journal.read('decisions'), await journal.readTail('decisions', { since: 0, characters: 9 })]).to.deep.equal([2, [], []]);
        expect(await journal.entities('')).to.have.members(['decisions', `shadow/${CJK}`]);
        expect((await journal.stats()).entities).to.equal(2);
        await refused(journal.append([dated('decisions', 2, 2)]), 'JOURNAL_SEQUENCE_CONFLICT', 'got #2', 'expected #3', 'no longer held');
        await refused(journal.append([dated('decisions', 1, 1)]), 'JOURNAL_SEQUENCE_CONFLICT', 'expected #3');
        await journal.append([dated('decisions', 3, 4)]);
        expect((await journal.read('decisions')).map((stored) => [stored.position, stored.sequence])).to.deep.equal([[4, 3]]);
        await journal.close();
        journal = await openAgain();
        expect((await journal.read('decisions')).map((stored) => stored.sequence)).to.deep.equal([3]);
      });

      it('lets go of much while appends and reads go on, and loses nothing of them', async () => {
        const many = 3_000;
        await journal.append(Array.from({ length: many }, (_, index) => dated('decisions', index + 1, 1)));
        await journal.append([dated('a', 1, 1), dated('a', 2, 1)]);
        const whole = journal.read('decisions');
        const released = journal.release(100);
        const appends = Array.from({ length: 20 }, (_, index) => journal.append([dated('a', index + 3, 200)]));
        await Promise.all(appends);
        expect((await journal.read('a')).map((stored) => stored.sequence)).to.deep.equal(Array.from({ length: 22 }, (_, index) => index + 1));
        expect(await released).to.deep.equal({ entries: many, through: many, heldBy: 'a' });
        // Asked for before the release began: found whole.
        expect(await whole).to.have.length(many);
        expect(await journal.read('decisions')).to.deep.equal([]);
      });

      it('is refused to a writer in whose place another was opened', async () => {
        await journal.append([dated('decisions', 1, 1)]);
        const successor = await openAgain();
        await refused(journal.release(100), 'JOURNAL_UNAVAILABLE', `epoch ${successor.writerEpoch}`);
        expect((await successor.stats()).entries).to.equal(1);
      });
    });

    it('groups many concurrent appends into few commits and keeps each entity in order', async () => {
      const appends: Promise<void>[] = [];
      for (let sequence = 1; sequence <= 20; sequence++) {
        for (let one = 0; one < 16; one++) appends.push(journal.append([entry(`symbol/${one}`, sequence)]));
      }
      await Promise.all(appends);
      for (let one = 0; one < 16; one++) {
        expect((await journal.read(`symbol/${one}`)).map((stored) => stored.sequence)).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1));
      }
      expect((await journal.stats()).commits).to.be.within(1, 160);
    });

    it('keeps big payloads and long histories', async () => {
      const text = '价'.repeat(700_000);
      const longer = Array.from({ length: 4_500 }, (_, index) => entry('long', index + 1));
      await Promise.all([journal.append([entry('big', 1, { text })]), journal.append([entry('big', 2, { text })]), journal.append(longer)]);
      expect((await journal.read('big')).map((stored) => stored.payload)).to.deep.equal([{ text }, { text }]);
      expect((await journal.read('long')).map((stored) => stored.sequence)).to.deep.equal(longer.map((one) => one.sequence));
      expect((await journal.readTypes(['OrderSending'], 0)).map((stored) => stored.position)).to.deep.equal(Array.from({ length: 4_502 }, (_, index) => index + 1));
    });

    it('refuses what JSON would lose in silence, naming where', async () => {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      await refused(journal.append([entry('a', 1, { fills: [{ price: Number.NaN }] })]), 'INTERNAL', 'a #1', 'fills[0].price', 'NaN');
      await refused(journal.append([entry('a', 1, { big: 1n })]), 'INTERNAL', 'payload.big');
      await refused(journal.append([entry('a', 1, new Map([[1, 2]]))]), 'INTERNAL', 'Map');
      await refused(journal.append([entry('a', 1, cycle)]), 'INTERNAL', 'contains itself');
      const holes: unknown[] = [1];
      holes[2] = 3;
      await refused(journal.append([entry('a', 1, { holes })]), 'INTERNAL', 'payload.holes[1]', 'undefined');
      await refused(journal.append([entry('lone \uD800', 1)]), 'INTERNAL', 'entity');
      await refused(journal.append([entry('', 1)]), 'INTERNAL', 'entity');
      await refused(journal.append([entry('a', 1.5)]), 'INTERNAL', 'sequence', '1.5');
      expect((await journal.stats()).entries).to.equal(0);
    });

    it('raises the writer epoch at each opening and writes it into the entries', async () => {
      await journal.append([entry('a', 1)]);
      await journal.close();
      const second = await openAgain();
      await second.close();
      const third = await openAgain();
      await third.append([entry('a', 2)]);
      expect([second.writerEpoch > journal.writerEpoch, third.writerEpoch > second.writerEpoch]).to.deep.equal([true, true]);
      expect((await third.read('a')).map((stored) => stored.writerEpoch)).to.deep.equal([journal.writerEpoch, third.writerEpoch]);
      expect((await third.stats()).writerEpoch).to.equal(third.writerEpoch);
    });

    it('refuses a writer in whose place another was opened', async () => {
      await journal.append([entry('a', 1)]);
      const successor = await openAgain();
      await refused(journal.append([entry('a', 2)]), 'JOURNAL_UNAVAILABLE', `epoch ${successor.writerEpoch}`);
      await successor.append([entry('a', 2, { by: 'successor' })]);
      expect((await successor.read('a')).at(-1)?.payload).to.deep.equal({ by: 'successor' });
    });

    it('closes after what was appended, once, and then takes nothing more', async () => {
      const appended = journal.append([entry('a', 1)]);
      await Promise.all([journal.close(), journal.close()]);
      await appended;
      await refused(journal.append([entry('a', 2)]), 'JOURNAL_UNAVAILABLE', 'closed');
      await refused(journal.read('a'), 'JOURNAL_UNAVAILABLE', 'closed');
      expect(await (await openAgain()).read('a')).to.have.length(1);
    });

    it('equals a model under random interleavings of good, gapped, repeated and altered batches', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(scriptOfBatches, async (script) => {
          const model = new JournalModel(`run${++run}/`);
          const calls = script.map((step) => {
            const batch = model.batchOf(step);
            return { expected: model.append(batch), call: journal.append(batch) };
          });
          const outcomes = await Promise.allSettled(calls.map(({ call }) => call));
          expect(outcomes.map((outcome) => outcome.status === 'fulfilled')).to.deep.equal(calls.map(({ expected }) => expected));
          expect(await journal.entities(model.prefix)).to.have.members(model.entities());
          for (const entity of model.entities()) {
            const stored = (await journal.read(entity)).map(({ position: _position, writerEpoch: _epoch, ...rest }) => rest);
            expect(stored).to.deep.equal(model.read(entity));
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}
