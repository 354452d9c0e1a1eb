/** Exits: what ends a loss is looked at with every price, the rest each minute; plans go until the life shows them, once each; each decision is told. */
import { expect } from 'chai';
import { exitsBehaviour } from '../../src/actors/exits/exits.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { MarketStatistics } from '../../src/protocol/market.ts';
import type { DecisionLogMessage, ExecutorMessage, ExitsMessage } from '../../src/protocol/messages.ts';
import type { LifeView, PositionView } from '../../src/protocol/views.ts';
import type { PositionId, PositionSide } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';
import { makeCandles } from '../kit/decisions.ts';

const SETTINGS = { evaluateMs: 60_000, killScore: 0.6, killEvaluations: 2, costBps: 10, tiers: ['1:25', '1.5:50'], profitLockR: '1.5', profitLockPercent: '0.2', emergencyR: '1.5', timeStopMs: 14_400_000, timeStopR: '0.5' };
const badMarket = (at: number): MarketStatistics => ({ at, observedAt: at, atrShare: 0.01, sigma: 0.01, trendStrength: 0.3, regime: { trend: 0.1, meanReversion: 0.4, chop: 0.5 } });

async function bench(side: PositionSide = 'LONG', settings: Partial<typeof SETTINGS> = {}) {
  const world = new World();
  const ref = world.system.ref<ExitsMessage>('exits');
  const executor = new Probe<ExecutorMessage>(world, 'executor');
  const log = new Probe<DecisionLogMessage>(world, 'log');
  await world.start(executor.spec, log.spec, worker(ref, exitsBehaviour({ settings: { ...SETTINGS, ...settings }, stopPassedMs: 3_000, priceMaxAgeMs: 10_000, stopLossPercent: '2', takeProfitPercent: '4', executorOf: () => executor.ref, decisions: log.ref })));
  const stop = side === 'LONG' ? '0.98' : '1.02';
  const openedAt = world.clock.now();
  const held: PositionView = { positionId: 'p' as PositionId, side, quantity: '200', entryPrice: '1', leverage: 10, stopLoss: stop, takeProfit: null, stopOrderId: 's', guard: null, stopSeenAt: null, takeProfitOrderId: null, planId: 'p', openedAt, realizedPnl: '0', commission: '0', initialStop: stop, originalQuantity: '200', tiersDone: [], reducing: false };
  const life = (part: Partial<LifeView> = {}, position: Partial<PositionView> = {}) =>
    world.system.tell(ref, { type: 'life', view: { symbol: GPS, phase: 'Protected', notional: '200', leverageConfirmed: true, reconciledEpoch: 1, position: { ...held, ...position }, ...part } });
  let statistics: MarketStatistics | undefined;
  /** The mark, every 250 ms for so long. */
  const mark = async (price: string, ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      world.system.tell(ref, { type: 'market-view', view: { at: 0, symbols: new Map([[GPS, { symbol: GPS, candles: makeCandles(), mark: { price: decimal(price), observedAt: world.clock.now() }, ...(statistics === undefined ? {} : { statistics }) }]]) } });
      await world.advance(250);
    }
  };
  const plans = () => executor.told.filter((message) => message.type === 'close' || message.type === 'reduce' || message.type === 'move-stop');
  const told = () => log.of('decided').map(({ decision }) => decision);
  const view = () => (world.system.inspect('exits') as unknown as { state: { positions: Record<string, unknown>[] } }).state.positions;
  return { world, life, mark, plans, told, view, reasons: () => plans().map((plan) => plan.reason), say: (now: MarketStatistics | undefined) => (statistics = now), errors: () => world.logs.filter((line) => line.level === 'error').length };
}

