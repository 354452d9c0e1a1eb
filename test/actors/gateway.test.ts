/** The gateway: a reason for every read that failed, no write without its authority, and no doubt that is not called doubt. */
import { expect } from 'chai';
import { gatewayBehaviour } from '../../src/actors/gateway.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { ExecutorMessage, GatewayMessage } from '../../src/protocol/messages.ts';
import type { VenueSessionView } from '../../src/protocol/views.ts';
import type { ClientId, MandateId, PlanId } from '../../src/protocol/names.ts';
import { createPermitAuthority } from '../../src/protocol/permit.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { VenueError } from '../../src/venue/port.ts';
import { GPS } from '../kit/actors.ts';
import { Probe } from '../kit/probe.ts';
import { ScriptedVenue } from '../kit/scripted-venue.ts';
import { World } from '../kit/world.ts';

const MANDATE = 'mandate-1' as MandateId;

async function bench(prepare: (venue: ScriptedVenue, world: World) => void = () => undefined) {
  const world = new World();
  const { system, clock } = world;
  const venue = new ScriptedVenue(GPS, () => clock.now(), () => undefined);
  prepare(venue, world);
  const ref = system.ref<GatewayMessage>('gateway');
  const executor = new Probe<ExecutorMessage>(world, 'executor');
  const reader = new Probe<{ readonly type: 'session'; readonly view: VenueSessionView }>(world, 'reader');
  const authority = createPermitAuthority({ now: () => clock.now() });
  authority.issuer.restoreMandate({ mandateId: MANDATE, symbol: GPS, side: 'LONG', maxQuantity: '20000' });
  const refusals: VigilError[] = [];
  await world.start(executor.spec, reader.spec, worker(ref, gatewayBehaviour({ venue, redeemer: authority.redeemer, executorOf: () => executor.ref, subscribers: [reader.ref], onClockOffset: () => undefined, refuse: (error) => void refusals.push(error) })));
  await world.advance(1_000);
  const close = (clientId: string, quantity = '10'): VenueWrite => ({ kind: 'CLOSE', symbol: GPS, clientId: clientId as ClientId, side: 'SELL', quantity: decimal(quantity) });
  const send = (write: VenueWrite, mandateId = MANDATE) => system.tell(ref, { type: 'write', write, authority: { by: 'mandate', mandateId }, because: 'test' });
  const read = async (waitMs = 0) => {
    const answer = system.ask(ref, { type: 'read', name: 'account', query: {} }, 20_000);
    await world.advance(waitMs);
    return answer;
  };
  return { world, venue, ref, executor, reader, authority, refusals, close, send, read, session: () => reader.last('session')?.view };
}

