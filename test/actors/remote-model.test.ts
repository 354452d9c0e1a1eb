/** Strategy remote-model over a real HTTP server: hanging, failing, lying, slow, returning; who answered in its place is always said (failure 5). */
import { expect } from 'chai';
import { generatorBehaviour } from '../../src/actors/generator.ts';
import type { Source } from '../../src/actors/strategies/evaluations.ts';
import { httpModel } from '../../src/model/http-model.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { BridgeMessage, DecisionLogMessage, FlowedMessage, GeneratorMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { strategy as trend24h } from '../../src/rules/strategies/trend-24h.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { aUniverse, GPS } from '../kit/actors.ts';
import { modelServer, well } from '../kit/model-server.ts';
import type { ModelServer } from '../kit/model-server.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const SYMBOLS = [GPS, ...(['BTCUSDT', 'ETHUSDT', 'HYPEUSDT', 'RIVERUSDT', '币安人生USDT'] as SymbolName[])];
const COUNT = SYMBOLS.length;

describe('remote-model', () => {
  let server: ModelServer;
  beforeEach(async () => (server = await modelServer()));
  afterEach(() => server.close());

  async function bench(answersInstead: typeof trend24h | 'nobody' = trend24h, symbols: readonly SymbolName[] = SYMBOLS) {
    const world = new World();
    const ref = world.system.ref<GeneratorMessage>('generator/remote-model');
    const bridge = new Probe<BridgeMessage>(world, 'bridge');
    const decisions = new Probe<DecisionLogMessage>(world, 'decisions');
    const watchdog = new Probe<FlowedMessage | StandingMessage>(world, 'watchdog');
    const source: Source = { kind: 'model', name: 'remote-model', does: 'Asks.', model: httpModel(server.url), timeoutMs: 5_000, circuit: { failuresToOpen: 3, retryMs: 60_000 }, fallback: answersInstead === 'nobody' ? undefined : answersInstead };
    await world.start(bridge.spec, decisions.spec, watchdog.spec, worker(ref, generatorBehaviour({ source, cycleMs: 60_000, minConfidence: 0.5, dataMaxAgeMs: 86_400_000, intentExpiryMs: 120_000, notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', maxFallbackShare: 0.5, shareWindowMs: 600_000, bridge: bridge.ref, decisions: decisions.ref, watchdog: watchdog.ref, edge: 'e' })));
    const tell = (message: GeneratorMessage) => world.system.tell(ref, message);
    const observedAt = world.clock.now();
    tell({ type: 'universe', universe: aUniverse(symbols) });
    tell({ type: 'session', view: { clockOffsetMs: 0, modesConfirmed: true, brackets: new Map() } });
    tell({ type: 'market-view', view: { at: observedAt, symbols: new Map(symbols.map((symbol) => [symbol, { symbol, candles: [], mark: { price: decimal('0.01'), observedAt }, ticker: { changePercent: decimal('12.74'), quoteVolume: decimal('5000'), observedAt } }])) } });
    tell({ type: 'readiness', view: { ready: true, missing: [], behind: [], since: 0 } });
    await world.advance(0);
    const told = () => decisions.of('decided').map(({ decision }) => decision);
    /** Until so many evaluations have been told of, however long the sockets take; time stands. */
    const evaluated = async (count: number) => {
      while (told().length < count) await world.settle();
    };
    const asked = async (count: number) => {
      while (server.questions.length < count) await world.settle();
    };
    const intents = () => bridge.of('intent').map(({ intent }) => intent);
    const alerts = () => watchdog.last('standing')?.alerts ?? [];
    const state = () => (world.system.inspect('generator/remote-model') as unknown as { state: Record<string, unknown> }).state;
    return { world, told, evaluated, asked, intents, alerts, state, watchdog };
  }

  it('asks once a symbol and cycle, four at a time, and publishes what the model says', async () => {
    server.reply = ({ symbol }) => (symbol === GPS ? well('long', 0.71) : well('hold', 0.4));
    const { world, told, evaluated, intents, watchdog } = await bench();
    await evaluated(COUNT);
    expect(server.questions.map((one) => one['symbol'])).to.have.members(SYMBOLS);
    expect(server.questions[0]).to.deep.include({ price: 0.01, volume: 5_000, timeframe: '1h' });
    expect(server.atOnce()).to.be.at.most(4);
    expect(intents()).to.have.length(1);
    expect(intents()[0]).to.include({ source: 'remote-model', symbol: GPS, side: 'LONG', confidence: 0.71 }).and.not.have.property('fallback');
    expect(told().filter((one) => one.outcome === 'SIGNAL_HOLD')).to.have.length(COUNT - 1);
    expect(watchdog.of('flowed').reduce((sum, { outcomes }) => sum + Object.values(outcomes).reduce((a, b) => a + b, 0), 0)).to.equal(COUNT);
    await world.advance(60_000);
    await evaluated(2 * COUNT);
    expect(server.questions).to.have.length(2 * COUNT);
  });

  it('hanging, is left after the deadline, opens its circuit, and the fallback answers and says so', async () => {
    server.reply = () => 'hang';
    const symbols = [...SYMBOLS, ...Array.from({ length: 20 }, (_, i) => `S${i}USDT` as SymbolName)];
    const { world, told, evaluated, asked, intents, alerts, state } = await bench(trend24h, symbols);
    await asked(4);
    await world.advance(4_999);
    expect(told()).to.have.length(0);
    await world.advance(1);
    await evaluated(4);
    await asked(6);
    await world.advance(5_000);
    await evaluated(symbols.length);
    await server.left(6);
    expect(server.questions, 'after the third failure nobody else is asked').to.have.length(6);
    expect(intents().map((one) => [one.source, one.fallback, one.confidence])).to.deep.equal(symbols.map(() => ['remote-model', 'trend-24h', 0.6274]));
    expect(told()[0]?.inputs).to.include({ source: 'remote-model', fallback: 'trend-24h', changePercent: '12.74', model: 'no answer within 5000 ms' });
    expect(state()).to.deep.include({ circuit: 'open', recent: { windowMs: 600_000, signals: 26, fallback: 26, share: 1 } });
    expect(alerts().map((one) => one.name)).to.deep.equal(['model-away/remote-model', 'model-fallback/remote-model']);
    expect(alerts()[0]?.message).to.match(/no answer within 5000 ms\); trend-24h answers in its place/);
    expect(alerts()[1]?.message).to.match(/^26 of the last 26 signals/);
  });

  it('failing, is left alone for its while, then tried with one question; returned, it is asked again, and the alerts go', async () => {
    server.reply = () => ({ status: 500, body: 'no' });
    const { world, evaluated, intents, alerts, state } = await bench();
    await evaluated(COUNT);
    const asked = server.questions.length;
    expect(asked).to.be.within(3, 6);
    await world.advance(59_000);
    expect(server.questions).to.have.length(asked);
    server.reply = () => well('long', 0.9);
    await world.advance(1_000);
    await evaluated(2 * COUNT);
    expect(server.questions.length - asked, 'one trial, the others answered for').to.equal(1);
    expect(intents().slice(-COUNT).filter((one) => one.fallback === undefined)).to.have.length(1);
    expect(state()).to.include({ circuit: 'closed' });
    await world.advance(60_000);
    await evaluated(3 * COUNT);
    expect(server.questions).to.have.length(asked + 1 + COUNT);
    expect(intents().slice(-COUNT).filter((one) => one.fallback !== undefined)).to.deep.equal([]);
    for (let cycles = 4; cycles < 16; cycles++) {
      await world.advance(60_000);
      await evaluated(cycles * COUNT);
    }
    await world.advance(1_000);
    expect(alerts()).to.deep.equal([]);
  });

  for (const [lie, body, reason] of [
    ['a negative confidence', '{"side":"long","confidence":-1}', /^confidence is -1, expected/],
    ['another symbol', '{"symbol":"DOGEUSDT","side":"long","confidence":0.9}', /^symbol is "DOGEUSDT", expected/],
    ['a page', '<html></html>', /did not answer JSON/],
  ] as const) {
    it(`lying with ${lie}, is not believed: nothing of the lie is published, and the reason is kept`, async () => {
      server.reply = () => ({ body });
      const { told, evaluated, intents, state } = await bench();
      await evaluated(COUNT);
      expect(new Set(intents().map((one) => one.confidence))).to.deep.equal(new Set([0.6274]));
      expect(told()[0]?.inputs?.['model']).to.match(reason);
      expect((state()['lastFailure'] as { reason: string }).reason).to.match(reason);
      expect(state()).to.include({ circuit: 'open' });
    });
  }

  it('without a fallback refuses with MODEL_UNAVAILABLE, and trades nothing', async () => {
    server.reply = () => 'reset';
    const { told, evaluated, intents } = await bench('nobody');
    await evaluated(COUNT);
    expect(new Set(told().map((one) => one.outcome))).to.deep.equal(new Set(['MODEL_UNAVAILABLE']));
    expect(told()[0]?.denials?.[0]).to.deep.include({ code: 'MODEL_UNAVAILABLE', unknown: true });
    expect(intents()).to.deep.equal([]);
  });

  it('slow, is asked the rest first in the next cycle, and nobody twice while an answer is awaited', async () => {
    const held: (() => void)[] = [];
    server.reply = () => (response) => void held.push(() => response.end('{"side":"hold","confidence":0.5}'));
    const symbols = Array.from({ length: 60 }, (_, i) => `S${i}USDT` as SymbolName);
    const { world, told, evaluated, asked, state } = await bench(trend24h, symbols);
    // Four answers each 4.9 s: of sixty questions a minute has room for twelve turns of four.
    for (let turn = 1; turn <= 12; turn++) {
      await asked(turn * 4);
      await world.advance(4_900);
      for (const answer of held.splice(0)) answer();
      await evaluated(turn * 4);
    }
    await asked(52);
    expect(state()).to.include({ asked: 4, waiting: 8, circuit: 'closed', failures: 0 });
    const inTime = server.questions.map((one) => one['symbol']);
    await world.advance(1_200);
    // The next cycle: the eight are answered for, and are the first to be asked; the four are not asked again.
    await evaluated(48 + 8);
    expect(told().slice(48).map((one) => one.inputs?.['model'])).to.deep.equal(Array.from({ length: 8 }, () => 'its turn did not come within the cycle'));
    expect(state()).to.include({ asked: 4, waiting: 56 });
    for (const answer of held.splice(0)) answer();
    await evaluated(48 + 8 + 4);
    await asked(56);
    expect(server.questions.slice(52).map((one) => one['symbol'])).to.deep.equal(symbols.filter((symbol) => !inTime.includes(symbol)).slice(0, 4));
    expect(new Set(told().map((one) => one.symbol)).size, 'each has been evaluated').to.equal(60);
  });
});
