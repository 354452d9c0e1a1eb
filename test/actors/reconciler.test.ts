/** Reconciliation: over the union of both sides, anew for every stream epoch, and not before every executor has agreed. */
import { expect } from 'chai';
import { reconcilerBehaviour } from '../../src/actors/reconciler.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { ExecutorMessage, FindingMessage, GatewayMessage, ReconcileAnswer, ReconcilerMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { LifeView, ReconciliationView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aUniverse, GPS, TAG } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const JOURNALLED = 'OLDUSDT' as SymbolName;
const HELD = 'HELDUSDT' as SymbolName;
const ORDERED = 'ORDEREDUSDT' as SymbolName;

async function bench(side: { positions?: object[]; openOrders?: object[]; openAlgoOrders?: object[] } = {}, unknownPositions: 'adopt' | 'leave' = 'adopt', afterCrash = false) {
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
  const watchdog = new Probe<StandingMessage>(world, 'watchdog');
  const findings = new Probe<FindingMessage>(world, 'findings');
  const refusals: VigilError[] = [];
  await world.start(
    gateway.spec,
    reader.spec,
    watchdog.spec,
    findings.spec,
    ...[...executors.values()].map((probe) => probe.spec),
    worker(ref, reconcilerBehaviour({ gateway: gateway.ref, executorOf: (symbol) => executors.get(symbol)!.ref, executors: () => [JOURNALLED], subscribers: [reader.ref], watchdog: watchdog.ref, findings: findings.ref, unknownPositions, tags: [TAG], refuse: (error) => void refusals.push(error), afterCrash })),
  );
  const tell = (message: ReconcilerMessage) => system.tell(ref, message);
  const live = async (streamEpoch: number) => {
    tell({ type: 'stream', view: { live: true, streamEpoch, since: clock.now() } });
    tell({ type: 'universe', universe: aUniverse([GPS]) });
    await world.settle();
  };
  const agree = async (symbol: SymbolName, reconciledEpoch: number, part: Partial<LifeView> = {}) => {
    tell({ type: 'life', view: { symbol, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch, reconciledAt: clock.monotonic(), ...part } });
    await world.settle();
  };
  /** Every truth is answered by this symbol's executor as soon as it comes. */
  const agreeing = (symbol: SymbolName) => {
    executors.get(symbol)!.answer = (message) => {
      if (message.type === 'truth') tell({ type: 'life', view: { symbol, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: message.truth.streamEpoch, reconciledAt: message.truth.begunAt } });
      return undefined;
    };
  };
  const ask = (symbol?: SymbolName): Promise<ReconcileAnswer> => system.ask(ref, { type: 'reconcile-now', symbol }, 20_000, 'test');
  const truths = (symbol: SymbolName) => executors.get(symbol)!.of('truth').map((message) => message.truth);
  return { world, tell, live, agree, agreeing, ask, watchdog, findings, truths, broken, gateway, reader, refusals, view: () => reader.last('reconciliation')?.view };
}

const clientId = (tag: string) => `x-15PC4ZJy${tag}s${'0'.repeat(20)}`;

