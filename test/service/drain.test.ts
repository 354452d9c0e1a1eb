/** The orderly stop: nothing new is opened, what is under way comes to rest within its time, and what is left is told. */
import { expect } from 'chai';
import type { LifeView, Phase } from '../../src/protocol/messages.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { drainAndStop } from '../../src/service/drain.ts';
import type { Tree } from '../../src/service/tree.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { become } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
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

async function bench() {
  const world = new World();
  const executor = world.system.ref<PhaseMessage>('executor/GPSUSDT');
  await world.start(worker(executor, showing), worker(world.system.ref<PhaseMessage>('bridge'), showing));
  let epoch = 1;
  const tree = { openers: ['bridge'], epochs: { current: () => epoch, advance: () => ++epoch }, executors: { keys: () => ['GPSUSDT' as SymbolName], member: () => executor } };
  const stopping = drainAndStop(world.system, tree as unknown as Tree, world.clock);
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
    expect(world.system.inspect('executor/GPSUSDT')).to.include({ status: 'stopped' });
  });

  it('does not wait longer than its time for one that never does', async () => {
    const { world, left, stopping } = await bench();
    await world.advance(1_900);
    expect(left()).to.equal(undefined);
    await world.advance(300);
    await stopping;
    expect(left()).to.deep.equal(['Opening']);
  });
});
