/** The auditor in the whole service, in virtual time: silent while all is well, and each fault of the venue's lists found, confirmed, kept, and halting once. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import { auditorBehaviour } from '../../src/actors/auditor.ts';
import type { AuditAnswer, FindingMessage, GatewayMessage, JournalMessage, ReconcilerMessage, StandingMessage, TradingStateActorMessage } from '../../src/protocol/messages.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import { clientIdFor } from '../../src/rules/client-ids.ts';
import { laneOf } from '../../src/rules/request-budget.ts';
import type { ReadOf } from '../../src/rules/request-budget.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Tagged } from '../../src/supervision/ref.ts';
import { Probe } from '../kit/probe.ts';
import { WholeService } from '../kit/whole-service.ts';
import { World } from '../kit/world.ts';

const SYMBOLS = ['GPSUSDT', 'RACOONUSDT'] as unknown as readonly SymbolName[];
const [GPS] = SYMBOLS as readonly [SymbolName];

async function auditNow(service: WholeService, withinMs = 30_000): Promise<AuditAnswer> {
  let answer: AuditAnswer | undefined;
  let failure: unknown;
  service.world.system.ask(service.world.system.ref('auditor') as never, { type: 'audit' } as never, 120_000).then((value) => (answer = value as AuditAnswer), (error: unknown) => (failure = error));
  for (let waited = 0; waited < withinMs && answer === undefined && failure === undefined; waited += 500) await service.advance(500);
  if (failure !== undefined) throw failure;
  if (answer === undefined) throw new Error('the audit has not come to an end');
  return answer;
}

const codes = (answer: AuditAnswer) => (answer.ok ? answer.findings.map((finding) => finding.code) : answer.message);

/** With positions open and everything at rest. */
async function trading(): Promise<WholeService> {
  const service = await WholeService.start({ policy: SYMBOLS });
  await service.warmUp();
  await service.advance(20_000);
  expect(service.open()).to.have.length(2);
  return service;
}

