/** A stage for the conformance suites: puppets that start, end, crash, hang and refuse as the test says, and a record of how each ended. */
import type { Behaviour, Down, ExitKind, InitContext } from '../../src/supervision/behaviour.ts';
import { become, ignore, same, shutdown, stop } from '../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../src/supervision/child-spec.ts';
import type { ChildSpec, SupervisorOptions, SupervisorSpec, WorkerOptions, WorkerSpec } from '../../src/supervision/child-spec.ts';
import type { Asking, Ref } from '../../src/supervision/ref.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import type { Supervisor } from '../../src/supervision/tree/supervisor.ts';
import { World } from '../kit/world.ts';

/** What an init does. A number: it runs after so many ms. */
export type Init = 'run' | 'ignore' | 'fail' | 'hang' | number | { readonly failAfterMs: number };

/** What a terminate does. A number: it is done after so many ms. */
export type Terminate = 'end' | 'fail' | 'hang' | number;

export interface Script {
  /** For each start; a function is given its number, 1 first. */
  readonly init?: Init | ((start: number) => Init);
  readonly terminate?: Terminate;
}

export type Cue =
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'end' | 'shut-down' | 'crash' }
  | ({ readonly type: 'ask-notes' } & Asking<readonly string[]>);

const CONSUMES: Behaviour<Cue, unknown>['consumes'] = {
  note: 'keeps a text',
  end: 'ends normally',
  'shut-down': 'ends with shutdown',
  crash: 'throws, the first time',
  'ask-notes': 'answers the texts of this incarnation',
};

/** One scripted child. `init` and `terminate` may be changed at any time: the next start or stop obeys. */
export class Puppet {
  readonly path: string;
  readonly ref: Ref<Cue>;
  init: NonNullable<Script['init']>;
  terminate: Terminate;
  /** How often its init was called. */
  starts = 0;
  readonly #stage: Stage;
  readonly #crashed = new WeakSet<Cue>();

  constructor(stage: Stage, path: string, { init = 'run', terminate = 'end' }: Script) {
    this.path = path;
    this.ref = stage.world.system.ref<Cue>(path);
    this.init = init;
    this.terminate = terminate;
    this.#stage = stage;
  }

  /** As in OTP, unless the options say otherwise: no budget and no backoff of its own. */
  spec(options: WorkerOptions = {}): WorkerSpec {
    return worker(this.ref, this.behaviour(), { policy: NO_BUDGET, ...options });
  }

  behaviour(): Behaviour<Cue, readonly string[]> {
    return {
      role: 'puppet',
      purpose: 'does in a conformance suite what the test says',
      consumes: CONSUMES,
      emits: [],
      mailbox: { capacity: 100, overflow: 'reject', onRestart: 'keep' },
      init: (ctx) => this.#init(ctx),
      receive: (notes, cue, ctx) => {
        switch (cue.type) {
          case 'note':
            return become([...notes, cue.text]);
          case 'end':
            return stop('as told');
          case 'shut-down':
            return shutdown('as told');
          case 'crash':
            // A message that crashed is tried once more by the next incarnation; here one cue is one crash.
            if (this.#crashed.has(cue)) return same;
            this.#crashed.add(cue);
            throw new Error('crashed as told');
          case 'ask-notes':
            ctx.answering(cue)(notes);
            return same;
        }
      },
      terminate: () => this.#terminate(),
      view: (notes) => notes,
    };
  }

  /** Ends its incarnation in the given way, and lets everything settle. */
  async end(kind: ExitKind): Promise<void> {
    const { world } = this.#stage;
    if (kind === 'killed') world.system.control(this.path, 'kill', 'as told');
    else world.system.tell(this.ref, { type: kind === 'normal' ? 'end' : kind === 'shutdown' ? 'shut-down' : 'crash' });
    await world.settle();
  }

  async #init(ctx: InitContext<Cue>): Promise<readonly string[] | typeof ignore> {
    this.starts += 1;
    this.#stage.order.push(`start ${this.path}`);
    const what = typeof this.init === 'function' ? this.init(this.starts) : this.init;
    if (what === 'fail') throw new Error(`${this.path} cannot start`);
    if (what === 'ignore') return ignore;
    if (what === 'hang') await new Promise(() => undefined);
    if (typeof what === 'object') {
      await new Promise<void>((resolve) => ctx.clock.after(what.failAfterMs, resolve));
      throw new Error(`${this.path} cannot start`);
    }
    if (typeof what === 'number') await new Promise<void>((resolve) => ctx.clock.after(what, resolve));
    return [];
  }

  async #terminate(): Promise<void> {
    const { order, world } = this.#stage;
    const { terminate } = this;
    order.push(`stop ${this.path}`);
    if (terminate === 'fail') throw new Error(`${this.path} cannot stop`);
    if (terminate === 'hang') await new Promise(() => undefined);
    if (typeof terminate === 'number') await new Promise<void>((resolve) => world.clock.after(terminate, resolve));
  }
}