describe('exits: a stop that is passed', () => {
  it('is closed once the mark has stood beyond it for 3 s, and not before (ruling 6)', async () => {
    for (const [side, beyond] of [['LONG', '0.975'], ['SHORT', '1.025']] as const) {
      const { life, mark, plans } = await bench(side);
      life();
      await mark(beyond, 3_000);
      expect(plans(), side).to.deep.equal([]);
      await mark(beyond, 250);
      expect(plans(), side).to.deep.equal([{ type: 'close', reason: 'STOP_PASSED', by: 'exits', positionId: 'p' }]);
    }
  });

  it('is counted from the beginning when the mark comes back in between', async () => {
    const { life, mark, plans } = await bench();
    life();
    await mark('0.975', 2_500);
    await mark('0.99', 250);
    await mark('0.975', 2_500);
    expect(plans()).to.deep.equal([]);
  });

  it('of one position is not counted for the next of the symbol', async () => {
    for (const [over, next] of [[{ phase: 'Closing' }, 'p'], [{ position: undefined }, 'q'], [undefined, 'q']] as const) {
      const { life, mark, plans } = await bench();
      life();
      await mark('0.975', 2_500);
      if (over !== undefined) {
        life(over as Partial<LifeView>);
        await mark('0.975', 250);
      }
      life({}, { positionId: next as PositionId });
      await mark('0.975', 2_500);
      expect(plans()).to.deep.equal([]);
    }
  });

  it('is none where no stop stands, where it is being closed already, and where it is not ours', async () => {
    for (const [part, position] of [[{ phase: 'Closing' }, {}], [{ phase: 'Drifted' }, {}], [{}, { stopLoss: null }]] as const) {
      const { life, mark, plans } = await bench();
      life(part, position);
      await mark('0.975', 10_000);
      expect(plans()).to.deep.equal([]);
    }
  });

  it('is counted afresh after a restart, as soon as life and price are heard again', async () => {
    const { world, life, mark, reasons } = await bench();
    life();
    await mark('0.975', 2_500);
    world.system.control('exits', 'kill', 'test');
    await world.advance(1_000);
    life();
    await mark('0.975', 3_000);
    expect(reasons()).to.deep.equal([]);
    await mark('0.975', 500);
    expect(reasons()).to.deep.equal(['STOP_PASSED']);
  });
});

describe('exits: an emergency', () => {
  it('closes at the first price beyond it, without statistics, in every phase in which something is held (failures 12, 95)', async () => {
    for (const phase of ['Protected', 'Opening', 'Ambiguous'] as const) {
      const { life, mark, reasons } = await bench();
      life({ phase }, { reducing: true });
      await mark('0.972', 250);
      expect(reasons(), phase).to.deep.equal([]);
      await mark('0.971', 250);
      expect(reasons(), phase).to.deep.equal(['EMERGENCY']);
    }
  });

  it('is not held up by a clock that is off: a mark is as fresh as its coming', async () => {
    const { world, life, mark, reasons } = await bench();
    life();
    await mark('1', 250);
    const ref = world.system.ref<ExitsMessage>('exits');
    world.system.tell(ref, { type: 'market-view', view: { at: 0, symbols: new Map([[GPS, { symbol: GPS, candles: [], mark: { price: decimal('0.9'), observedAt: world.clock.now() - 3_600_000 } }]]) } });
    await world.settle();
    expect(reasons()).to.deep.equal(['EMERGENCY']);
  });

  it('is decided by no mark from before that nobody has renewed: after a restart it waits for the next', async () => {
    const { world, life, reasons, errors } = await bench();
    const ref = world.system.ref<ExitsMessage>('exits');
    life();
    for (let second = 0; second < 5; second++) {
      world.system.tell(ref, { type: 'market-view', view: { at: 0, symbols: new Map([[GPS, { symbol: GPS, candles: [], mark: { price: decimal('0.9'), observedAt: 1 } }]]) } });
      await world.advance(1_000);
    }
    expect(reasons()).to.deep.equal([]);
    expect(errors()).to.equal(1);
  });
});

