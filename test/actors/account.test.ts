/** Equity: the exchange's own observation with its time; a failure makes it old, never new (failure 73). */
import { expect } from 'chai';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { accountBehaviour } from '../../src/actors/account.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { AccountMessage, FlowedMessage, GatewayMessage } from '../../src/protocol/messages.ts';
import type { EquityView } from '../../src/protocol/views.ts';
import type { VenueIncome } from '../../src/protocol/venue.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { MemoryJournal } from '../kit/memory-journal.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const MIDNIGHT = 1_770_076_800_000;
let rows = 0;
const income = (type: string, amount: string, at: number): VenueIncome => ({ incomeId: `${type}/${++rows}`, type, symbol: undefined, amount: decimal(amount), asset: 'USDT', at });

async function bench(options: { journal?: MemoryJournal; observedAt?: number } = {}) {
  const world = new World();
  const journal = options.journal ?? new MemoryJournal();
  const journalRef = world.system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
  const venue: { away: boolean; incomeAway: boolean; wallet: string; pnl: string; observedAt: number; income: VenueIncome[] } = { away: false, incomeAway: false, wallet: '1000', pnl: '0', observedAt: options.observedAt ?? 77, income: [] };
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  gateway.answer = (message) => {
    if (venue.away || (venue.incomeAway && message.type === 'read' && message.name === 'income')) return { ok: false, kind: 'unreachable', message: 'connection refused' };
    if (message.type === 'read' && message.name === 'income') return { ok: true, value: venue.income.filter((row) => row.at >= (message.query as { since: number }).since) };
    return { ok: true, value: { walletBalance: decimal(venue.wallet), unrealizedPnl: decimal(venue.pnl), availableBalance: decimal('900'), observedAt: venue.observedAt } };
  };
  const reader = new Probe<{ readonly type: 'equity'; readonly view: EquityView }>(world, 'reader');
  const watchdog = new Probe<FlowedMessage>(world, 'watchdog');
  const ref = world.system.ref<AccountMessage>('account');
  await world.start(worker(journalRef, journalBehaviour(journal)), gateway.spec, reader.spec, watchdog.spec, worker(ref, accountBehaviour({ gateway: gateway.ref, journal: journalRef, pollMs: 15_000, dailyLossPercent: '2.5', subscribers: [reader.ref], watchdog: watchdog.ref })));
  const event = () => world.system.tell(ref, { type: 'user-event', event: { type: 'account', positions: [], reason: 'ORDER', observedAt: 0 } });
  const activated = (activatedAt: number) => world.system.tell(ref, { type: 'trading-state', view: { overall: 'ACTIVE', symbols: new Map(), cause: '', since: 0, tradingEpoch: 1, activatedAt } });
  const accountReads = () => gateway.of('read').filter((message) => message.name === 'account');
  /** The venue's next observation: wallet, open result, and what came and went. */
  const next = async (change: { wallet?: string; pnl?: string; afterMs?: number; income?: readonly VenueIncome[] }) => {
    venue.observedAt += change.afterMs ?? 15_000;
    venue.wallet = change.wallet ?? venue.wallet;
    venue.pnl = change.pnl ?? venue.pnl;
    venue.income.push(...(change.income ?? []));
    await world.advance(15_000);
  };
  return { world, journal, venue, gateway, reader, watchdog, event, activated, accountReads, next, view: () => reader.last('equity')?.view };
}

