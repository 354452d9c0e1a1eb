/** From intents to positions with the real actors: one signal is one position, ten plans share no place, and no guard of an opening holds an exit. */
import { expect } from 'chai';
import type { Plan } from '../../src/protocol/decisions.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import { GPS } from '../kit/actors.ts';
import { Floor } from '../kit/floor.ts';

const RIVER = 'RIVERUSDT' as SymbolName;
const MINUTE = 60_000;
const entriesOf = (floor: Floor, symbol: SymbolName) => floor.venues.get(symbol)!.writes.filter((write) => write.kind === 'OPEN');

describe('the decision chain', () => {
  it('makes one position of the same signal, given each minute for an hour (ruling 19, failures 46, 66)', async () => {
    const floor = await new Floor({ symbols: [GPS] }).start();
    for (let minute = 0; minute < 60; minute++) {
      floor.intend(GPS);
      await floor.world.advance(MINUTE);
    }
    expect(entriesOf(floor, GPS)).to.have.length(1);
    expect(floor.venues.get(GPS)!.quantity.toFixed()).to.equal('20000');
    const { passed, INTENT_DUPLICATE: duplicates = 0, POSITION_OPEN: open = 0, ...others } = floor.told('intent');
    expect({ passed, others }).to.deep.equal({ passed: 1, others: {} });
    expect(duplicates, 'in its own five minutes').to.be.within(1, 4);
    expect(duplicates + open).to.equal(59);
    expect(floor.told('permit')).to.deep.equal({ passed: 1 });
  });

  it('makes one position of the same signal when the bridge dies every other minute', async () => {
    const floor = await new Floor({ symbols: [GPS] }).start();
    for (let minute = 0; minute < 20; minute++) {
      if (minute % 2 === 1) floor.world.system.control('bridge', 'kill', 'test');
      await floor.world.advance(1_500);
      floor.intend(GPS);
      await floor.world.advance(MINUTE - 1_500);
    }
    expect(entriesOf(floor, GPS)).to.have.length(1);
  });

  it('tells of each denial with all guards that were asked, and what each looked at', async () => {
    const floor = await new Floor({ symbols: [GPS, RIVER], limits: { maxPositions: 1 } }).start();
    floor.intend(GPS);
    await floor.world.advance(2_000);
    floor.intend(RIVER);
    await floor.world.advance(2_000);
    const permits = floor.decisions.of('decided').map(({ decision }) => decision).filter(({ stage }) => stage === 'permit');
    expect(permits.map(({ symbol, outcome, by }) => [symbol, outcome, by])).to.deep.equal([[GPS, 'passed', 'governor'], [RIVER, 'MAX_POSITIONS', 'governor']]);
    for (const { ids, inputs } of permits) {
      expect(ids).to.include.keys('intentId', 'planId', 'clientId');
      expect(inputs).to.deep.include({ source: 'trend-24h', side: 'LONG', quantity: '20000', leverage: 10 });
      expect((inputs as { guards: object }).guards).to.include.keys('EQUITY_STALE', 'KILL_SCORE', 'MAX_POSITIONS', 'STOP_INVALID');
    }
    expect(permits[0]?.ids).to.have.property('permitId');
    expect(permits[1]?.denials).to.deep.equal([{ code: 'MAX_POSITIONS', limit: '1', value: '1' }]);
    expect(permits[1]?.inputs).to.have.nested.property('guards.MAX_POSITIONS').that.deep.equals({ verdict: 'deny', code: 'MAX_POSITIONS', limit: '1', value: '1' });
    expect(permits[1]?.inputs).to.have.nested.property('guards.PRICE_STALE').that.includes({ verdict: 'allow', limit: '10000' });
  });

  it('closes what is held while every guard of an opening would deny, and while the governor does not answer at all (rulings 2, 5, 13, failures 65, 70)', async () => {
    for (const away of [false, true]) {
      const floor = await new Floor({ symbols: [GPS, RIVER] }).start();
      const { world } = floor;
      for (const symbol of [GPS, RIVER]) floor.intend(symbol);
      await world.advance(5_000);
      for (const symbol of [GPS, RIVER]) expect(floor.life(symbol)?.phase).to.equal('Protected');

      Object.assign(floor.feed, { tradingState: 'HALTED', known: false, universe: undefined });
      await world.advance(400_000);
      if (away) world.system.control('governor', 'suspend', 'test');
      else {
        world.system.tell(floor.governor, { type: 'request-permit', plan: aPlanOf(floor), clientId: 'id' as ClientId, executorIncarnation: 1 });
        await world.settle();
        expect(Object.keys(floor.told('permit')), 'an opening is denied').to.deep.equal(['passed', 'TRADING_HALTED']);
      }
      const asked = floor.decisions.of('decided').filter(({ decision }) => decision.stage === 'permit').length;
      for (const symbol of [GPS, RIVER]) world.system.tell(floor.executorOf(symbol), { type: 'close', reason: 'OPERATOR', by: 'test' });
      await world.advance(10_000);
      for (const symbol of [GPS, RIVER]) {
        expect(floor.venues.get(symbol)!.quantity.toFixed(), symbol).to.equal('0');
        expect(floor.venues.get(symbol)!.writes.map((write) => write.kind)).to.include.members(['CLOSE', 'CANCEL']);
      }
      expect(floor.decisions.of('decided').filter(({ decision }) => decision.stage === 'permit')).to.have.length(asked);
    }
  });
});

/** A plan that was made. */
function aPlanOf(floor: Floor): Plan {
  return (floor.journal.entries.find((entry) => entry.type === 'PlanMade')!.payload as { readonly plan: Plan }).plan;
}
