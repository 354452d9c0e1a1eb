/** The locks actor: durable, drawn once from each close and refusal, whatever dies in between; nothing opens on a close nobody has looked at. */
import { expect } from 'chai';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { locksBehaviour } from '../../src/actors/locks.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { DecidedMessage, GatewayMessage, LocksMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { ClosedView, EquityView, LifeView, LocksView } from '../../src/protocol/views.ts';
import type { PositionId, SymbolName } from '../../src/protocol/names.ts';
import { restoreLockBook } from '../../src/rules/locks/record.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { CHINESE, GPS, HYPE, makeLife, makeMarket } from '../kit/decisions.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const HOUR = 3_600_000;
const RULES = {
  cooldownMs: 60_000,
  sameSignal: { pauseMs: 4 * HOUR, resetPercent: '1' },
  killClose: { pauseMs: HOUR },
  lossStreak: { losses: 3, pauseMs: HOUR },
  stopGuard: { stops: 4, windowMs: HOUR, pauseMs: HOUR },
  lowProfit: { trades: 4, windowMs: 24 * HOUR, minPercent: '0', pauseMs: 6 * HOUR },
  drawdown: { trades: 10, windowMs: 24 * HOUR, maxPercent: '5', pauseMs: HOUR },
  errorBreaker: { errors: 5, windowMs: 600_000, pauseMs: 900_000 },
};

let ids = 0;

async function bench(options: { journal?: MemoryJournal; startAt?: number } = {}) {
  const world = new World();
  if (options.startAt !== undefined) world.clock.moveTo(options.startAt);
  const { system, clock } = world;
  const journal = options.journal ?? new MemoryJournal();
  const journalRef = system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
  const ref = system.ref<LocksMessage>('locks');
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  const venue = { away: false, funding: '0' };
  gateway.answer = (message) => (venue.away || message.type !== 'read' ? { ok: false, kind: 'unreachable', message: 'down' } : { ok: true, value: [{ incomeId: '1', type: 'FUNDING_FEE', symbol: GPS, amount: decimal(venue.funding), asset: 'USDT', at: (message.query as { since: number }).since }] });
  const decisions = new Probe<DecidedMessage>(world, 'decisions');
  const watchdog = new Probe<StandingMessage>(world, 'watchdog');
  const governor = new Probe<{ readonly type: 'locks'; readonly view: LocksView }>(world, 'governor');
  await world.start(worker(journalRef, journalBehaviour(journal)), gateway.spec, decisions.spec, watchdog.spec, governor.spec, worker(ref, locksBehaviour({ rules: RULES, journal: journalRef, gateway: gateway.ref, decisions: decisions.ref, watchdog: watchdog.ref, subscribers: [governor.ref] })));
  await world.settle();
  const life = (fields: Partial<LifeView>) => system.tell(ref, { type: 'life', view: makeLife(fields) });
  const close = async (symbol: SymbolName, net: string, reason = 'TARGET', side: 'LONG' | 'SHORT' = 'LONG'): Promise<ClosedView> => {
    const lastClosed: ClosedView = { positionId: `p-${++ids}` as PositionId, planId: 'plan', side, reason, entryPrice: '0.01', quantity: '20000', openedAt: clock.now() - 1_000, closedAt: clock.now(), realizedPnl: net, commission: '0' };
    life({ symbol, lastClosed, lastClosedAt: lastClosed.closedAt });
    await world.advance(10);
    return lastClosed;
  };
  const view = () => governor.last('locks')!.view;
  const kinds = () => view().locks.map((one) => `${one.kind}/${one.symbol ?? '*'}`);
  const clear = async (lockId: string) => {
    const answer = system.ask(ref, { type: 'clear', lockId, reason: 'understood', by: 'operator' }, 1_000);
    await world.settle();
    return answer;
  };
  const tell = (message: LocksMessage) => system.tell(ref, message);
  return { world, clock, journal, venue, gateway, decisions, watchdog, governor, life, close, view, kinds, clear, tell };
}

