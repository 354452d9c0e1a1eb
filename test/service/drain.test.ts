/** The orderly stop: nothing new is opened, what is under way comes to rest within its time, and what is left is told. */
import { expect } from 'chai';
import type { LifeView, Phase } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { drainAndStop } from '../../src/service/drain.ts';
import type { Tree } from '../../src/service/tree.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { become, same } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { ChildSpec } from '../../src/supervision/child-spec.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { World } from '../kit/world.ts';

interface PhaseMessage {
  readonly type: 'phase';
  readonly phase: Phase;
}

/** Shows a life in whatever phase it was told last. */
const showing: Behaviour<PhaseMessage, Phase> = {
  role: 'executor',
  purpose: 'shows a life in tests',
  consumes: { phase: 'what to show' },
  emits: [],
  mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' },
  init: () => 'Opening',
  receive: (_state, message) => become(message.phase),
  view: (phase): { life: Partial<LifeView> } => ({ life: { symbol: 'GPSUSDT' as SymbolName, phase } }),
};

/** Never comes to the end of its ending. */
const naughty: Behaviour<PhaseMessage, null> = { ...showing, role: 'naughty', init: () => null, receive: () => same, terminate: () => new Promise(() => undefined), view: () => null };

const BUDGET_MS = 5_000;

async function bench({ budgetMs = BUDGET_MS, more = [] }: { budgetMs?: number; more?: readonly ChildSpec[] } = {}) {
  const world = new World();
  const executor = world.system.ref<PhaseMessage>('executor/GPSUSDT');
  await world.start(worker(executor, showing), worker(world.system.ref<PhaseMessage>('bridge'), showing), ...more);
  let epoch = 1;
  const tree = { openers: ['bridge'], epochs: { current: () => epoch, advance: () => ++epoch }, executors: { keys: () => ['GPSUSDT' as SymbolName], member: () => executor } };
  const stopping = drainAndStop(world.system, tree as unknown as Tree, world.clock, budgetMs);
  let left: readonly LifeView[] | undefined;
  stopping.then(
    (lives) => (left = lives),
    () => undefined,
  );
  return { world, executor, epoch: () => epoch, left: () => left?.map((life) => life.phase), stopping };
}

describe('drain', () => {
  it('voids every permit to open and holds back who makes new ones, before it waits for anything', async () => {
    const { world, epoch, left } = await bench();
    expect(epoch()).to.equal(2);
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
      expect(world.system.tree().children.map((child) => child.status)).to.deep.equal(['stopped', 'stopped', 'stopped']);
      expect(world.system.tree()).to.include({ status: 'stopped' });
    });
  }
});
