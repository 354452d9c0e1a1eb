/** The workloads on nact alone: the floor that the layer above it is compared with. Run by bench/supervision.ts. */
import { dispatch, query, spawn, start } from 'nact';
import { heapBytes, measure, median, timed } from './workloads.ts';

/** nact as it is used without a layer: its declared types know neither a ref in a message nor `initialStateFunc` here. */
interface Raw {
  readonly spawn: (parent: unknown, handle: (state: unknown, message: never, context: { readonly self: unknown; readonly parent: unknown }) => unknown, name?: string, options?: object) => unknown;
  readonly dispatch: (to: unknown, message: unknown) => void;
  readonly query: (to: unknown, make: (reply: unknown) => unknown, timeoutMs: number) => Promise<unknown>;
}
const nact = { spawn, dispatch, query } as unknown as Raw;
const system: unknown = start();
const TICK = { type: 'tick' };

const idle = (state: unknown) => state;

interface CrashContext {
  readonly self: unknown;
  readonly escalate: symbol;
  readonly stopChild: symbol;
}

await measure({
  burst: (sizes) => {
    const done = Promise.withResolvers<void>();
    let count = 0;
    const actor = nact.spawn(system, (state) => {
      if (++count === sizes.burst) done.resolve();
      return state;
    });
    return timed(sizes.burst, () => {
      for (let i = 0; i < sizes.burst; i++) nact.dispatch(actor, TICK);
      return done.promise;
    });
  },
  'ping-pong': (sizes) => {
    const done = Promise.withResolvers<void>();
    let count = 0;
    const pong = nact.spawn(system, (state, from: never) => {
      nact.dispatch(from, TICK);
      return state;
    });
    const ping = nact.spawn(system, (state, _message, { self }) => {
      if (count++ === sizes.pingPong) done.resolve();
      else nact.dispatch(pong, self);
      return state;
    });
    return timed(sizes.pingPong, () => {
      nact.dispatch(ping, TICK);
      return done.promise;
    });
  },
  ring: (sizes) => {
    const done = Promise.withResolvers<void>();
    let hops = 0;
    const actors: unknown[] = [];
    for (let i = 0; i < sizes.ringActors; i++) {
      const next = (i + 1) % sizes.ringActors;
      actors.push(
        nact.spawn(system, (state, message: never) => {
          if (++hops === sizes.ringHops) done.resolve();
          else nact.dispatch(actors[next], message);
          return state;
        }),
      );
    }
    return timed(sizes.ringHops, () => {
      nact.dispatch(actors[0], TICK);
      return done.promise;
    });
  },
  'fan-out': (sizes) => {
    const done = Promise.withResolvers<void>();
    let acks = 0;
    let rounds = 0;
    const actors: unknown[] = [];
    const send = () => {
      for (const actor of actors) nact.dispatch(actor, collector);
    };
    const collector = nact.spawn(system, (state) => {
      if (++acks < sizes.fanActors) return state;
      acks = 0;
      if (++rounds === sizes.fanRounds) done.resolve();
      else send();
      return state;
    });
    for (let i = 0; i < sizes.fanActors; i++) {
      actors.push(
        nact.spawn(system, (state, from: never) => {
          nact.dispatch(from, TICK);
          return state;
        }),
      );
    }
    return timed(sizes.fanActors * sizes.fanRounds * 2, () => {
      send();
      return done.promise;
    });
  },
  ask: (sizes) => {
    const actor = nact.spawn(system, (state, from: never) => {
      nact.dispatch(from, TICK);
      return state;
    });
    return timed(sizes.asks, async () => {
      for (let i = 0; i < sizes.asks; i++) await nact.query(actor, (reply) => reply, 5_000);
    });
  },
  'ask, 1,000 in flight': (sizes) => {
    const actor = nact.spawn(system, (state, from: never) => {
      nact.dispatch(from, TICK);
      return state;
    });
    return timed(sizes.asks, async () => {
      for (let i = 0; i < sizes.asks / sizes.inFlight; i++) await Promise.all(Array.from({ length: sizes.inFlight }, () => nact.query(actor, (reply) => reply, 5_000)));
    });
  },
  spawn: (sizes) =>
    timed(sizes.idle, async () => {
      for (let i = 0; i < sizes.idle; i++) nact.spawn(system, idle, `idle${sizes.idle}.${i}`);
    }),
  'bytes an idle actor': (sizes) => heapBytes(sizes.idle, () => Array.from({ length: sizes.idle }, (_, i) => nact.spawn(system, idle, `idle${sizes.idle}.${i}`))),
  'crash to restarted': async (sizes) => {
    // The parent stops the child and spawns it again: what is closest to a supervisor.
    const took: number[] = [];
    let crashedAt = 0;
    let child: unknown;
    let up = Promise.withResolvers<void>();
    const crash = () => {
      crashedAt = performance.now();
      throw new Error('as asked');
    };
    const parent = nact.spawn(
      system,
      (_state, _message, { self }) => {
        child = nact.spawn(self, crash, undefined, {
          initialStateFunc: () => {
            if (crashedAt > 0) took.push((performance.now() - crashedAt) * 1000);
            up.resolve();
            return {};
          },
          onCrash: (_m: unknown, _e: unknown, context: CrashContext) => context.escalate,
        });
        return {};
      },
      undefined,
      {
        onCrash: (_m: unknown, _e: unknown, context: CrashContext) => {
          nact.dispatch(context.self, TICK);
          return context.stopChild;
        },
      },
    );
    nact.dispatch(parent, TICK);
    await up.promise;
    for (let i = 0; i < sizes.crashes; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      up = Promise.withResolvers<void>();
      nact.dispatch(child, TICK);
      await up.promise;
    }
    return { value: median(took) };
  },
});
