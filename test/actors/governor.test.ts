/** The governor: fail-closed after every start, one reservation a symbol, and mandates as long as there is a position. */
import { expect } from 'chai';
import { governorBehaviour } from '../../src/actors/governor.ts';
import type { DecidedMessage, ExecutorMessage, GovernorMessage, JournalMessage } from '../../src/protocol/messages.ts';
import type { LifeView } from '../../src/protocol/views.ts';
import type { ClientId, MandateId, PlanId, SymbolName } from '../../src/protocol/names.ts';
import { createPermitAuthority } from '../../src/protocol/permit.ts';
import type { VenueWrite } from '../../src/protocol/venue.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aPlan, aUniverse, GPS, LIMITS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';
import { JOURNAL_UP, makeCandles, makeFunding, makePerformance, makePosition, makeStatistics } from '../kit/decisions.ts';

const BTC = 'BTCUSDT' as SymbolName;
const SYMBOLS = [GPS, BTC, '币安人生USDT' as SymbolName];

function aLife(symbol: SymbolName, part: Partial<LifeView> = {}): LifeView {
  return { symbol, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...part };
}

async function bench(limits: Partial<typeof LIMITS> = {}, opensOnRecord = 0) {
  const world = new World();
  const { clock, system } = world;
  const governor = system.ref<GovernorMessage>('governor');
  const journal = new Probe<JournalMessage>(world, 'journal');
  journal.answer = () => Array.from({ length: opensOnRecord }, () => ({ at: clock.now() - 60_000, payload: { purpose: 'entry' } }));
  const decisions = new Probe<DecidedMessage>(world, 'decisions');
  const executors = new Map(SYMBOLS.map((symbol) => [symbol, new Probe<ExecutorMessage>(world, `executor/${symbol}`)]));
  const authority = createPermitAuthority({ now: () => clock.now(), monotonic: () => clock.monotonic() });
  await world.start(
    journal.spec,
    decisions.spec,
    ...[...executors.values()].map((probe) => probe.spec),
    worker(governor, governorBehaviour({ issuer: authority.issuer, limits: { ...LIMITS, ...limits }, executorOf: (symbol) => executors.get(symbol)!.ref, executors: () => SYMBOLS, journal: journal.ref, decisions: decisions.ref })),
  );
  const tell = (message: GovernorMessage) => system.tell(governor, message);
  const inform: Record<string, () => unknown> = {
    TRADING_STATE_UNKNOWN: () => tell({ type: 'trading-state', view: { overall: 'ACTIVE', symbols: new Map(), cause: '', since: 0, tradingEpoch: 1, activatedAt: 0 } }),
    NOT_READY: () => tell({ type: 'readiness', view: { ready: true, missing: [], behind: [], since: 0 } }),
    EXECUTORS_UNREPORTED: () => SYMBOLS.map((symbol) => tell({ type: 'life', view: aLife(symbol) })),
    EQUITY_MISSING: () => tell({ type: 'equity', view: { equity: '1000', walletBalance: '1000', availableBalance: '1000', observedAt: clock.now(), performance: makePerformance({}, clock.now()) } }),
    PRICE_MISSING: () => tell({ type: 'market-view', view: { at: clock.now(), symbols: new Map(SYMBOLS.map((symbol) => [symbol, { symbol, candles: makeCandles(), mark: { price: decimal('0.01'), observedAt: clock.now() }, book: { bid: decimal('0.01'), ask: decimal('0.01'), observedAt: clock.now() }, statistics: makeStatistics({}, clock.now()), funding: makeFunding({}, clock.now()) }])) } }),
    STREAM_STALE: () => tell({ type: 'stream', view: { live: true, streamEpoch: 1, since: 0 } }),
    NOT_RECONCILED: () => tell({ type: 'reconciliation', view: { streamEpoch: 1, at: 0, unresolved: [] } }),
    CLOCK_SKEW: () => tell({ type: 'session', view: { clockOffsetMs: 0, modesConfirmed: true, brackets: new Map(SYMBOLS.map((symbol) => [symbol, [{ leverage: 50, notionalCap: decimal('10000') }]])) } }),
    UNIVERSE_UNKNOWN: () => tell({ type: 'universe', universe: aUniverse(SYMBOLS) }),
    LOCKS_UNKNOWN: () => tell({ type: 'locks', view: { locks: [], judged: new Map() } }),
    JOURNAL_AWAY: () => tell({ type: 'journal', view: JOURNAL_UP }),
  };
  const informAll = () => Object.values(inform).forEach((tellIt) => tellIt());
  const ask = async (symbol: SymbolName, plan = `plan-${symbol}`) => {
    const probe = executors.get(symbol)!;
    probe.clear();
    tell({ type: 'request-permit', plan: aPlan(clock.now(), { symbol, planId: plan as PlanId }).plan, clientId: `id-${plan}` as ClientId, executorIncarnation: 1 });
    await world.settle();
    const denied = probe.last('permit-denied');
    return denied === undefined ? 'granted' : denied.denials.map((one) => one.code);
  };
  return { world, tell, inform, informAll, ask, executors, authority };
}

