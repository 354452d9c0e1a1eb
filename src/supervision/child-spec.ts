/** The supervision tree as data: what is started, in which order, and what happens when it ends. */
import type { Behaviour } from './behaviour.ts';
import { Cell } from './cell/cell.ts';
import type { RestartType } from './inspection.ts';
import type { Kernel } from './kernel.ts';
import type { MailboxSpec } from './mailbox.ts';
import type { Ref, Tagged } from './ref.ts';
import type { Addressee, Shutdown } from './tree/node.ts';
import { DEFAULT_RESTART } from './tree/restart-budget.ts';
import type { Intensity, RestartPolicy } from './tree/restart-budget.ts';

/** A role's declaration without its code. */
export interface Declaration {
  readonly role: string;
  readonly purpose: string;
  readonly consumes: Readonly<Record<string, string>>;
  readonly emits: readonly string[];
  readonly mailbox: MailboxSpec;
}

/** What a supervisor must know of any child. */
interface AnyChildSpec {
  readonly path: string;
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
  /** Its orderly end may end its supervisor, by the supervisor's auto-shutdown. Never with `permanent`. */
  readonly significant: boolean;
  /** Its own restart budget, beside its supervisor's intensity. */
  readonly policy: RestartPolicy;
}

export interface WorkerSpec extends AnyChildSpec {
  readonly kind: 'worker';
  /** What the role says of itself: the documents of the tree are made from it. */
  readonly declaration: Declaration;
  readonly make: (kernel: Kernel) => Addressee;
}

/**
 * Who is restarted with a child that failed. `one-for-one`: it alone. `one-for-all`: all. `rest-for-one`: it and those
 * started after it. `dynamic`: it alone; its children come and go, are all alike, and stop in parallel.
 */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one' | 'dynamic';

/** Which orderly ends of significant children end the supervisor too. */
export type AutoShutdown = 'never' | 'any-significant' | 'all-significant';

export interface SupervisorSpec extends AnyChildSpec {
  readonly kind: 'supervisor';
  readonly purpose: string;
  readonly strategy: Strategy;
  /** Over all its children together; absent: their own budgets alone decide. */
  readonly intensity?: Intensity;
  readonly autoShutdown: AutoShutdown;
  readonly children: readonly ChildSpec[];
  /** Who makes children on demand, beside those. */
  readonly pool?: PoolSpec;
}

export interface PoolSpec {
  /** Called once the supervisor exists, with the function that adds the child of a path unless it has it. */
  readonly attach: (ensure: Ensure) => void;
}

export type Ensure = (path: string, make: () => ChildSpec) => void;

export type ChildSpec = WorkerSpec | SupervisorSpec;

export interface ChildOptions {
  readonly restart?: RestartType;
  readonly policy?: Partial<RestartPolicy>;
  readonly significant?: boolean;
  readonly shutdown?: Shutdown;
}

export interface WorkerOptions extends ChildOptions {
  readonly startMs?: number;
}

export interface SupervisorOptions extends ChildOptions {
  readonly strategy?: Strategy;
  readonly intensity?: Intensity;
  readonly autoShutdown?: AutoShutdown;
  readonly pool?: PoolSpec;
}

/** One actor of the tree: its ref, what it does, and how it is started, stopped and restarted. */
export function worker<Message extends Tagged, State>(ref: Ref<Message>, behaviour: Behaviour<Message, State>, options: WorkerOptions = {}): WorkerSpec {
  return {
    kind: 'worker',
    path: ref.path,
    declaration: behaviour,
    ...childOptions(options, 2_000),
    make: (kernel) => new Cell(kernel, ref, behaviour, options.startMs ?? 10_000),
  };
}

/** A supervisor: its children are started in order and stopped in reverse. */
export function supervisor(path: string, purpose: string, children: readonly ChildSpec[], options: SupervisorOptions = {}): SupervisorSpec {
  const { strategy = 'one-for-one', autoShutdown = 'never', intensity, pool } = options;
  return {
    kind: 'supervisor',
    path,
    purpose,
    strategy,
    autoShutdown,
    children,
    ...childOptions(options, 'infinity'),
    ...(intensity === undefined ? {} : { intensity }),
    ...(pool === undefined ? {} : { pool }),
  };
}

/** As in OTP: five seconds would be its default for a worker, two are ours; a supervisor takes as long as its children do. */
function childOptions(options: ChildOptions, shutdown: Shutdown): Omit<AnyChildSpec, 'path'> {
  return { restart: options.restart ?? 'permanent', shutdown: options.shutdown ?? shutdown, significant: options.significant ?? false, policy: { ...DEFAULT_RESTART, ...options.policy } };
}

/** The paths of a specification and of all below it, in start order. */
export function pathsOf(spec: ChildSpec): readonly string[] {
  return spec.kind === 'worker' ? [spec.path] : [spec.path, ...spec.children.flatMap(pathsOf)];
}

