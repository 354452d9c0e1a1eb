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
import { heapBytes, measure, median, timed } from './workloads.ts';

type Tick = { readonly type: 'tick' } | { readonly type: 'tick'; readonly '~answer'?: number };
const TICK: Tick = { type: 'tick' };

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface Actor {
  readonly ref: Ref<Tick>;
  readonly spec: WorkerSpec;
}

/** A system of its own for each workload, and how to fill it. */
function room() {
  const system = new ActorSystem({ clock: systemClock, random: systemRandom, turns: nactTurns, logFor: () => silent });
  const actor = (path: string, receive: (ctx: ActorContext<Tick>, message: Tick) => Next<null>, init: () => void = () => undefined): Actor => {
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
  };
  return {
    system,
    actor,
    start: async (...actors: readonly Actor[]) => {
      await system.start(supervisor('bench', 'holds what is measured', actors.map((one) => one.spec)), (error) => {
        throw error;
      });
    },
    echoing: () =>
      actor('echo', (ctx, message) => {
        ctx.answering(message as Tick & { readonly '~answer'?: number })(1);
        return same;
      }),
    idle: (count: number) => Array.from({ length: count }, (_, i) => actor(`idle/${i}`, () => same)),
  };
}

await measure({
  burst: async (sizes) => {
    const { system, actor, start } = room();
    const done = Promise.withResolvers<void>();
    let count = 0;
    const counter = actor('counter', () => {
      if (++count === sizes.burst) done.resolve();
      return same;
    });
    await start(counter);
    return timed(sizes.burst, () => {
      for (let i = 0; i < sizes.burst; i++) system.tell(counter.ref, TICK);
      return done.promise;
    });
  },
  'ping-pong': async (sizes) => {
    const { system, actor, start } = room();
    const done = Promise.withResolvers<void>();
    let count = 0;
    const ping = actor('ping', (ctx) => {
      if (count++ === sizes.pingPong) done.resolve();
      else ctx.tell(pong.ref, TICK);
      return same;
    });
    const pong = actor('pong', (ctx) => {
      ctx.tell(ping.ref, TICK);
      return same;
    });
    await start(ping, pong);
    return timed(sizes.pingPong, () => {
      system.tell(ping.ref, TICK);
      return done.promise;
    });
  },
  ring: async (sizes) => {
    const { system, actor, start } = room();
    const done = Promise.withResolvers<void>();
    let hops = 0;
    const refs = Array.from({ length: sizes.ringActors }, (_, i) => system.ref<Tick>(`ring/${i}`));
    const actors = refs.map((ref, i) =>
      actor(ref.path, (ctx, message) => {
        if (++hops === sizes.ringHops) done.resolve();
        else ctx.tell(refs[(i + 1) % sizes.ringActors]!, message);
        return same;
      }),
    );
    await start(...actors);
    return timed(sizes.ringHops, () => {
      system.tell(refs[0]!, TICK);
      return done.promise;
    });
  },
  'fan-out': async (sizes) => {
    const { system, actor, start } = room();
    const done = Promise.withResolvers<void>();
    let acks = 0;
    let rounds = 0;
    const refs = Array.from({ length: sizes.fanActors }, (_, i) => system.ref<Tick>(`fan/${i}`));
    const send = (ctx: ActorContext<Tick>) => {
      for (const ref of refs) ctx.tell(ref, TICK);
    };
    const collector = actor('collector', (ctx) => {
      if (++acks < sizes.fanActors) return same;
      acks = 0;
      if (++rounds === sizes.fanRounds) done.resolve();
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
    await start(collector, starter, ...fans);
    return timed(sizes.fanActors * sizes.fanRounds * 2, () => {
      system.tell(starter.ref, TICK);
      return done.promise;
    });
  },
  ask: async (sizes) => {
    const { system, start, echoing } = room();
    const echo = echoing();
    await start(echo);
    return timed(sizes.asks, async () => {
      for (let i = 0; i < sizes.asks; i++) await system.ask(echo.ref, { type: 'tick' }, 5_000);
    });
  },
  'ask, 1,000 in flight': async (sizes) => {
    const { system, start, echoing } = room();
    const echo = echoing();
    await start(echo);
    return timed(sizes.asks, async () => {
      for (let i = 0; i < sizes.asks / sizes.inFlight; i++) await Promise.all(Array.from({ length: sizes.inFlight }, () => system.ask(echo.ref, { type: 'tick' }, 5_000)));
    });
  },
  spawn: (sizes) => {
    const { start, idle } = room();
    const actors = idle(sizes.idle);
    return timed(sizes.idle, () => start(...actors));
  },
  'bytes an idle actor': async (sizes) => {
    const { system, actor } = room();
    await system.start(supervisor('bench', 'holds what is measured', [], { strategy: 'dynamic' }), () => undefined);
    const holder = system.supervisor('bench')!;
    return heapBytes(sizes.idle, async () => {
      for (let i = 0; i < sizes.idle; i++) await holder.startChild(actor(`idle/${i}`, () => same).spec);
      return holder;
    });
  },
  'crash to restarted': async (sizes) => {
    const { system, actor, start } = room();
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
    await start(fragile);
    for (let i = 0; i < sizes.crashes; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      up = Promise.withResolvers<void>();
      crash = true;
      system.tell(fragile.ref, TICK);
      await up.promise;
    }
    return { value: median(took) };
  },
});