const closing = (symbol: SymbolName): VenueWrite => ({ kind: 'CLOSE', symbol, clientId: 'c' as ClientId, side: 'SELL', quantity: decimal('1') });
const redeems = (authority: ReturnType<typeof createPermitAuthority>, mandateId: string) => authority.redeemer.redeem(closing(GPS), { by: 'mandate', mandateId: mandateId as MandateId }, 1).ok;

describe('governor', () => {
  it('takes no view for true that its owner has stopped saying: after five seconds it is not known any more', async () => {
    for (const [code, silent] of [['TRADING_STATE_UNKNOWN', 'TRADING_STATE_UNKNOWN'], ['NOT_READY', 'NOT_READY'], ['STREAM_STALE', 'STREAM_STALE'], ['NOT_RECONCILED', 'NOT_RECONCILED'], ['CLOCK_SKEW', 'CLOCK_SKEW'], ['UNIVERSE_UNKNOWN', 'UNIVERSE_UNKNOWN'], ['LOCKS_UNKNOWN', 'LOCKS_UNKNOWN']] as const) {
      const { world, inform, informAll, ask } = await bench();
      informAll();
      await world.advance(5_001);
      for (const [name, tellIt] of Object.entries(inform)) if (name !== silent) tellIt();
      expect(await ask(GPS), `${silent} said nothing`).to.include(code);
      inform[silent]!();
      expect(await ask(GPS, 'plan-again'), `${silent} speaks again`).to.equal('granted');
    }
  });

  it('decides on the newest of what it was told: a halt that came after a request, and before its turn, denies it', async () => {
    const { world, tell, informAll, ask } = await bench();
    informAll();
    world.system.control('governor', 'suspend', 'test');
    const asked = ask(GPS);
    tell({ type: 'trading-state', view: { overall: 'HALTED', symbols: new Map(), cause: 'operator', since: 0, tradingEpoch: 2, activatedAt: 0 } });
    world.system.control('governor', 'resume', 'test');
    expect(await asked).to.include('TRADING_HALTED');
  });

  it('grants nothing until every input is known, after a restart too: each one missing denies by its own name (rulings 14, 17)', async () => {
    const { world, inform, ask, informAll } = await bench();
    for (const missing of Object.keys(inform)) {
      world.system.control('governor', 'kill', 'test');
      await world.advance(40_000);
      for (const [name, tellIt] of Object.entries(inform)) if (name !== missing) tellIt();
      expect(await ask(GPS), missing).to.be.an('array').that.includes(missing);
    }
    informAll();
    expect(await ask(GPS)).to.equal('granted');
  });

  it('denies on an equity that has grown old (failure 73)', async () => {
    const { world, informAll, inform, ask } = await bench();
    informAll();
    await world.advance(LIMITS.equityMaxAgeMs + 1_000);
    for (const [name, tellIt] of Object.entries(inform)) if (name !== 'EQUITY_MISSING') tellIt();
    expect(await ask(GPS)).to.deep.equal(['EQUITY_STALE']);
    inform['EQUITY_MISSING']!();
    expect(await ask(GPS)).to.equal('granted');
  });

  it('of three plans for one free place grants exactly one, and gives the place back when its plan ends (failure 51)', async () => {
    const { informAll, ask, tell, world } = await bench({ maxPositions: 1 });
    informAll();
    expect(await ask(GPS)).to.equal('granted');
    expect(await ask(BTC)).to.deep.equal(['MAX_POSITIONS']);
    expect(await ask(GPS, 'plan-again')).to.include('POSITION_OPEN');
    tell({ type: 'life', view: aLife(GPS, { plan: { planId: `plan-${GPS}` as PlanId, stage: 'ended' } }) });
    await world.settle();
    expect(await ask(BTC)).to.equal('granted');
  });

  it('counts what is reserved against the total until it is filled, and then what is held', async () => {
    const { informAll, ask, tell } = await bench({ notionalTotal: '390' });
    informAll();
    expect(await ask(GPS)).to.equal('granted');
    expect(await ask(BTC)).to.deep.equal(['NOTIONAL_TOTAL']);
    tell({ type: 'life', view: aLife(GPS, { phase: 'Opening', notional: '190', plan: { planId: `plan-${GPS}` as PlanId, stage: 'sent' } }) });
    expect(await ask(BTC, 'plan-2'), 'it may still fill whole').to.deep.equal(['NOTIONAL_TOTAL']);
    tell({ type: 'life', view: aLife(GPS, { phase: 'Protected', notional: '190', position: makePosition(), plan: { planId: `plan-${GPS}` as PlanId, stage: 'sent' } }) });
    expect(await ask(BTC, 'plan-3')).to.equal('granted');
  });

  it('forgets a reservation that nobody took up (failures 52, 71)', async () => {
    const { informAll, ask, world } = await bench({ maxPositions: 1 });
    informAll();
    expect(await ask(GPS)).to.equal('granted');
    await world.advance(16_000);
    informAll();
    expect(await ask(BTC)).to.equal('granted');
  });

  it('reads the openings of the last hour back: a restart is no way round the rate limit (failure 55)', async () => {
    const { informAll, ask } = await bench({ opensPer5Min: 3 }, 3);
    informAll();
    expect(await ask(GPS)).to.deep.equal(['RATE_BURST']);
  });

  for (const [how, setBy] of [['on', 3_600_000], ['back', -3_600_000]] as const) {
    it(`counts what it grants, and what nobody takes up, by the clock that nobody sets: the wall clock is set ${how} by an hour`, async () => {
      const { informAll, ask, tell, world } = await bench({ maxPositions: 2, opensPer5Min: 2, opensPerHour: 2 });
      informAll();
      expect(await ask(GPS)).to.equal('granted');
      expect(await ask(BTC)).to.equal('granted');
      world.clock.setWall(setBy);
      informAll();
      tell({ type: 'life', view: aLife(GPS) });
      expect(await ask(SYMBOLS[2]!), 'right after').to.deep.equal(['MAX_POSITIONS', 'RATE_HOURLY', 'RATE_BURST']);
      await world.advance(16_000);
      informAll();
      expect(await ask(SYMBOLS[2]!, 'plan-2'), 'nobody took them up').to.deep.equal(['RATE_HOURLY', 'RATE_BURST']);
      await world.advance(3_600_000);
      informAll();
      expect(await ask(SYMBOLS[2]!, 'plan-3'), 'an hour after').to.equal('granted');
    });
  }

  it('voids what an earlier governor granted before it asks anything, and grants nothing until every executor has reported since (ruling 14)', async () => {
    const { informAll, inform, ask, tell, world, executors, authority } = await bench();
    informAll();
    expect(await ask(GPS)).to.equal('granted');
    const { permit } = executors.get(GPS)!.last('permit-granted')!;
    world.system.control('governor', 'kill', 'test');
    await world.advance(1_000);
    const { plan } = aPlan(world.clock.now(), { planId: `plan-${GPS}` as PlanId });
    const redeemed = authority.redeemer.redeem({ kind: 'OPEN', symbol: GPS, clientId: permit.clientId, side: 'BUY', quantity: decimal(plan.quantity), price: decimal(plan.limitPrice) }, { by: 'permit', permit }, 1);
    expect(redeemed).to.include({ ok: false, code: 'PERMIT_REVOKED' });
    for (const [name, tellIt] of Object.entries(inform)) if (name !== 'EXECUTORS_UNREPORTED') tellIt();
    tell({ type: 'life', view: aLife(GPS) });
    tell({ type: 'life', view: aLife(BTC) });
    expect(await ask(GPS, 'plan-2')).to.deep.equal(['EXECUTORS_UNREPORTED']);
    tell({ type: 'life', view: aLife(SYMBOLS[2]!) });
    expect(await ask(GPS, 'plan-2')).to.equal('granted');
  });

  it('shows each guard with what it found last', async () => {
    const { informAll, ask, tell, world, inform } = await bench({ maxPositions: 1 });
    const shown = () => (world.system.inspect('governor') as unknown as { state: { guards: { guard: string; last: { verdict: string }[] | null }[]; lastJudged: { symbol: string } | null } }).state;
    expect(shown().guards.every(({ last }) => last === null)).to.equal(true);
    informAll();
    await ask(GPS);
    expect(shown().lastJudged).to.include({ symbol: GPS });
    expect(shown().guards.every(({ last }) => last?.every(({ verdict }) => verdict === 'allow'))).to.equal(true);
    await world.advance(6_000);
    for (const [name, tellIt] of Object.entries(inform)) if (name !== 'LOCKS_UNKNOWN') tellIt();
    tell({ type: 'life', view: aLife(GPS, { phase: 'Protected' }) });
    expect(await ask(BTC)).to.have.members(['MAX_POSITIONS', 'LOCKS_UNKNOWN']);
    const found = Object.fromEntries(shown().guards.map(({ guard, last }) => [guard, last]));
    expect(found['MAX_POSITIONS']).to.deep.equal([{ verdict: 'deny', code: 'MAX_POSITIONS', limit: '1', value: '1' }]);
    expect(found['LOCKS_UNKNOWN']).to.deep.equal([{ verdict: 'unknown', code: 'LOCKS_UNKNOWN', detail: 'not reported' }]);
  });

  it('restores mandates from the lives it is told of, and ends them with Flat (ruling 2)', async () => {
    const { tell, world, authority } = await bench();
    const mandate = { mandateId: 'mandate-old' as MandateId, symbol: GPS, side: 'LONG' as const, maxQuantity: '20000' };
    expect(redeems(authority, 'mandate-old')).to.equal(false);
    tell({ type: 'life', view: aLife(GPS, { phase: 'Protected', mandate }) });
    await world.settle();
    expect(redeems(authority, 'mandate-old')).to.equal(true);
    tell({ type: 'life', view: aLife(GPS) });
    await world.settle();
    expect(redeems(authority, 'mandate-old')).to.equal(false);
  });

  it('ends a mandate whose position became flat while the governor was away (ruling 2)', async () => {
    const { tell, world, authority } = await bench();
    tell({ type: 'life', view: aLife(GPS, { phase: 'Protected', mandate: { mandateId: 'mandate-old' as MandateId, symbol: GPS, side: 'LONG', maxQuantity: '20000' } }) });
    await world.settle();
    world.system.control('governor', 'kill', 'test');
    await world.advance(1_000);
    tell({ type: 'life', view: aLife(GPS) });
    await world.settle();
    expect(redeems(authority, 'mandate-old')).to.equal(false);
  });

  it('keeps the mandate of an opening whose executor has not seen it yet', async () => {
    const { informAll, ask, tell, world, authority, executors } = await bench();
    informAll();
    expect(await ask(GPS)).to.equal('granted');
    const { mandate } = executors.get(GPS)!.last('permit-granted')!;
    tell({ type: 'life', view: aLife(GPS, { plan: { planId: `plan-${GPS}` as PlanId, stage: 'pending' } }) });
    await world.settle();
    expect(redeems(authority, mandate.mandateId)).to.equal(true);
  });

  it('lets leverage be set only for a flat symbol of the universe, with the account\'s modes confirmed', async () => {
    const { inform, informAll, tell, world, executors } = await bench();
    const probe = executors.get(GPS)!;
    const configure = async () => {
      probe.clear();
      tell({ type: 'request-configure', symbol: GPS, clientId: 'k' as ClientId, leverage: 10, marginMode: 'ISOLATED' });
      await world.settle();
      return probe.last('configure-denied')?.denials.map((one) => one.code) ?? (probe.last('configure-granted') === undefined ? 'silence' : 'granted');
    };
    expect(await configure()).to.deep.equal(['NOT_READY', 'POSITION_UNRESOLVED', 'SYMBOL_NOT_IN_POLICY_UNIVERSE']);
    inform['CLOCK_SKEW']!();
    inform['UNIVERSE_UNKNOWN']!();
    expect(await configure(), 'its executor has not reported').to.deep.equal(['POSITION_UNRESOLVED']);
    informAll();
    tell({ type: 'life', view: aLife(GPS, { phase: 'Closing' }) });
    expect(await configure()).to.deep.equal(['POSITION_OPEN']);
    tell({ type: 'life', view: aLife(GPS) });
    expect(await configure()).to.equal('granted');
  });
});