/** What is wrong with a specification, field by field; empty: nothing. `autoShutdown`: of the supervisor it is for. */
export function faultsOf(spec: ChildSpec, autoShutdown: AutoShutdown): readonly string[] {
  if (typeof spec !== 'object' || spec === null) return [`a specification is ${String(spec)}; make it with worker() or supervisor()`];
  const faults: string[] = [];
  const named = typeof spec.path === 'string' && spec.path !== '';
  const fault: Fault = (field, value, remedy) => void faults.push(`${named ? spec.path : '(no path)'}: ${field} is ${String(value)}; ${remedy}`);
  if (!named) fault('path', spec.path === '' ? "''" : spec.path, 'give each child a path of its own');
  if (!RESTARTS.includes(spec.restart)) fault('restart', spec.restart, 'use permanent, transient or temporary');
  if (typeof spec.shutdown === 'number' ? !(spec.shutdown >= 0 && spec.shutdown < Infinity) : !['brutal', 'infinity'].includes(spec.shutdown)) fault('shutdown', spec.shutdown, "use a number of ms from 0, 'brutal' or 'infinity'");
  if (typeof spec.significant !== 'boolean') fault('significant', spec.significant, 'use true or false');
  if (spec.significant && spec.restart === 'permanent') fault('significant', true, 'a permanent child never ends in order: make it transient or temporary');
  if (spec.significant && autoShutdown === 'never') fault('significant', true, "its supervisor's autoShutdown is never: nothing would follow from it");
  policyFaults(spec.policy, fault);
  if (spec.kind === 'worker') {
    if (typeof spec.make !== 'function') fault('make', spec.make, 'give what makes the child: worker() does');
    mailboxFaults(spec.declaration, fault);
  } else if (spec.kind === 'supervisor') faults.push(...supervisorFaults(spec, fault));
  else fault('kind', (spec as ChildSpec).kind, 'use worker or supervisor');
  return faults;
}

const RESTARTS: readonly RestartType[] = ['permanent', 'transient', 'temporary'];
const STRATEGIES: readonly Strategy[] = ['one-for-one', 'one-for-all', 'rest-for-one', 'dynamic'];
const AUTO_SHUTDOWNS: readonly AutoShutdown[] = ['never', 'any-significant', 'all-significant'];

/** Its own by `fault`; those of its children are returned. */
function supervisorFaults(spec: SupervisorSpec, fault: Fault): readonly string[] {
  if (!STRATEGIES.includes(spec.strategy)) fault('strategy', spec.strategy, 'use one-for-one, one-for-all, rest-for-one or dynamic');
  if (!AUTO_SHUTDOWNS.includes(spec.autoShutdown)) fault('autoShutdown', spec.autoShutdown, 'use never, any-significant or all-significant');
  if (spec.intensity !== undefined) {
    budgetFaults('intensity', spec.intensity, fault);
    if (spec.intensity.limit === Infinity) fault('intensity.limit', Infinity, 'leave intensity out to have none');
  }
  const faults = spec.children.flatMap((child) => faultsOf(child, spec.autoShutdown));
  if (faults.length > 0) return faults;
  const paths = new Set<string>();
  for (const path of pathsOf(spec)) {
    if (paths.has(path)) fault('children', `two called ${path}`, 'give each child a path of its own');
    paths.add(path);
  }
  return [];
}

type Fault = (field: string, value: unknown, remedy: string) => void;

function policyFaults(policy: RestartPolicy | undefined, fault: Fault): void {
  if (policy === undefined) return fault('policy', undefined, 'give a restart budget: worker() and supervisor() do');
  budgetFaults('policy', policy, fault);
  const { minMs, maxMs } = policy.backoff;
  if (!(minMs >= 0 && maxMs >= minMs && maxMs < Infinity)) fault('policy.backoff', `${minMs} to ${maxMs}`, 'use 0 ≤ minMs ≤ maxMs');
}

function budgetFaults(field: string, { limit, windowMs, whenSpent }: Intensity, fault: Fault): void {
  if (!(limit >= 0) || (limit !== Infinity && !Number.isInteger(limit))) fault(`${field}.limit`, limit, 'use a whole number of restarts, 0 or more');
  if (!(windowMs > 0 && windowMs < Infinity)) fault(`${field}.windowMs`, windowMs, 'use a number of ms above 0');
  if (typeof whenSpent === 'object') {
    if (!(whenSpent.retryEveryMs > 0 && whenSpent.retryEveryMs < Infinity)) fault(`${field}.whenSpent.retryEveryMs`, whenSpent.retryEveryMs, 'use a number of ms above 0');
  } else if (typeof whenSpent !== 'function' && whenSpent !== 'escalate') fault(`${field}.whenSpent`, whenSpent, "use 'escalate', { retryEveryMs } or a function");
}

function mailboxFaults({ mailbox }: Declaration, fault: Fault): void {
  const named = new Map<string, string>();
  for (const [name, lane] of Object.entries({ normal: { ...mailbox, types: [] }, ...mailbox.lanes })) {
    const at = name === 'normal' ? 'mailbox' : `mailbox.lanes.${name}`;
    if (!(Number.isInteger(lane.capacity) && lane.capacity > 0)) fault(`${at}.capacity`, lane.capacity, 'a mailbox is bounded: use a whole number above 0');
    for (const type of lane.types) {
      const other = named.get(type);
      if (other !== undefined) fault(`${at}.types`, type, `it is in the lane ${other} already`);
      named.set(type, name);
    }
  }
}