describe('exits: a plan', () => {
  it('goes once while the life shows it, and again after 5 s while it does not', async () => {
    const { life, mark, plans, told } = await bench();
    life();
    await mark('0.97', 4_750);
    expect(plans()).to.have.length(1);
    await mark('0.97', 2_000);
    expect(plans(), 'the life does not show it').to.have.length(2);
    expect(told().filter((decision) => decision.action === 'CLOSE'), 'decided once').to.have.length(1);
    life({ phase: 'Closing' });
    await mark('0.97', 20_000);
    expect(plans()).to.have.length(2);
  });

  it('of a close stays although the price comes back; one of a part goes with its reason', async () => {
    const close = await bench('LONG', { evaluateMs: 2_000 });
    close.life();
    await close.mark('0.97', 250);
    await close.mark('1.022', 6_000);
    expect(close.reasons(), 'and nothing else is planned').to.deep.equal(['EMERGENCY', 'EMERGENCY']);
    const part = await bench('LONG', { evaluateMs: 2_000 });
    part.life();
    await part.mark('1.022', 2_000);
    await part.mark('1', 10_000);
    expect(part.reasons()).to.deep.equal(['TIER_1']);
  });

  it('follows the one before as soon as that is done: lock, then tier by tier, each once', async () => {
    const { life, mark, plans, reasons } = await bench();
    life();
    await mark('1.035', 2_000);
    expect(plans()).to.deep.equal([{ type: 'move-stop', reason: 'PROFIT_LOCK', by: 'exits', positionId: 'p', stopPrice: '1.002' }]);
    life({}, { stopLoss: '1.002' });
    await mark('1.035', 2_000);
    expect(plans().at(-1)).to.deep.equal({ type: 'reduce', reason: 'TIER_1', by: 'exits', positionId: 'p', tier: '1', percent: '25' });
    life({}, { stopLoss: '1.002', tiersDone: ['1'], reducing: true });
    await mark('1.035', 10_000);
    expect(reasons(), 'nothing while a part is being closed').to.deep.equal(['PROFIT_LOCK', 'TIER_1']);
    life({}, { stopLoss: '1.002', tiersDone: ['1'], quantity: '150' });
    await mark('1.035', 2_000);
    expect(plans().at(-1)).to.include({ reason: 'TIER_1.5', percent: '50' });
    life({}, { stopLoss: '1.002', tiersDone: ['1', '1.5'], quantity: '50' });
    await mark('1.035', 120_000);
    expect(reasons()).to.deep.equal(['PROFIT_LOCK', 'TIER_1', 'TIER_1.5']);
  });

  it('to close overtakes one to reduce', async () => {
    const { life, mark, reasons } = await bench();
    life({}, { stopLoss: '0.99' });
    await mark('1.022', 1_250);
    expect(reasons()).to.deep.equal(['TIER_1']);
    await mark('0.97', 250);
    expect(reasons()).to.deep.equal(['TIER_1', 'EMERGENCY']);
    await mark('0.97', 4_000);
    expect(reasons(), 'and the part is not asked for again').to.deep.equal(['TIER_1', 'EMERGENCY']);
  });

  it('for a tier that was taken before a restart is not made again: the life knows (ruling 21)', async () => {
    const { world, life, mark, reasons } = await bench();
    life();
    await mark('1.022', 1_250);
    life({}, { tiersDone: ['1'] });
    world.system.control('exits', 'kill', 'test');
    await world.advance(1_000);
    life({}, { tiersDone: ['1'] });
    await mark('1.022', 70_000);
    expect(reasons()).to.deep.equal(['TIER_1']);
  });
});

