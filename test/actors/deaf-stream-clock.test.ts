/** Gateway and user stream by clocks that are wrong or set: what REST says is held against the time the connection has been live, by nobody's wall clock. */
import { expect } from 'chai';
import { gatewayBehaviour } from '../../src/actors/gateway.ts';
import { userStreamBehaviour } from '../../src/actors/user-stream.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { AccountMessage, ExecutorMessage, FindingMessage, GatewayMessage, ListenKeyMessage, UserStreamMessage } from '../../src/protocol/messages.ts';
import type { ClientId, MandateId } from '../../src/protocol/names.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { VenueUserStream } from '../../src/venue/port.ts';
import { GPS } from '../kit/actors.ts';
import { GatewayOwners } from '../kit/gateway-owners.ts';
import { Probe } from '../kit/probe.ts';
import { ScriptedVenue } from '../kit/scripted-venue.ts';
import { World } from '../kit/world.ts';

const DEAF_MS = 5_000;
const HOUR_MS = 3_600_000;

/** A venue whose clock differs from ours by `offsetMs`, and a stream that is live for ten seconds and tells nothing. `before`: while it is not live yet. */
async function bench(offsetMs: number, before: (venue: ScriptedVenue) => void = () => undefined) {
  const world = new World();
  const { clock, system } = world;
  const venue = new ScriptedVenue(GPS, () => clock.now() + offsetMs, () => undefined);
  venue.onRead = (name) => (name === 'serverTime' ? { serverTime: clock.now() + offsetMs, sentAt: clock.now(), receivedAt: clock.now() } : undefined);
  const opened: Parameters<VenueUserStream['open']>[1][] = [];
  const stream: VenueUserStream = { open: (_key, handlers) => (opened.push(handlers), { close: () => undefined }) };
  const executor = new Probe<ExecutorMessage>(world, 'executor');
  const account = new Probe<AccountMessage>(world, 'account');
  const findings = new Probe<FindingMessage>(world, 'stream-findings');
  const listenKey = new Probe<ListenKeyMessage>(world, 'listen-key');
  const owners = new GatewayOwners(world);
  const gateway = system.ref<GatewayMessage>('gateway');
  const userStream = system.ref<UserStreamMessage>('user-stream');
  listenKey.answer = ({ connection }) => {
    system.tell(userStream, { type: 'listen-key', view: { held: { key: { number: 1 }, since: 0, keptAt: clock.monotonic() }, gone: undefined, granted: connection } });
    return null;
  };
  let connections = 0;
  await world.start(
    executor.spec,
    account.spec,
    findings.spec,
    listenKey.spec,
    owners.spec,
    worker(gateway, gatewayBehaviour({ venue, redeemer: { redeem: () => ({ ok: true, under: 'mandate-1' as MandateId }) }, executorOf: () => executor.ref, subscribers: [], userStream, onClockOffset: () => undefined, refuse: () => undefined, ...owners.options })),
    worker(userStream, userStreamBehaviour({ stream, listenKey: listenKey.ref, executorOf: () => executor.ref, account: account.ref, gateway, subscribers: [], findings: findings.ref, nextConnection: () => ++connections, deafAfterMs: DEAF_MS })),
  );
  await world.advance(3_000);
  before(venue);
  await world.advance(5_000);
  opened.at(-1)!.onLive();
  await world.advance(10_000);
  return {
    world,
    venue,
    close: () => system.tell(gateway, { type: 'write', write: { kind: 'CLOSE', symbol: GPS, clientId: 'close-1' as ClientId, side: 'SELL', quantity: decimal('1') }, authority: { by: 'mandate', mandateId: 'mandate-1' as MandateId }, because: 'a test' }),
    trades: async () => {
      const answer = system.ask(gateway, { type: 'read', name: 'trades', query: { symbol: GPS, since: 0 } }, 5_000, 'test');
      await world.settle();
      expect(await answer).to.have.property('ok', true);
    },
    deaf: () => findings.of('finding').map(({ finding }) => finding.code),
  };
}
const buys = (venue: ScriptedVenue) => venue.trade('BUY', decimal('1'), decimal('0.01'));

describe('a user stream that keeps orders and fills to itself', () => {
  for (const jumpMs of [-HOUR_MS, HOUR_MS]) {
    it(`is deaf also after the wall clock was set by ${jumpMs} ms while it was live (operators' 22)`, async () => {
      const { world, venue, close, deaf } = await bench(0);
      buys(venue);
      world.clock.setWall(jumpMs);
      await world.advance(2_000);
      close();
      await world.advance(DEAF_MS + 2_000);
      expect(deaf()).to.deep.equal(['STREAM_DEAF']);
    });
  }

  for (const offsetMs of [-HOUR_MS, -10_000, 0, 10_000, HOUR_MS]) {
    it(`owes a fill of its own time, and none from before it, where the venue's clock differs by ${offsetMs} ms`, async () => {
      const { world, venue, trades, deaf } = await bench(offsetMs, buys);
      await trades();
      await world.advance(DEAF_MS + 2_000);
      expect(deaf(), 'from before the connection').to.deep.equal([]);
      buys(venue);
      await trades();
      await world.advance(DEAF_MS + 2_000);
      expect(deaf()).to.deep.equal(['STREAM_DEAF']);
    });
  }
});
