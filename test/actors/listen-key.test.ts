/** The listen key as an actor, with the user stream beside it: the stream is never silently dead, whatever becomes of the key, of the venue, or of either of the two. */
import { expect } from 'chai';
import { listenKeyBehaviour } from '../../src/actors/listen-key.ts';
import { userStreamBehaviour } from '../../src/actors/user-stream.ts';
import type { AccountMessage, ListenKeyMessage, StandingMessage, UserStreamMessage } from '../../src/protocol/messages.ts';
import type { StreamView } from '../../src/protocol/views.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { VenueError } from '../../src/venue/port.ts';
import { watched } from '../kit/actors.ts';
import { KeyVenue } from '../kit/key-venue.ts';
import { Probe } from '../kit/probe.ts';
import { World } from '../kit/world.ts';

const MINUTE = 60_000;
const GONE = new VenueError('rejected', 'PUT /fapi/v1/listenKey: 400 (-1125) This listenKey does not exist.', { venueCode: -1125 });

async function bench(seed = 1, onHandled: (path: string) => void = () => undefined) {
  const world = new World(seed);
  const venue = new KeyVenue(world.clock);
  const reader = new Probe<{ readonly type: 'stream'; readonly view: StreamView }>(world, 'reader');
  const account = new Probe<AccountMessage>(world, 'account');
  const watchdog = new Probe<StandingMessage>(world, 'watchdog');
  const nobody = new Probe<{ readonly type: never }>(world, 'nobody');
  const userStream = world.system.ref<UserStreamMessage>('user-stream');
  const listenKey = world.system.ref<ListenKeyMessage>('listen-key');
  let connections = 0;
  await world.start(
    reader.spec,
    account.spec,
    watchdog.spec,
    nobody.spec,
    worker(listenKey, watched(listenKeyBehaviour({ keys: venue.keys, userStream, watchdog: watchdog.ref }), () => onHandled('listen-key'))),
    worker(userStream, watched(userStreamBehaviour({ stream: venue.stream, listenKey, executorOf: () => nobody.ref as never, account: account.ref, gateway: nobody.ref as never, subscribers: [reader.ref], findings: nobody.ref as never, nextConnection: () => ++connections, deafAfterMs: 5_000 }), () => onHandled('user-stream'))),
  );
  const bench = {
    world,
    venue,
    stream: () => reader.last('stream')?.view,
    alerts: () => watchdog.last('standing')?.alerts ?? [],
    state: (path: string) => (world.system.inspect(path) as unknown as { readonly state: Record<string, unknown> }).state,
    /** One event of the account is said; does it come to whom it is about, once? */
    hears: async () => {
      const before = account.told.length;
      const heard = venue.say({ type: 'account', positions: [], reason: 'ORDER', observedAt: 0 });
      await world.settle();
      return heard === 1 && account.told.length === before + 1;
    },
  };
  await world.advance(2_000);
  expect(bench.stream()).to.include({ live: true });
  return bench;
}

