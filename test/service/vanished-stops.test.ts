/** Somebody cancels everything at once, on the website or by a script: each stop stands again within its bound, however many they are, in a minute that openings have used up as far as they may (failure 57, operators' 20). */
import { expect } from 'chai';
import type { SymbolName } from '../../src/protocol/names.ts';
import { STOP_LOST_BOUND_MS } from '../../src/rules/position-life/guard.ts';
import { WEIGHT_PER_MINUTE } from '../../src/rules/request-budget.ts';
import { WholeService } from '../kit/whole-service.ts';

const SYMBOLS = Array.from({ length: 80 }, (_, index) => `S${index}USDT` as SymbolName);
const MINUTE_MS = 60_000;
const STARTS_AT = 1_770_000_000_000 - (1_770_000_000_000 % MINUTE_MS);
/** So many positions at once, as far as the limits of risk go. */
const SETS = ['risk.maxPositions=80', 'risk.opensPerHour=1000', 'risk.opensPer5Min=1000', 'risk.notionalTotal=1000000'];
/** What openings, and whatever else is not about an exit, may use of a minute. */
const USED = WEIGHT_PER_MINUTE * 0.75;

describe('stops that vanish', function () {
  this.timeout(60_000);

  it('of eighty positions at once, stand again within their bound', async () => {
    const service = await WholeService.start({ policy: SYMBOLS, startAt: STARTS_AT, sets: SETS, prepare: (exchange) => exchange.deposit('1000000') });
    const { exchange, world } = service;
    await service.advance(2 * MINUTE_MS);
    const minute = Math.floor(world.clock.now() / MINUTE_MS);
    const stops = () => [...exchange.algos.values()].filter((algo) => algo.type === 'STOP_MARKET' && algo.status === 'NEW');
    expect([service.open().length, stops().length]).to.deep.equal([SYMBOLS.length, SYMBOLS.length]);
    exchange.weights.set(minute, USED);
    for (const { clientId } of stops()) exchange.algos.delete(clientId);
    await service.advance(STOP_LOST_BOUND_MS);
    expect(stops().map((algo) => algo.symbol)).to.have.members(SYMBOLS);
    expect(exchange.weights.get(minute)).to.be.at.most(WEIGHT_PER_MINUTE * 0.95);
    expect(service.open()).to.have.length(SYMBOLS.length);
    expect(exchange.writes.filter((write) => write.kind === 'CLOSE')).to.deep.equal([]);
  });
});
