/** Where a supervisor is in its life: its status, its incarnation, how the last one ended; what changes is told to those whom it concerns. */
import type { ExitKind } from '../behaviour.ts';
import { describeExit } from '../inspection.ts';
import type { Exit, NodeStatus, NodeView, OwnView } from '../inspection.ts';
import type { Kernel } from '../kernel.ts';

export class Life {
  readonly path: string;
  readonly #kernel: Kernel;
  #status: NodeStatus = 'stopped';
  #number = 0;
  #lastExit: Exit | undefined;

  constructor(kernel: Kernel, path: string) {
    this.path = path;
    this.#kernel = kernel;
  }

  get status(): NodeStatus {
    return this.#status;
  }

  /** The last number given; 0: none. */
  get incarnation(): number {
    return this.#number;
  }

  get livingIncarnation(): number | undefined {
    return this.#status === 'stopped' || this.#status === 'restarting' ? undefined : this.#number;
  }

  /** A method, because a stop can come while a child is awaited. */
  isRunning(): boolean {
    return this.#status === 'running';
  }

  /** The next incarnation: its number. */
  begin(): number {
    this.#number = (this.#number === 0 ? this.#kernel.numbersFrom : this.#number) + 1;
    this.#status = 'starting';
    return this.#number;
  }

  /** @throws Error if it has been stopped since that incarnation began, be it started anew or not. */
  mustBeStarting(number: number): void {
    if (!this.#isStarting(number)) throw new Error(`${this.path} was stopped while starting`);
  }

  run(): void {
    this.#status = 'running';
    this.#kernel.emit({ type: 'started', path: this.path, incarnation: this.#number });
  }

  /** Not if it was stopped meanwhile: whoever did has told those who watch it, and may have started it anew. */
  failToStart(number: number, reason: string): void {
    if (!this.#isStarting(number)) return;
    this.#kernel.watches.ended({ path: this.path, incarnation: number, kind: 'crashed', reason });
    this.#status = 'stopped';
  }

  /** Nothing is started any more; what runs below may take its time to end. */
  stop(): void {
    this.#status = 'stopped';
  }

  /** Nothing runs below any more. */
  ended(kind: ExitKind, reason: string): void {
    this.#lastExit = describeExit(kind, this.#number, reason, this.#kernel.clock.now());
    this.#kernel.emit({ type: 'stopped', path: this.path, incarnation: this.#number, kind, reason });
    this.#kernel.watches.ended({ path: this.path, incarnation: this.#number, kind, reason });
  }

  markRestarting(): void {
    if (this.#status === 'stopped') this.#status = 'restarting';
  }

  markEnded(): void {
    if (this.#status === 'restarting') this.#status = 'stopped';
  }

  view(children: readonly NodeView[]): OwnView {
    return {
      path: this.path,
      role: 'supervisor',
      kind: 'supervisor',
      status: this.#status,
      incarnation: this.#number,
      lastExit: this.#lastExit ?? null,
      // It has none of its own: requests and exits are not messages.
      mailbox: { depth: 0, capacity: 0, oldestMs: 0, dropped: 0, parked: 0 },
      handled: 0,
      lastMessageAt: null,
      children,
    };
  }

  #isStarting(number: number): boolean {
    return this.#status === 'starting' && this.#number === number;
  }
}
