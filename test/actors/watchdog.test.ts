/** The watchdog: who is silent is restarted within its budget, who cannot help it is not, and what stays wrong is told until it is right. */
import { expect } from 'chai';
import { watchdogBehaviour } from '../../src/actors/watchdog.ts';
import type { WatchdogOptions } from '../../src/actors/watchdog.ts';
import type { TradingStateCauses, WatchdogMessage } from '../../src/protocol/messages.ts';
import type { AlertView, FlowView } from '../../src/protocol/read-models.ts';
import type { LifeView, Phase } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { WorkerSpec } from '../../src/supervision/child-spec.ts';
import type { FlowContract } from '../../src/supervision/flow/flow-contract.ts';
import type { Ref, Tagged } from '../../src/supervision/ref.ts';
import type { RestartPolicy } from '../../src/supervision/tree/restart-budget.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const GENERATOR = 'generator/test';
const EVERY = 120_000;
const GRACE = 180_000;
const EVALUATION: FlowContract = { edge: 'evaluation', producer: GENERATOR, everyMs: EVERY, graceMs: GRACE, windowMs: 600_000, minimum: 5, restarts: { limit: 5, windowMs: 3_600_000 }, needs: ['market'], heldWhile: 'ready' };
const INTENTS: FlowContract = { edge: 'intents', producer: 'market', everyMs: null, graceMs: GRACE, maxMisconfiguredRatio: 0.95, misconfigurations: new Set(['SOURCE_UNKNOWN']), windowMs: 600_000, minimum: 5, restarts: { limit: 5, windowMs: 3_600_000 }, needs: [] };

/** Reports every minute while `mute` is false; dies at once while `broken`. */
interface Mood {
  mute: boolean;
  broken: boolean;
}

function producer(watchdog: Ref<WatchdogMessage>, mood: Mood): Behaviour<{ readonly type: 'cycle' }, null> {
  return {
    role: 'producer', purpose: 'reports in tests', consumes: { cycle: '' }, emits: [], mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' },
    init(ctx) {
      ctx.timers.once('first', 0, { type: 'cycle' });
      ctx.timers.every('cycle', 60_000, { type: 'cycle' });
      return null;
    },
    receive(_state, _message, ctx) {
      if (mood.broken) throw new Error('broken');
      if (!mood.mute) ctx.tell(watchdog, { type: 'flowed', edge: 'evaluation', outcomes: { HOLD: 1 } });
      return same;
    },
    view: () => null,
  };
}

async function bench(options: Partial<WatchdogOptions> = {}, policy: Partial<RestartPolicy> = {}) {
  const world = new World();
  const { system } = world;
  const ref = system.ref<WatchdogMessage>('watchdog');
  const moods: Record<string, Mood> = { [GENERATOR]: { mute: false, broken: false }, market: { mute: true, broken: false }, gateway: { mute: true, broken: false } };
  const one = (path: string): WorkerSpec => worker(system.ref<{ readonly type: 'cycle' }>(path), producer(ref, moods[path]!), { policy });
  const tradingState = new Probe<TradingStateCauses>(world, 'trading-state');
  const ends: string[] = [];
  const watchdog = watchdogBehaviour({ contracts: [EVALUATION, INTENTS], tree: () => system.tree(), kill: (path, reason) => void system.control(path, 'kill', reason), tradingState: tradingState.ref, startAfresh: (reason) => void ends.push(reason), ...options });
  await world.start(one('gateway'), one('market'), tradingState.spec, one(GENERATOR), worker(ref as unknown as Ref<Tagged>, watchdog as unknown as Behaviour<Tagged, unknown>));
  const tell = (message: WatchdogMessage) => void system.tell(ref, message);
  const ready = (is: boolean, missing: string[] = []) => tell({ type: 'readiness', view: { ready: is, behind: [], missing: missing.map((input) => ({ input, reason: 'away' })), since: 0 } });
  const life = (phase: Phase) => tell({ type: 'life', view: { symbol: 'GPSUSDT' as SymbolName, phase, notional: '0', leverageConfirmed: true, reconciledEpoch: 1 } satisfies LifeView });
  const asked = async <Answer>(question: { readonly type: 'get-flows' | 'get-alerts' }): Promise<Answer> => {
    const answer = system.ask(ref, question, 1_000);
    await world.settle();
    return (await answer) as Answer;
  };
  const flow = async (edge = 'evaluation') => (await asked<readonly FlowView[]>({ type: 'get-flows' })).find((found) => found.edge === edge)!;
  const alerts = async () => (await asked<readonly AlertView[]>({ type: 'get-alerts' })).map((alert) => alert.name);
  const node = (path = GENERATOR) => system.inspect(path)!;
  ready(true);
  await world.settle();
  return { world, system, moods, tradingState, ends, tell, ready, life, asked, flow, alerts, node, mood: moods[GENERATOR]! };
}