describe('the listen key', () => {
  it('is prolonged every half hour, and the stream goes on as the one connection it is', async () => {
    const { world, venue, stream, hears } = await bench();
    const epoch = stream()?.streamEpoch;
    venue.requests.length = 0;
    await world.advance(6 * 60 * MINUTE);
    expect(venue.requests).to.deep.equal(Array.from({ length: 12 }, () => 'prolong'));
    expect(stream()).to.include({ live: true, streamEpoch: epoch });
    expect(await hears()).to.equal(true);
  });

  it('shows its age, its prolongations, when the next is due and what failed, and never itself', async () => {
    const { world, venue, state } = await bench();
    await world.advance(31 * MINUTE);
    expect(state('listen-key')).to.deep.include({ failuresInARow: 0, lastFailure: null, wantedByConnection: 1, grantedToConnection: 1, keysEnded: 0 });
    const { key, next } = state('listen-key') as { key: { number: number; since: string; ageMs: number; keptAt: string }; next: { request: string; dueAt: string } };
    expect(key.number).to.equal(1);
    expect(key.ageMs).to.be.within(31 * MINUTE, 31 * MINUTE + 3_000);
    expect(Date.parse(next.dueAt) - Date.parse(key.keptAt)).to.equal(30 * MINUTE);
    expect(Date.parse(key.keptAt) - Date.parse(key.since)).to.be.within(30 * MINUTE - 1_000, 30 * MINUTE + 1_000);
    venue.mood = { of: 'prolong', does: 'error' };
    await world.advance(29 * MINUTE + 30_000);
    expect(state('listen-key')).to.deep.include({ failuresInARow: 1 }).and.have.nested.property('lastFailure.message', 'connection refused');
  });

  it('that cannot be prolonged is an alert 25 minutes before it dies; the stream leaves it in time, and is back once the venue is', async () => {
    const { world, venue, alerts, stream, hears } = await bench();
    venue.mood = { of: 'all', does: 'error' };
    await world.advance(33 * MINUTE);
    expect(alerts().map((one) => one.name)).to.deep.equal(['listen-key-unkept']);
    expect(stream()).to.include({ live: true });
    expect(await hears(), 'the key lives').to.equal(true);
    await world.advance(22 * MINUTE + 10_000);
    expect(stream(), 'it has five minutes left, which nobody relies on').to.include({ live: false });
    expect(venue.sockets).to.deep.equal([]);
    expect(alerts().map((one) => one.name)).to.deep.equal(['listen-key-missing']);
    await world.advance(60 * MINUTE);
    venue.mood = undefined;
    await world.advance(31_000);
    expect(stream()).to.include({ live: true, streamEpoch: 2 });
    expect(await hears()).to.equal(true);
    await world.advance(1_000);
    expect(alerts()).to.deep.equal([]);
  });

  it('whose prolongation is never answered is prolonged again, and a connection that wants one does not wait for it', async () => {
    const { world, venue, stream, hears, alerts, state } = await bench();
    venue.mood = { of: 'prolong', does: 'never' };
    await world.advance(30 * MINUTE + 5_000);
    const before = venue.requests.length;
    venue.disconnect();
    await world.advance(1_000);
    expect(venue.requests.slice(before)).to.deep.equal(['ask']);
    expect(stream()).to.include({ live: true, streamEpoch: 2 });
    expect(await hears()).to.equal(true);
    await world.advance(25_000);
    expect(state('listen-key'), 'what was overtaken says nothing of the key that was asked for since').to.deep.include({ failuresInARow: 0, lastFailure: null });
    await world.advance(34 * MINUTE - 25_000);
    expect(alerts().map((one) => one.name), 'the deadline of each is a failure').to.deep.equal(['listen-key-unkept']);
  });

  for (const [what, befalls] of [
    ['has expired, and the venue says so', (venue: KeyVenue) => venue.expire()],
    ['is gone without a word (−1125 at the next prolongation)', (venue: KeyVenue) => venue.forget()],
    ['was replaced by another program\'s without a word', (venue: KeyVenue) => (venue.forget(), void venue.keys.ask())],
  ] as const) {
    it(`that ${what}: another key, another connection, another epoch`, async () => {
      const { world, venue, stream, hears, state } = await bench();
      await world.advance(10 * MINUTE);
      befalls(venue);
      await world.advance(21 * MINUTE);
      expect(venue.key).to.deep.equal({ number: 2 });
      expect(stream()).to.include({ live: true, streamEpoch: 2 });
      expect(await hears()).to.equal(true);
      expect(state('listen-key')).to.include({ keysEnded: 1 });
    });
  }

  it('is asked for with growing pauses while the venue gives none, and as late as it wants when it is asked too much', async () => {
    const { world, venue, alerts } = await bench();
    venue.mood = { of: 'all', does: 'error' };
    venue.expire();
    venue.requests.length = 0;
    await world.advance(60_000);
    expect(venue.requests).to.have.length(7);
    expect(alerts().map((one) => one.name)).to.deep.equal(['listen-key-missing']);
    venue.mood = { of: 'all', does: 'error', error: new VenueError('throttled', 'Too many requests.', { retryAfterMs: 600_000 }) };
    await world.advance(60_000);
    venue.requests.length = 0;
    await world.advance(9 * MINUTE - 31_000);
    expect(venue.requests).to.deep.equal([]);
  });

  it('is asked for before each connection, so that none rests on one that died meanwhile', async () => {
    const { world, venue, stream, hears } = await bench();
    venue.forget();
    venue.refusesStreams = true;
    venue.disconnect();
    await world.advance(10_000);
    expect(stream()).to.include({ live: false });
    venue.forget();
    venue.refusesStreams = false;
    await world.advance(10_000);
    expect(stream()).to.include({ live: true });
    expect(await hears()).to.equal(true);
  });
});

