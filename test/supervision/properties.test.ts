/** What must hold whatever happens, over random lives of a small tree and random orders of turns; a failure shrinks to the fewest steps. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Behaviour, Next } from '../../src/supervision/behaviour.ts';
import { become } from '../../src/supervision/behaviour.ts';
import type { Strategy, SupervisorSpec } from '../../src/supervision/child-spec.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { WorkerDetail } from '../../src/supervision/inspection.ts';
import { World } from '../kit/world.ts';

const ACTORS = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof ACTORS)[number];

type Work =
  | { readonly type: 'work'; readonly from: string; readonly n: number }
  | { readonly type: 'forward'; readonly from: string; readonly n: number; readonly to: Name }
  /** Throws this often, then does no harm. */
  | { readonly type: 'poison'; readonly from: string; readonly n: number; harm: number };

type Step =
  | { readonly do: 'tell'; readonly to: Name; readonly count: number }
  | { readonly do: 'forward'; readonly to: Name; readonly next: Name }
  | { readonly do: 'poison'; readonly to: Name; readonly harm: number }
  | { readonly do: 'kill' | 'restart' | 'suspend' | 'resume'; readonly to: Name }
  | { readonly do: 'settle' }
  | { readonly do: 'advance'; readonly ms: number };

const name = fc.constantFrom(...ACTORS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('tell' as const), to: name, count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('forward' as const), to: name, next: name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('poison' as const), to: name, harm: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'restart' as const, 'suspend' as const, 'resume' as const), to: name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
);

const INTENSITY = { limit: 3, windowMs: 5_000, whenSpent: 'escalate' as const };
const OWN_BUDGET = { limit: 100, windowMs: 60_000, backoff: { minMs: 50, maxMs: 400 }, whenSpent: { retryEveryMs: 1_000 } };

/** A tree of two rooms, and everything that its actors noticed. */
class Run {
  readonly world: World;
  readonly broken: string[] = [];
  ended: string | undefined;
  readonly #numbers = new Map<string, number>();
  readonly #handling = new Map<string, number>();
  readonly #last = new Map<string, number>();

  constructor(seed: number) {
    this.world = new World(seed);
  }

