/**
 * The only file that imports nact. nact schedules and does nothing else: flat actors under one silent root, unique
 * names `c<uid>`, one wake-up token in a mailbox, a handler that never throws or waits (reference nact.md, 1.5).
 */
import { dispatch, spawn, start, stop } from 'nact';
import type { Ref as NactRef } from 'nact';
import type { Turns } from './turns.ts';

const WAKE = Symbol('wake');

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

/** Turns by a nact system of its own. Its name is unique: nact lets a second of the same name silently replace the first (H29). */
export function nactTurns(): Turns {
  const system = startNamed({ name: `vigil${++systems}` });
  const resume = { onCrash: (_message: unknown, _error: unknown, context: { resume: symbol }) => context.resume };
  const root = spawnSilent(system, () => undefined, 'root', resume) as unknown as NactRef<never>;
  let uid = 0;
  return {
    register(_name, run) {
      const actor = spawnSilent(root, run, `c${++uid}`, resume);
      return { wake: () => dispatch(actor, WAKE), close: () => stop(actor) };
    },
    close: () => stop(system),
  };
}
