/** A stop loses no record of what has happened: it waits for the journal, within its bound, and names what the journal has not acknowledged. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { drainAndStop } from '../../src/service/drain.ts';
import type { Left } from '../../src/service/drain.ts';
import { closeWithin } from '../../src/service/journal/close.ts';
import { notOnRecord } from '../../src/service/residual.ts';
import type { Tree } from '../../src/service/tree.ts';
import { Desk, GPS } from '../kit/actors.ts';
import { World } from '../kit/world.ts';

const BUDGET_MS = 5_000;
const SOME = decimal('1000');

/** Stops the desk as the service stops its tree; what it resolves with, and when. */
function stopped(desk: Desk): { left: Left | undefined; at: number } {
  const { system, clock } = desk.world;
  const tree = { openers: [], governor: desk.governor, gatherers: [], epochs: desk.authority.epochs, executors: { keys: () => [GPS] } };
  const result: { left: Left | undefined; at: number } = { left: undefined, at: 0 };
  const since = clock.monotonic();
  drainAndStop(system, tree as unknown as Tree, clock, BUDGET_MS).then(
    (left) => Object.assign(result, { left, at: clock.monotonic() - since }),
    () => undefined,
  );
  return result;
}

/** Something of the venue's that only the executor's next batch holds: it comes while the one before is on its way. */
async function withRecordsOnTheirWay(mood: 'held' | 'silent'): Promise<Desk> {
  const desk = await new Desk().start();
  desk.plan();
  await desk.advance(2_000);
  expect(desk.life.phase).to.equal('Protected');
  desk.journal.mood = mood;
  desk.venue.trade('SELL', SOME, decimal('0.01'));
  await desk.world.settle();
  desk.venue.trade('SELL', SOME, decimal('0.01'));
  await desk.world.settle();
  return desk;
}

describe('a stop and what is on its way to the journal', () => {
  it('a slow journal loses nothing: what waits behind the append under way is on record, too', async () => {
    const desk = await withRecordsOnTheirWay('held');
    const fills = desk.story.filter((type) => type === 'FillRecorded').length;
    const stop = stopped(desk);
    await desk.advance(1_500);
    expect(stop.left, 'it waits').to.equal(undefined);
    desk.journal.letThrough();
    await desk.advance(1_000);
    expect(stop.left?.unrecorded.size).to.equal(0);
    expect(desk.story.filter((type) => type === 'FillRecorded')).to.have.length(fills + 2);
  });

  it('a journal that never answers does not hold it beyond its bound, and each entry that it has not acknowledged is named', async () => {
    const desk = await withRecordsOnTheirWay('silent');
    const stop = stopped(desk);
    await desk.advance(BUDGET_MS);
    expect(stop.at).to.be.within(BUDGET_MS * 0.7, BUDGET_MS * 0.9);
    const entries = stop.left!.unrecorded.get(`executor/${GPS}`)!;
    expect(entries.filter((entry) => /^symbol\/GPSUSDT #\d+ FillRecorded$/.test(entry))).to.have.length(2);
    expect(notOnRecord(stop.left!.unrecorded)).to.match(/^Not acknowledged by the journal; .* the next start asks the venue for:\n {2}executor\/GPSUSDT {2}symbol\/GPSUSDT #\d+ FillRecorded, /);
  });

  for (const { waits, suspended } of [{ waits: 'for room', suspended: 'gateway' }, { waits: 'for its permit', suspended: 'governor' }] as const) {
    it(`opens nothing more: a plan that waits ${waits} is refused, with a code`, async () => {
      const desk = await new Desk().start();
      desk.world.system.control(suspended, 'suspend', 'test');
      desk.plan();
      await desk.world.settle();
      const stop = stopped(desk);
      await desk.advance(300);
      expect(stop.left).to.equal(undefined);
      desk.world.system.control(suspended, 'resume', 'test');
      await desk.advance(BUDGET_MS);
      expect(desk.writes('OPEN')).to.deep.equal([]);
      expect(desk.refused).to.deep.equal(['SERVICE_STOPPING']);
      expect(stop.left?.lives.map((life) => life.phase)).to.deep.equal(['Flat']);
      expect(stop.at).to.be.below(1_000);
    });
  }

  it('opens nothing more: what has its permit and waits for its record is abandoned, on record', async () => {
    const desk = await new Desk().start();
    desk.journal.mood = 'held';
    desk.plan();
    await desk.world.settle();
    const stop = stopped(desk);
    await desk.advance(300);
    desk.journal.letThrough();
    await desk.advance(BUDGET_MS);
    expect(desk.writes('OPEN')).to.deep.equal([]);
    expect(desk.story).to.deep.equal(['IntentAccepted', 'PlanMade', 'PermitGranted', 'OrderSending', 'OrderAbandoned', 'PlanEnded']);
    expect(desk.journal.entries.at(-1)?.payload).to.include({ code: 'PERMIT_EPOCH' });
    expect(stop.left?.unrecorded.size).to.equal(0);
  });

  it('waits for the answer to an opening that was sent, and for its stop', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => new Promise((resolve) => void desk.world.clock.after(600, () => resolve(desk.venue.execute(write))));
    desk.plan();
    await desk.advance(100);
    expect(desk.writes('OPEN')).to.have.length(1);
    const stop = stopped(desk);
    await desk.advance(BUDGET_MS);
    expect(stop.left?.lives.map((life) => life.phase)).to.deep.equal(['Protected']);
    expect(desk.story.at(-1)).to.equal('ProtectionPlaced');
  });
});

describe('closing the journal', () => {
  const closing = (close: () => Promise<void>) => {
    const { clock, system, logs, ...world } = new World();
    void system;
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: (fields: object, message: string) => void logs.push({ level: 'error', path: '', fields, message }) };
    let ended = false;
    closeWithin({ close }, 500, clock, log).then(
      () => (ended = true),
      () => undefined,
    );
    return { clock, logs, world, ended: () => ended };
  };

  it('waits for it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock, logs, ended } = closing(() => promise);
    clock.advance(400);
    resolve();
    await promise;
    await new Promise(setImmediate);
    expect(ended()).to.equal(true);
    clock.advance(1_000);
    await new Promise(setImmediate);
    expect(logs).to.deep.equal([]);
  });

  it('leaves a store that does not answer, and says so', async () => {
    const { clock, logs, ended } = closing(() => new Promise(() => undefined));
    clock.advance(499);
    await new Promise(setImmediate);
    expect(ended()).to.equal(false);
    clock.advance(1);
    await new Promise(setImmediate);
    expect(ended()).to.equal(true);
    expect(logs.map(({ message }) => message)).to.have.length(1).and.match(/^the journal does not close: its store does not answer/);
  });

  it('says why it could not be closed', async () => {
    const { logs, ended } = closing(() => Promise.reject(new Error('no space left on device')));
    await new Promise(setImmediate);
    expect(ended()).to.equal(true);
    expect(logs.map(({ fields }) => fields)).to.deep.equal([{ error: 'no space left on device' }]);
  });
});
