/** Who goes when the venue's limits run out: exits and stops, then openings, then readings; nobody waits without an answer, and no entry comes late (failure 57). */
import { expect } from 'chai';
import type { ReadName, WriteOutcome } from '../../src/protocol/venue.ts';
import { VenueError } from '../../src/venue/port.ts';
import { GPS } from '../kit/actors.ts';
import { gatewayBench } from '../kit/gateway-bench.ts';
import type { GatewayBench } from '../kit/gateway-bench.ts';

const granted = ({ executor }: GatewayBench) => executor.of('slot-granted').map((message) => message.planId as string);
const refused = ({ executor }: GatewayBench) => executor.of('slot-refused').map((message) => [message.planId, message.denial.code]);
const asked = ({ venue }: GatewayBench, name: ReadName) => venue.reads.filter((one) => one.name === name).length;

/** The headers say that so much of the minute is used; the next answer, to a question that weighs 1 in the same millisecond, brings them. */
async function used(bench: GatewayBench, weight1m: number): Promise<void> {
  bench.venue.stated = { ...bench.venue.stated, weight1m };
  await bench.read(0, 'serverTime');
}

describe('the gateway\'s lanes', () => {
  it('keep room for exits: an entry that finds none within two seconds is refused with a code, not late', async () => {
    const bench = await gatewayBench();
    const { world, send, close, slot, venue } = bench;
    slot('early');
    await world.settle();
    expect(granted(bench)).to.deep.equal(['early']);
    for (let i = 0; i < 250; i++) send(close(`c${i}`));
    slot('late');
    await world.settle();
    expect(venue.writes, 'no exit waits').to.have.length(250);
    await world.advance(1_900);
    expect(refused(bench)).to.deep.equal([]);
    await world.advance(200);
    expect(refused(bench)).to.deep.equal([['late', 'VENUE_THROTTLED']]);
    await world.advance(8_000);
    slot('next');
    await world.settle();
    expect(granted(bench)).to.deep.equal(['early', 'next']);
  });

  it('let an entry go as soon as there is room, within its patience', async () => {
    const bench = await gatewayBench();
    const { world, send, close, slot } = bench;
    for (let i = 0; i < 250; i++) send(close(`c${i}`));
    await world.advance(8_800);
    slot('patient');
    slot('next');
    await world.advance(1_199);
    expect(granted(bench)).to.deep.equal([]);
    await world.advance(1);
    expect(granted(bench), 'to the millisecond, in the order in which they asked').to.deep.equal(['patient', 'next']);
  });

  it('count no setting and no cancel as an order: hundreds of them hold back neither entry nor exit', async () => {
    const bench = await gatewayBench();
    const { world, send, close, cancel, configure, slot, venue, executor } = bench;
    for (let i = 0; i < 200; i++) send(cancel(`x${i}`));
    for (let i = 0; i < 200; i++) configure(`S${i}USDT`);
    await world.settle();
    expect(venue.writes).to.have.length(400);
    slot('entry');
    send(close('exit'));
    await world.settle();
    expect(granted(bench)).to.deep.equal(['entry']);
    expect(executor.of('write-refused')).to.deep.equal([]);
    expect(venue.writes.at(-1)?.clientId).to.equal('exit');
  });

  it('count a slot until its orders have gone, and not beside them', async () => {
    const bench = await gatewayBench();
    const { world, send, close, protect, slot } = bench;
    for (let i = 0; i < 40; i++) {
      slot(`plan-${i}`);
      await world.settle();
      for (const write of [close(`c${i}`), protect(`s${i}`), protect(`t${i}`)]) send(write);
      await world.settle();
    }
    expect(granted(bench)).to.have.length(40);
    for (let i = 0; i < 30; i++) slot(`more-${i}`);
    await world.settle();
    expect(granted(bench), '120 orders have gone: there is room for 26 times three').to.have.length(66);
  });

  it('set leverage and margin modes of a few symbols at a time, the next with each answer, whether it was taken or not', async () => {
    const bench = await gatewayBench();
    const { world, venue, room, configure, executor } = bench;
    const rooms = () => executor.of('room-granted').length;
    const answers: ((outcome: WriteOutcome) => void)[] = [];
    venue.onWrite = () => new Promise((resolve) => answers.push(resolve));
    for (let i = 0; i < 20; i++) room(`S${i}USDT`, i === 0 ? 2 : 1);
    await world.settle();
    expect(rooms()).to.equal(8);
    room('S19USDT');
    for (let i = 0; i < 3; i++) configure(`S${i}USDT`);
    await world.settle();
    answers[1]!({ result: 'accepted' });
    answers[2]!({ result: 'rejected', venueCode: -4028, message: 'Leverage 10 is not valid' });
    await world.settle();
    expect(rooms()).to.equal(10);
    answers[0]!({ result: 'accepted' });
    await world.settle();
    expect(rooms(), 'it has another one to set').to.equal(10);
    configure('S0USDT');
    await world.settle();
    answers[3]!({ result: 'accepted' });
    await world.settle();
    expect(rooms()).to.equal(11);
    expect((world.system.inspect('gateway') as { readonly state?: { readonly settingsWaiting: number } }).state?.settingsWaiting).to.equal(17);
    await world.advance(6_000);
    expect(rooms(), 'what never came of a room holds nobody up').to.equal(19);
    await world.advance(6_000);
    expect(rooms(), 'who asked twice comes once').to.equal(20);
  });

  it('give settings no weight that an exit may need, and none before the account\'s modes are confirmed or while the venue wants rest', async () => {
    const bench = await gatewayBench();
    const { world, venue, room, configure, tell, send, close, executor } = bench;
    const rooms = () => executor.of('room-granted').length;
    await world.advance(60_000 - (world.clock.now() % 60_000) + 1_000);
    await used(bench, 1_796);
    for (let i = 0; i < 5; i++) room(`S${i}USDT`);
    await world.settle();
    expect(rooms(), 'what is promised is as good as used').to.equal(3);
    for (let i = 0; i < 3; i++) configure(`S${i}USDT`);
    await world.advance(58_000);
    expect(rooms()).to.equal(3);
    await world.advance(4_000);
    expect(rooms(), 'the venue counts anew').to.equal(5);
    for (const i of [3, 4]) configure(`S${i}USDT`);
    const confirmed: (() => void)[] = [];
    venue.onRead = (name) => (name === 'accountModes' ? new Promise((resolve) => confirmed.push(() => resolve({ hedgeMode: false, multiAssets: false, feeBurn: false, canTrade: true }))) : undefined);
    tell({ type: 'modes-changed', reason: 'a test' });
    await world.advance(1);
    room('S5USDT');
    await world.settle();
    expect(rooms()).to.equal(5);
    confirmed[0]!();
    await world.advance(1_000);
    expect(rooms()).to.equal(6);
    venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 3_000, banned: false, message: 'slowly' });
    send(close('told'));
    await world.settle();
    room('S6USDT');
    await world.advance(2_500);
    expect(rooms()).to.equal(6);
    await world.advance(1_500);
    expect(rooms()).to.equal(7);
  });

  it('give no second slot before the first one is used or has passed: ten plans do not share one room', async () => {
    const bench = await gatewayBench();
    const { world, send, close, slot } = bench;
    for (let i = 0; i < 195; i++) send(close(`c${i}`));
    await world.settle();
    for (let i = 0; i < 10; i++) slot(`plan-${i}`);
    await world.advance(3_000);
    expect(granted(bench)).to.have.length(1);
    expect(refused(bench)).to.have.length(9);
  });

  it('give what a denied plan returns to the next at once, also while it waits; who waited and passed takes none', async () => {
    const bench = await gatewayBench();
    const { world, send, close, slot, tell } = bench;
    const back = (planId: string) => tell({ type: 'return-slot', planId: planId as never });
    for (let i = 0; i < 195; i++) send(close(`c${i}`));
    await world.settle();
    for (const planId of ['first', 'second', 'third']) slot(planId);
    await world.settle();
    expect(granted(bench)).to.deep.equal(['first']);
    back('second');
    back('first');
    await world.settle();
    expect(granted(bench)).to.deep.equal(['first', 'third']);
    back('third');
    for (let i = 0; i < 100; i++) {
      slot(`denied-${i}`);
      await world.settle();
      back(`denied-${i}`);
    }
    await world.settle();
    expect(granted(bench)).to.have.length(102);
    expect(refused(bench)).to.deep.equal([]);
  });

  it('count what others on the same account send: the venue\'s own number holds entries back, until its window is over', async () => {
    const bench = await gatewayBench();
    const { world, venue, slot } = bench;
    venue.stated = { ...venue.stated, orders10s: 199 };
    await bench.read(0, 'serverTime');
    slot('full');
    await world.settle();
    expect(granted(bench)).to.deep.equal([]);
    await world.advance(10_000);
    slot('later');
    await world.settle();
    expect(granted(bench)).to.deep.equal(['later']);
  });

  it('take what is said of a minute that is over for nothing of the next one', async () => {
    const { world, venue, read } = await gatewayBench();
    const { clock } = world;
    await world.advance(59_900 - (clock.now() % 60_000));
    venue.onRead = (name) => (name === 'account' ? new Promise<object>((resolve) => void clock.after(300, () => resolve(((venue.stated = { ...venue.stated, weight1m: 2_390 }), {})))) : undefined);
    await read(300);
    expect(clock.now() % 60_000, 'it came in the next').to.equal(200);
    expect(await read(4_100, 'algoOrder', { symbol: GPS, clientId: 'a' as never })).to.have.property('ok', true);
    expect(await read(4_100, 'algoOrder', { symbol: GPS, clientId: 'b' as never }), 'said again in this one it counts').to.have.property('ok', false);
  });

  it('send no exit beyond the venue\'s own order limits, which would bring a ban; a moment later it goes', async () => {
    const { world, venue, executor, send, close } = await gatewayBench();
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

  it('hold back the readings that nothing depends on first, then those of openings, and ask about an order to the last', async () => {
    const bench = await gatewayBench();
    await used(bench, 1_250);
    const tickers = bench.read(0, 'tickers');
    await bench.world.settle();
    expect(asked(bench, 'tickers')).to.equal(0);
    expect(await bench.read(0, 'account')).to.have.property('ok', true);
    await used(bench, 1_850);
    const account = bench.read(0, 'account');
    await bench.world.settle();
    expect(asked(bench, 'account')).to.equal(1);
    expect(await bench.read(0, 'order', { symbol: 'GPSUSDT', clientId: 'a' } as never)).to.have.property('ok', true);
    await bench.world.advance(5_500);
    for (const [name, answer] of [['tickers', tickers], ['account', account]] as const) {
      expect(await answer, name).to.include({ ok: false, kind: 'throttled' });
      expect(((await answer) as { message: string }).message).to.match(/^not asked: the request weight of this minute is used up for it: \d+ with it, and (1200|1800)/);
    }
    expect(bench.owners.alerts['request-weight']).to.include('market.tickerMs');
  });

  it('let a reading go that waited, as soon as the venue\'s minute is over, in the order in which they came', async () => {
    const bench = await gatewayBench();
    const { world, clock } = { world: bench.world, clock: bench.world.clock };
    await world.advance(60_000 - (clock.now() % 60_000) + 58_000);
    await used(bench, 1_250);
    const first = bench.read(0, 'tickers');
    const second = bench.read(0, 'candles', { symbol: 'GPSUSDT', limit: 20 } as never);
    await world.settle();
    expect([asked(bench, 'tickers'), asked(bench, 'candles')], 'even the light one waits behind the heavy one').to.deep.equal([0, 0]);
    await world.advance(2_500);
    expect(await first).to.have.property('ok', true);
    expect(await second).to.have.property('ok', true);
    expect(bench.venue.reads.map((one) => one.name).filter((name) => name === 'tickers' || name === 'candles')).to.deep.equal(['tickers', 'candles']);
  });

  it('when the minute is full for all of them, let go first what is about an order, then what openings need, then the rest', async () => {
    const bench = await gatewayBench();
    const { world } = bench;
    await world.advance(60_000 - (world.clock.now() % 60_000) + 58_000);
    await used(bench, 2_280);
    const before = bench.venue.reads.length;
    const waiting = [bench.read(0, 'candles', { symbol: 'GPSUSDT', limit: 20 } as never), bench.read(0, 'account'), bench.read(0, 'order', { symbol: 'GPSUSDT', clientId: 'a' } as never)];
    await world.settle();
    expect(bench.venue.reads).to.have.length(before);
    await world.advance(2_500);
    for (const answer of waiting) expect(await answer).to.have.property('ok', true);
    expect(bench.venue.reads.map((one) => one.name).filter((name) => ['candles', 'account', 'order'].includes(name))).to.deep.equal(['order', 'account', 'candles']);
  });

  it('refuse an entry when there is no weight left to look after it', async () => {
    const bench = await gatewayBench();
    await used(bench, 1_800);
    bench.slot('blind');
    await bench.world.advance(2_500);
    expect(refused(bench)).to.deep.equal([['blind', 'VENUE_THROTTLED']]);
    expect(bench.executor.last('slot-refused')?.denial).to.include({ limit: '1800', value: '1806' });
  });

  it('say at once that the venue wants rest, whoever was told so, and do not let a ban be shortened by what comes after (ruling 12, operators\' 52)', async () => {
    const { world, venue, reader, session, send, close, read } = await gatewayBench();
    const now = world.clock.now();
    const told = reader.of('session').length;
    const order = { symbol: 'GPSUSDT', clientId: 'a' } as never;
    venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 30_000, banned: false, message: 'too many orders' });
    send(close('a'));
    await world.settle();
    expect(session()?.throttle).to.deep.equal({ until: now + 30_000, banned: false, message: 'too many orders' });
    expect(reader.of('session'), 'told in the same turn').to.have.length(told + 1);
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'slowly', { retryAfterMs: 10_000 }));
    await read(0, 'order', order);
    expect(session()?.throttle, 'shorter').to.include({ until: now + 30_000, message: 'too many orders' });
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'banned until later', { retryAfterMs: 20_000, banned: true }));
    await read(0, 'order', order);
    expect(session()?.throttle, 'a ban, and the longer of both').to.deep.equal({ until: now + 30_000, banned: true, message: 'banned until later' });
    venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 35_000, banned: false, message: 'slowly' });
    send(close('b'));
    await world.settle();
    expect(session()?.throttle, 'longer, and still a ban').to.include({ until: now + 35_000, banned: true });
    venue.onRead = () => undefined;
    await world.advance(40_000);
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'slowly', { retryAfterMs: 10_000 }));
    await read(0, 'order', order);
    expect(session()?.throttle, 'what is over says nothing of what comes').to.deep.equal({ until: world.clock.now() + 10_000, banned: false, message: 'slowly' });
  });

  it('after a 429 send nothing but exits and stops, and what resolves them, until the time the venue named is over (Retry-After)', async () => {
    const bench = await gatewayBench();
    const { world, venue, executor, send, close, open, read } = bench;
    venue.onWrite = () => ({ result: 'throttled', retryAfterMs: 20_000, banned: false, message: 'Too many requests' });
    send(close('told'));
    await world.settle();
    venue.onWrite = () => undefined;
    open('entry');
    send(close('exit'));
    const account = read(0);
    expect(await read(0, 'order', { symbol: 'GPSUSDT', clientId: 'a' } as never)).to.have.property('ok', true);
    await world.advance(4_500);
    expect(await account).to.include({ ok: false, kind: 'throttled' });
    expect(venue.writes.map((write) => write.clientId)).to.deep.equal(['told', 'exit']);
    expect(executor.of('write-refused').map((message) => [message.write.clientId, message.code])).to.deep.equal([['entry', 'VENUE_THROTTLED']]);
    expect(bench.owners.alerts['venue-throttled']).to.include('Too many requests');
    expect(bench.owners.causes, 'no reason to reduce').to.deep.equal([]);
    await world.advance(16_000);
    expect(await read()).to.have.property('ok', true);
    expect(bench.owners.alerts).to.deep.equal({});
  });

  it('in a ban ask nothing at all, say until when it lasts, and lower trading to REDUCING for as long', async () => {
    const bench = await gatewayBench();
    const { world, venue, read, owners, slot, open, executor } = bench;
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'IP banned', { retryAfterMs: 120_000, banned: true }));
    await read();
    const until = new Date(world.clock.now() + 120_000).toISOString();
    const before = venue.reads.length;
    venue.onRead = () => undefined;
    expect(await read(0, 'positions')).to.deep.equal({ ok: false, kind: 'throttled', message: `not asked: the venue has banned this address until ${until}` });
    slot('plan');
    open('entry');
    await world.advance(110_000);
    expect(venue.reads.length, 'neither time nor modes are asked for').to.equal(before);
    expect(executor.of('write-refused').map((message) => message.code)).to.deep.equal(['VENUE_BANNED']);
    expect(owners.alerts['venue-banned']).to.include(until);
    expect(owners.causes).to.deep.equal(['venue-banned']);
    await world.advance(12_000);
    expect(await read()).to.have.property('ok', true);
    expect(owners.causes).to.deep.equal([]);
  });

  it('remember a ban over a restart of the actor and of the process: nothing is asked before it is over', async () => {
    const banned = await gatewayBench();
    banned.venue.onRead = () => Promise.reject(new VenueError('throttled', 'IP banned', { retryAfterMs: 120_000, banned: true }));
    await banned.read();
    const asked = banned.venue.reads.length;
    banned.world.system.control('gateway', 'kill', 'test');
    await banned.world.advance(100_000);
    expect(banned.venue.reads.length).to.equal(asked);

    const { kept } = banned.owners;
    const next = await gatewayBench((_venue, world, owners) => {
      owners.kept = { ...kept!, until: world.clock.now() + 60_000 };
    });
    await next.world.advance(50_000);
    expect(next.venue.reads).to.deep.equal([]);
    expect(next.owners.causes).to.deep.equal(['venue-banned']);
    expect(next.session()?.throttle).to.include({ banned: true });
    await next.world.advance(15_000);
    expect(next.session()).to.include({ clockOffsetMs: 0, modesConfirmed: true });
  });
});
