/** Equity: the exchange's own observation with its time; a failure makes it old, never new (failure 73). */
import { expect } from 'chai';
import { accountBehaviour } from '../../src/actors/account.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { AccountMessage, EquityView, FlowedMessage, GatewayMessage } from '../../src/protocol/messages.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

async function bench() {
  const world = new World();
  const venue = { away: false, wallet: '1000', pnl: '0', observedAt: 77 };
  const gateway = new Probe<GatewayMessage>(world, 'gateway');
  gateway.answer = () => (venue.away ? { ok: false, kind: 'unreachable', message: 'connection refused' } : { ok: true, value: { walletBalance: decimal(venue.wallet), unrealizedPnl: decimal(venue.pnl), availableBalance: decimal('900'), observedAt: venue.observedAt } });
  const reader = new Probe<{ readonly type: 'equity'; readonly view: EquityView }>(world, 'reader');
  const watchdog = new Probe<FlowedMessage>(world, 'watchdog');
  const ref = world.system.ref<AccountMessage>('account');
  await world.start(gateway.spec, reader.spec, watchdog.spec, worker(ref, accountBehaviour({ gateway: gateway.ref, pollMs: 15_000, subscribers: [reader.ref], watchdog: watchdog.ref })));
  const event = () => world.system.tell(ref, { type: 'user-event', event: { type: 'account', positions: [], reason: 'ORDER', observedAt: 0 } });
  return { world, venue, gateway, reader, watchdog, event, view: () => reader.last('equity')?.view };
}

describe('account', () => {
  it('is wallet plus unrealised result, observed when the venue says it was (ruling 24)', async () => {
    const { world, venue, view } = await bench();
    venue.pnl = '-12.5';
    await world.advance(15_100);
    expect(view()).to.deep.equal({ equity: '987.5', walletBalance: '1000', availableBalance: '900', observedAt: 77 });
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
    const { world, gateway, event } = await bench();
    await world.advance(1_000);
    gateway.clear();
    for (let i = 0; i < 20; i++) event();
    await world.advance(1_000);
    expect(gateway.told).to.have.length(1);
    gateway.clear();
    await world.advance(60_000);
    expect(gateway.told).to.have.length(4);
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
});