describe('the listen key\'s actor, killed', () => {
  it('asks for the key there is, and the stream goes on', async () => {
    const { world, venue, stream, hears } = await bench();
    const { opened } = venue;
    for (let i = 0; i < 3; i++) {
      world.system.control('listen-key', 'kill', 'test');
      await world.advance(20 * MINUTE);
      expect(await hears()).to.equal(true);
    }
    expect([venue.opened, stream()?.streamEpoch, venue.key?.number]).to.deep.equal([opened, 1, 1]);
  });

  it('finds another key than the stream rests on, and the stream leaves that', async () => {
    const { world, venue, stream, hears } = await bench();
    venue.forget();
    world.system.control('listen-key', 'kill', 'test');
    await world.advance(3_000);
    expect(stream()).to.include({ live: true, streamEpoch: 2 });
    expect(await hears()).to.equal(true);
  });

  it('and never started again: the stream leaves its key before that dies, and comes back with the actor', async () => {
    const { world, venue, stream, hears } = await bench();
    world.system.control('listen-key', 'suspend', 'test');
    await world.advance(56 * MINUTE);
    expect(stream()).to.include({ live: false });
    expect(venue.sockets).to.deep.equal([]);
    world.system.control('listen-key', 'resume', 'test');
    await world.advance(3_000);
    expect(stream()).to.include({ live: true, streamEpoch: 2 });
    expect(await hears()).to.equal(true);
  });

  for (const path of ['listen-key', 'user-stream']) {
    it(`${path} after any message, in the midst of a loss: the stream is back on a key that lives`, async () => {
      for (let at = 1; at <= 12; at++) {
        let handled = Infinity;
        const { world, venue, stream, hears } = await bench(at, (who) => {
          if (who === path && --handled === 0) world.system.control(path, 'kill', 'test');
        });
        handled = at;
        venue.mood = { of: 'prolong', does: 'error', error: GONE };
        venue.expire();
        await world.advance(15_000);
        expect(handled, 'it was killed').to.be.at.most(0);
        expect(stream(), `after message ${at}`).to.include({ live: true });
        expect(await hears(), `after message ${at}`).to.equal(true);
      }
    });
  }

  it('at seeded moments of days full of disturbances: once all is quiet the stream hears, on one connection', async () => {
    let left = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const random = new SeededRandom(seed);
      const chance = () => random.next();
      const { world, venue, stream, hears } = await bench(seed);
      for (let step = 0; step < 15; step++) {
        const what = chance();
        if (what < 0.3) world.system.control(chance() < 0.5 ? 'listen-key' : 'user-stream', 'kill', 'test');
        else if (what < 0.4) venue.expire();
        else if (what < 0.5) venue.forget();
        else if (what < 0.6) venue.disconnect();
        else if (what < 0.8) venue.mood = { of: chance() < 0.5 ? 'all' : 'prolong', does: chance() < 0.5 ? 'error' : 'never' };
        venue.refusesStreams = chance() < 0.2;
        if (chance() < 0.5) venue.mood = undefined;
        await world.advance(Math.floor(chance() ** 4 * 30 * MINUTE));
      }
      venue.mood = undefined;
      venue.refusesStreams = false;
      // A key that is gone without a word is noticed at the next prolongation.
      await world.advance(33 * MINUTE);
      expect(stream(), `seed ${seed}`).to.include({ live: true });
      expect(venue.sockets, `seed ${seed}`).to.have.length(1);
      expect(await hears(), `seed ${seed}`).to.equal(true);
      left += stream()!.streamEpoch;
    }
    expect(left, 'connections were left and opened').to.be.greaterThan(40);
  });
});
