/** The supervision tree as data: what is started, in which order, and what happens when it ends. */
import type { Behaviour } from './behaviour.ts';
import { Cell } from './cell.ts';
import type { Kernel } from './kernel.ts';
import type { MailboxSpec } from './mailbox.ts';
import type { Node } from './node.ts';
import type { Ref, Tagged } from './ref.ts';
import { DEFAULT_RESTART } from './restart-budget.ts';
import type { RestartPolicy } from './restart-budget.ts';

/** A role's declaration without its code. */
export interface Declaration {
  readonly role: string;
  readonly purpose: string;
  readonly consumes: Readonly<Record<string, string>>;
  readonly emits: readonly string[];
  readonly mailbox: MailboxSpec;
}

/** As in OTP: `permanent` is always started again, `transient` only after a crash, `temporary` never. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

export interface WorkerSpec {
  readonly kind: 'worker';
  readonly path: string;
  /** What the role says of itself: the documents of the tree are made from it. */
  readonly declaration: Declaration;
  readonly restart: RestartType;
  readonly policy: RestartPolicy;
  readonly make: (kernel: Kernel, bind: (path: string, node: Bindable) => void) => Node;
}

export interface SupervisorSpec {
  readonly kind: 'supervisor';
  readonly path: string;
  readonly purpose: string;
  readonly policy: RestartPolicy;
  readonly children: readonly ChildSpec[];
  /** Its children are made on demand, by key, and stopped in parallel. */
  readonly pool?: PoolSpec;
}

export interface PoolSpec {
  readonly child: (key: string) => ChildSpec;
  /** Called with the function that adds a child, once the supervisor exists. */
  readonly attach: (ensure: (key: string) => void) => void;
}

export type ChildSpec = WorkerSpec | SupervisorSpec;

/** What the system must know of a cell to deliver to it. */
export type Bindable = Node & Pick<Cell<Tagged, unknown>, 'accept' | 'detail' | 'suspend' | 'resume'>;

export interface WorkerOptions {
  readonly restart?: RestartType;
  readonly policy?: Partial<RestartPolicy>;
  readonly startMs?: number;
  readonly shutdownMs?: number;
}

/** One actor of the tree: its ref, what it does, and how it is started, stopped and restarted. */
export function worker<Message extends Tagged, State>(ref: Ref<Message>, behaviour: Behaviour<Message, State>, options: WorkerOptions = {}): WorkerSpec {
  return {
    kind: 'worker',
    path: ref.path,
    declaration: behaviour,
    restart: options.restart ?? 'permanent',
    policy: { ...DEFAULT_RESTART, ...options.policy },
    make(kernel, bind) {
      const cell = new Cell(kernel, ref, behaviour, { startMs: options.startMs ?? 10_000, shutdownMs: options.shutdownMs ?? 2_000 });
      bind(ref.path, cell);
      return cell;
    },
  };
}

/** A one-for-one supervisor: each child is restarted alone; started in order, stopped in reverse. */
export function supervisor(path: string, purpose: string, children: readonly ChildSpec[], policy: Partial<RestartPolicy> = {}): SupervisorSpec {
  return { kind: 'supervisor', path, purpose, children, policy: { ...DEFAULT_RESTART, ...policy } };
}
