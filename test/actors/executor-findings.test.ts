/** Fills that should not be: counted once, protected, told as findings, and never the end of an executor. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ClientId } from '../../src/protocol/names.ts';
import { Desk } from '../kit/actors.ts';

async function holding(): Promise<Desk> {
  const desk = await new Desk().start();
  desk.plan();
  await desk.advance(2_000);
  expect(desk.life.phase).to.equal('Protected');
  return desk;
}

const findings = (desk: Desk) => desk.findings.of('finding').map(({ finding }) => finding.code);
const crashes = (desk: Desk) => desk.world.events.filter((event) => event.type === 'crashed').length;
const closing = (desk: Desk) => desk.journal.entries.find((entry) => entry.type === 'PositionClosed')?.payload as { reason: string } | undefined;

describe('executor: fills that should not be', () => {
  it('an entry that is filled for more than was ordered is a finding, and all of it is protected', async () => {
    const desk = await new Desk().start();
    desk.venue.onWrite = (write) => (write.kind === 'OPEN' ? desk.venue.fill(write, decimal('25000'), write.price) : undefined);
    desk.plan();
    await desk.advance(6_000);
    expect(new Set(findings(desk))).to.deep.equal(new Set(['OVERFILL']));
    expect(desk.life.position).to.include({ quantity: '25000' });
    expect(desk.life.phase).to.equal('Protected');
    const stop = [...desk.venue.algos.values()].find((algo) => algo.status === 'NEW' && algo.type === 'STOP_MARKET');
    expect(stop?.quantity.toFixed()).to.equal('25000');
    expect(crashes(desk)).to.equal(0);
  });

  it('a stranger\'s fill is counted, its order asked for by the venue\'s id, and found', async () => {
    const desk = await holding();
    desk.venue.trade('BUY', decimal('500'), decimal('0.01'));
    await desk.advance(1_000);
    expect(findings(desk), 'the report that names it may be on its way').to.deep.equal([]);
    await desk.advance(3_000);
    expect(findings(desk)).to.deep.equal(['FILL_UNKNOWN_ORDER']);
    expect(desk.life.position).to.include({ quantity: '20500' });
    await desk.advance(60_000);
    expect(findings(desk), 'once').to.have.length(1);
  });

  it('an entry whose fill comes after somebody has enlarged the position is counted once, and is no overfill', async () => {
    const desk = await new Desk().start();
    desk.venue.streaming = false;
    const trades = Promise.withResolvers<object>();
    desk.venue.onRead = (name) => (name === 'trades' ? trades.promise : undefined);
    desk.plan();
    await desk.advance(500);
    desk.venue.streaming = true;
    desk.venue.trade('BUY', decimal('30000'), decimal('0.01'));
    await desk.advance(100);
    expect(desk.story).to.include('PositionAdopted');
    desk.venue.onRead = () => undefined;
    // Asked for before, answered after: what was taken over is what had been counted, and has none of them.
    trades.resolve([...desk.venue.trades]);
    await desk.advance(100);
    expect(desk.life.position?.quantity).to.equal('50000');
    await desk.advance(5_000);
    expect(desk.life.position?.quantity).to.equal('50000');
    expect(findings(desk)).to.deep.equal(['FILL_UNKNOWN_ORDER']);
  });

  it('a stop that fired is ours although its order has another id, and nothing is found', async () => {
    const desk = await holding();
    desk.venue.trigger(desk.life.position!.stopOrderId as ClientId);
    await desk.advance(10_000);
    expect(closing(desk)).to.include({ reason: 'STOP' });
    expect(findings(desk)).to.deep.equal([]);
  });

  for (const [made, clientId] of [['LIQUIDATION', 'autoclose-1782999'], ['ADL', 'adl_autoclose'], ['SETTLEMENT', 'settlement_autoclose-5']] as const) {
    for (const streaming of [true, false]) {
      it(`a position that the venue closes by ${made} ends with that reason, heard on the stream or read later: ${streaming ? 'heard' : 'read'} (operators' 30)`, async () => {
        const desk = await holding();
        desk.venue.streaming = streaming;
        desk.venue.trade('SELL', decimal('20000'), decimal('0.009'), undefined, clientId as ClientId);
        await desk.advance(90_000);
        expect(closing(desk)).to.include({ reason: made });
        expect(desk.story).not.to.include('PositionAdopted');
        expect(desk.life.phase).to.equal('Flat');
        expect(findings(desk)).to.deep.equal(['VENUE_CLOSED']);
        expect(desk.life.lastClosed).to.include({ reason: made });
      });
    }
  }

  for (const answers of ['late', 'failing'] as const) {
    it(`a stop that fired unheard is a stop although the lists lack it before its own query is answered: ${answers}`, async () => {
      const desk = await holding();
      desk.venue.streaming = false;
      const late = Promise.withResolvers<undefined>();
      desk.venue.onRead = (name, query) => {
        if (name !== 'algoOrder') return undefined;
        return answers === 'failing' ? Promise.reject(new Error('timeout')) : late.promise.then(() => desk.venue.algos.get((query as { clientId: ClientId }).clientId)!);
      };
      const stop = [...desk.venue.algos.values()].find((algo) => algo.type === 'STOP_MARKET')!;
      desk.venue.trigger(stop.clientId);
      while (!desk.story.includes('ProtectionLost')) await desk.advance(100);
      desk.venue.onRead = () => undefined;
      late.resolve(undefined);
      await desk.advance(20_000);
      expect(closing(desk)?.reason).to.equal('STOP');
      expect(findings(desk)).to.deep.equal([]);
    });
  }

  it('an order that the venue does not tell of is a stranger\'s after five questions: the position ends all the same', async () => {
    const desk = await holding();
    desk.venue.onRead = (name, query) => (name === 'order' && 'orderId' in query ? Promise.reject(new Error('timeout')) : undefined);
    desk.venue.trade('SELL', decimal('20000'), decimal('0.009'));
    await desk.advance(30_000);
    expect(closing(desk)).to.include({ reason: 'EXTERNAL' });
    expect(findings(desk)).to.deep.equal(['FILL_UNKNOWN_ORDER']);
    expect(desk.venue.reads.filter((read) => read.name === 'order')).to.have.length(5);
  });

  it('every fact in every phase, doubled and out of order, ends no executor', async () => {
    const desk = await holding();
    const { symbol } = desk.life;
    const order = [...desk.venue.orders.values()][0]!;
    const trade = desk.venue.trades[0]!;
    const strange = { ...order, clientId: 'x-15PC4ZJyaaaae00000000000000000000' as ClientId, orderId: '777' };
    const events = [
      { type: 'order', order: { ...order, status: 'NEW', executedQuantity: decimal('0') }, observedAt: 0 },
      { type: 'order', order, trade, observedAt: 0 },
      { type: 'order', order: strange, trade: { ...trade, tradeId: '778', orderId: '777', side: 'SELL' }, observedAt: 0 },
      { type: 'order', order: { ...order, executedQuantity: decimal('99999') }, trade: { ...trade, tradeId: '779', side: 'SELL' }, observedAt: 0 },
      { type: 'algo', order: { symbol, clientId: 'unknown' as ClientId, algoId: '1', side: 'SELL', type: 'STOP_MARKET', status: 'FINISHED', quantity: decimal('1'), triggerPrice: decimal('1'), reduceOnly: true, updatedAt: 0 }, observedAt: 0 },
    ] as const;
    for (let round = 0; round < 3; round++) {
      for (const event of [...events, ...events.toReversed()]) desk.world.system.tell(desk.executor, { type: 'user-event', event });
      await desk.advance(400);
    }
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    for (const event of events) desk.world.system.tell(desk.executor, { type: 'user-event', event });
    await desk.advance(40_000);
    expect(crashes(desk)).to.equal(0);
    expect(findings(desk)).to.include('FILL_WRONG_SIDE');
    expect(desk.journal.entries.filter((entry) => entry.type === 'FillRecorded' && (entry.payload as { tradeId: string }).tradeId === '779')).to.have.length(1);
    expect(desk.venue.quantity.toFixed()).to.equal('0');
  });
});
