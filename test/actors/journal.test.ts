/** The journal's actor: an answer for every append, whatever the store does, and nothing acknowledged that is not durable. */
import { expect } from 'chai';
import { journalBehaviour } from '../../src/actors/journal.ts';
import type { JournalAnswer, JournalEntryDraft, JournalMessage, JournalViewMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { JournalView } from '../../src/protocol/views.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const entry = (sequence: number, type = 'Noted'): JournalEntryDraft => ({ entity: 'symbol/币安人生USDT', sequence, type, version: 1, at: 0, payload: {} });

interface Inspected {
  readonly retention: Readonly<Record<string, unknown>>;
}

async function bench(options: { retentionDays?: number | null } = {}) {
  const world = new World();
  const store = new MemoryJournal();
  const ref = world.system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
  const [governor, watchdog] = [new Probe<JournalViewMessage>(world, 'governor'), new Probe<StandingMessage>(world, 'watchdog')];
  await world.start(governor.spec, watchdog.spec, worker(ref, journalBehaviour(store, { subscribers: [governor.ref], watchdog: watchdog.ref, ...options })));
  const append = (...entries: JournalEntryDraft[]) => {
    const result: { answer: JournalAnswer | string | undefined } = { answer: undefined };
    world.system.ask(ref, { type: 'append', entries } satisfies JournalMessage, 10_000).then(
      (answer) => (result.answer = answer),
      (error: Error) => (result.answer = error.message),
    );
    return result;
  };
  const view = () => (world.system.inspect('journal') as unknown as { state: Inspected }).state;
  return { world, store, ref, append, view, views: () => governor.told.map(({ view }) => view), alerts: () => watchdog.told.at(-1)?.alerts ?? [] };
}

describe('journal actor', () => {
  it('answers an append when it is durable and not before', async () => {
    const { world, store, append } = await bench();
    store.mood = 'held';
    const result = append(entry(1), entry(2));
    await world.advance(1_000);
    expect(result.answer).to.equal(undefined);
    store.letThrough();
    await world.settle();
    expect(result.answer).to.deep.equal({ ok: true });
    expect(store.story('symbol/币安人生USDT')).to.have.length(2);
  });

  it('says what failed, and that a number was taken by another writer, without dying of it', async () => {
    const { world, store, append } = await bench();
    store.mood = 'failing';
    const away = append(entry(1));
    await world.settle();
    expect(away.answer).to.deep.equal({ ok: false, code: 'JOURNAL_UNAVAILABLE', message: 'the disk is full' });
    store.mood = 'ok';
    append(entry(1));
    const conflict = append(entry(1, 'Other'));
    await world.settle();
    expect(conflict.answer).to.include({ ok: false, code: 'JOURNAL_SEQUENCE_CONFLICT' });
    expect(world.system.inspect('journal')).to.include({ restarts: 0 });
  });

  it('answers within its deadline when the store is silent', async () => {
    const { world, store, append } = await bench();
    store.mood = 'silent';
    const result = append(entry(1));
    await world.advance(5_100);
    expect(result.answer).to.include({ ok: false, code: 'JOURNAL_UNAVAILABLE' });
  });

  it('tells the askers at once when it dies, and takes the repeated batch afterwards as the same (failure 47)', async () => {
    const { world, store, append } = await bench();
    store.mood = 'held';
    const lost = append(entry(1));
    await world.settle();
    world.system.control('journal', 'kill', 'test');
    await world.settle();
    expect(lost.answer).to.match(/journal ended/);
    store.letThrough();
    await world.advance(1_000);
    const again = append(entry(1));
    await world.settle();
    expect(again.answer).to.deep.equal({ ok: true });
    expect(store.entries).to.have.length(1);
  });

  it('is started again when the store cannot be read, and answers the next reader', async () => {
    const { world, store, ref } = await bench();
    store.readsFail = true;
    const failures: string[] = [];
    world.system.ask(ref, { type: 'read', entity: 'x' }, 10_000).catch((error: Error) => failures.push(error.message));
    await world.advance(1_000);
    expect(failures).to.have.length(1);
    store.readsFail = false;
    const reading = world.system.ask(ref, { type: 'read', entity: 'x' }, 10_000);
    await world.advance(1_000);
    expect(await reading).to.deep.equal([]);
  });

  it('says at once that the store takes nothing, each second that it still does not, and finds out by itself when it does again', async () => {
    const { world, store, append, views, alerts } = await bench();
    await world.advance(1_000);
    expect(views().at(-1)).to.include({ store: 'up', reason: null });
    store.mood = 'failing';
    append(entry(1));
    await world.settle();
    expect(views().at(-1)).to.include({ store: 'away', reason: 'the disk is full' });
    expect(alerts().map(({ name }) => name)).to.deep.equal(['journal-away']);
    const told = views().length;
    await world.advance(3_000);
    expect(views().length).to.be.at.least(told + 3);
    expect(alerts()[0]!.message).to.match(/away for 3 s \(the disk is full\): nothing is opened, exits and stops go on$/);
    // Nobody appends: what is on record of the outage is the question.
    store.mood = 'ok';
    await world.advance(2_000);
    expect(views().at(-1)).to.include({ store: 'up', reason: null });
    expect(alerts()).to.deep.equal([]);
    expect(store.story('journal')).to.deep.equal(['StoreReturned']);
    expect(store.entries.find((one) => one.entity === 'journal')!.payload).to.include({ reason: 'the disk is full' });
  });

  it('takes a refused number for what it is: the store is there', async () => {
    const { world, append, views } = await bench();
    append(entry(1));
    append(entry(1, 'Other'));
    await world.advance(1_000);
    expect(views().every(({ store }) => store === 'up')).to.equal(true);
  });

  it('goes by what the engine says of itself, and is not started again for reads while its store is away', async () => {
    const { world, store, ref, views, alerts } = await bench();
    const said: JournalView = { store: 'away', since: 0, reason: 'ECONNREFUSED', spilled: 4, unrecorded: 'no room', aside: ['/d/spill.aside-1'], place: 'the last renewal is 7 s old', replica: 'no replica' };
    Object.assign(store, { availability: () => said, readsFail: true });
    let failed = '';
    world.system.ask(ref, { type: 'read', entity: 'x' }, 2_000).catch((error: Error) => (failed = error.message));
    await world.advance(2_500);
    expect(failed).to.match(/2000 ms/);
    expect(world.system.inspect('journal')).to.include({ restarts: 0 });
    expect(views().at(-1)).to.deep.equal(said);
    expect(alerts().map(({ name }) => name)).to.deep.equal(['journal-away', 'journal-unrecorded', 'journal-place', 'journal-unreplicated', 'journal-aside//d/spill.aside-1']);
    expect(store.story('journal')).to.deep.equal([]);
  });

  describe('retention', () => {
    const DAY_MS = 86_400_000;
    const dated = (entity: string, sequence: number, at: number, type = 'Noted'): JournalEntryDraft => ({ entity, sequence, type, version: 1, at, payload: {} });

    it('lets go of what is older than its days, once an hour, and says how much', async () => {
      const { world, store, view } = await bench({ retentionDays: 14 });
      const now = world.clock.now();
      await store.append([dated('decisions', 1, now - 15 * DAY_MS), dated('decisions', 2, now - 14 * DAY_MS + 3_000_000), dated('decisions', 3, now)]);
      await world.advance(299_000);
      expect(store.entries, 'not at the start').to.have.length(3);
      await world.advance(2_000);
      expect(store.entries.map((one) => one.sequence)).to.deep.equal([2, 3]);
      expect(view().retention).to.include({ days: 14, released: 1, through: 1, heldBy: null, running: false, lastFailure: null });
      expect(world.logs.filter((line) => /let go of 1 entries older than 14 days, up to position 1/.test(line.message))).to.have.length(1);
      await world.advance(3_600_000);
      expect(store.entries.map((one) => one.sequence), 'an hour later').to.deep.equal([3]);
      await world.advance(3_600_000);
      expect(world.logs.filter((line) => /let go of/.test(line.message)), 'nothing is not said').to.have.length(2);
    });

    it('goes by no clock that was just set: a month ahead for an hour would take all keys and the whole audit trail; steady for an hour, it counts', async () => {
      const { world, store } = await bench({ retentionDays: 14 });
      const now = world.clock.now();
      await store.append([dated('decisions', 1, now - 15 * DAY_MS), dated('intents', 1, now), dated('operator', 1, now)]);
      const held = () => store.entries.map((one) => one.entity);
      const told = () => world.logs.filter((line) => /the clock was set/.test(line.message)).length;
      world.clock.setWall(30 * DAY_MS);
      await world.advance(301_000);
      expect([held(), told()], 'ahead').to.deep.equal([['decisions', 'intents', 'operator'], 1]);
      world.clock.setWall(0);
      await world.advance(3_600_000);
      expect([held(), told()], 'and back').to.deep.equal([['decisions', 'intents', 'operator'], 2]);
      await world.advance(3_600_000);
      expect([held(), told()], 'steady').to.deep.equal([['intents', 'operator'], 2]);
      world.clock.setWall(30 * DAY_MS);
      await world.advance(3_600_000);
      expect(held()).to.deep.equal(['intents', 'operator']);
      await world.advance(3_600_000);
      expect(held(), 'it is the time').to.deep.equal([]);
    });

    it('keeps everything with null', async () => {
      const { world, store, view } = await bench({ retentionDays: null });
      await store.append([dated('decisions', 1, 0)]);
      await world.advance(400_000);
      expect(store.entries).to.have.length(1);
      expect(view().retention).to.include({ days: null, lastAt: null });
    });

    it('that state holds up is an alert after the second time: its owner writes no Snapshot; with one, it is over', async () => {
      const { world, store, alerts, view } = await bench({ retentionDays: 2 });
      const now = world.clock.now();
      await store.append([dated('decisions', 1, now - 5 * DAY_MS), dated('locks', 1, now - 4 * DAY_MS), dated('decisions', 2, now - 3 * DAY_MS)]);
      await world.advance(310_000);
      expect(store.entries.map((one) => one.entity)).to.deep.equal(['locks', 'decisions']);
      expect([view().retention['heldBy'], alerts()]).to.deep.equal(['locks', []]);
      await world.advance(3_600_000);
      expect(alerts().map((alert) => alert.name)).to.deep.equal(['journal-retention']);
      expect(alerts()[0]!.message).to.include('entries of locks are older than 2 days');
      await store.append([dated('locks', 2, world.clock.now(), 'Snapshot')]);
      await world.advance(3_602_000);
      expect(store.entries.map((one) => [one.entity, one.type])).to.deep.equal([['locks', 'Snapshot']]);
      expect([view().retention['heldBy'], alerts()]).to.deep.equal([null, []]);
    });

    it('that fails is told, restarts nobody, and is tried again; while the store is away it is left alone', async () => {
      const { world, store, append, view } = await bench({ retentionDays: 2 });
      await store.append([dated('decisions', 1, 0)]);
      store.mood = 'failing';
      await world.advance(310_000);
      expect(view().retention).to.include({ lastFailure: 'the disk is full', released: 0 });
      append(entry(1));
      await world.advance(3_600_000);
      expect(world.logs.filter((line) => /could not let go/.test(line.message)), 'the store is away').to.have.length(1);
      store.mood = 'ok';
      await world.advance(3_602_000);
      expect(view().retention).to.include({ lastFailure: null, released: 1 });
      expect(world.system.inspect('journal')).to.include({ restarts: 0, status: 'running' });
    });

    it('that fails twice in a row is an alert, until it is done', async () => {
      const { world, store, alerts } = await bench({ retentionDays: 2 });
      await store.append([dated('decisions', 1, 0)]);
      const release = store.release.bind(store);
      store.release = () => Promise.reject(new Error('the file is locked'));
      await world.advance(310_000);
      expect(alerts()).to.deep.equal([]);
      await world.advance(3_600_000);
      expect(alerts().map((alert) => alert.name)).to.deep.equal(['journal-retention']);
      expect(alerts()[0]!.message).to.include('older than 2 days, 2 times in a row: the file is locked');
      store.release = release;
      await world.advance(3_602_000);
      expect(alerts()).to.deep.equal([]);
    });
  });
});