describe('auditor', () => {
  it('finds nothing where all is well, over openings, closes and hours, and counts what it looked at', async () => {
    const service = await trading();
    const first = await auditNow(service);
    expect(codes(first)).to.deep.equal([]);
    expect(first.ok && first.counts).to.deep.include({ underPermit: 2, fills: 2 });
    expect(first.ok && first.counts['underMandate'], 'stops and targets').to.equal(4);
    service.exchange.move(GPS, '0.97');
    await service.advance(20_000);
    const second = await auditNow(service);
    expect(codes(second)).to.deep.equal([]);
    expect(second.ok && second.counts, 'what was judged is not judged again').to.deep.include({ underPermit: 0, triggered: 1, fills: 1 });
    expect((await service.tradingState()).overall).to.equal('ACTIVE');
  });

  it('says of each symbol from when on it was judged, whatever happened there, and what the audits before it found', async () => {
    const service = await trading();
    const began = service.world.clock.now();
    const sinceOf = (answer: AuditAnswer) => (answer.ok ? answer.symbols.map(({ since }) => since) : []);
    const first = await auditNow(service);
    expect(sinceOf(first).map((since) => Math.round((began - since) / 3_600_000))).to.deep.equal([24, 24]);
    expect(first.ok && first.earlier).to.equal(undefined);
    // Nothing happens to either; then something to one of them.
    const firstEnded = service.world.clock.now();
    // Before the first by the clock, two minutes after the start.
    await service.advance(55_000);
    const second = await auditNow(service);
    for (const since of sinceOf(second)) expect(since).to.be.within(began - 10_000, firstEnded);
    expect(second.ok && [second.since, second.earlier]).to.deep.equal([Math.min(...sinceOf(second)), { audits: 1, since: first.ok && first.since, findings: 0 }]);
    expect(second.ok && Object.values(second.counts)).to.not.include.members([1, 2, 4]);
    const rogue = clientIdFor('test', 'entry', 'nobody', 1);
    service.exchange.orders.set(rogue, { symbol: GPS, clientId: rogue, orderId: '999999', side: 'BUY', type: 'LIMIT', status: 'CANCELED', quantity: decimal('5'), executedQuantity: decimal('0'), price: decimal('1'), reduceOnly: false, updatedAt: service.world.clock.now() });
    await service.advance(11_000);
    const third = await auditNow(service);
    expect(third.ok && third.findings.map(({ code, halts }) => [code, halts])).to.deep.equal([['ORDER_WITHOUT_PERMIT', true]]);
    const fourth = await auditNow(service);
    expect(codes(fourth), 'it is found once').to.deep.equal([]);
    expect(fourth.ok && fourth.earlier, 'and said to have been found').to.deep.include({ audits: 3, findings: 1 });
  });

  it('halts trading for an order of ours that nothing allowed, once; an operator who has looked is not overruled, nor after a restart', async () => {
    const service = await trading();
    const rogue = clientIdFor('test', 'entry', 'nobody', 1);
    service.exchange.orders.set(rogue, { symbol: GPS, clientId: rogue, orderId: '999999', side: 'BUY', type: 'LIMIT', status: 'CANCELED', quantity: decimal('5'), executedQuantity: decimal('0'), price: decimal('1'), reduceOnly: false, updatedAt: service.world.clock.now() });
    await service.advance(20_000);
    expect(codes(await auditNow(service))).to.deep.equal(['ORDER_WITHOUT_PERMIT']);
    await service.advance(1_000);
    expect((await service.tradingState())).to.deep.include({ overall: 'HALTED' });
    expect((await service.tradingState()).cause).to.contain('ORDER_WITHOUT_PERMIT').and.contain(rogue);
    expect(await service.alerts()).to.include(`finding/ORDER_WITHOUT_PERMIT/${GPS} ${rogue}`);
    await service.set('ACTIVE');
    await service.advance(1_000);
    await auditNow(service);
    expect((await service.tradingState()).overall).to.equal('ACTIVE');
    // Written down whole meanwhile, and not standing any more: what was found is on record all the same.
    await service.journal.append([{ entity: 'findings', sequence: (await service.journal.lastSequence('findings')) + 1, type: 'Snapshot', version: 1, at: service.world.clock.now(), payload: { standing: [] } }]);
    service.world.system.control('auditor', 'kill', 'a test');
    await service.advance(5_000);
    expect(codes(await auditNow(service)), 'it begins anew, and finds it again').to.deep.equal(['ORDER_WITHOUT_PERMIT']);
    await service.advance(1_000);
    expect((await service.tradingState()).overall, 'and it is known').to.equal('ACTIVE');
  });

  it('confirms a difference after a reconciliation before it says so', async () => {
    const service = await trading();
    // A stop that is gone without a word: what is reconciled is put right, and no finding.
    const stop = service.life(GPS).position!.stopOrderId as ClientId;
    service.exchange.algos.delete(stop);
    const answer = await auditNow(service, 60_000);
    expect(codes(answer)).to.deep.equal([]);
    expect(service.life(GPS).position?.stopOrderId).to.not.equal(stop);
    // A fill nobody was told of and no adoption covers: it stays, and is found.
    const [trade] = service.exchange.trades.filter((one) => one.symbol === GPS);
    service.exchange.trades.push({ ...trade!, tradeId: '888888', at: service.world.clock.now() });
    await service.advance(15_000);
    expect(codes(await auditNow(service, 60_000))).to.include('FILL_LOST');
    expect((await service.tradingState()).overall).to.equal('HALTED');
  });
});

/** The auditor alone, with a venue and a journal that have nothing, or do not answer. */
async function alone() {
  const world = new World();
  const probe = <Message extends Tagged>(path: string) => new Probe<Message>(world, path);
  const [gateway, journal, reconciler, tradingState, findings, watchdog] = [probe<GatewayMessage>('gateway'), probe<JournalMessage>('journal'), probe<ReconcilerMessage>('reconciler'), probe<TradingStateActorMessage>('trading-state'), probe<FindingMessage>('findings'), probe<StandingMessage>('watchdog')];
  const venue = { away: false };
  gateway.answer = (message) => (message.type === 'read' ? (venue.away ? { ok: false, kind: 'unreachable', message: 'connection refused' } : { ok: true, value: [] }) : undefined);
  journal.answer = () => [];
  await world.start(...[gateway, journal, reconciler, tradingState, findings, watchdog].map((one) => one.spec), worker(world.system.ref('auditor') as never, auditorBehaviour({ gateway: gateway.ref, journal: journal.ref, reconciler: reconciler.ref, tradingState: tradingState.ref, findings: findings.ref, watchdog: watchdog.ref, executors: () => SYMBOLS, tags: ['test'], nakedCloseMs: 10_000, startedAt: world.clock.now() })));
  return { world, gateway, journal, tradingState, venue, watchdog, state: () => (world.system.inspect('auditor') as unknown as { state: Record<string, unknown> }).state };
}

