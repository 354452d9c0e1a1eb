/** What other programs read in Redis: the fields they are used to, the newest state, and never at the cost of trading. */
import { expect } from 'chai';
import { readModelsBehaviour } from '../../src/actors/read-models.ts';
import type { ReadModelsMessage } from '../../src/actors/read-models.ts';
import type { ReadModels } from '../../src/persistence/port.ts';
import { redisReadModels } from '../../src/persistence/redis/read-models.ts';
import type { ClientId, IntentId, PlanId, PositionId, SymbolName } from '../../src/protocol/names.ts';
import type { RecordedDecision, ShownChange } from '../../src/protocol/read-models.ts';
import type { LifeView, PositionView } from '../../src/protocol/views.ts';
import { shownDecision, shownPosition } from '../../src/rules/read-models.ts';
import type { WorkerDetail } from '../../src/supervision/inspection.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { describeWithRedis, RedisServer } from '../kit/redis.ts';
import { World } from '../kit/world.ts';

const CJK = '币安人生USDT' as SymbolName;
const POSITION: PositionView = {
  positionId: 'p1' as PositionId, side: 'LONG', quantity: '23089', entryPrice: '0.0086712345', leverage: 10, stopLoss: '0.0085', takeProfit: null, stopOrderId: 's', guard: null, stopSeenAt: null, takeProfitOrderId: null, planId: 'plan1', openedAt: 1_770_000_000_999,
  realizedPnl: '0', commission: '0.08', initialStop: '0.0085', originalQuantity: '23089', tiersDone: [], reducing: false,
};

function life(symbol: SymbolName, position?: Partial<PositionView>): LifeView {
  return { symbol, phase: position === undefined ? 'Flat' : 'Protected', notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...(position === undefined ? {} : { position: { ...POSITION, ...position } }) };
}

function decision(part: Partial<RecordedDecision> = {}): RecordedDecision {
  return { stage: 'intent', symbol: CJK, outcome: 'passed', at: 1_770_000_000_500, lastAt: 1_770_000_000_500, count: 1, by: 'bridge', ids: { intentId: 'i1' as IntentId }, inputs: { source: 'trend-24h', side: 'LONG', confidence: 0.62, universeVersion: 3, mark: null }, ...part };
}

describe('read models', () => {
  it('show a position in the fields operators are used to, and nothing of one that is flat', () => {
    expect(shownPosition(life(CJK, {}))).to.deep.equal({
      name: 'position:币安人生USDT',
      record: { symbol: CJK, side: 'LONG', quantity: '23089', entry_price: '0.0086712345', leverage: '10', stop_loss: '0.0085', take_profit: '', plan_id: 'plan1', created_at: '1770000000' },
    });
    expect(shownPosition(life(CJK))).to.deep.equal({ name: 'position:币安人生USDT', record: null });
  });

  it('show intents, plans and what came of them in three streams, refusals with their code', () => {
    expect(shownDecision(decision())).to.deep.equal({ name: 'stream:trade.intent', added: { symbol: CJK, stage: 'intent', outcome: 'passed', by: 'bridge', created_at: '1770000000', intent_id: 'i1', source: 'trend-24h', side: 'LONG', confidence: '0.62', universe_version: '3' } });
    expect(shownDecision(decision({ stage: 'plan', ids: { planId: 'x' as PlanId } }))).to.deep.include({ name: 'stream:apply.plan' });
    for (const stage of ['permit', 'order', 'fill', 'position'] as const) {
      const denied = decision({ stage, outcome: 'EQUITY_STALE', ids: { planId: 'x' as PlanId, clientId: 'c' as ClientId }, denials: [{ code: 'EQUITY_STALE', limit: '60000', detail: 'equity is 2185 s old' }] });
      const shown = shownDecision(denied) as { name: string; added: Record<string, string> };
      expect([shown.name, shown.added['outcome'], shown.added['stage'], shown.added['plan_id'], shown.added['client_id'], shown.added['detail']]).to.deep.equal(['stream:apply.result', 'EQUITY_STALE', stage, 'x', 'c', 'equity is 2185 s old']);
    }
    for (const stage of ['signal', 'exit', 'lock'] as const) expect(shownDecision(decision({ stage }))).to.equal(undefined);
  });

  /** A store that keeps what it was shown, answers when the test says so, and fails when it is told to. */
  async function bench() {
    const world = new World();
    const calls: { changes: readonly ShownChange[]; answer: PromiseWithResolvers<void> }[] = [];
    const store: ReadModels = {
      show(changes) {
        const answer = Promise.withResolvers<void>();
        calls.push({ changes, answer });
        return answer.promise;
      },
      close: () => undefined,
    };
    const ref = world.system.ref<ReadModelsMessage>('operator/read-models');
    await world.start(worker(ref, readModelsBehaviour(store)));
    return {
      world,
      calls,
      names: () => calls.map(({ changes }) => changes.map(({ name }) => name)),
      tell: async (message: ReadModelsMessage) => {
        world.system.tell(ref, message);
        await world.settle();
      },
      answer: async (index: number, error?: Error) => {
        if (error === undefined) calls[index]!.answer.resolve();
        else calls[index]!.answer.reject(error);
        await world.settle();
      },
      view: () => (world.system.inspect('operator/read-models') as WorkerDetail).state as Record<string, unknown>,
    };
  }

  it('are shown when they change, one round trip at a time, and of a position only the newest', async () => {
    const { calls, names, tell, answer, view } = await bench();
    await tell({ type: 'life', view: life(CJK, {}) });
    await tell({ type: 'life', view: life(CJK, { quantity: '1' }) });
    await tell({ type: 'life', view: life(CJK, { quantity: '2' }) });
    await tell({ type: 'happened', what: 'decision', decision: decision() });
    await tell({ type: 'happened', what: 'journalled', entries: [], tookMs: 1 });
    expect(names()).to.deep.equal([['position:币安人生USDT']]);
    await answer(0);
    expect(names()[1]).to.deep.equal(['position:币安人生USDT', 'stream:trade.intent']);
    expect(calls[1]!.changes[0]).to.deep.equal(shownPosition(life(CJK, { quantity: '2' })));
    await answer(1);
    await tell({ type: 'life', view: life(CJK, { quantity: '2' }) });
    expect(calls).to.have.length(2);
    await tell({ type: 'life', view: life(CJK) });
    expect(calls[2]!.changes).to.deep.equal([{ name: 'position:币安人生USDT', record: null }]);
    await answer(2);
    expect(view()).to.deep.equal({ symbols: 1, positions: 0, waiting: 0, shown: 4, leftOut: 0, failure: null });
  });

  it('of a symbol that is flat from the start remove what an earlier process left there', async () => {
    const { calls, tell } = await bench();
    await tell({ type: 'life', view: life(CJK) });
    expect(calls[0]!.changes).to.deep.equal([{ name: 'position:币安人生USDT', record: null }]);
  });

  it('rest while the store is away, say so, and then show every position as it is; entries that may be there are not repeated', async () => {
    const { world, calls, names, tell, answer, view } = await bench();
    await tell({ type: 'life', view: life('AUSDT' as SymbolName, {}) });
    await answer(0);
    await tell({ type: 'happened', what: 'decision', decision: decision() });
    await answer(1, new Error('Redis at h:1: connect ECONNREFUSED'));
    await tell({ type: 'life', view: life('BUSDT' as SymbolName, {}) });
    await tell({ type: 'happened', what: 'decision', decision: decision({ stage: 'plan' }) });
    expect(calls, 'nothing is tried meanwhile').to.have.length(2);
    expect(view()).to.deep.include({ leftOut: 1, failure: 'Redis at h:1: connect ECONNREFUSED', waiting: 1 });
    expect(world.logs.filter(({ level }) => level === 'warn').map(({ message }) => message).join()).to.include('trading does not depend on it');
    await world.advance(2_000);
    expect(names()[2]).to.deep.equal(['position:AUSDT', 'position:BUSDT', 'stream:apply.plan']);
    expect(view(), 'while it is tried, nothing is well yet').to.deep.include({ failure: 'Redis at h:1: connect ECONNREFUSED' });
    await answer(2);
    expect(view()).to.deep.include({ failure: null, waiting: 0 });
    await world.advance(60_000);
    expect(names()[3], 'once a minute all of it again').to.deep.equal(['position:AUSDT', 'position:BUSDT']);
  });

  it('keep only so much for a store that does not answer, and count the rest', async () => {
    const { tell, world, view } = await bench();
    await tell({ type: 'happened', what: 'decision', decision: decision() });
    for (let many = 0; many < 60; many++) {
      for (let index = 0; index < 100; index++) world.system.tell(world.system.ref<ReadModelsMessage>('operator/read-models'), { type: 'happened', what: 'decision', decision: decision() });
      await world.settle();
    }
    expect(view()).to.deep.include({ waiting: 5_000, leftOut: 1_000 });
  });
});