describe('locks', () => {
  it('are drawn from a close once, however often the life is told, and end with their time', async () => {
    const { world, life, close, kinds, view, decisions } = await bench();
    const lastClosed = await close(CHINESE, '4');
    for (let i = 0; i < 3; i++) life({ symbol: CHINESE, lastClosed });
    await world.advance(2_000);
    expect(kinds()).to.deep.equal([`cooldown/${CHINESE}`]);
    expect(view().judged.get(CHINESE)).to.equal(lastClosed.closedAt);
    await world.advance(60_000);
    expect(kinds()).to.deep.equal([]);
    expect(decisions.of('decided').map(({ decision }) => [decision.stage, decision.symbol, decision.outcome])).to.deep.equal([['lock', CHINESE, 'SYMBOL_COOLDOWN'], ['lock', CHINESE, 'passed']]);
  });

  it('are written down whole when their entries are a day old, and taken up from there', async () => {
    const { world, journal, clock, close, view, kinds, life, clear } = await bench();
    for (let losses = 0; losses < 3; losses++) {
      await close(losses === 1 ? HYPE : GPS, '-5', 'STOP');
      await world.advance(1_000);
    }
    life({ symbol: GPS, lastRefusal: { venueCode: -2019, message: 'Margin is insufficient.', at: clock.now() } });
    await world.advance(1_000);
    for (const one of view().locks) if (one.kind !== 'margin') await clear(one.lockId);
    await world.advance(1_000);
    world.clock.moveTo(clock.now() + 24 * HOUR);
    await world.advance(2_000);
    const snapshots = () => journal.story('locks').filter((type) => type === 'Snapshot').length;
    expect(snapshots()).to.equal(1);
    const before = { view: view(), kinds: kinds() };
    expect(before.kinds).to.deep.equal(['margin/*']);
    world.system.control('locks', 'kill', 'test');
    await world.advance(5_000);
    expect(view()).to.deep.equal(before.view);
    expect((await journal.read('locks'))[0]?.type).to.equal('Snapshot');
    expect(restoreLockBook(await journal.read('locks'))).to.deep.equal(restoreLockBook(journal.entries.filter((entry) => entry.entity === 'locks' && entry.type !== 'Snapshot')));
    expect(snapshots(), 'not again').to.equal(1);
  });

  it('stand while the journal is away for long, restart nobody, and are on record afterwards, once and in order', async () => {
    const { world, journal, clock, close, kinds } = await bench();
    journal.mood = 'failing';
    await close(GPS, '-1', 'STOP');
    await world.advance(600_000);
    await close(HYPE, '-1', 'STOP');
    world.clock.moveTo(clock.now() + 24 * HOUR);
    await world.advance(2_000);
    expect(world.system.inspect('locks')).to.include({ incarnation: 1, status: 'running' });
    const before = kinds();
    journal.mood = 'ok';
    await world.advance(3_000);
    expect(world.system.inspect('locks')).to.include({ incarnation: 1 });
    const sequences = journal.entries.filter((entry) => entry.entity === 'locks').map((entry) => entry.sequence);
    expect(sequences).to.deep.equal(sequences.map((_one, index) => index + 1));
    // The Snapshot that was due meanwhile came last, when everything before it was on record.
    expect(journal.story('locks').indexOf('Snapshot')).to.equal(sequences.length - 1);
    expect([...restoreLockBook(await journal.read('locks')).standing.keys()]).to.have.length(before.length);
  });

  it('take the funding of the position for a part of its result (ruling 23)', async () => {
    const { venue, close, kinds } = await bench();
    venue.funding = '-0.5';
    for (const symbol of [GPS, HYPE, CHINESE]) await close(symbol, '0.4');
    expect(kinds()).to.include('loss-streak/*');
  });

  it('leave a close undecided while its funding cannot be asked for, and count it without at last', async () => {
    const { world, venue, close, view, kinds, journal } = await bench();
    venue.away = true;
    const closed = await close(GPS, '-1');
    await world.advance(5_000);
    expect(view().judged.get(GPS), 'nobody may open on it').to.equal(undefined);
    await world.advance(10_000);
    expect(view().judged.get(GPS)).to.equal(closed.closedAt);
    expect(kinds()).to.deep.equal([`cooldown/${GPS}`]);
    expect(journal.entries.find((entry) => entry.type === 'ResultRecorded')?.payload).to.have.nested.property('result.funding', null);
  });

  it('stand after a restart of the service, with what led to them, and a close nobody saw is found on record', async () => {
    const journal = new MemoryJournal();
    const first = await bench({ journal });
    await first.close(GPS, '-1', 'STOP');
    await first.close(HYPE, '-1');
    const now = first.clock.now();
    await journal.append([{ entity: `symbol/${CHINESE}`, sequence: 1, type: 'PositionClosed', version: 1, at: now + 500, payload: { positionId: 'p-x', reason: 'STOP', realizedPnl: '-2', commission: '0.1', side: 'SHORT', planId: 'plan-x', entryPrice: '0.2', quantity: '1000', openedAt: now } }]);
    const second = await bench({ journal, startAt: now + 1_000 });
    await second.world.advance(100);
    expect(second.kinds()).to.include.members([`same-signal/${GPS}`, `same-signal/${CHINESE}`, 'loss-streak/*']);
    expect(second.view().judged.get(CHINESE)).to.equal(now + 500);
    expect(second.watchdog.last('standing')?.alerts.map((alert) => alert.name)).to.deep.equal(['lock/loss-streak']);
  });

  it('are drawn from every close and every refusal, also of those after the wall clock was set back by an hour, over a restart too', async () => {
    const journal = new MemoryJournal();
    const first = await bench({ journal });
    const refuse = (desk: typeof first) => desk.life({ symbol: HYPE, lastRefusal: { venueCode: -4164, message: 'notional', at: desk.clock.now() } });
    await first.close(GPS, '1');
    refuse(first);
    first.clock.setWall(-HOUR);
    for (let refusals = 0; refusals < 5; refusals++) {
      await first.world.advance(1_000);
      refuse(first);
    }
    const closed = await first.close(GPS, '-1', 'STOP');
    await first.world.advance(10);
    expect(first.kinds()).to.include(`same-signal/${GPS}`).and.include('error-breaker/*');
    expect(first.view().judged.get(GPS)).to.equal(closed.closedAt);
    const second = await bench({ journal, startAt: first.clock.now() });
    await second.close(HYPE, '-1');
    await second.world.advance(10);
    second.life({ symbol: GPS, lastClosed: closed, lastClosedAt: closed.closedAt });
    await second.world.advance(10);
    expect(journal.entries.filter(({ type }) => type === 'ResultRecorded')).to.have.length(3);
    expect(second.view().judged.get(GPS)).to.equal(closed.closedAt);
  });

  it('are drawn once from a close that its executor, dead before it was on record, tells of anew at another time', async () => {
    const journal = new MemoryJournal();
    const { world, close, life, view } = await bench({ journal });
    const closed = await close(GPS, '-1', 'STOP');
    const again = { ...closed, closedAt: closed.closedAt + 3_000 };
    life({ symbol: GPS, lastClosed: again, lastClosedAt: again.closedAt });
    await world.advance(10);
    expect(journal.entries.filter(({ type }) => type === 'ResultRecorded')).to.have.length(1);
    expect(view().judged.get(GPS), 'nobody waits for a judgement of it').to.equal(again.closedAt);
  });

  for (const [how, setBy] of [['on', HOUR], ['back', -HOUR]] as const) {
    it(`last as long as was decided when the wall clock is set ${how} by an hour: one from before, one from after, and one from before a restart`, async () => {
      const journal = new MemoryJournal();
      const first = await bench({ journal });
      await first.close(GPS, '1');
      first.clock.setWall(setBy);
      await first.close(HYPE, '1');
      await first.world.advance(58_000);
      expect(first.kinds(), 'a moment before').to.deep.equal([`cooldown/${GPS}`, `cooldown/${HYPE}`]);
      await first.world.advance(3_000);
      expect(first.kinds(), 'when their time is over').to.deep.equal([]);
      const second = await bench({ journal, startAt: first.clock.now() });
      await second.close(CHINESE, '1');
      const third = await bench({ journal, startAt: second.clock.now() });
      third.clock.setWall(setBy);
      await third.world.advance(58_000);
      expect(third.kinds()).to.deep.equal([`cooldown/${CHINESE}`]);
      await third.world.advance(3_000);
      expect(third.kinds()).to.deep.equal([]);
    });
  }

  it('are cleared by an operator, for good, and one that is not there is named', async () => {
    const journal = new MemoryJournal();
    const { world, close, view, clear, kinds } = await bench({ journal });
    await close(GPS, '-1', 'STOP', 'SHORT');
    const lock = view().locks.find((one) => one.kind === 'same-signal')!;
    expect(lock).to.include({ side: 'SHORT', code: 'SAME_SIGNAL' });
    expect(await clear('lock-of-nobody')).to.deep.include({ ok: false });
    expect(await clear(lock.lockId)).to.deep.equal({ ok: true });
    expect(kinds()).to.deep.equal([`cooldown/${GPS}`]);
    const second = await bench({ journal, startAt: world.clock.now() + 100 });
    await second.world.advance(10);
    expect(second.kinds()).to.deep.equal([`cooldown/${GPS}`]);
    expect(journal.entries.at(-1)).to.deep.include({ type: 'LockEnded', payload: { lockId: lock.lockId, cause: 'understood', by: 'operator' } });
  });

  it('end when the signal has been gone, and when there is margin again (failure 40)', async () => {
    const { world, close, life, kinds, tell } = await bench();
    const closed = await close(GPS, '-1', 'TIME_STOP');
    life({ symbol: HYPE, lastRefusal: { venueCode: -2019, message: 'Margin is insufficient.', at: world.clock.now() } });
    await world.advance(70_000);
    expect(kinds()).to.deep.equal([`same-signal/${GPS}`, 'margin/*']);
    const equity = (availableBalance: string): EquityView => ({ equity: '1000', walletBalance: '1000', availableBalance, observedAt: world.clock.now() });
    tell({ type: 'equity', view: equity('5') });
    const back = async (observedAt: number) => {
      tell({ type: 'market-view', view: { at: 0, symbols: new Map([[GPS, makeMarket({ symbol: GPS, ticker: { changePercent: decimal('0.7'), quoteVolume: decimal('1'), observedAt } })]]) } });
      await world.advance(10);
    };
    await back(closed.closedAt);
    expect(kinds(), 'a change from before the close says nothing').to.deep.equal([`same-signal/${GPS}`]);
    await back(closed.closedAt + 1);
    expect(kinds()).to.deep.equal([]);
  });

  it('have openings rest when a stop was not taken, over a restart, and are told as an alert', async () => {
    const journal = new MemoryJournal();
    const first = await bench({ journal });
    const at = first.clock.now();
    for (let i = 0; i < 3; i++) {
      first.tell({ type: 'venue-refused', asked: 'PROTECT', refusal: { symbol: GPS, venueCode: -4120, message: 'not supported', at: first.clock.now() } });
      await first.world.advance(1_000);
    }
    expect(first.view().locks.map(({ kind, symbol, code, until }) => [kind, symbol, code, until])).to.deep.equal([['venue-refusal', null, 'VENUE_PAUSED', at + 15 * 60_000]]);
    expect(first.watchdog.last('standing')?.alerts[0]?.message).to.include('-4120').and.include('VENUE_PAUSED');
    first.tell({ type: 'venue-refused', asked: 'PROTECT', refusal: { symbol: GPS, venueCode: -2021, message: 'would trigger', at: first.clock.now() } });
    await first.world.advance(10);
    expect(first.kinds()).to.have.length(1);
    const second = await bench({ journal, startAt: first.clock.now() });
    await second.world.advance(10);
    expect(second.kinds()).to.deep.equal(['venue-refusal/*']);
    await second.world.advance(15 * 60_000);
    expect(second.kinds()).to.deep.equal([]);
  });

  it('count each refusal of the venue once, over a restart too', async () => {
    const journal = new MemoryJournal();
    const first = await bench({ journal });
    const refuse = (desk: typeof first, at: number) => desk.life({ symbol: GPS, lastRefusal: { venueCode: -4164, message: 'notional', at } });
    for (let i = 0; i < 4; i++) {
      refuse(first, first.clock.now());
      refuse(first, first.clock.now());
      await first.world.advance(1_000);
    }
    expect(first.kinds()).to.deep.equal([]);
    const second = await bench({ journal, startAt: first.clock.now() });
    refuse(second, first.clock.now() - 1_000);
    await second.world.advance(10);
    expect(second.kinds()).to.deep.equal([]);
    refuse(second, second.clock.now());
    await second.world.advance(10);
    expect(second.kinds()).to.deep.equal(['error-breaker/*']);
  });
});
