/** A place in the supervision tree: a worker's cell or a supervisor. */
import type { ExitKind } from '../behaviour.ts';
import type { NodeStatus, OwnDetail, OwnView } from '../inspection.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import type { Living } from '../watches.ts';

/** How a node's incarnation ended without its supervisor having asked for it. */
export interface NodeExit {
  readonly kind: ExitKind;
  readonly incarnation: number;
  readonly reason: string;
  /** What was thrown, where something was. */
  readonly error?: unknown;
}

/** As in OTP: so many ms for an orderly end; none at all; or as long as it takes. */
export type Shutdown = number | 'brutal' | 'infinity';

/** What a supervisor needs of its children. */
export interface Node extends Living {
  readonly kind: 'worker' | 'supervisor';
  readonly status: NodeStatus;
  onExit(listener: (exit: NodeExit) => void): void;
  /** Begins the next incarnation. Rejects when it does not come to run; then it has left nothing behind. */
  start(): Promise<'started' | 'ignored'>;
  /** An orderly end; brutal when the time is over. Never rejects, and hangs only where the time is `infinity`. */
  stop(reason: string, shutdown: Shutdown): Promise<void>;
  /** The end, now. */
  kill(reason: string): void;
  /** A restart is on its way: what comes waits for it. */
  markRestarting(): void;
  /** No restart comes: what waits is lost, what comes is refused. */
  markEnded(): void;
  /** No further start. */
  close(): void;
  view(): OwnView;
  detail(): OwnView | OwnDetail;
}

/** A node to which messages can be delivered. */
export interface Addressee extends Node {
  accept(message: Tagged, from: string, pending?: PendingAnswer): boolean;
}
