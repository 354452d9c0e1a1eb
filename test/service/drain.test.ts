/** The orderly stop: nothing new is opened, what is under way comes to rest within its time, and what is left is told. */
import { expect } from 'chai';
import type { LifeView, Phase } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { GovernorMessage } from '../../src/protocol/messages.ts';
import { drainAndStop } from '../../src/service/drain.ts';
import type { Left } from '../../src/service/drain.ts';
import type { Tree } from '../../src/service/tree.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { become, same } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { ChildSpec } from '../../src/supervision/child-spec.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { composedSpecs } from '../kit/composed-tree.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

interface PhaseMessage {
  readonly type: 'phase';
  readonly phase: Phase;
}

type ExecutorSays = PhaseMessage | { readonly type: 'sends' | 'is-answered' } | { readonly type: 'owes'; readonly what: readonly string[] };

interface Showing {
  readonly phase: Phase;
  readonly inFlight: readonly string[];
  readonly owes: readonly string[];
}

/** Shows a life in whatever phase it was told last. */
const executing: Behaviour<ExecutorSays, Showing> = {
  role: 'executor',
  purpose: 'shows a life in tests',
  consumes: { phase: 'what to show', sends: 'a write is on its way', 'is-answered': 'it is not any more', owes: 'what is not on record' },
  emits: [],
  mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' },
  init: () => ({ phase: 'Opening', inFlight: [], owes: [] }),
  receive(state, message) {
    switch (message.type) {
      case 'phase':
        return become({ ...state, phase: message.phase });
      case 'sends':
        return become({ ...state, inFlight: ['vigil-1'] });
      case 'is-answered':
        return become({ ...state, inFlight: [] });
      case 'owes':
        return become({ ...state, owes: message.what });
    }
  },
  owes: (state) => state.owes,
  view: ({ phase, inFlight }): { life: Partial<LifeView>; inFlight: readonly string[] } => ({ life: { symbol: 'GPSUSDT' as SymbolName, phase }, inFlight }),
};

/** Says nothing of itself. */
const showing: Behaviour<PhaseMessage, null> = {
  role: 'other',
  purpose: 'stands in for others in tests',
  consumes: { phase: '' },
  emits: [],
  mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' },
  init: () => null,
  receive: () => same,
  view: () => null,
};

/** Never comes to the end of its ending. */
const naughty: Behaviour<PhaseMessage, null> = { ...showing, role: 'naughty', terminate: () => new Promise(() => undefined) };

const BUDGET_MS = 5_000;

async function bench({ budgetMs = BUDGET_MS, more = [], says = [], recordable = () => true }: { budgetMs?: number; more?: readonly ChildSpec[]; says?: readonly ExecutorSays[]; recordable?: () => boolean } = {}) {
  const world = new World();
  const executor = world.system.ref<ExecutorSays>('executor/GPSUSDT');
  const governor = new Probe<GovernorMessage>(world, 'governor');
  const decisions = new Probe<{ readonly type: 'flush' }>(world, 'decisions');
  await world.start(worker(executor, executing), governor.spec, decisions.spec, worker(world.system.ref<PhaseMessage>('bridge'), showing), ...more);
  for (const one of says) world.system.tell(executor, one);
  await world.settle();
  let epoch = 1;
  const tree = { openers: ['bridge'], governor: governor.ref, gatherers: [decisions.ref], epochs: { current: () => epoch, advance: () => ++epoch }, executors: { keys: () => ['GPSUSDT' as SymbolName], member: () => executor } };
  const stopping = drainAndStop(world.system, tree as unknown as Tree, world.clock, budgetMs, recordable);
  let left: Left | undefined;
  stopping.then(
    (all) => (left = all),
    () => undefined,
  );
  return { world, executor, epoch: () => epoch, left: () => left?.lives.map((life) => life.phase), unrecorded: () => Object.fromEntries(left?.unrecorded ?? []), governor, decisions, stopping };
}