describeWithRedis('read models in Redis', () => {
  let server: RedisServer;
  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.remove());

  it('are hashes and bounded streams that redis-cli reads, under the prefix', async () => {
    const models = redisReadModels({ url: server.url, prefix: 'quantum:', instance: 't', clock: systemClock });
    try {
      await models.show([shownPosition(life(CJK, {})), shownDecision(decision())!]);
      expect(await server.ask('HGETALL', 'quantum:position:币安人生USDT')).to.deep.equal(Object.entries((shownPosition(life(CJK, {})) as { record: Record<string, string> }).record).flat());
      const [[, fields]] = (await server.ask('XREVRANGE', 'quantum:stream:trade.intent', '+', '-', 'COUNT', '1')) as [[string, string[]]];
      expect(fields.slice(0, 4)).to.deep.equal(['symbol', CJK, 'stage', 'intent']);
      await models.show([shownPosition(life(CJK))]);
      expect(await server.ask('EXISTS', 'quantum:position:币安人生USDT')).to.equal(0);
      for (let round = 0; round < 12; round++) await models.show(Array.from({ length: 1_000 }, () => shownDecision(decision())!));
      expect(await server.ask('XLEN', 'quantum:stream:trade.intent')).to.be.within(10_000, 10_200);
    } finally {
      models.close();
    }
  });

  it('say by name what is in their way, and go on when it is gone', async () => {
    const models = redisReadModels({ url: server.url, prefix: 'quantum:', instance: 't', clock: systemClock });
    try {
      await server.ask('SET', 'quantum:position:AUSDT', 'mine');
      const failure = await models.show([shownPosition(life('AUSDT' as SymbolName, {}))]).then(() => '', (error: Error) => error.message);
      expect(failure).to.include('WRONGTYPE').and.to.include(server.where);
      await models.show([shownPosition(life('AUSDT' as SymbolName, {})), shownPosition(life('BUSDT' as SymbolName, {}))]).catch(() => undefined);
      expect(await server.ask('EXISTS', 'quantum:position:BUSDT'), 'a key of another program is in nobody\'s way').to.equal(1);
      await server.kill();
      expect(await models.show([shownPosition(life(CJK, {}))]).then(() => '', (error: Error) => error.message)).to.include(server.where);
      await server.begin();
      await models.show([shownPosition(life(CJK, {}))]);
      expect(await server.ask('HGET', 'quantum:position:币安人生USDT', 'quantity')).to.equal('23089');
    } finally {
      models.close();
    }
  });
});
