/** Exits: a stop that the mark has passed for three seconds without the venue acting is closed by us (ruling 6). */
import { expect } from 'chai';
import { exitsBehaviour } from '../../src/actors/exits.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ExecutorMessage, ExitsMessage, LifeView, PositionView } from '../../src/protocol/messages.ts';
import type { PositionSide } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';
import { makeCandles } from '../kit/decisions.ts';

async function bench(side: PositionSide = 'LONG') {
  const world = new World();
  const ref = world.system.ref<ExitsMessage>('exits');
  const executor = new Probe<ExecutorMessage>(world, 'executor');
  await world.start(executor.spec, worker(ref, exitsBehaviour({ stopPassedMs: 3_000, executorOf: () => executor.ref })));
  const life = (part: Partial<LifeView> = {}, position: Partial<PositionView> = {}) =>
    world.system.tell(ref, { type: 'life', view: { symbol: GPS, phase: 'Protected', notional: '200', leverageConfirmed: true, reconciledEpoch: 1, position: { positionId: 'p', side, quantity: '1', stopLoss: '0.98', takeProfit: null, ...position } as PositionView, ...part } });
  /** The mark, every 250 ms for so long. */
  const mark = async (price: string, ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      world.system.tell(ref, { type: 'market-view', view: { at: 0, symbols: new Map([[GPS, { symbol: GPS, candles: makeCandles(), mark: { price: decimal(price), observedAt: world.clock.now() } }]]) } });
      await world.advance(250);
    }
  };
  return { world, life, mark, closes: () => executor.of('close') };
}

describe('exits', () => {
  it('closes once the mark has stood beyond the stop for 3 s, and not before', async () => {
    for (const [side, beyond] of [['LONG', '0.97'], ['SHORT', '0.99']] as const) {
      const { life, mark, closes } = await bench(side);
      life();
      await mark(beyond, 3_000);
      expect(closes(), side).to.deep.equal([]);
      await mark(beyond, 250);
      expect(closes(), side).to.deep.equal([{ type: 'close', reason: 'STOP_PASSED', by: 'exits' }]);
    }
  });

  it('starts counting again when the mark comes back in between', async () => {
    const { life, mark, closes } = await bench();
    life();
    await mark('0.97', 2_500);
    await mark('0.99', 250);
    await mark('0.97', 2_500);
    expect(closes()).to.deep.equal([]);
  });

  it('does not carry the count of one position over to the next of the symbol', async () => {
    const { life, mark, closes } = await bench();
    life();
    await mark('0.97', 2_500);
    life({ phase: 'Closing' });
    await mark('0.97', 250);
    life({}, { stopLoss: '0.96' });
    await mark('0.955', 2_500);
    expect(closes()).to.deep.equal([]);
  });

  it('leaves alone what has no stop, what is closing already, and what has no price', async () => {
    for (const part of [{ phase: 'Closing' }, { phase: 'Drifted' }] as const) {
      const { life, mark, closes } = await bench();
      life(part);
      await mark('0.5', 10_000);
      expect(closes(), part.phase).to.deep.equal([]);
    }
    const { life, mark, closes } = await bench();
    life({}, { stopLoss: null });
    await mark('0.5', 10_000);
    expect(closes()).to.deep.equal([]);
  });

  it('begins to count afresh after a restart, as soon as it has heard life and price again', async () => {
    const { world, life, mark, closes } = await bench();
    life();
    await mark('0.97', 2_500);
    world.system.control('exits', 'kill', 'test');
    await world.advance(1_000);
    life();
    await mark('0.97', 3_000);
    expect(closes()).to.deep.equal([]);
    await mark('0.97', 500);
    expect(closes()).to.not.deep.equal([]);
  });
});