  async start(strategy: Strategy): Promise<void> {
    const room = (path: string, ...children: Name[]): SupervisorSpec =>
      supervisor(path, 'a room', children.map((child) => worker(this.world.system.ref<Work>(child), this.#behaviour(child), { policy: OWN_BUDGET })), { strategy, intensity: INTENSITY, policy: OWN_BUDGET });
    const root = supervisor('root', 'of a test', [room('room/1', 'a', 'b'), room('room/2', 'c', 'd')], { intensity: INTENSITY });
    await this.world.startTree(root, (error) => (this.ended = error.message));
  }

  async take(one: Step): Promise<void> {
    const { system } = this.world;
    switch (one.do) {
      case 'tell':
        for (let i = 0; i < one.count; i++) system.tell(system.ref<Work>(one.to), { type: 'work', from: 'outside', n: this.#next('outside', one.to) });
        return;
      case 'forward':
        system.tell(system.ref<Work>(one.to), { type: 'forward', from: 'outside', n: this.#next('outside', one.to), to: one.next });
        return;
      case 'poison':
        system.tell(system.ref<Work>(one.to), { type: 'poison', from: 'outside', n: this.#next('outside', one.to), harm: one.harm });
        return;
      case 'kill':
      case 'restart':
      case 'suspend':
      case 'resume':
        system.control(one.to, one.do, 'by the property');
        return;
      case 'settle':
        return this.world.settle();
      case 'advance':
        return this.world.advance(one.ms);
    }
  }

  detail(child: Name): WorkerDetail {
    return this.world.system.inspect(child) as WorkerDetail;
  }

  #next(from: string, to: string): number {
    const key = `${from}>${to}`;
    const n = (this.#numbers.get(key) ?? 0) + 1;
    this.#numbers.set(key, n);
    return n;
  }

  #behaviour(self: Name): Behaviour<Work, number> {
    return {
      role: 'worker',
      purpose: 'is watched by properties',
      consumes: { work: 'is counted', forward: 'goes on to another', poison: 'throws' },
      emits: ['work'],
      mailbox: { capacity: 8, overflow: 'reject', onRestart: 'keep' },
      init: () => 0,
      receive: (state, message, ctx): Next<number> => {
        if (this.#handling.has(self)) this.broken.push(`${self}: two handlers at once`);
        this.#handling.set(self, ctx.incarnation);
        try {
          this.#inOrder(self, message);
          if (message.type === 'poison' && message.harm > 0) {
            message.harm -= 1;
            throw new Error('poison');
          }
          if (message.type === 'forward') ctx.tell(this.world.system.ref<Work>(message.to), { type: 'work', from: self, n: this.#next(self, message.to) });
          return become(state + 1);
        } finally {
          this.#handling.delete(self);
        }
      },
      view: (state) => state,
    };
  }

  /** A refused number is a gap; one that crashed comes again; none overtakes another. */
  #inOrder(self: string, { from, n }: Work): void {
    const key = `${from}>${self}`;
    const last = this.#last.get(key) ?? 0;
    if (n < last) this.broken.push(`${self}: ${n} of ${from} after ${last}`);
    this.#last.set(key, n);
  }
}

/** No supervisor has restarted more than its intensity allows within its window, unless it then escalated. */
function intensityHeld({ world }: Run): string | undefined {
  for (const [path, children] of [['room/1', ['a', 'b']], ['room/2', ['c', 'd']], ['root', ['room/1', 'room/2']]] as const) {
    const restarts: number[] = [];
    for (const { event, at } of world.timeline) {
      if (event.type === 'restarting' && children.some((child) => child === event.path)) restarts.push(at);
      if (event.type === 'escalated' && event.path === path) restarts.length = 0;
    }
    for (const [index, at] of restarts.entries()) {
      const within = restarts.slice(index).filter((other) => other - at < INTENSITY.windowMs).length;
      if (within > INTENSITY.limit) return `${path}: ${within} restarts within ${INTENSITY.windowMs} ms`;
    }
  }
  return undefined;
}

describe('properties of supervision', () => {
  for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] as const) {
    it(`hold over random lives: ${strategy}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), fc.array(step, { maxLength: 40, size: 'max' }), async (seed, steps) => {
          const run = new Run(seed);
          await run.start(strategy);
          for (const one of steps) {
            await run.take(one);
            for (const child of ACTORS) {
              const { accounts } = run.detail(child);
              const { received, handled, queued, parked, flushed, dropped, superseded, dead } = accounts;
              expect(handled + queued + parked + flushed + dropped + superseded + dead, `${child} ${JSON.stringify(accounts)}`).to.equal(received);
            }
          }
          for (const child of ACTORS) run.world.system.control(child, 'resume', 'by the property');
          await run.world.advance(60_000);
          expect(run.broken).to.deep.equal([]);
          expect(intensityHeld(run)).to.equal(undefined);
          // Alive or escalated, never neither.
          const statuses = ACTORS.map((child) => run.detail(child).status);
          if (run.ended === undefined) {
            expect(statuses).to.deep.equal(['running', 'running', 'running', 'running']);
            expect(ACTORS.map((child) => run.detail(child).accounts.queued)).to.deep.equal([0, 0, 0, 0]);
          } else {
            expect(statuses).to.deep.equal(['stopped', 'stopped', 'stopped', 'stopped']);
            expect(run.world.events.some((event) => event.type === 'escalated' && event.path === 'root')).to.equal(true);
          }
        }),
        { numRuns: 150 },
      );
    }).timeout(60_000);
  }

  it('are the same for the same seed, event by event', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), fc.array(step, { maxLength: 25, size: 'max' }), async (seed, steps) => {
        const traces: string[] = [];
        for (let i = 0; i < 2; i++) {
          const run = new Run(seed);
          await run.start('one-for-all');
          for (const one of steps) await run.take(one);
          await run.world.advance(10_000);
          traces.push(JSON.stringify(run.world.timeline, (key, value: unknown) => (key === 'stack' ? undefined : value)));
        }
        expect(traces[0]).to.equal(traces[1]);
      }),
      { numRuns: 40 },
    );
  }).timeout(60_000);
});