describe('reconciler', () => {
  it('compares over the union: journal, universe, positions, orders and protections (operators\' 28)', async () => {
    const { live, truths } = await bench({ positions: [{ symbol: HELD, quantity: decimal('5') }], openOrders: [{ symbol: ORDERED, clientId: 'web_1', type: 'LIMIT', side: 'BUY', quantity: decimal('5'), price: decimal('1') }], openAlgoOrders: [{ symbol: ORDERED, clientId: clientId(TAG) }] });
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
    await agree(GPS, 0, { reconciledAt: 0 });
    expect(view()?.unresolved).to.deep.equal([GPS]);
    const before = truths(GPS).length;
    await world.advance(5_000);
    expect(truths(GPS).length).to.be.greaterThan(before);
    await agree(GPS, 1);
    expect(view()?.unresolved).to.deep.equal([]);
  });

  it('compares once a minute without any disturbance, too', async () => {
    const { world, live, agreeing, truths } = await bench();
    agreeing(GPS);
    agreeing(JOURNALLED);
    await live(1);
    const before = truths(GPS).length;
    await world.advance(180_000);
    expect(truths(GPS).length - before).to.equal(3);
  });

  it('refuses to run beside another instance, and not for orders that are not of our kind (ruling 26)', async () => {
    const foreign = await bench({ openAlgoOrders: [{ symbol: GPS, clientId: clientId('zzzz') }] });
    await foreign.live(1);
    expect(foreign.refusals.map((error) => error.code)).to.deep.equal(['FOREIGN_INSTANCE']);
    expect(foreign.truths(GPS)).to.deep.equal([]);
    const manual = await bench({ openOrders: [{ symbol: GPS, clientId: 'web_abc', type: 'LIMIT', side: 'BUY', quantity: decimal('5'), price: decimal('1') }, { symbol: GPS, clientId: clientId(TAG) }] });
    await manual.live(1);
    expect(manual.refusals).to.deep.equal([]);
  });

  it('goes on managing what is open when another instance comes later, opens nothing, and says so until it is gone', async () => {
    const side: { openOrders: object[] } = { openOrders: [] };
    const { world, live, ask, agreeing, refusals, truths, watchdog } = await bench(side);
    agreeing(GPS);
    agreeing(JOURNALLED);
    await live(1);
    const standing = async () => {
      const asked = ask();
      await world.advance(1_000);
      expect(await asked).to.include({ ok: true });
      const { alerts, causes } = watchdog.last('standing')!;
      return { alerts: alerts.map(({ name }) => name), causes: causes?.map(({ key, symbol }) => [key, symbol]) };
    };
    expect(await standing()).to.deep.equal({ alerts: [], causes: [] });
    side.openOrders = [{ symbol: GPS, clientId: clientId('zzzz'), type: 'LIMIT', side: 'BUY', quantity: decimal('5'), price: decimal('1') }];
    const before = truths(GPS).length;
    expect(await standing()).to.deep.equal({ alerts: ['foreign-instance', `unknown-orders/${GPS}`], causes: [['foreign-instance', undefined]] });
    expect(truths(GPS).length, 'brought to the executors').to.be.greaterThan(before);
    side.openOrders = [];
    expect(await standing()).to.deep.equal({ alerts: [], causes: [] });
    expect(refusals).to.deep.equal([]);
  });

  it('goes on managing what a crash left open, whoever has come meanwhile', async () => {
    const { world, live, agreeing, refusals, truths, watchdog } = await bench({ openOrders: [{ symbol: GPS, clientId: clientId('zzzz'), type: 'LIMIT', side: 'BUY', quantity: decimal('5'), price: decimal('1') }] }, 'adopt', true);
    agreeing(GPS);
    agreeing(JOURNALLED);
    await live(1);
    await world.advance(2_000);
    expect(refusals).to.deep.equal([]);
    expect(truths(JOURNALLED)).to.have.length.greaterThan(0);
    expect(watchdog.last('standing')!.causes).to.deep.include({ key: 'foreign-instance', symbol: undefined, reason: 'another Vigil instance (tag "zzzz") has orders on this account', endedByOperator: true });
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

describe('a symbol that does not come to a result (operators\' 25, 32)', () => {
  it('is given up after bounded attempts, ever further apart, and the gate opens for the others; it lowers itself alone', async () => {
    const { world, live, agreeing, truths, view, watchdog } = await bench();
    agreeing(GPS);
    await live(1);
    const times: number[] = [];
    const start = world.clock.now();
    for (let second = 0; second < 55; second++) {
      if (truths(JOURNALLED).length > times.length) times.push(Math.round((world.clock.now() - start) / 1_000));
      if (second < 50) expect(view(), `not before all attempts, at ${second} s`).to.equal(undefined);
      await world.advance(1_000);
    }
    expect(times).to.deep.equal([0, 3, 6, 12, 24, 48]);
    expect(view()).to.include({ streamEpoch: 1 });
    expect(view()?.unresolved).to.deep.equal([JOURNALLED]);
    const { alerts, causes } = watchdog.last('standing')!;
    expect(causes).to.deep.include.members([{ key: `unreconciled/${JOURNALLED}`, symbol: JOURNALLED, reason: causes![0]!.reason, endedByOperator: true }]);
    expect(causes).to.have.length(1);
    expect(alerts.map((alert) => alert.name)).to.deep.equal([`unreconciled/${JOURNALLED}`]);
    expect(alerts[0]?.message).to.contain(`vigil activate ${JOURNALLED}`);
  });

  it('is looked at with the others from then on, and a result ends it', async () => {
    const { world, live, agreeing, agree, truths, view, watchdog } = await bench();
    agreeing(GPS);
    await live(1);
    await world.advance(70_000);
    const before = truths(JOURNALLED).length;
    await world.advance(180_000);
    expect(truths(JOURNALLED).length - before).to.equal(3);
    expect(watchdog.last('standing')?.causes).to.have.length(1);
    await agree(JOURNALLED, 1);
    await world.advance(1_000);
    expect(watchdog.last('standing')).to.deep.include({ alerts: [], causes: [] });
    expect(view()?.unresolved).to.deep.equal([]);
  });

  it('gets all its attempts anew after a result', async () => {
    const { world, live, agreeing, agree, watchdog } = await bench();
    agreeing(GPS);
    await live(1);
    await world.advance(30_000);
    await agree(JOURNALLED, 1);
    await world.advance(70_000);
    expect(watchdog.last('standing')?.causes).to.deep.equal([]);
    await world.advance(20_000);
    expect(watchdog.last('standing')?.causes).to.have.length(1);
  });
});

describe('what is none of ours', () => {
  const manual = { symbol: ORDERED, clientId: 'web_1', type: 'LIMIT', side: 'BUY', quantity: decimal('5'), price: decimal('0.9') };

  it('is named in an alert; where strangers are left alone it closes its symbol to openings, and elsewhere not', async () => {
    for (const [policy, causes] of [['leave', [`unknown-orders/${ORDERED}`]], ['adopt', []]] as const) {
      const { world, live, watchdog } = await bench({ openOrders: [manual, { ...manual, clientId: clientId(TAG) }] }, policy);
      await live(1);
      await world.advance(1_000);
      const standing = watchdog.last('standing')!;
      expect(standing.alerts.map((alert) => alert.name)).to.deep.equal([`unknown-orders/${ORDERED}`]);
      expect(standing.alerts[0]?.message).to.contain('LIMIT BUY 5 at 0.9 (web_1)').and.not.contain(clientId(TAG));
      expect(standing.causes?.map((cause) => cause.key)).to.deep.equal(causes);
    }
  });

  it('stands as an alert while a difference is left, with the command that takes it over', async () => {
    const { world, live, agree, watchdog } = await bench({ positions: [{ symbol: HELD, quantity: decimal('5') }] }, 'leave');
    await live(1);
    await agree(HELD, 1, { phase: 'Drifted', drift: '5' });
    await world.advance(1_000);
    expect(watchdog.last('standing')?.alerts).to.have.nested.property('[0].message').that.contains(`vigil adopt ${HELD}`);
    await agree(HELD, 1);
    await world.advance(1_000);
    expect(watchdog.last('standing')?.alerts).to.deep.equal([]);
  });

  it('a position at settings that are not ours is put on record, and nothing of one that is flat', async () => {
    const { live, agree, tell, findings, world } = await bench({ positions: [{ symbol: HELD, quantity: decimal('5') }] });
    await live(1);
    const refused = { leverageConfirmed: false, leverageRefused: 'HELDUSDT is CROSSED at 20x' };
    await agree(GPS, 1, refused);
    await agree(HELD, 1, { ...refused, position: {} as NonNullable<LifeView['position']> });
    tell({ type: 'stream', view: { live: true, streamEpoch: 2, since: 0 } });
    await world.settle();
    expect(findings.of('finding').map(({ finding }) => [finding.code, finding.subject])).to.deep.equal([['SETTINGS_DIFFER', HELD]]);
  });
});

describe('a comparison that is asked for', () => {
  it('reads at once, waits for every executor, and says what was found of each, in one order', async () => {
    const { world, live, agree, agreeing, ask, gateway } = await bench({ positions: [{ symbol: HELD, quantity: decimal('5') }] });
    agreeing(GPS);
    await live(1);
    await agree(JOURNALLED, 1);
    await agree(HELD, 1);
    gateway.clear();
    await world.advance(1_000);
    const asked = ask();
    await world.settle();
    expect(gateway.of('read')).to.have.length(4);
    await agree(HELD, 1, { phase: 'Protected', position: { side: 'LONG', quantity: '5' } as NonNullable<LifeView['position']> });
    await agree(JOURNALLED, 1, { phase: 'Drifted', drift: '-3' });
    const answer = await asked;
    expect(answer.ok && answer.rows.map(({ symbol, outcome, before, journal, venue, state }) => [symbol, outcome, before, journal, venue, state])).to.deep.equal([
      [GPS, 'agreed', '0', '0', '0', 'Flat'],
      [HELD, 'corrected', '0', '5', '5', 'Protected'],
      [JOURNALLED, 'left', '0', '0', '0', 'Drifted'],
    ]);
  });

  it('is answered in time although an executor comes to no result', async () => {
    const { world, live, agreeing, agree, ask } = await bench();
    agreeing(GPS);
    await live(1);
    await agree(JOURNALLED, 1);
    await world.advance(100);
    const asked = ask();
    await world.advance(9_000);
    const answer = await asked;
    expect(answer.ok && answer.rows.map((row) => row.outcome)).to.deep.equal(['agreed', 'unresolved']);
  });

  for (const [how, byMs] of [['back', -3_600_000], ['on', 3_600_000]] as const) {
    it(`is neither answered from an earlier one, nor given up, when the wall clock was set ${how} by an hour`, async () => {
      const { world, live, agreeing, ask, gateway } = await bench();
      agreeing(GPS);
      agreeing(JOURNALLED);
      await live(1);
      await world.advance(100);
      const { answer } = gateway;
      gateway.answer = (message) => (message.type === 'read' && message.name === 'positions' ? undefined : answer(message));
      if (byMs < 0) world.clock.setWall(byMs);
      let said: ReconcileAnswer | undefined;
      const asked = (async () => (said = await ask()))();
      await world.advance(1_000);
      if (byMs > 0) world.clock.setWall(byMs);
      await world.advance(1_000);
      expect(said, 'the venue has said nothing yet').to.equal(undefined);
      expect(gateway.answerNext('read', { ok: true, value: [] }, (message) => message.type === 'read' && message.name === 'positions')).to.equal(true);
      await world.advance(1_000);
      const found = await asked;
      expect(found.ok && found.rows.map((row) => row.outcome)).to.deep.equal(['agreed', 'agreed']);
    });
  }

  it('of one symbol says only of that one; and works while the stream is away', async () => {
    const { world, agreeing, ask, view } = await bench();
    agreeing(GPS);
    agreeing(JOURNALLED);
    await world.settle();
    const asked = ask(JOURNALLED);
    await world.advance(1_000);
    const answer = await asked;
    expect(answer.ok && answer.rows.map((row) => row.symbol)).to.deep.equal([JOURNALLED]);
    expect(view(), 'and opens no gate').to.equal(undefined);
  });

  it('says so when the venue cannot be read, or does not answer', async () => {
    const { world, live, broken, ask, gateway } = await bench();
    await live(1);
    broken.add('positions');
    const failed = ask();
    await world.settle();
    expect(await failed).to.deep.equal({ ok: false, message: 'the venue\'s side cannot be read: positions: connection refused' });
    gateway.answer = () => undefined;
    await world.advance(100);
    const silent = ask();
    await world.advance(9_000);
    expect(await silent).to.have.property('message').that.contains('not answered within');
  });
});
