/** What a start costs of the venue's request weight: little beyond what concerns all symbols, so that hundreds are ready at once and restarts follow one another (failure 57, ruling 17). */
import { expect } from 'chai';
import type { ReadinessView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { WEIGHT_PER_MINUTE } from '../../src/rules/request-budget.ts';
import type { TestExchange } from '../kit/exchange.ts';
import { WholeService } from '../kit/whole-service.ts';

const SYMBOLS = Array.from({ length: 60 }, (_, index) => `S${index}USDT` as SymbolName);
/** Positions, open orders of both kinds, settings, tickers, account with income, modes, brackets, key, time, and the list of symbols. */
const FOR_ALL = 200;
/** A history of candles. */
const FOR_EACH = 2;
/** Margin mode and leverage, where both differ. */
const TO_SET = 2;
/** In each minute ten seconds of it are left. */
const STARTS_AT = 1_770_000_000_000 - (1_770_000_000_000 % 60_000) + 50_000;

const options = { policy: SYMBOLS, sets: ['generator.minConfidence=1'], startAt: STARTS_AT };
const nobodySet = (exchange: TestExchange) => SYMBOLS.forEach((symbol) => exchange.unset(symbol));
const weight = ({ exchange }: WholeService) => [...exchange.weights.values()].reduce((sum, used) => sum + used, 0);
const isReady = (service: WholeService) => (service.state('readiness') as unknown as ReadinessView).ready;
const areSet = (service: WholeService) => SYMBOLS.every((symbol) => service.life(symbol).leverageConfirmed);

describe('a start', () => {
  it('with everything set asks one thing of each symbol alone, its candles, and is ready at once', async () => {
    const service = await WholeService.start(options);
    await service.advance(5_000);
    expect(isReady(service)).to.equal(true);
    expect(service.exchange.writes).to.deep.equal([]);
    expect(weight(service)).to.be.at.most(FOR_ALL + FOR_EACH * SYMBOLS.length);
  });

  it('with nothing set pays for the settings besides, once: the next start finds them', async () => {
    const service = await WholeService.start({ ...options, prepare: nobodySet });
    await service.advance(5_000);
    expect([isReady(service), areSet(service)]).to.deep.equal([true, true]);
    expect(weight(service)).to.be.at.most(FOR_ALL + (FOR_EACH + TO_SET) * SYMBOLS.length);
    const next = await WholeService.start({ ...options, before: service });
    await next.advance(4_000);
    expect([isReady(next), areSet(next)]).to.deep.equal([true, true]);
    expect(weight(next)).to.be.at.most(FOR_ALL + FOR_EACH * SYMBOLS.length);
  });

  it('in a minute that others have used up waits for the next one, says what for, and is never refused for its own crowd', async () => {
    const others = WEIGHT_PER_MINUTE * 0.75 - FOR_ALL;
    const service = await WholeService.start({
      ...options,
      prepare: (exchange) => {
        nobodySet(exchange);
        exchange.weights.set(Math.floor(STARTS_AT / 60_000), others);
      },
    });
    await service.advance(5_000);
    expect(isReady(service)).to.equal(false);
    const { missing } = service.state('readiness') as unknown as ReadinessView;
    expect(missing.find((one) => one.input === 'leverage')?.reason).to.match(/^missing for \d+ of 60 symbols: /);
    expect(service.exchange.weights.get(Math.floor(STARTS_AT / 60_000))).to.be.at.most(WEIGHT_PER_MINUTE * 0.75);
    await service.advance(20_000);
    expect([isReady(service), areSet(service)]).to.deep.equal([true, true]);
    expect(service.exchange.writes.filter((write) => write.kind === 'CONFIGURE')).to.have.length(TO_SET * SYMBOLS.length);
  });
});