describe('exits: each minute', () => {
  it('the kill score closes on the second evaluation on newer statistics, and unknown ones close nothing (ruling 22)', async () => {
    const { world, life, mark, say, reasons, view } = await bench();
    life();
    await mark('1', 130_000);
    expect(reasons(), 'unknown').to.deep.equal([]);
    say(badMarket(world.clock.now()));
    await mark('1', 130_000);
    expect(reasons(), 'the same statistics twice').to.deep.equal([]);
    expect(view()[0]).to.include({ killEvaluations: 1 });
    expect(view()[0]!['killScore'], 'with its age').to.be.closeTo(0.7312, 0.0001);
    say(badMarket(world.clock.now()));
    await mark('1', 60_000);
    expect([...new Set(reasons())]).to.deep.equal(['KILL_SCORE']);
  });

  it('age closes what goes nowhere', async () => {
    const { world, life, mark, reasons } = await bench();
    life({}, { openedAt: world.clock.now() - 14_400_000 });
    await mark('1.002', 1_250);
    expect(reasons()).to.deep.equal(['TIME_STOP']);
  });

  it('every decision is told with what it was decided by, to hold included (failure 67)', async () => {
    const { world, life, mark, say, told } = await bench();
    say(badMarket(world.clock.now()));
    life();
    await mark('1.001', 62_000);
    expect(told()).to.have.length(2);
    expect(told()[0]).to.deep.include({ stage: 'exit', symbol: GPS, outcome: 'passed', action: 'HOLD', by: 'exits', ids: { positionId: 'p', planId: 'p' } });
    expect(told()[0]!.inputs).to.include({ side: 'LONG', code: 'HOLD', mark: '1.001', entry: '1', initialStop: '0.98', stop: '0.98', r: '0.0000', flip: 1, spike: 0, drop: 0, chop: 0.5, killEvaluations: 1 });
    await mark('0.97', 250);
    expect(told().at(-1)).to.deep.include({ action: 'CLOSE', outcome: 'passed' });
    expect(told().at(-1)!.inputs).to.include({ code: 'EMERGENCY', limit: '-1.5', value: '-1.5500' });
  });

  it('a position whose price is not known is kept, said and alarmed once, whether the symbol is gone or the market silent', async () => {
    const { world, life, mark, told, plans, errors } = await bench();
    life();
    await mark('1', 2_000);
    await world.advance(130_000);
    expect(plans()).to.deep.equal([]);
    expect(errors()).to.equal(1);
    expect(told().at(-1)).to.deep.include({ stage: 'exit', outcome: 'PRICE_STALE', action: 'HOLD' });
    expect(told().at(-1)!.denials?.[0]).to.include({ code: 'PRICE_STALE', unknown: true, limit: '10000' });
    expect(told().filter((decision) => decision.outcome === 'PRICE_STALE').length).to.be.within(2, 4);
    await mark('1', 2_000);
    await world.advance(20_000);
    expect(errors(), 'and again when it is lost again').to.equal(2);
    const nothing = await bench();
    nothing.life();
    await nothing.world.advance(2_000);
    expect(nothing.told().map((decision) => decision.outcome)).to.deep.equal(['PRICE_MISSING']);
  });

  it('its view lists each position with R, K, tiers done, the next one and its age', async () => {
    const { world, life, mark, say, view } = await bench();
    say(badMarket(world.clock.now()));
    life({}, { tiersDone: ['1'] });
    await mark('1.01', 1_250);
    expect(view()).to.have.length(1);
    expect(view()[0]).to.deep.include({ symbol: GPS, positionId: 'p', r: '0.4500', tiersDone: ['1'], nextTier: '50 % at 1.5 R', decision: 'HOLD', markKnown: true, underWay: null });
    expect(view()[0]!['ageMs']).to.be.within(1_000, 2_000);
    life({ position: undefined } as unknown as Partial<LifeView>);
    await world.settle();
    expect(view()).to.deep.equal([]);
  });

  it('a tier beyond the target is warned of at the start', async () => {
    for (const [tiers, warnings] of [[['1:25', '1.5:50'], 0], [['2:25'], 1]] as const) {
      const { world } = await bench('LONG', { tiers: [...tiers] });
      expect(world.logs.filter((line) => line.level === 'warn')).to.have.length(warnings);
    }
  });
});
