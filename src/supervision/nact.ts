/**
 * The only file that imports nact. nact schedules and does nothing else: flat actors under one silent root, unique
 * names `c<uid>`, one wake-up token in a mailbox, a handler that never throws or waits (reference nact.md, 1.5).
 */
import { dispatch, spawn, start, stop } from 'nact';
import type { Ref as NactRef } from 'nact';
import { Ring } from './ring.ts';
import type { Stamp } from './stamp.ts';
import type { Turn, Turns } from './turns.ts';

const WAKE = Symbol('wake');

/** After so many messages a turn makes room for the next actor that waits; alone, it goes on (reference nact.md, 3.4). */
const TURN_MESSAGES = 32;
/** After so long all actors make room for the event loop: sockets, timers, the watch. */
const DRAIN_MS = 2;

/** nact takes `{ name }`; its types say otherwise (H29). */
const startNamed = start as unknown as (options: { name: string }) => NactRef<never>;
/** `spawn` as we use it: no state, no context; the declared types cannot express a handler that returns nothing. */
const spawnSilent = spawn as unknown as (
  parent: NactRef<never>,
  handle: () => void,
  name: string,
  options: { onCrash: (message: unknown, error: unknown, context: { resume: symbol }) => symbol },
) => NactRef<symbol>;

let systems = 0;
const resume = { onCrash: (_message: unknown, _error: unknown, context: { resume: symbol }) => context.resume };

/** One cell's place among the turns, and its nact actor. */
class Slot implements Turn {
  readonly actor: NactRef<symbol>;
  readonly run: () => void;
  closed = false;
  readonly #queue: TurnQueue;

  constructor(actor: NactRef<symbol>, run: () => void, queue: TurnQueue) {
    this.actor = actor;
    this.run = run;
    this.#queue = queue;
  }

  wake(): void {
    this.#queue.enter(this);
  }

  close(): void {
    this.closed = true;
    stop(this.actor);
    this.#queue.left(this);
  }
}

interface TurnQueue {
  enter(slot: Slot): void;
  /** It has been closed; if it held the token, another gets one. */
  left(slot: Slot): void;
}

/**
 * Turns by a nact system of its own. Its name is unique: nact lets a second of the same name silently replace the first (H29).
 *
 * Who wants a turn stands in one queue. The first of it holds nact's token; when nact calls it, it runs the queue, turn
 * after turn, until it is empty or 2 ms are over. A message between two actors therefore costs no passage of the event
 * loop, which is three fifths of what a message costs in nact alone, and the loop still turns every 2 ms.
 */
export function nactTurns(stamp: Stamp): Turns {
  const system = startNamed({ name: `vigil${++systems}` });
  const root = spawnSilent(system, () => undefined, 'root', resume) as unknown as NactRef<never>;
  const ready = new Ring<Slot>();
  let uid = 0;
  let until = 0;
  let draining = false;
  /** Whose nact actor has the token. */
  let holder: Slot | undefined;

  const pass = () => {
    if (holder !== undefined || draining) return;
    // The closed have left their place in the queue, but no token must go to them: it would be lost.
    while (ready.peek()?.closed === true) ready.shift();
    holder = ready.peek();
    if (holder !== undefined) dispatch(holder.actor, WAKE);
  };
  const drain = () => {
    holder = undefined;
    draining = true;
    stamp.shared = true;
    until = stamp.take() + DRAIN_MS;
    try {
      for (let slot = ready.shift(); slot !== undefined; slot = ready.shift()) {
        if (!slot.closed) slot.run();
        if (stamp.value >= until) break;
      }
    } finally {
      // Whatever a turn has come to, those behind it get theirs.
      draining = false;
      stamp.shared = false;
      pass();
    }
  };

  const queue: TurnQueue = {
    enter(slot) {
      ready.push(slot);
      pass();
    },
    left(slot) {
      if (holder !== slot) return;
      holder = undefined;
      pass();
    },
  };
  return {
    register: (run) => new Slot(spawnSilent(root, drain, `c${++uid}`, resume), run, queue),
    enough: (taken) => stamp.value >= until || (taken >= TURN_MESSAGES && ready.length > 0),
    close() {
      ready.drain();
      stop(system);
    },
  };
}