describe('drain', () => {
  it('voids every permit to open and holds back who makes new ones, before it waits for anything', async () => {
    const { world, epoch, left, governor } = await bench();
    expect(epoch()).to.equal(2);
    await world.settle();
    expect(governor.of('stopping')).to.have.length(1);
    expect(world.system.inspect('bridge')).to.include({ status: 'suspended' });
    expect(left()).to.equal(undefined);
  });

  it('waits for an opening under way, and stops the tree as soon as it has come to rest', async () => {
    const { world, executor, left, stopping } = await bench();
    await world.advance(500);
    expect(left()).to.equal(undefined);
    world.system.tell(executor, { type: 'phase', phase: 'Protected' });
    await world.advance(200);
    await stopping;
    expect(left()).to.deep.equal(['Protected']);
    expect(world.system.tree()).to.include({ status: 'stopped' });
    expect(world.system.tree().children[0]).to.include({ path: 'executor/GPSUSDT', status: 'stopped' });
  });

  it('does not wait longer than its time for one that never does', async () => {
    const { world, left, stopping } = await bench();
    await world.advance(1_900);
    expect(left()).to.equal(undefined);
    await world.advance(300);
    await stopping;
    expect(left()).to.deep.equal(['Opening']);
  });

  it('takes its share of a small budget', async () => {
    const { world, left, stopping } = await bench({ budgetMs: 1_000 });
    await world.advance(350);
    expect(left()).to.equal(undefined);
    await world.advance(100);
    await stopping;
    expect(left()).to.deep.equal(['Opening']);
  });

  it('waits for the answer to a write that is on its way, whatever the phase', async () => {
    const { world, executor, left, stopping } = await bench({ says: [{ type: 'phase', phase: 'Protected' }, { type: 'sends' }] });
    await world.advance(500);
    expect(left()).to.equal(undefined);
    world.system.tell(executor, { type: 'is-answered' });
    await world.advance(100);
    await stopping;
    expect(left()).to.deep.equal(['Protected']);
  });

  for (const phase of ['Reducing', 'Closing', 'Ambiguous'] as const) {
    it(`waits for one that is ${phase}`, async () => {
      const { world, executor, left, stopping } = await bench({ says: [{ type: 'phase', phase }] });
      await world.advance(500);
      expect(left()).to.equal(undefined);
      world.system.tell(executor, { type: 'phase', phase: 'Flat' });
      await world.advance(100);
      await stopping;
      expect(left()).to.deep.equal(['Flat']);
    });
  }

  const OWING: readonly ExecutorSays[] = [{ type: 'phase', phase: 'Flat' }, { type: 'owes', what: ['symbol/GPSUSDT #7 FillRecorded'] }];

  it('waits for what is on its way to the journal, asks those who gather to write, and stops as soon as it is acknowledged', async () => {
    const { world, executor, left, unrecorded, decisions, stopping } = await bench({ says: OWING });
    await world.advance(2_500);
    expect(left()).to.equal(undefined);
    expect(decisions.of('flush')).not.to.deep.equal([]);
    world.system.tell(executor, { type: 'owes', what: [] });
    await world.advance(100);
    await stopping;
    expect(unrecorded()).to.deep.equal({});
  });

  it('does not wait beyond its share for a journal that never answers, and names what it has not acknowledged', async () => {
    const { world, left, unrecorded, stopping } = await bench({ says: OWING });
    await world.advance(BUDGET_MS * 0.7 - 100);
    expect(left()).to.equal(undefined);
    await world.advance(200);
    await stopping;
    expect(unrecorded()).to.deep.equal({ 'executor/GPSUSDT': ['symbol/GPSUSDT #7 FillRecorded'] });
  });

  it('does not wait for a journal that takes nothing any more, and names all the same', async () => {
    const { world, unrecorded, stopping, governor } = await bench({ says: OWING, recordable: () => false });
    await world.advance(100);
    await stopping;
    expect(governor.of('stopping'), 'before it ended itself').to.have.length(1);
    expect(unrecorded()).to.deep.equal({ 'executor/GPSUSDT': ['symbol/GPSUSDT #7 FillRecorded'] });
  });

  it('hears of every actor of the tree that writes to the journal what is not acknowledged', () => {
    const writers = composedSpecs().flatMap((spec) => (spec.kind === 'worker' && spec.declaration.emits.some((one) => /^append\b.*→ journal$/.test(one)) ? [spec] : []));
    expect(writers.map(({ path }) => path)).to.include.members(['executor/GPSUSDT', 'trading-state', 'locks', 'account', 'universe', 'intake', 'findings', 'operator/decision-log', 'shadow/ema-cross']);
    for (const { path, declaration } of writers) expect(declaration, path).to.have.property('owes');
  });

  for (const shutdown of ['infinity', 60_000] as const) {
    it(`ends by force who would not end (its own time is ${shutdown}), and whoever still waits behind it, within the budget`, async () => {
      const ref = (path: string) => ({ path }) as Ref<PhaseMessage>;
      const { world, executor, left, stopping } = await bench({ more: [supervisor('room', 'holds one that does not end', [worker(ref('naughty'), naughty, { shutdown })])] });
      world.system.tell(executor, { type: 'phase', phase: 'Protected' });
      await world.advance(BUDGET_MS * 0.9 - 100);
      expect(left()).to.equal(undefined);
      await world.advance(100);
      await stopping;
      expect(left()).to.deep.equal(['Protected']);
      const ends = world.events.filter((event) => event.type === 'crashed' || event.type === 'stopped').map((event) => `${event.path} ${event.type === 'stopped' ? event.kind : event.crash.reason}`);
      expect(ends[0]).to.match(/^naughty .*not stopped within \d+ ms$/);
      expect(ends.some((end) => end.startsWith('executor/GPSUSDT '))).to.equal(true);
      expect(world.system.tree().children.filter((child) => child.status !== 'stopped')).to.deep.equal([]);
      expect(world.system.tree()).to.include({ status: 'stopped' });
    });
  }
});