describe('account', () => {
  it('is wallet plus unrealised result, observed when the venue says it was (ruling 24)', async () => {
    const { world, venue, view } = await bench();
    venue.pnl = '-12.5';
    await world.advance(15_100);
    expect(view()).to.deep.include({ equity: '987.5', walletBalance: '1000', availableBalance: '900', observedAt: 77 });
  });

  it('says nothing before the first observation: there is no default', async () => {
    const { world, venue, reader, view } = await bench();
    venue.away = true;
    world.system.control('account', 'kill', 'test');
    reader.clear();
    await world.advance(20_000);
    expect(view()).to.equal(undefined);
  });

  it('tells the watchdog of every reading, of those that failed too: silence would be its own', async () => {
    const { world, venue, watchdog } = await bench();
    await world.advance(15_100);
    venue.away = true;
    await world.advance(15_000);
    expect(watchdog.of('flowed').map((one) => one.outcomes)).to.deep.equal([{ accepted: 1 }, { accepted: 1 }, { UNREAD: 1 }]);
  });

  it('restarts nobody while the journal is away: what waits is on record afterwards, and of what came meanwhile the newest', async () => {
    const { world, journal, venue } = await bench();
    await world.advance(1_000);
    const before = journal.story('account').length;
    journal.mood = 'failing';
    for (let peak = 1; peak <= 40; peak++) {
      venue.pnl = String(peak);
      await world.advance(15_000);
    }
    expect(world.system.inspect('account')).to.include({ incarnation: 1, status: 'running' });
    journal.mood = 'ok';
    await world.advance(2_000);
    const kept = journal.entries.filter((entry) => entry.entity === 'account').slice(before);
    expect(kept.map(({ payload }) => (payload as { sessionPeak: string }).sessionPeak)).to.deep.equal(['1001', '1040']);
    expect(world.system.inspect('account')).to.include({ incarnation: 1 });
  });

  it('goes on telling the last observation with its own time while the venue is away, and asks again every 2 s', async () => {
    const { world, venue, gateway, view } = await bench();
    await world.advance(1_000);
    venue.away = true;
    await world.advance(15_000);
    gateway.clear();
    await world.advance(10_000);
    expect(gateway.told.length).to.be.within(4, 6);
    expect(view()?.observedAt).to.equal(77);
    venue.away = false;
    venue.observedAt = 99;
    await world.advance(2_500);
    expect(view()?.observedAt).to.equal(99);
  });

  it('reads again after an account event, once for a burst of them, and every 15 s without one', async () => {
    const { world, gateway, event, accountReads } = await bench();
    await world.advance(1_000);
    gateway.clear();
    for (let i = 0; i < 20; i++) event();
    await world.advance(1_000);
    expect(accountReads()).to.have.length(1);
    gateway.clear();
    await world.advance(60_000);
    expect(accountReads()).to.have.length(4);
  });

  it('reads also when events never pause', async () => {
    const { world, gateway, event } = await bench();
    await world.advance(1_000);
    gateway.clear();
    for (let i = 0; i < 100; i++) {
      event();
      await world.advance(200);
    }
    expect(gateway.told.length).to.be.at.least(1);
  });

  describe('how it does', () => {
    it('is known with the first reading, and sees an open loss with the next (failure 74)', async () => {
      const { view, next } = await bench({ observedAt: MIDNIGHT + 3_600_000 });
      await next({});
      expect(view()?.performance).to.deep.include({ dayStartEquity: '1000', dayLossPercent: '0', sessionDrawdownPercent: '0' });
      await next({ pnl: '-25' });
      expect(view()?.performance).to.deep.include({ dayLossPercent: '2.5', dailyLossReached: true, sessionDrawdownPercent: '2.5' });
    });

    it('is net of a transfer, whether its row or the wallet is told first', async () => {
      for (const rowFirst of [true, false]) {
        const { view, next, venue } = await bench({ observedAt: MIDNIGHT + 3_600_000 });
        await next({ pnl: '-10' });
        const deposit = income('TRANSFER', '500', venue.observedAt + 100);
        if (rowFirst) {
          await next({ income: [deposit] });
          await next({ wallet: '1500' });
        } else {
          await next({ wallet: '1500' });
          expect(view()?.performance?.sessionPeak, 'it is no profit while nothing explains it').to.equal('990');
          await next({ income: [deposit] });
        }
        expect(view()?.performance, String(rowFirst)).to.deep.include({ dayStartEquity: '1490', sessionPeak: '1490', sessionDrawdownPercent: '0', allTimePeak: '1490' });
      }
    });

    it('is over a restart what it was: peaks, day, limit, and no row is counted twice', async () => {
      const journal = new MemoryJournal();
      const first = await bench({ journal, observedAt: MIDNIGHT + 3_600_000 });
      await first.next({});
      await first.next({ pnl: '200' });
      const deposit = income('TRANSFER', '500', first.venue.observedAt + 100);
      await first.next({ wallet: '1500', income: [deposit] });
      await first.next({ pnl: '0' });
      expect(first.view()?.performance).to.deep.include({ sessionPeak: '1700', dayStartEquity: '1500', dailyLossReached: false });
      await first.next({ pnl: '-150' });
      const second = await bench({ journal, observedAt: first.venue.observedAt + 20_000 });
      Object.assign(second.venue, { wallet: '1500', pnl: '-100', income: [deposit] });
      await second.next({});
      expect(second.view()?.performance).to.deep.include({ sessionPeak: '1700', dayStartEquity: '1500', dailyLossReached: true });
    });

    it('begins a day at midnight of the venue, with the last equity before it (ruling 16)', async () => {
      const { view, next } = await bench({ observedAt: MIDNIGHT - 60_000 });
      await next({ pnl: '-40' });
      expect(view()?.performance?.dailyLossReached).to.equal(false);
      await next({ pnl: '-50', afterMs: 60_000 });
      expect(view()?.performance).to.deep.include({ day: '2026-02-03', dayStartEquity: '960' });
    });

    it('begins a session with an activation, and says nothing of the old one meanwhile', async () => {
      const { world, view, next, activated } = await bench({ observedAt: MIDNIGHT + 3_600_000 });
      await next({});
      await next({ pnl: '-50' });
      activated(12_345);
      await world.advance(1_200);
      expect(view()?.performance).to.deep.include({ sessionSince: 12_345, sessionPeak: '950', sessionDrawdownPercent: '0', allTimePeak: '1000' });
    });

    it('is unknown when the income was not read for five minutes, though the equity is', async () => {
      const { view, next, venue } = await bench({ observedAt: MIDNIGHT + 3_600_000 });
      await next({});
      venue.incomeAway = true;
      for (let i = 0; i < 21; i++) await next({ wallet: String(999 - i) });
      expect(view()).to.include({ walletBalance: '979' }).and.not.to.have.property('performance');
      venue.incomeAway = false;
      await next({ income: [income('COMMISSION', '-21', venue.observedAt)] });
      expect(view()?.performance).to.deep.include({ dayStartEquity: '1000', dayLossPercent: '2.1' });
    });

    it('takes what no income ever explains for no profit if it came, for a loss if it went', async () => {
      for (const [wallet, lost] of [['1500', '0'], ['900', '10']] as const) {
        const { view, next } = await bench({ observedAt: MIDNIGHT + 3_600_000 });
        await next({});
        for (let i = 0; i < 22; i++) await next({ wallet });
        expect(view()?.performance?.dayLossPercent, wallet).to.equal(lost);
      }
    });
  });
});
