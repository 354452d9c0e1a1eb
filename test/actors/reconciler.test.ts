/** Reconciliation: over the union of both sides, anew for every stream epoch, and not before every executor has agreed. */
import { expect } from 'chai';
import { reconcilerBehaviour } from '../../src/actors/reconciler.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { ExecutorMessage, GatewayMessage, ReconcilerMessage } from '../../src/protocol/messages.ts';
import type { ReconciliationView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aUniverse, GPS, TAG } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const JOURNALLED = 'OLDUSDT' as SymbolName;
const HELD = 'HELDUSDT' as SymbolName;
const ORDERED = 'ORDEREDUSDT' as SymbolName;

async function bench(side: { positions?: object[]; openOrders?: object[]; openAlgoOrders?: object[] } = {}) {
  const world = new World();
  const { system, clock } = world;
  const ref = system.ref<ReconcilerMessage>('reconciler');
  const broken = new Set<string>();
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  gateway.answer = (message) => {
    if (message.type !== 'read') return undefined;
    if (broken.has(message.name)) return { ok: false, kind: 'unreachable', message: 'connection refused' };
    return { ok: true, value: (side as Record<string, object[]>)[message.name] ?? [] };
  };
  const executors = new Map([GPS, JOURNALLED, HELD, ORDERED].map((symbol) => [symbol, new Probe<ExecutorMessage>(world, `executor/${symbol}`)]));
  const reader = new Probe<{ readonly type: 'reconciliation'; readonly view: ReconciliationView }>(world, 'reader');
  const refusals: VigilError[] = [];
  await world.start(
    gateway.spec,
    reader.spec,
    ...[...executors.values()].map((probe) => probe.spec),
    worker(ref, reconcilerBehaviour({ gateway: gateway.ref, executorOf: (symbol) => executors.get(symbol)!.ref, executors: () => [JOURNALLED], subscribers: [reader.ref], tags: [TAG], refuse: (error) => void refusals.push(error) })),
  );
  const tell = (message: ReconcilerMessage) => system.tell(ref, message);
  const live = async (streamEpoch: number) => {
    tell({ type: 'stream', view: { live: true, streamEpoch, since: clock.now() } });
    tell({ type: 'universe', universe: aUniverse([GPS]) });
    await world.settle();
  };
  const agree = async (symbol: SymbolName, reconciledEpoch: number) => {
    tell({ type: 'life', view: { symbol, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch } });
    await world.settle();
  };
  const truths = (symbol: SymbolName) => executors.get(symbol)!.of('truth').map((message) => message.truth);
  return { world, tell, live, agree, truths, broken, gateway, reader, refusals, view: () => reader.last('reconciliation')?.view };
}

const clientId = (tag: string) => `x-15PC4ZJy${tag}s${'0'.repeat(20)}`;

describe('reconciler', () => {
  it('compares over the union: journal, universe, positions, orders and protections (operators\' 28)', async () => {
    const { live, truths } = await bench({ positions: [{ symbol: HELD, quantity: decimal('5') }], openOrders: [{ symbol: ORDERED, clientId: 'web_1' }], openAlgoOrders: [{ symbol: ORDERED, clientId: clientId(TAG) }] });
    await live(1);
    expect([GPS, JOURNALLED, HELD, ORDERED].map((symbol) => truths(symbol).length)).to.deep.equal([1, 1, 1, 1]);
    expect(truths(HELD)[0]?.position?.quantity.toFixed()).to.equal('5');
    expect(truths(GPS)[0]?.position).to.equal(undefined);
    expect(truths(ORDERED)[0]).to.have.nested.property('openAlgoOrders.length', 1);
  });

  it('says nothing until every executor has agreed, and begins anew with every stream epoch', async () => {
    const { world, live, agree, view, reader, truths } = await bench();
    await live(1);
    await agree(GPS, 1);
    await world.advance(2_000);
    expect(view(), 'one has not looked').to.equal(undefined);
    await agree(JOURNALLED, 1);
    expect(view()).to.include({ streamEpoch: 1 });
    expect(view()?.unresolved).to.deep.equal([]);
    await live(2);
    expect(truths(GPS).at(-1)?.streamEpoch).to.equal(2);
    reader.clear();
    await agree(GPS, 2);
    await world.advance(2_000);
    expect(reader.told.map((message) => message.view.streamEpoch)).to.not.include(2);
    await agree(JOURNALLED, 2);
    expect(view()).to.include({ streamEpoch: 2 });
  });

  it('does not read before the stream is live: what happens in between would be lost', async () => {
    const { world, tell, gateway, live } = await bench();
    tell({ type: 'stream', view: { live: false, streamEpoch: 0, since: 0 } });
    tell({ type: 'universe', universe: aUniverse([GPS]) });
    await world.advance(5_000);
    expect(gateway.told).to.deep.equal([]);
    await live(1);
    expect(gateway.told).to.have.length(4);
  });

  it('asks again for what could not be read, and distributes nothing that is half read (operators\' 17)', async () => {
    const { world, live, agree, broken, truths, view } = await bench();
    broken.add('openAlgoOrders');
    await live(1);
    await world.advance(10_000);
    expect(truths(GPS)).to.deep.equal([]);
    broken.clear();
    await world.advance(2_500);
    expect(truths(GPS)).to.not.deep.equal([]);
    await agree(GPS, 1);
    await agree(JOURNALLED, 1);
    expect(view()).to.include({ streamEpoch: 1 });
  });

  it('brings the venue\'s side again to whoever has not agreed, and holds nobody else up for one that differs later', async () => {
    const { world, live, agree, truths, view } = await bench();
    await live(1);
    await agree(GPS, 1);
    await agree(JOURNALLED, 1);
    // An executor that was restarted knows of no epoch.
    await agree(GPS, 0);
    expect(view()?.unresolved).to.deep.equal([GPS]);
    const before = truths(GPS).length;
    await world.advance(5_000);
    expect(truths(GPS).length).to.be.greaterThan(before);
    await agree(GPS, 1);
    expect(view()?.unresolved).to.deep.equal([]);
  });

  it('compares once a minute without any disturbance, too', async () => {
    const { world, live, agree, truths } = await bench();
    await live(1);
    await agree(GPS, 1);
    await agree(JOURNALLED, 1);
    const before = truths(GPS).length;
    await world.advance(180_000);
    expect(truths(GPS).length - before).to.equal(3);
  });

  it('refuses to run beside another instance, and not for orders that are not of our kind (ruling 26)', async () => {
    const foreign = await bench({ openAlgoOrders: [{ symbol: GPS, clientId: clientId('zzzz') }] });
    await foreign.live(1);
    expect(foreign.refusals.map((error) => error.code)).to.deep.equal(['FOREIGN_INSTANCE']);
    expect(foreign.truths(GPS)).to.deep.equal([]);
    const manual = await bench({ openOrders: [{ symbol: GPS, clientId: 'web_abc' }, { symbol: GPS, clientId: clientId(TAG) }] });
    await manual.live(1);
    expect(manual.refusals).to.deep.equal([]);
  });

  it('does not take an answer of an abandoned round for one of the new epoch', async () => {
    const { world, live, gateway, truths } = await bench();
    gateway.answer = () => undefined;
    await live(1);
    await live(2);
    for (let i = 0; i < 4; i++) gateway.answerNext('read', { ok: true, value: [] });
    await world.settle();
    expect(truths(GPS)).to.deep.equal([]);
    for (let i = 0; i < 4; i++) gateway.answerNext('read', { ok: true, value: [] });
    await world.settle();
    expect(truths(GPS).map((truth) => truth.streamEpoch)).to.deep.equal([2]);
  });
});
