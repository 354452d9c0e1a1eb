/** The workloads on Vigil's own actors and supervisors, over nact's turns. Run by bench/supervision.ts. */
import { same } from '../../src/supervision/behaviour.ts';
import type { ActorContext, Behaviour, Next } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { WorkerSpec } from '../../src/supervision/child-spec.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { nactTurns } from '../../src/supervision/nact.ts';
import { systemRandom } from '../../src/supervision/random.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { ActorSystem } from '../../src/supervision/system.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import { heapBytes, measure, median, SIZES, timed } from './workloads.ts';

type Tick = { readonly type: 'tick' } | { readonly type: 'tick'; readonly '~answer'?: number };
const TICK: Tick = { type: 'tick' };

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const system = new ActorSystem({ clock: systemClock, random: systemRandom, turns: nactTurns, logFor: () => silent });

function actor(path: string, receive: (ctx: ActorContext<Tick>, message: Tick) => Next<null>, init: () => void = () => undefined): { readonly ref: Ref<Tick>; readonly spec: WorkerSpec } {
  const ref = system.ref<Tick>(path);
  const behaviour: Behaviour<Tick, null> = {
    role: 'bench',
    purpose: 'is measured',
    consumes: { tick: '' },
    emits: [],
    mailbox: { capacity: 2_000_000, overflow: 'reject', onRestart: 'keep' },
    init: () => {
      init();
      return null;
    },
    receive: (_state, message, ctx) => receive(ctx, message),
    view: () => null,
  };
  return { ref, spec: worker(ref, behaviour, { policy: NO_BUDGET }) };
}

async function started(...actors: readonly { readonly spec: WorkerSpec }[]): Promise<void> {
  await system.start(supervisor('bench', 'holds what is measured', actors.map((one) => one.spec)), (error) => {
    throw error;
  });
}

await measure({
  burst: async () => {
    const done = Promise.withResolvers<void>();
    let count = 0;
    const counter = actor('counter', () => {
      if (++count === SIZES.burst) done.resolve();
      return same;
    });
    await started(counter);
    return timed(SIZES.burst, () => {
      for (let i = 0; i < SIZES.burst; i++) system.tell(counter.ref, TICK);
      return done.promise;
    });
  },
  'ping-pong': async () => {
    const done = Promise.withResolvers<void>();
    let count = 0;
    const ping = actor('ping', (ctx) => {
      if (count++ === SIZES.pingPong) done.resolve();
      else ctx.tell(pong.ref, TICK);
      return same;
    });
    const pong = actor('pong', (ctx) => {
      ctx.tell(ping.ref, TICK);
      return same;
    });
    await started(ping, pong);
    return timed(SIZES.pingPong, () => {
      system.tell(ping.ref, TICK);
      return done.promise;
    });
  },
  ring: async () => {
    const done = Promise.withResolvers<void>();
    let hops = 0;
    const refs = Array.from({ length: SIZES.ringActors }, (_, i) => system.ref<Tick>(`ring/${i}`));
    const actors = refs.map((ref, i) =>
      actor(ref.path, (ctx, message) => {
        if (++hops === SIZES.ringHops) done.resolve();
        else ctx.tell(refs[(i + 1) % SIZES.ringActors]!, message);
        return same;
      }),
    );
    await started(...actors);
    return timed(SIZES.ringHops, () => {
      system.tell(refs[0]!, TICK);
      return done.promise;
    });
  },
  'fan-out': async () => {
    const done = Promise.withResolvers<void>();
    let acks = 0;
    let rounds = 0;
    const refs = Array.from({ length: SIZES.fanActors }, (_, i) => system.ref<Tick>(`fan/${i}`));
    const send = (ctx: ActorContext<Tick>) => {
      for (const ref of refs) ctx.tell(ref, TICK);
    };
    const collector = actor('collector', (ctx) => {
      if (++acks < SIZES.fanActors) return same;
      acks = 0;
      if (++rounds === SIZES.fanRounds) done.resolve();
      else send(ctx);
      return same;
    });
    const starter = actor('starter', (ctx) => {
      send(ctx);
      return same;
    });
    const fans = refs.map((ref) =>
      actor(ref.path, (ctx) => {
        ctx.tell(collector.ref, TICK);
        return same;
      }),
    );
    await started(collector, starter, ...fans);
    return timed(SIZES.fanActors * SIZES.fanRounds * 2, () => {
      system.tell(starter.ref, TICK);
      return done.promise;
    });
  },
  ask: async () => {
    const echo = echoing();
    await started(echo);
    return timed(SIZES.asks, async () => {
      for (let i = 0; i < SIZES.asks; i++) await system.ask(echo.ref, { type: 'tick' }, 5_000);
    });
  },
  'ask, 1,000 in flight': async () => {
    const echo = echoing();
    await started(echo);
    return timed(SIZES.asks, async () => {
      for (let i = 0; i < SIZES.asks / SIZES.inFlight; i++) await Promise.all(Array.from({ length: SIZES.inFlight }, () => system.ask(echo.ref, { type: 'tick' }, 5_000)));
    });
  },
  spawn: () => {
    const specs = idle();
    return timed(SIZES.idle, () => system.start(supervisor('bench', 'holds what is measured', specs), () => undefined));
  },
  'bytes an idle actor': async () => {
    await system.start(supervisor('bench', 'holds what is measured', [], { strategy: 'dynamic' }), () => undefined);
    const room = system.supervisor('bench')!;
    return heapBytes(SIZES.idle, async () => {
      for (let i = 0; i < SIZES.idle; i++) await room.startChild(actor(`idle/${i}`, () => same).spec);
      return room;
    });
  },
  'crash to restarted': async () => {
    const took: number[] = [];
    let crashedAt = 0;
    let up = Promise.withResolvers<void>();
    let crash = false;
    const fragile = actor(
      'fragile',
      () => {
        if (!crash) return same;
        crash = false;
        crashedAt = performance.now();
        throw new Error('as asked');
      },
      () => {
        if (crashedAt > 0) took.push((performance.now() - crashedAt) * 1000);
        up.resolve();
      },
    );
    await started(fragile);
    for (let i = 0; i < SIZES.crashes; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      up = Promise.withResolvers<void>();
      crash = true;
      system.tell(fragile.ref, TICK);
      await up.promise;
    }
    return { value: median(took) };
  },
});

function echoing() {
  return actor('echo', (ctx, message) => {
    ctx.answering(message as Tick & { readonly '~answer'?: number })(1);
    return same;
  });
}

function idle(): WorkerSpec[] {
  return Array.from({ length: SIZES.idle }, (_, i) => actor(`idle/${i}`, () => same).spec);
}
