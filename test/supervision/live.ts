/** Actors on the turns the service runs on: nact, the operating system's clock, and a loop that the test lets turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChildSpec } from '../../src/supervision/child-spec.ts';
import { supervisor } from '../../src/supervision/child-spec.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import type { WorkerDetail } from '../../src/supervision/inspection.ts';
import { nactTurns } from '../../src/supervision/nact.ts';
import { systemRandom } from '../../src/supervision/random.ts';
import type { Random } from '../../src/supervision/random.ts';
import { ActorSystem } from '../../src/supervision/system.ts';

/** So many turns of the loop without what is waited for: it does not come. */
const ENOUGH_TURNS = 200_000;

export async function until(done: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !done(); turns++) {
    if (turns > ENOUGH_TURNS) throw new Error(`the loop has turned ${ENOUGH_TURNS} times without ${what}`);
    await nextTurn();
  }
}

export interface Live {
  readonly system: ActorSystem;
  readonly detail: (path: string) => WorkerDetail;
  /** Errors that were logged, by their message. */
  readonly errors: string[];
  readonly start: (...children: ChildSpec[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function live(random: Random = systemRandom): Live {
  const errors: string[] = [];
  const nothing = () => undefined;
  const system = new ActorSystem({ clock: systemClock, random, turns: nactTurns, logFor: () => ({ debug: nothing, info: nothing, warn: nothing, error: (_fields, message) => errors.push(message) }) });
  return {
    system,
    errors,
    detail: (path) => system.inspect(path) as WorkerDetail,
    start: (...children) => system.start(supervisor('root', 'the root of a test', children), nothing),
    stop: () => system.stop('test over'),
  };
}