type Watching = { readonly type: 'watch'; readonly path: string } | { readonly type: 'down'; readonly down: Down };

/** A world with a root, an observer of every end, and (in most tests) one supervisor that is tried. */
export class Stage {
  readonly world: World;
  /** Every init and terminate of every puppet, in order: `start a`, `stop a`. */
  readonly order: string[] = [];
  /** Every end of every puppet and supervisor of this stage, in order. */
  readonly downs: Down[] = [];
  readonly #watched = new Set<string>();
  readonly #observer: Ref<Watching>;
  #started = false;

  constructor(seed = 1) {
    this.world = new World(seed);
    this.#observer = this.world.system.ref<Watching>('observer');
  }

  puppet(path: string, script: Script = {}): Puppet {
    this.observe(path);
    return new Puppet(this, path, script);
  }

  /** The specification of a supervisor whose ends are observed; as in OTP without budget or backoff of its own. */
  supervisor(path: string, children: readonly ChildSpec[], options: SupervisorOptions = {}): SupervisorSpec {
    this.observe(path);
    return supervisor(path, 'tried in a conformance suite', children, { policy: NO_BUDGET, ...options });
  }

  observe(path: string): void {
    if (this.#watched.has(path)) return;
    this.#watched.add(path);
    if (this.#started) this.world.system.tell(this.#observer, { type: 'watch', path });
  }

  /** Starts the tree: the root `vigil`, the observer, and these. */
  async start(...children: ChildSpec[]): Promise<void> {
    this.#started = true;
    await this.world.start(worker(this.#observer, this.#observing()), ...children);
  }

  /** Starts a supervisor `sup` of these children, which the root does not restart, and returns it. */
  async startSupervisor(children: readonly ChildSpec[], options: SupervisorOptions = {}): Promise<Supervisor> {
    await this.start(this.supervisor('sup', children, { restart: 'temporary', ...options }));
    return this.find('sup');
  }

  find(path: string): Supervisor {
    const found = this.world.system.supervisor(path);
    if (found === undefined) throw new Error(`there is no supervisor ${path}`);
    return found;
  }

  /** Waits for `pending` while `ms` of virtual time pass; more is an error, not a test that hangs. */
  async within<Result>(ms: number, pending: Promise<Result>): Promise<Result> {
    let settled = false;
    const mark = () => void (settled = true);
    pending.then(mark, mark);
    if (ms === 0) await this.world.settle();
    else await this.world.advance(ms);
    if (!settled) throw new Error(`not done within ${ms} ms`);
    return pending;
  }

  /** Waits for what needs no time. */
  now<Result>(pending: Promise<Result>): Promise<Result> {
    return this.within(0, pending);
  }

  /** Has the root stop `path` in order, while `ms` of virtual time pass; resolves to how long it took. */
  async stop(path = 'sup', ms = 60_000): Promise<number> {
    const { clock } = this.world;
    const before = clock.now();
    let after = before;
    await this.within(ms, this.find('vigil').terminateChild(path).then(() => (after = clock.now())));
    return after - before;
  }

  /** How the incarnations of a role ended, oldest first. */
  exits(path: string): readonly (Down['kind'])[] {
    return this.downs.filter((down) => down.path === path).map((down) => down.kind);
  }

  /** Whether an incarnation of that role runs now. */
  alive(path: string): boolean {
    return this.world.system.inspect(path)?.status === 'running';
  }

  /** Each child as `path state incarnation`, in start order. */
  children(path = 'sup'): readonly string[] {
    return this.find(path).whichChildren().map((child) => `${child.path} ${child.state} ${child.incarnation}`);
  }

  /** As OTP prints them: specs, active, supervisors, workers. */
  counts(path = 'sup'): readonly [number, number, number, number] {
    const { specs, active, supervisors, workers } = this.find(path).countChildren();
    return [specs, active, supervisors, workers];
  }

  #observing(): Behaviour<Watching, null> {
    return {
      role: 'observer',
      purpose: 'keeps how everyone ended',
      consumes: { watch: 'watches one more', down: 'keeps an end' },
      emits: [],
      mailbox: { capacity: 100_000, overflow: 'reject', onRestart: 'keep' },
      init: (ctx) => {
        for (const path of this.#watched) ctx.watch(this.world.system.ref(path), (down) => ({ type: 'down', down }));
        return null;
      },
      receive: (_state, message, ctx) => {
        if (message.type === 'watch') ctx.watch(this.world.system.ref(message.path), (down) => ({ type: 'down', down }));
        else if (message.down.kind !== 'absent') this.downs.push(message.down);
        return same;
      },
      view: () => null,
    };
  }
}