describe('auditor: when', () => {
  it('asks again until trading is halted', async () => {
    const { world, gateway, tradingState } = await alone();
    const rogue = clientIdFor('test', 'entry', 'nobody', 1);
    gateway.answer = (message) => (message.type !== 'read' ? undefined : { ok: true, value: message.name === 'orders' && message.query.symbol === GPS ? [{ symbol: GPS, clientId: rogue, orderId: '9', side: 'BUY', type: 'LIMIT', status: 'CANCELED', quantity: decimal('5'), executedQuantity: decimal('0'), price: decimal('1'), reduceOnly: false, updatedAt: world.clock.now() - 60_000 }] : [] });
    tradingState.answer = () => ({ ok: false, message: 'the file cannot be written' });
    await world.advance(130_000);
    expect(tradingState.of('set').length).to.be.greaterThan(2);
    tradingState.answer = () => ({ ok: true, view: {} });
    await world.advance(5_000);
    const asked = tradingState.told.length;
    await world.advance(600_000);
    expect(tradingState.told).to.have.length(asked);
    expect(new Set(tradingState.of('set').map((set) => set.reason)).size).to.equal(1);
  });

  it('looks two minutes after the start and then each hour, one symbol after the other, in the lane that waits for everybody', async () => {
    const { world, gateway, state, tradingState } = await alone();
    await world.advance(119_000);
    expect(gateway.told).to.deep.equal([]);
    await world.advance(2_000);
    const reads = gateway.of('read');
    expect(reads.map((read) => read.name)).to.deep.equal([...Array(2)].flatMap(() => ['orders', 'algoOrders', 'openAlgoOrders', 'trades', 'positions']));
    expect(reads.map((read) => (read.query as { symbol: string }).symbol).slice(4, 6)).to.deep.equal([...SYMBOLS]);
    expect(reads.find((read) => read.name === 'trades')?.query).to.include({ background: true });
    for (const name of ['orders', 'algoOrders', 'trades'] as const) expect(laneOf({ name, query: { symbol: GPS, since: 0, background: true } } as ReadOf), name).to.equal('background');
    await world.advance(3 * 3_600_000);
    expect(state()).to.include({ audits: 4, lastFindings: 0, lastFailure: null });
    expect(tradingState.told).to.deep.equal([]);
  });

  it('says why it could not, stands as an alert when none came to an end for hours, and is over with the next', async () => {
    const { world, venue, watchdog, state } = await alone();
    venue.away = true;
    await world.advance(4 * 3_600_000);
    expect(state()).to.include({ lastFailure: 'GPSUSDT: orders: connection refused', lastAt: null });
    expect(watchdog.last('standing')?.alerts.map((alert) => alert.name)).to.deep.equal(['audit-overdue']);
    expect(watchdog.last('standing')?.alerts[0]?.message).to.contain('connection refused');
    venue.away = false;
    await world.advance(3_600_000);
    expect(watchdog.last('standing')?.alerts).to.deep.equal([]);
  });

  it('answers everybody who asked with the one that runs, and whoever asks in vain with the reason', async () => {
    const { world, venue, gateway } = await alone();
    const ask = () => world.system.ask(world.system.ref('auditor') as never, { type: 'audit' } as never, 60_000) as Promise<AuditAnswer>;
    const both = [ask(), ask()];
    await world.advance(1_000);
    expect((await Promise.all(both)).map((answer) => answer.ok)).to.deep.equal([true, true]);
    expect(gateway.told, 'one audit').to.have.length(10);
    venue.away = true;
    const failed = ask();
    await world.advance(1_000);
    expect(await failed).to.deep.equal({ ok: false, message: 'GPSUSDT: orders: connection refused' });
  });

  it('reads a symbol again to which something happened meanwhile, and leaves it for the next time when it goes on', async () => {
    const { world, journal, gateway } = await alone();
    journal.answer = (message) => (message.type === 'read' && message.entity === `symbol/${GPS}` ? [{ entity: message.entity, sequence: 1, type: 'DriftFound', version: 1, at: world.clock.now(), payload: { journal: '0', venue: '1' } }] : []);
    const asked = world.system.ask(world.system.ref('auditor') as never, { type: 'audit' } as never, 60_000) as Promise<AuditAnswer>;
    await world.advance(20_000);
    const answer = await asked;
    expect(answer.ok && [answer.symbols.map(({ symbol }) => symbol), answer.skipped]).to.deep.equal([[SYMBOLS[1]], [GPS]]);
    expect(gateway.of('read').filter((read) => read.name === 'orders')).to.have.length(5);
  });
});
