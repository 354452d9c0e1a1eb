/** What must never happen again, told as it happened: the service's own tree, hours in virtual time. */
import { expect } from 'chai';
import type { SymbolName } from '../../src/protocol/names.ts';
import { CHINESE, GPS, HYPE, POLICY } from '../kit/decisions.ts';
import { WholeService } from '../kit/whole-service.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BTC = 'BTCUSDT' as SymbolName;
/** Where hours go by, three symbols tell as much as nine. */
const THREE = [GPS, HYPE, CHINESE];

describe('scenarios of the decision chain', function () {
  this.timeout(60_000);

  it('opens a protected position for each symbol with a signal, and says why of each', async () => {
    const service = await WholeService.start();
    await service.warmUp();
    await service.advance(5 * SECOND);
    expect(service.open()).to.have.members([...POLICY]);
    for (const symbol of POLICY) {
      expect(service.life(symbol), symbol).to.deep.include({ phase: 'Protected' });
      const passed = (await service.explain(symbol)).filter((one) => one.outcome === 'passed').map((one) => one.stage);
      expect(passed, symbol).to.include.members(['signal', 'intent', 'plan', 'permit', 'order', 'fill', 'position']);
    }
    const [permit] = (await service.explain(CHINESE)).filter((one) => one.stage === 'permit');
    const { steps, ids } = await service.trace(permit!.ids!.planId!);
    expect(steps.map((step) => step.step)).to.include.members(['signal', 'intent', 'plan', 'permit', 'OrderSending', 'FillRecorded', 'ProtectionPlaced']);
    expect(ids).to.include.keys('intentId', 'planId', 'clientId');
  });

  it('of more signals than places the rest is refused for the places, and not for the venue\'s order limits', async () => {
    const many = Array.from({ length: 90 }, (_, index) => `S${index}USDT` as SymbolName);
    const service = await WholeService.start({ policy: many, sets: ['risk.opensPer5Min=1000', 'risk.notionalTotal=1000000'] });
    await service.warmUp();
    await service.advance(MINUTE);
    expect(service.open()).to.have.length(10);
    const left = many.filter((symbol) => !service.open().includes(symbol));
    const codes = new Set((await Promise.all(left.map((symbol) => service.refusedWith(symbol)))).flat());
    expect([...codes]).to.deep.equal(['MAX_POSITIONS']);
  });

  it('the same signal each minute for an hour is one position (failure 46)', async () => {
    const service = await WholeService.start({ policy: [GPS] });
    await service.warmUp();
    await service.advance(HOUR);
    const entries = service.exchange.writes.filter((write) => write.kind === 'OPEN');
    expect(entries.map((write) => write.symbol)).to.deep.equal([GPS]);
    const again = (await service.explain(GPS)).find((one) => one.stage === 'intent' && one.outcome === 'POSITION_OPEN');
    expect(again?.count, 'refused each minute, kept as few records with a count').to.be.greaterThan(1);
  });

  it('symbols of another venue: each intent is refused with the allowlist, the breaker opens, and the policy trades on (failure 3)', async () => {
    const service = await WholeService.start();
    await service.warmUp();
    const others = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'DOGEUSDT'];
    const now = service.world.clock.now();
    for (let minute = 0; minute < 5; minute++) {
      for (const symbol of others) service.tell('bridge', { type: 'intent', intent: { intentId: `i-${symbol}-${minute}`, source: 'manual', symbol, side: 'LONG', confidence: 0.8, price: '1', notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', createdAt: now + minute * MINUTE, expiresAt: now + HOUR, universeVersion: 1 } });
      await service.advance(MINUTE);
    }
    const [refusal] = await service.explain(BTC);
    expect(refusal).to.include({ stage: 'intent', outcome: 'SYMBOL_NOT_IN_POLICY_UNIVERSE' });
    expect(refusal!.denials![0]!.limit).to.contain('9 symbols');
    expect(service.exchange.writes.some((write) => others.includes(write.symbol))).to.equal(false);
    expect(service.open()).to.have.members([...POLICY]);
  });

  it('a policy of which the venue lists nothing refuses to start (failure 3)', async () => {
    const service = await WholeService.start({ listed: [BTC] });
    await service.advance(5 * SECOND);
    expect(service.refusals.map((error) => error.code)).to.deep.equal(['UNIVERSE_EMPTY']);
    expect(service.exchange.writes).to.deep.equal([]);
  });

  it('equity that is frozen for 301 s opens nothing, with its age; thawed, openings go on; exits never stopped (failure 73)', async () => {
    const service = await WholeService.start({ sets: ['risk.maxPositions=10'] });
    for (const symbol of POLICY) service.exchange.change(symbol, '0');
    await service.warmUp();
    service.exchange.change(GPS, '5');
    await service.advance(90 * SECOND);
    expect(service.open()).to.deep.equal([GPS]);
    service.exchange.away.add('account');
    await service.advance(301 * SECOND);
    service.exchange.change(HYPE, '5');
    await service.advance(2 * MINUTE);
    expect(service.open()).to.deep.equal([GPS]);
    const refused = (await service.explain(HYPE)).find((one) => one.stage === 'permit');
    expect(refused?.outcome).to.equal('EQUITY_STALE');
    expect(refused?.denials?.[0]?.ageMs).to.be.greaterThan(300_000);
    service.exchange.move(GPS, '0.97');
    await service.advance(5 * SECOND);
    expect(service.open(), 'its stop was hit').to.deep.equal([]);
    service.exchange.away.delete('account');
    await service.advance(2 * MINUTE);
    expect(service.open()).to.deep.equal([HYPE]);
  });

  it('nine plans for one free place are one position, and the rest say why (failure 51)', async () => {
    const service = await WholeService.start({ sets: ['risk.maxPositions=1'] });
    await service.warmUp();
    await service.advance(3 * MINUTE);
    expect(service.open()).to.have.length(1);
    expect(service.exchange.writes.filter((write) => write.kind === 'OPEN')).to.have.length(1);
    const [kept] = service.open();
    for (const symbol of POLICY.filter((one) => one !== kept)) expect(await service.refusedWith(symbol), symbol).to.include('MAX_POSITIONS');
    expect(service.state('governor')['reservations'], 'that of the one, until it is flat').to.have.length(1);
  });

  it('the loss of the day is reached by positions that are still open; the next day opens again (failure 74)', async () => {
    const startAt = Date.UTC(2026, 1, 3, 23, 50);
    const service = await WholeService.start({ policy: THREE, startAt, sets: ['risk.dailyLossPercent=0.2', 'trading.stopLossPercent=9', 'exits.emergencyR=9'] });
    service.exchange.change(CHINESE, '0');
    await service.warmUp();
    await service.advance(MINUTE);
    expect(service.open()).to.have.members([GPS, HYPE]);
    for (const symbol of service.open()) service.exchange.move(symbol, '0.94');
    await service.advance(20 * SECOND);
    expect(service.state('account')['performance']).to.deep.include({ day: '2026-02-03', dailyLossReached: true });
    service.exchange.change(CHINESE, '5');
    for (const symbol of service.open()) service.exchange.move(symbol, '1');
    await service.advance(3 * MINUTE);
    expect(service.open(), 'the loss is made good, and the day is over all the same').to.have.members([GPS, HYPE]);
    expect(await service.refusedWith(CHINESE)).to.include('DAILY_LOSS');
    await service.advance(startAt + 12 * MINUTE - service.world.clock.now());
    expect(service.state('account')['performance']).to.deep.include({ day: '2026-02-04', dailyLossReached: false });
    expect(service.open()).to.have.members(THREE);
  });

  it('halted is halted after a restart, and a stop still ends its position (rulings 11, 12)', async () => {
    const first = await WholeService.start();
    await first.warmUp();
    await first.advance(MINUTE);
    await first.set('HALTED');
    const second = await WholeService.start({ before: first });
    await second.warmUp();
    expect((await second.tradingState()).overall).to.equal('HALTED');
    expect(second.open()).to.have.members([...POLICY]);
    second.exchange.move(GPS, '0.975');
    await second.advance(5 * SECOND);
    expect(second.life(GPS).phase).to.equal('Flat');
    await second.advance(10 * MINUTE);
    expect(second.open()).to.have.members(POLICY.filter((symbol) => symbol !== GPS));
    expect(second.exchange.writes.filter((write) => write.kind === 'OPEN')).to.deep.equal([]);
    expect(await second.refusedWith(GPS)).to.include('TRADING_HALTED');
  });

  it('a symbol that is delisted with a position open is closed to openings at once, managed until it is closed, and not opened again (failure 19)', async () => {
    const service = await WholeService.start();
    await service.warmUp();
    await service.advance(MINUTE);
    service.exchange.status(GPS, 'SETTLING');
    await service.advance(2 * SECOND);
    expect(service.state('universe')['symbols']).not.to.include(GPS);
    expect(service.life(GPS)).to.deep.include({ phase: 'Protected' });
    service.exchange.move(GPS, '0.975');
    await service.advance(10 * SECOND);
    expect(service.life(GPS).phase).to.equal('Flat');
    await service.advance(10 * MINUTE);
    expect(service.open()).not.to.include(GPS);
    expect(service.open()).to.have.length(POLICY.length - 1);
  });

  it('a venue clock that is 5 s off opens nothing, whichever way; back in time, openings come (failure 58)', async () => {
    for (const skewMs of [5_000, -5_000]) {
      const service = await WholeService.start({ policy: [GPS] });
      service.exchange.skewMs = skewMs;
      await service.warmUp();
      await service.advance(2 * MINUTE);
      expect(service.open(), String(skewMs)).to.deep.equal([]);
      expect(await service.refusedWith(GPS)).to.include('CLOCK_SKEW');
      service.exchange.skewMs = 0;
      await service.advance(15 * MINUTE);
      expect(service.open(), `${skewMs} mended`).to.deep.equal([GPS]);
    }
  });

  it('a service that is started again while the venue trades nothing of its policy manages what is open, instead of refusing and leaving it to nobody', async () => {
    const first = await WholeService.start({ policy: [GPS] });
    await first.warmUp();
    await first.advance(MINUTE);
    const second = await WholeService.start({ before: first, policy: [GPS], prepare: (exchange) => exchange.status(GPS, 'BREAK') });
    await second.warmUp();
    expect(second.refusals).to.deep.equal([]);
    expect(second.life(GPS).phase).to.equal('Protected');
    expect(await second.alerts()).to.include('universe-shrunk');
    await second.set('FLATTENING');
    await second.advance(30 * SECOND);
    expect(second.open()).to.deep.equal([]);
    expect(second.exchange.writes.map((write) => write.kind)).to.not.include('OPEN');
  });

  it('too far below the session\'s peak everything is closed and halted; only an activation ends it, and measures from there (ruling 16)', async () => {
    const sets = ['risk.flattenDrawdownPercent=0.3', 'risk.sessionDrawdownPercent=0.2', 'trading.stopLossPercent=9', 'exits.emergencyR=9'];
    const service = await WholeService.start({ policy: THREE, sets });
    await service.warmUp();
    await service.advance(MINUTE);
    for (const symbol of THREE) service.exchange.move(symbol, '0.945');
    await service.advance(30 * SECOND);
    expect(service.open()).to.deep.equal([]);
    expect(await service.tradingState()).to.include({ overall: 'HALTED' });
    expect((await service.explain(GPS)).some((one) => one.outcome === 'TRADING_FLATTENING' || one.outcome === 'SYMBOL_COOLDOWN' || one.outcome === 'TRADING_HALTED')).to.equal(true);
    await service.advance(3 * MINUTE);
    expect(service.exchange.writes.filter((write) => write.kind === 'OPEN')).to.have.length(3);
    const again = await WholeService.start({ before: service, policy: THREE, sets });
    await again.warmUp();
    expect(await again.tradingState()).to.include({ overall: 'HALTED' });
    await again.set('ACTIVE');
    await again.advance(5 * MINUTE);
    expect((await again.tradingState()).overall).to.equal('ACTIVE');
    expect(again.state('account')['performance']).to.deep.include({ sessionDrawdownPercent: '0' });
    expect(await again.refusedWith(GPS), 'three losses in a row').to.include('LOSS_STREAK');
  });

  it('a symbol rests after a close until its lock ends, or an operator ends it', async () => {
    const service = await WholeService.start({ policy: [GPS], sets: ['risk.symbolCooldownMs=3600000', 'protections.sameSignal.pauseMs=0'] });
    await service.warmUp();
    await service.advance(MINUTE);
    service.exchange.move(GPS, '1.05');
    await service.advance(10 * SECOND);
    expect(service.life(GPS)).to.deep.include({ phase: 'Flat' });
    await service.advance(20 * MINUTE);
    expect(service.open(), 'it rests').to.deep.equal([]);
    expect(new Set(await service.refusedWith(GPS, service.world.clock.now() - 10 * MINUTE))).to.deep.equal(new Set(['SYMBOL_COOLDOWN']));
    const { locks } = await service.ask<{ locks: readonly { lockId: string; kind: string }[] }>('locks', { type: 'get' });
    expect(locks.map((lock) => lock.kind)).to.deep.equal(['cooldown']);
    await service.ask('locks', { type: 'clear', lockId: locks[0]!.lockId, reason: 'it may', by: 'operator' });
    await service.advance(2 * MINUTE);
    expect(service.open()).to.deep.equal([GPS]);
  });

  it('three losses in a row rest everything for an hour, over a restart too, and an operator can end it', async () => {
    const service = await WholeService.start({ sets: ['protections.lossStreak.losses=3'] });
    for (const symbol of POLICY.slice(3)) service.exchange.change(symbol, '0');
    await service.warmUp();
    await service.advance(MINUTE);
    const three = service.open();
    expect(three).to.have.length(3);
    for (const symbol of three) service.exchange.move(symbol, '0.97');
    await service.advance(10 * SECOND);
    const again = await WholeService.start({ before: service });
    again.exchange.change(CHINESE, '5');
    await again.warmUp();
    await again.advance(2 * MINUTE);
    expect(await again.refusedWith(CHINESE)).to.include('LOSS_STREAK');
    expect(await again.alerts()).to.include('lock/loss-streak');
    const { locks } = await again.ask<{ locks: readonly { lockId: string; kind: string }[] }>('locks', { type: 'get' });
    await again.ask('locks', { type: 'clear', lockId: locks.find((lock) => lock.kind === 'loss-streak')!.lockId, reason: 'seen', by: 'operator' });
    await again.advance(2 * MINUTE);
    expect(again.open()).to.include(CHINESE);
  });

  it('a model server that hangs, lies and returns: its fallback trades and says so, an alert stands, and no lie is ever traded (failure 5)', async () => {
    let mood: 'hangs' | 'lies' | 'answers' = 'answers';
    const model = {
      ask: (body: string, signal: AbortSignal): Promise<unknown> => {
        const { symbol } = JSON.parse(body) as { symbol: string };
        if (mood === 'hangs') return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
        return Promise.resolve(mood === 'lies' ? { symbol, side: 'short', confidence: 7 } : { symbol, side: 'long', confidence: 0.7 });
      },
    };
    const service = await WholeService.start({ policy: THREE, model });
    for (const symbol of THREE) service.exchange.change(symbol, '0');
    await service.warmUp();
    await service.advance(30 * SECOND);
    expect(service.open(), 'the model sees what the 24 h change does not').to.have.members(THREE);
    const fallbacks = async (symbol: SymbolName) => (await service.explain(symbol)).filter((one) => one.stage === 'signal' && one.inputs?.['fallback'] !== undefined && one.inputs['fallback'] !== null);
    expect(await fallbacks(GPS)).to.deep.equal([]);
    mood = 'hangs';
    await service.advance(4 * MINUTE);
    expect(await service.alerts()).to.include.members(['model-away/remote-model']);
    expect((await fallbacks(GPS)).length).to.be.greaterThan(0);
    mood = 'lies';
    await service.advance(4 * MINUTE);
    expect(service.exchange.writes.some((write) => write.kind === 'OPEN' && write.side === 'SELL')).to.equal(false);
    mood = 'answers';
    await service.advance(25 * MINUTE);
    expect((await service.alerts()).filter((name) => name.startsWith('model-away'))).to.deep.equal([]);
    expect(service.state('generator/remote-model')).to.have.property('strategy', 'remote-model');
  });
});
