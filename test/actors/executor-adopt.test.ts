/** Adoption at an operator's word: what the venue holds now, on record with a mandate, with a stop that is sure to stand; or a refusal that says what to do. */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { AdoptAnswer } from '../../src/protocol/messages.ts';
import { Desk } from '../kit/actors.ts';

const standing = (desk: Desk) => [...desk.venue.algos.values()].filter((algo) => algo.status === 'NEW');

/** Left alone, as on mainnet. */
async function drifted(quantity: string): Promise<Desk> {
  const desk = new Desk({ unknownPositions: 'leave' });
  desk.venue.quantity = decimal(quantity);
  await desk.start(8_000);
  expect(desk.life.phase).to.equal('Drifted');
  return desk;
}

async function adopt(desk: Desk, stopPrice?: string): Promise<AdoptAnswer> {
  const asked = desk.world.system.ask(desk.executor, { type: 'adopt', stopPrice, reason: 'it is mine', by: 'operator' }, 9_000, 'test');
  asked.catch(() => undefined);
  await desk.advance(8_000);
  return asked;
}

describe('executor: adoption by an operator', () => {
  it('takes over what it had left alone: record, mandate, stop and target; it is closed as any other (ruling 26)', async () => {
    for (const [quantity, side, stop] of [['5000', 'LONG', '0.0098'], ['-5000', 'SHORT', '0.0102']] as const) {
      const desk = await drifted(quantity);
      expect(await adopt(desk)).to.deep.include({ ok: true, side, quantity: '5000', entryPrice: '0.01', stopPrice: stop });
      expect(desk.story.slice(0, 2)).to.deep.equal(['DriftFound', 'PositionAdopted']);
      expect(desk.journal.entries.find((entry) => entry.type === 'PositionAdopted')?.payload).to.deep.include({ cause: 'operator: it is mine' });
      expect(desk.life).to.deep.include({ phase: 'Protected' });
      expect(desk.life.position).to.include({ side, quantity: '5000', stopLoss: stop });
      expect(standing(desk)).to.have.length(2);
      expect(desk.story).to.not.include('FillRecorded');
      desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
      await desk.advance(5_000);
      expect(desk.life.phase).to.equal('Flat');
    }
  });

  it('puts the stop where it is told to, to the tick, further away than the configuration would, too', async () => {
    for (const [quantity, given, stop] of [['5000', '0.009001', '0.00901'], ['5000', '0.00995', '0.00995'], ['-5000', '0.011009', '0.011']] as const) {
      const desk = await drifted(quantity);
      expect(await adopt(desk, given)).to.deep.include({ ok: true, stopPrice: stop });
      expect(desk.life.position?.stopLoss).to.equal(stop);
      expect(standing(desk).filter((algo) => algo.type === 'STOP_MARKET').map((algo) => algo.triggerPrice.toFixed())).to.deep.equal([stop]);
    }
  });

  it('says STOP when that stop ends it, and takes a profit lock after it as any position does', async () => {
    const desk = await drifted('5000');
    const answer = await adopt(desk, '0.009');
    const positionId = answer.ok ? answer.positionId : undefined;
    desk.world.system.tell(desk.executor, { type: 'move-stop', positionId: positionId!, stopPrice: '0.0099', reason: 'PROFIT_LOCK', by: 'test' });
    await desk.advance(5_000);
    expect(desk.life.position?.stopLoss).to.equal('0.0099');
    const other = await drifted('5000');
    await adopt(other, '0.009');
    other.venue.trigger(standing(other).find((algo) => algo.type === 'STOP_MARKET')!.clientId);
    await other.advance(5_000);
    expect(other.life.lastClosed?.reason).to.equal('STOP');
  });

  it('refuses a stop that would close it at once, its own and the configuration\'s, and touches nothing', async () => {
    const desk = await drifted('5000');
    expect(await adopt(desk, '0.0101')).to.have.property('message').that.matches(/stop 0\.0101 is not below the mark price 0\.01 of this LONG.*give --stop/);
    expect(await adopt(desk, '0.01')).to.have.property('ok', false);
    desk.venue.mark = decimal('0.0097');
    expect(await adopt(desk)).to.have.property('message').that.matches(/the stop of the configuration, 0\.0098, is not below the mark price 0\.0097/);
    expect(desk.venue.writes.filter((write) => write.kind !== 'CONFIGURE')).to.deep.equal([]);
    expect(desk.story).to.deep.equal(['DriftFound']);
    expect(await adopt(desk, '0.0095'), 'and takes one that can stand').to.include({ ok: true });
    expect(await adopt(desk, '0.0094'), 'once').to.have.property('message').that.matches(/is managed already/);
  });

  it('refuses where there is nothing, where all is ours, and while an order of its own is on its way', async () => {
    const flat = await new Desk().start();
    expect(await adopt(flat)).to.have.property('message').that.matches(/the venue holds no position in GPSUSDT/);
    flat.plan();
    await flat.advance(5_000);
    expect(flat.life.phase).to.equal('Protected');
    expect(await adopt(flat)).to.have.property('message').that.matches(/managed already, as plan-GPSUSDT-1: 20000/);
    const opening = await new Desk().start();
    opening.venue.onWrite = (write) => (write.kind === 'OPEN' ? new Promise(() => undefined) : undefined);
    opening.plan();
    await opening.advance(1_000);
    expect(await adopt(opening)).to.have.property('message').that.matches(/on its way \(x-15PC4ZJyaaaae/);
  });

  it('takes over what the venue says now, not what it said last; and says when it cannot be asked', async () => {
    const desk = await drifted('5000');
    desk.venue.quantity = decimal('7000');
    expect(await adopt(desk)).to.include({ ok: true, quantity: '7000' });
    const other = await drifted('5000');
    other.venue.onRead = (name) => (name === 'positions' ? Promise.reject(new Error('connection refused')) : undefined);
    expect(await adopt(other)).to.have.property('message').that.contains('connection refused');
    other.venue.onRead = () => undefined;
    expect(await adopt(other), 'and can be asked again').to.include({ ok: true });
  });

  it('does not adopt twice at a time', async () => {
    const desk = await drifted('5000');
    const first = desk.world.system.ask(desk.executor, { type: 'adopt', stopPrice: undefined, reason: 'one', by: 'operator' }, 9_000, 'test');
    const second = desk.world.system.ask(desk.executor, { type: 'adopt', stopPrice: undefined, reason: 'two', by: 'operator' }, 9_000, 'test');
    await desk.advance(8_000);
    expect([(await first).ok, (await second).ok]).to.deep.equal([true, false]);
    expect(desk.story.filter((type) => type === 'PositionAdopted')).to.have.length(1);
  });
});
