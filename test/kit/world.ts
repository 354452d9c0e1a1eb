/** A tree of actors in virtual time: nothing waits, the seed chooses who runs next, the same seed gives the same run. */
import type { ActorLog } from '../../src/supervision/behaviour.ts';
import type { ChildSpec, SupervisorSpec } from '../../src/supervision/child-spec.ts';
import { supervisor } from '../../src/supervision/child-spec.ts';
import type { LifecycleEvent } from '../../src/supervision/inspection.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { ActorSystem } from '../../src/supervision/system.ts';
import { seal } from './seal.ts';
import { SeededTurns } from './seeded-turns.ts';
import type { TurnMessages } from './seeded-turns.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface WorldOptions {
  /** How many messages a turn takes; `seeded`: from 1 to 32, as the seed draws. 32 if nothing is said. */
  readonly turnMessages?: TurnMessages;
  /** Every message that is told or asked is frozen, so that nobody changes what another holds (H36); `false`: none is. */
  readonly seal?: boolean;
}

const realImmediate = setImmediate;

export class World {
  readonly clock = new VirtualClock();
  readonly system: ActorSystem;
  readonly events: LifecycleEvent[] = [];
  /** The same, with the monotonic ms at which each happened. */
  readonly timeline: { readonly at: number; readonly event: LifecycleEvent }[] = [];
  readonly logs: { level: string; path: string; fields: object; message: string }[] = [];
  #turns!: SeededTurns;

  constructor(seed = 1, { turnMessages, seal: sealing = true }: WorldOptions = {}) {
    const logFor = (path: string): ActorLog => {
      const write = (level: string) => (fields: object, message: string) => {
        this.logs.push({ level, path, fields, message });
      };
      return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
    };
    this.system = new ActorSystem({ clock: this.clock, random: new SeededRandom(seed), turns: (stamp) => (this.#turns = new SeededTurns(seed, stamp, turnMessages)), logFor, ...(sealing ? { seal } : {}) });
    this.system.subscribe((event) => {
      this.events.push(event);
      this.timeline.push({ at: this.clock.monotonic(), event });
    });
  }

  /** Starts `children` under a root that restarts one for one, and lets everything settle. */
  async start(...children: ChildSpec[]): Promise<void> {
    let failure: unknown;
    await this.startTree(supervisor('vigil', 'the root of a test', children), (error) => (failure = error));
    if (failure !== undefined) throw failure;
  }

  /** Starts a tree and lets everything settle. `onEnd`: its root has ended. @throws if it cannot start. */
  async startTree(root: SupervisorSpec, onEnd: (error: Error) => void): Promise<void> {
    let failure: unknown;
    let done = false;
    this.system.start(root, onEnd).then(
      () => (done = true),
      (error: unknown) => {
        failure = error;
        done = true;
      },
    );
    await this.settle();
    // Time moves only for a start that waits for it.
    for (let i = 0; i < 1000 && !done && this.clock.fireNext(Infinity); i++) await this.settle();
    if (failure !== undefined) throw failure;
  }

  /** Runs what is ready, without moving time. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => realImmediate(resolve));
      if (!this.#turns.runOne()) {
        await new Promise<void>((resolve) => realImmediate(resolve));
        if (!this.#turns.runOne()) return;
      }
    }
  }

  /** Lets `ms` of virtual time pass, running everything on the way. */
  async advance(ms: number): Promise<void> {
    const limit = this.clock.monotonic() + ms;
    while (await this.#step(limit));
    this.clock.moveTo(limit);
  }

  async #step(limit: number): Promise<boolean> {
    await this.settle();
    return this.clock.fireNext(limit);
  }
}