describe('watchdog', () => {
  it('leaves alone who reports in time, for a day', async () => {
    const { world, flow, alerts, node } = await bench({ lookEveryMs: 10_000 });
    await world.advance(86_400_000);
    expect(node()).to.include({ incarnation: 1, status: 'running' });
    expect(await alerts()).to.deep.equal([]);
    expect(await flow()).to.deep.include({ state: 'fine', broken: false, breaker: 'closed', message: '', everyMs: EVERY, graceMs: GRACE });
  });

  it('restarts who goes quiet, in its own budget, tells of it, and is content when it flows again (failures 1, 4)', async () => {
    const { world, flow, alerts, node, mood, asked } = await bench();
    await world.advance(600_000);
    const wentQuiet = world.clock.now();
    mood.mute = true;
    await world.advance(EVERY - 1_000);
    expect(node(), 'not before its time').to.include({ incarnation: 1 });
    await world.advance(3_000);
    expect(node()).to.include({ incarnation: 2, status: 'running', restarts: 1 });
    expect(node().restartBudget.used).to.equal(1);
    expect(await alerts()).to.deep.equal(['flow-silent/evaluation']);
    const [alert] = await asked<readonly AlertView[]>({ type: 'get-alerts' });
    expect(Date.parse(alert!.since) - wentQuiet).to.be.within(EVERY - 1_000, EVERY + 2_000);
    expect(await flow()).to.include({ state: 'silent', broken: true });
    mood.mute = false;
    await world.advance(61_000);
    expect(await flow()).to.include({ state: 'fine', broken: false });
    expect(await alerts()).to.deep.equal([]);
    expect(node()).to.include({ incarnation: 2 });
  });

  it('gives a restarted one its grace before the next, stops at the budget of the contract, and goes on telling (ruling 27)', async () => {
    const { world, flow, alerts, node, mood } = await bench();
    mood.mute = true;
    await world.advance(GRACE + 5_000);
    expect(node()).to.include({ incarnation: 2 });
    await world.advance(GRACE - 10_000);
    expect(node(), 'its grace').to.include({ incarnation: 2 });
    await world.advance(20_000);
    expect(node()).to.include({ incarnation: 3 });
    await world.advance(3_000_000);
    expect(node(), 'five, and no more').to.include({ incarnation: 6 });
    expect(await flow()).to.include({ broken: true, restartsSpent: true });
    expect((await flow()).message).to.match(/was restarted 5 times for it, to no avail/);
    expect(await alerts()).to.deep.equal(['flow-silent/evaluation']);
    expect(world.logs.filter((line) => line.message.startsWith('alert: evaluation')), 'one alert, not one a look').to.have.length(1);
  });

  it('does not kill beyond the budget of the producer itself: it is told, and nothing more is tried', async () => {
    const { world, flow, node, mood } = await bench({}, { limit: 2, windowMs: 3_600_000 });
    mood.mute = true;
    await world.advance(2 * GRACE + 10_000);
    expect(node()).to.include({ incarnation: 3 });
    await world.advance(3_000_000);
    expect(node()).to.include({ incarnation: 3, status: 'running' });
    expect(await flow()).to.include({ broken: true, restartsSpent: true });
    expect((await flow()).message).to.match(/the restart budget of generator\/test is spent \(2 of 2\)/);
    expect((await flow()).restarts.used).to.equal(2);
    await world.advance(450_000);
    expect(node(), 'the window of its budget has passed').to.include({ incarnation: 4 });
  });

  it('holds nobody to evaluations while the ready gate is shut, however long, and gives a grace when it opens (rulings 17, 32)', async () => {
    const { world, ready, flow, alerts, node, mood } = await bench();
    ready(false, ['universe']);
    mood.mute = true;
    await world.advance(7_200_000);
    expect(node()).to.include({ incarnation: 1 });
    expect(await flow()).to.include({ state: 'released', broken: false });
    expect(await alerts()).to.deep.equal([]);
    ready(true);
    await world.advance(GRACE);
    expect(node()).to.include({ incarnation: 1 });
    await world.advance(3_000);
    expect(node()).to.include({ incarnation: 2 });
  });

  it('does not kill who waits for another that is away: it is told, and mends nothing', async () => {
    const { world, system, flow, node, mood } = await bench();
    system.control('market', 'suspend', 'a test');
    mood.mute = true;
    await world.advance(GRACE + 60_000);
    expect(node()).to.include({ incarnation: 1 });
    expect(await flow()).to.include({ broken: true });
    expect((await flow()).message).to.match(/generator\/test waits for market, which is suspended/);
    system.control('market', 'resume', 'a test');
    await world.advance(2_000);
    expect(node()).to.include({ incarnation: 2 });
  });

  it('tells of one that an operator has suspended, does not kill it, and gives it a grace when it goes on', async () => {
    const { world, system, flow, alerts, node, mood } = await bench();
    await world.advance(200_000);
    system.control(GENERATOR, 'suspend', 'a test');
    await world.advance(EVERY + 60_000);
    expect(node()).to.include({ incarnation: 1, status: 'suspended' });
    expect((await flow()).message).to.match(/is suspended/);
    expect(await alerts()).to.deep.equal(['flow-silent/evaluation']);
    mood.mute = true;
    system.control(GENERATOR, 'resume', 'a test');
    await world.advance(GRACE - 65_000);
    expect(node()).to.include({ incarnation: 1, status: 'running' });
    mood.mute = false;
    await world.advance(61_000);
    expect(node()).to.include({ incarnation: 1, status: 'running' });
    expect(await alerts()).to.deep.equal([]);
  });

  it('notices one that dies over and over before its grace is over, and leaves its restarts to its supervisor', async () => {
    const { world, flow, alerts, mood } = await bench();
    await world.advance(300_000);
    mood.broken = true;
    await world.advance(GRACE + EVERY);
    expect(await alerts()).to.include('flow-silent/evaluation');
    expect(await alerts()).to.include(`restarts-spent/${GENERATOR}`);
    expect((await flow()).restarts.used).to.equal(0);
    mood.broken = false;
    await world.advance(100_000);
    expect(await alerts()).to.deep.equal([]);
  });

  it('opens the breaker of an edge that carries what nobody could trade, and restarts nothing (failure 3)', async () => {
    const { world, tell, flow, alerts, node } = await bench();
    for (let i = 0; i < 10; i++) tell({ type: 'flowed', edge: 'intents', outcomes: { SOURCE_UNKNOWN: 1 } });
    await world.advance(2_000);
    expect(await flow('intents')).to.deep.include({ breaker: 'open', broken: true, outcomes: { SOURCE_UNKNOWN: 10 } });
    expect(await alerts()).to.deep.equal(['flow-misconfigured/intents']);
    expect(node('market')).to.include({ incarnation: 1 });
    await world.advance(700_000);
    expect(await flow('intents')).to.include({ breaker: 'closed', broken: false });
    expect(await alerts()).to.deep.equal([]);
  });

  it('counts nobody\'s silence for the time it slept itself', async () => {
    const { world, system, node, flow } = await bench();
    await world.advance(200_000);
    system.control('watchdog', 'suspend', 'a stopped process');
    system.control(GENERATOR, 'suspend', 'a stopped process');
    await world.advance(3_600_000);
    system.control('watchdog', 'resume', 'it goes on');
    system.control(GENERATOR, 'resume', 'it goes on');
    await world.advance(1_000);
    expect(node()).to.include({ incarnation: 1 });
    expect(await flow()).to.include({ broken: false });
  });

  it('keeps its expectations over its own restart: they come from the configuration, never from who reported', async () => {
    const { world, system, node, mood, ready } = await bench();
    await world.advance(200_000);
    mood.mute = true;
    system.control('watchdog', 'kill', 'a test');
    await world.advance(1_000);
    ready(true);
    await world.advance(GRACE + 3_000);
    expect(node()).to.include({ incarnation: 2 });
  });

  it('tells the trading state each second what lowers it, and that nothing does (rulings 12, 13)', async () => {
    const { world, system, tradingState, alerts, moods, ready } = await bench();
    await world.advance(1_000);
    expect(tradingState.last('causes')).to.deep.equal({ type: 'causes', causes: [], reconciled: true });
    moods['gateway']!.broken = true;
    system.control('gateway', 'kill', 'a test');
    await world.advance(15_000);
    expect(tradingState.last('causes')?.causes.map((cause) => cause.key)).to.deep.equal(['gateway']);
    expect(await alerts()).to.deep.equal(['restarts-spent/gateway']);
    moods['gateway']!.broken = false;
    ready(true, ['reconciliation']);
    await world.advance(100_000);
    expect(tradingState.last('causes')).to.deep.equal({ type: 'causes', causes: [], reconciled: false });
    expect(await alerts()).to.deep.equal([]);
  });

  it('passes on what others say lowers the trading state, beside what it sees itself, until they say otherwise', async () => {
    const { world, tell, tradingState } = await bench();
    tell({ type: 'standing', from: 'gateway', alerts: [], causes: [{ key: 'venue-banned', symbol: undefined, reason: 'banned until later' }] });
    tell({ type: 'standing', from: 'findings', alerts: [] });
    await world.advance(1_000);
    expect(tradingState.last('causes')?.causes).to.deep.equal([{ key: 'venue-banned', symbol: undefined, reason: 'banned until later' }]);
    tell({ type: 'standing', from: 'gateway', alerts: [] });
    await world.advance(1_000);
    expect(tradingState.last('causes')?.causes).to.deep.equal([]);
  });

  it('knows over its own restart what others have said that stands: to none of it does it say that it has gone', async () => {
    const { world, tell, tradingState, alerts } = await bench();
    const cause = { key: 'unreconciled/GPSUSDT', symbol: 'GPSUSDT' as SymbolName, reason: 'they differ', endedByOperator: true } as const;
    tell({ type: 'standing', from: 'reconciler', alerts: [{ name: 'unreconciled/GPSUSDT', message: 'they differ' }], causes: [cause] });
    await world.advance(1_000);
    const before = tradingState.of('causes').length;
    world.system.control('watchdog', 'kill', 'test');
    await world.advance(3_000);
    const since = tradingState.of('causes').slice(before);
    expect(since.length).to.be.greaterThan(0);
    for (const { causes } of since) expect(causes).to.deep.equal([cause]);
    expect(await alerts()).to.include('unreconciled/GPSUSDT');
  });

  it('puts nothing into the mailbox of a trading state that is away: an operator\'s halt must find room', async () => {
    const { world, system, tradingState } = await bench();
    system.control('trading-state', 'suspend', 'a test');
    tradingState.clear();
    await world.advance(60_000);
    expect(system.inspect('trading-state')?.mailbox.depth).to.be.lessThan(2);
  });

  it('ends the process once when the gateway is away for a minute with something open (ruling 13)', async () => {
    const { world, system, ends, life, moods } = await bench();
    life('Protected');
    moods['gateway']!.broken = true;
    system.control('gateway', 'kill', 'a test');
    await world.advance(58_000);
    expect(ends).to.deep.equal([]);
    await world.advance(120_000);
    expect(ends).to.have.length(1);
    expect(ends[0]).to.match(/the gateway has been away for 6\d s; open: GPSUSDT/);
  });

  it('does not end the process for a gateway that is away with nothing open, or that came back', async () => {
    const { world, system, ends, life, moods, alerts } = await bench();
    life('Flat');
    moods['gateway']!.broken = true;
    system.control('gateway', 'kill', 'a test');
    await world.advance(120_000);
    expect(ends).to.deep.equal([]);
    expect(await alerts()).to.include('gateway-away');
    moods['gateway']!.broken = false;
    await world.advance(50_000);
    life('Protected');
    await world.advance(300_000);
    expect(ends).to.deep.equal([]);
  });

  it('keeps what others say that stands until they say otherwise, each for himself', async () => {
    const { world, tell, alerts } = await bench();
    tell({ type: 'standing', from: 'universe', alerts: [{ name: 'universe-shrunk', message: '4 of 9' }] });
    tell({ type: 'standing', from: 'generator/remote-model', alerts: [{ name: 'fallback-share', message: '0.8' }] });
    await world.advance(1_000);
    expect(await alerts()).to.deep.equal(['universe-shrunk', 'fallback-share']);
    tell({ type: 'standing', from: 'universe', alerts: [] });
    await world.advance(1_000);
    expect(await alerts()).to.deep.equal(['fallback-share']);
  });

  it('passes on what of it lowers trading, for as long as it stands, beside its own', async () => {
    const { world, tell, tradingState } = await bench();
    const cause = { key: 'unreconciled/GPSUSDT', symbol: 'GPSUSDT' as SymbolName, reason: 'they differ', endedByOperator: true } as const;
    tell({ type: 'standing', from: 'reconciler', alerts: [], causes: [cause] });
    await world.advance(1_000);
    expect(tradingState.last('causes')?.causes).to.deep.equal([cause]);
    tell({ type: 'standing', from: 'reconciler', alerts: [], causes: [] });
    await world.advance(1_000);
    expect(tradingState.last('causes')?.causes).to.deep.equal([]);
  });
});
