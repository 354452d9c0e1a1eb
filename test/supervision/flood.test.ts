/** A flood of ticks never delays an exit: by more than the message in hand in its own mailbox, by a turn in another's. */
import { expect } from 'chai';
import type { Behaviour, Next } from '../../src/supervision/behaviour.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { Accounts, WorkerDetail } from '../../src/supervision/inspection.ts';
import type { MailboxSpec } from '../../src/supervision/mailbox.ts';
import { nactTurns } from '../../src/supervision/nact.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { ActorSystem } from '../../src/supervision/system.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';

type Tick = { readonly type: 'tick'; readonly symbol: string };
type Exit = { readonly type: 'exit'; readonly at: number };
type Traffic = Tick | Exit;
type Feed = { readonly type: 'feed' };

const TICKS = 1_000_000;
/** Told in one handler of the feed; more than a turn's worth, less than the mailbox holds. */
const WAVE = 500;
/** What telling a wave takes, and handling one message, in virtual ms. */
const TELLING_MS = 1;
const HANDLING_MS = 0.02;
/** A turn's budget, and one turn (src/supervision/nact.ts): the teller's own, then that of whoever stands before. */
const TURN_MS = 2;
const BOUND_MS = TURN_MS + TURN_MS + HANDLING_MS;
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const SYMBOLS = Array.from({ length: 50 }, (_, i) => `S${i}USDT`);

/** Real turns in virtual time: a handler takes as long as it says, and the longest wait is a number, not a measurement. */
async function flooded(mailbox: MailboxSpec, exitsTo: 'the flooded one' | 'another') {
  const clock = new VirtualClock();
  const random = new SeededRandom(7);
  const system = new ActorSystem({ clock, random, turns: nactTurns, logFor: () => silent });
  const busy = system.ref<Traffic>('busy');
  const other = system.ref<Traffic>('other');
  const feed = system.ref<Feed>('feed');
  const waits: number[] = [];
  const done = Promise.withResolvers<void>();
  let told = 0;
  let exits = 0;

  const receiver: Behaviour<Traffic, null> = {
    role: 'receiver',
    purpose: 'is flooded in tests',
    consumes: { tick: 'a picture', exit: 'must not wait' },
    emits: [],
    mailbox,
    init: () => null,
    receive(_state, message): Next<null> {
      if (message.type === 'exit') waits.push(clock.monotonic() - message.at);
      clock.moveTo(clock.monotonic() + HANDLING_MS);
      return same;
    },
    view: () => null,
  };
  const feeder: Behaviour<Feed, null> = {
    role: 'feed',
    purpose: 'floods in tests',
    consumes: { feed: 'the next wave' },
    emits: ['tick', 'exit'],
    mailbox: { capacity: 1, overflow: 'reject', onRestart: 'keep' },
    init: () => null,
    receive(_state, _message, ctx): Next<null> {
      // Somewhere in the wave comes an exit: behind the ticks before it, ahead of those after it.
      const exitAfter = Math.floor(random.next() * WAVE);
      for (let i = 0; i < WAVE; i++) {
        ctx.tell(busy, { type: 'tick', symbol: SYMBOLS[i % SYMBOLS.length]! });
        clock.moveTo(clock.monotonic() + TELLING_MS / WAVE);
        if (i === exitAfter) ctx.tell<Traffic>(exitsTo === 'another' ? other : busy, { type: 'exit', at: clock.monotonic() });
      }
      told += WAVE;
      exits += 1;
      if (told < TICKS) ctx.tell(feed, { type: 'feed' });
      else done.resolve();
      return same;
    },
    view: () => null,
  };
  const children = [worker(feed, feeder), worker(busy as Ref<Traffic>, receiver), worker(other as Ref<Traffic>, receiver)];
  await system.start(supervisor('root', 'of a test', children), (error) => done.reject(error));
  system.subscribe((event) => {
    if (event.type === 'crashed') done.reject(new Error(event.crash.reason));
  });
  system.tell(feed, { type: 'feed' });
  await done.promise;
  for (let passes = 0; waits.length < exits && passes < 10_000; passes++) await new Promise((resolve) => setImmediate(resolve));
  const { accounts } = system.inspect('busy') as WorkerDetail;
  const others = (system.inspect('other') as WorkerDetail).accounts;
  await system.stop('test over');
  const sorted = waits.toSorted((one, two) => one - two);
  return { exits, left: exits - waits.length, p99: sorted[Math.floor(sorted.length * 0.99)]!, max: sorted.at(-1)!, accounts, others };
}

function balanced({ received, handled, queued, parked, flushed, dropped, superseded, dead }: Accounts): void {
  expect(handled + queued + parked + flushed + dropped + superseded + dead).to.equal(received);
}

const lanes = (telemetry: 'latest-by-key' | 'drop-oldest'): MailboxSpec => ({
  capacity: 10,
  overflow: 'reject',
  onRestart: 'keep',
  lanes: {
    exit: { types: ['exit'], capacity: 100, overflow: 'reject', onRestart: 'keep' },
    telemetry: { types: ['tick'], capacity: 1_000, overflow: telemetry, onRestart: 'flush', key: (tick: Tick) => tick.symbol },
  },
});

describe('a flood of a million ticks', () => {
  it('lets an exit wait for no more than the turn before it and the tick in hand, in the same mailbox', async () => {
    const { exits, left, p99, max, accounts } = await flooded(lanes('drop-oldest'), 'the flooded one');
    expect(exits).to.equal(TICKS / WAVE);
    expect(left, 'exits not handled').to.equal(0);
    expect(p99).to.be.at.most(BOUND_MS);
    expect(max).to.be.at.most(BOUND_MS + TELLING_MS);
    expect(accounts.received + accounts.refused).to.equal(TICKS + exits);
    expect(accounts.refused).to.equal(0);
    balanced(accounts);
  }).timeout(60_000);

  it('leaves of each symbol the newest tick, and every exit', async () => {
    const { exits, left, p99, accounts } = await flooded(lanes('latest-by-key'), 'the flooded one');
    expect(left, 'exits not handled').to.equal(0);
    expect(p99).to.be.at.most(BOUND_MS);
    expect(accounts.handled + accounts.queued + accounts.superseded).to.equal(TICKS + exits);
    expect(accounts.superseded).to.be.above(TICKS / 2);
    balanced(accounts);
  }).timeout(60_000);

  it('lets an exit of another actor wait for no more than one turn budget and one turn', async () => {
    const { exits, p99, others } = await flooded(lanes('drop-oldest'), 'another');
    expect(others).to.include({ received: exits, handled: exits });
    expect(p99).to.be.at.most(BOUND_MS);
  }).timeout(60_000);

  it('would push exits out where they share a lane with the ticks: it is the classes that help', async () => {
    const { left } = await flooded({ capacity: 1_000, overflow: 'drop-oldest', onRestart: 'keep' }, 'the flooded one');
    expect(left, 'exits lost').to.be.above(0);
  }).timeout(60_000);
});