describe('gateway', () => {
  it('answers a read that failed with its reason, and one that hangs within its deadline; never with nothing (failure 92)', async () => {
    const { venue, read } = await bench();
    expect(await read()).to.have.property('ok', true);
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'Too many requests'));
    expect(await read()).to.deep.equal({ ok: false, kind: 'throttled', message: 'Too many requests' });
    venue.onRead = () => new Promise(() => undefined);
    expect(await read(9_500)).to.include({ ok: false, kind: 'deadline' });
  });

  it('takes the median of five offsets, each corrected by half its round trip, so that one slow answer changes nothing', async () => {
    const trips = [[100, 0], [100, 40], [100, 9_000], [100, 20], [100, 0]] as const;
    let sample = 0;
    const { world, session } = await bench((venue, { clock }) => {
      venue.onRead = (name) => {
        if (name !== 'serverTime') return undefined;
        const [offset, trip] = trips[sample++ % trips.length]!;
        // A lopsided trip: all of it on the way back.
        return { serverTime: clock.now() + offset, sentAt: clock.now(), receivedAt: clock.now() + trip };
      };
    });
    await world.advance(2_000);
    expect(session()?.clockOffsetMs).to.equal(90);
  });

  it('goes on asking for the time when the venue does not tell it, and has no offset until then', async () => {
    const { world, venue, session } = await bench((venue) => {
      venue.onRead = (name) => (name === 'serverTime' ? Promise.reject(new VenueError('unreachable', 'down')) : undefined);
    });
    await world.advance(10_000);
    expect(session()?.clockOffsetMs).to.equal(undefined);
    venue.onRead = () => undefined;
    await world.advance(4_000);
    expect(session()?.clockOffsetMs).to.equal(0);
  });

  it('refuses to run with an account in another mode, naming the call that changes it (ruling 7, failure 53)', async () => {
    const { refusals, session } = await bench((venue) => (venue.hedgeMode = true));
    expect(refusals.map((error) => error.code)).to.deep.equal(['ACCOUNT_MODE_UNSUPPORTED']);
    expect(refusals[0]?.message).to.include('/fapi/v1/positionSide/dual');
    expect(session()?.modesConfirmed).to.equal(false);
  });

  it('refuses with rejected keys, but waits for a venue that is away (failure 30, ruling 32)', async () => {
    const rejected = await bench((venue) => (venue.onRead = (name) => (name === 'accountModes' ? Promise.reject(new VenueError('authentication', 'Invalid API-key')) : undefined)));
    expect(rejected.refusals.map((error) => error.code)).to.deep.equal(['VENUE_AUTH_FAILED']);
    const away = await bench((venue) => (venue.onRead = () => Promise.reject(new VenueError('unreachable', 'down'))));
    await away.world.advance(30_000);
    expect(away.refusals).to.deep.equal([]);
    away.venue.onRead = () => undefined;
    await away.world.advance(5_000);
    expect(away.session()?.modesConfirmed).to.equal(true);
  });

  it('sends nothing without a valid authority, and tells the executor why (failure 59)', async () => {
    const { world, venue, executor, send, close, authority } = await bench();
    send(close('a'), 'mandate-unknown' as MandateId);
    send(close('b', '20001'));
    await world.settle();
    authority.issuer.endMandate(MANDATE);
    send(close('c'));
    await world.settle();
    expect(venue.writes).to.deep.equal([]);
    expect(executor.of('write-refused').map((message) => message.code)).to.deep.equal(['MANDATE_UNKNOWN', 'PERMIT_MISMATCH', 'MANDATE_UNKNOWN']);
  });

  it('calls the outcome unknown when the adapter throws or is silent for 8 s, and brings the late answer as a fact (ruling 9)', async () => {
    const { world, venue, executor, send, close } = await bench();
    venue.onWrite = () => Promise.reject(new Error('defect in the adapter'));
    send(close('a'));
    await world.settle();
    expect(executor.last('write-outcome')).to.deep.include({ late: false, outcome: { result: 'unknown', message: 'defect in the adapter' } });
    const answer = Promise.withResolvers<WriteOutcome>();
    venue.onWrite = () => answer.promise;
    send(close('b'));
    await world.advance(7_900);
    expect(executor.of('write-outcome')).to.have.length(1);
    await world.advance(200);
    expect(executor.last('write-outcome')?.outcome.result).to.equal('unknown');
    answer.resolve({ result: 'accepted' });
    await world.settle();
    expect(executor.last('write-outcome')).to.deep.include({ late: true, outcome: { result: 'accepted' } });
  });

  it('brings the outcome of a write although it was killed while the venue thought (ruling 9)', async () => {
    const { world, venue, executor, send, close } = await bench();
    const answer = Promise.withResolvers<WriteOutcome>();
    venue.onWrite = () => answer.promise;
    send(close('a'));
    await world.settle();
    world.system.control('gateway', 'kill', 'test');
    answer.resolve({ result: 'accepted' });
    await world.advance(1_000);
    expect(executor.of('write-outcome').map((message) => message.outcome.result)).to.deep.equal(['accepted']);
  });

  it('keeps room for exits: entries wait for their slot while writes are many, and get it when there is room (failure 57)', async () => {
    const { world, ref, executor, send, close, venue } = await bench();
    const slot = (planId: string) => world.system.tell(ref, { type: 'request-slot', symbol: GPS, planId: planId as PlanId });
    slot('early');
    await world.settle();
    expect(executor.of('slot-granted').map((message) => message.planId)).to.deep.equal(['early']);
    for (let i = 0; i < 250; i++) send(close(`c${i}`));
    slot('late');
    await world.settle();
    expect(venue.writes, 'no exit waits').to.have.length(250);
    expect(executor.of('slot-granted')).to.have.length(1);
    await world.advance(11_000);
    expect(executor.of('slot-granted').map((message) => message.planId)).to.deep.equal(['early', 'late']);
  });

  it('gives no second slot before the first one is used or has passed: ten plans do not share one room', async () => {
    const { world, ref, executor, send, close } = await bench();
    for (let i = 0; i < 195; i++) send(close(`c${i}`));
    await world.settle();
    for (let i = 0; i < 10; i++) world.system.tell(ref, { type: 'request-slot', symbol: GPS, planId: `plan-${i}` as PlanId });
    await world.settle();
    expect(executor.of('slot-granted').length).to.equal(1);
    await world.advance(10_000);
    expect(executor.of('slot-granted'), 'but each has its turn').to.have.length(10);
  });

  it('says at once that the venue wants rest, whoever was told so, and does not let a ban be shortened by what comes after (ruling 12, operators\' 52)', async () => {
    const { world, venue, reader, session, send, close, read } = await bench();
    const now = world.clock.now();
    const told = reader.of('session').length;
    venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 30_000, banned: false, message: 'too many orders' });
    send(close('a'));
    await world.settle();
    expect(session()?.throttle).to.deep.equal({ until: now + 30_000, banned: false, message: 'too many orders' });
    expect(reader.of('session'), 'told in the same turn').to.have.length(told + 1);
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'banned until later', { retryAfterMs: 20_000, banned: true }));
    await read();
    expect(session()?.throttle, 'a ban, and the longer of both').to.deep.equal({ until: now + 30_000, banned: true, message: 'banned until later' });
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'slowly', { retryAfterMs: 10_000 }));
    await read();
    expect(session()?.throttle).to.include({ until: now + 30_000, banned: true });
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'slowly', { retryAfterMs: 35_000 }));
    await read();
    expect(session()?.throttle, 'longer, and still a ban').to.include({ until: now + 35_000, banned: true });
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'slowly', { retryAfterMs: 10_000 }));
    await world.advance(40_000);
    await read();
    expect(session()?.throttle, 'what is over says nothing of what comes').to.deep.equal({ until: world.clock.now() + 10_000, banned: false, message: 'slowly' });
  });

  it('sends no exit beyond the venue\'s own order limits, which would bring a ban; a moment later it goes', async () => {
    const { world, venue, executor, send, close } = await bench();
    for (let i = 0; i < 300; i++) send(close(`c${i}`));
    send(close('beyond'));
    await world.settle();
    expect(venue.writes).to.have.length(300);
    expect(executor.of('write-refused').map((message) => [message.write.clientId, message.code])).to.deep.equal([['beyond', 'VENUE_THROTTLED']]);
    await world.advance(10_000);
    send(close('beyond'));
    await world.settle();
    expect(venue.writes.at(-1)?.clientId).to.equal('beyond');
  });
});
