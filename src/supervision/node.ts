/** A place in the supervision tree: a worker's cell or a supervisor. */
import type { NodeStatus, NodeView } from './inspection.ts';

/** How a node's incarnation ended without its supervisor having asked for it. */
export type NodeExit =
  | { readonly kind: 'crashed'; readonly incarnation: number; readonly error: unknown; readonly during: string | undefined }
  | { readonly kind: 'normal'; readonly incarnation: number; readonly reason: string };

/** What a supervisor needs of its children. */
export interface Node {
  readonly path: string;
  readonly incarnation: number;
  readonly status: NodeStatus;
  onExit(listener: (exit: NodeExit) => void): void;
  start(): Promise<void>;
  stop(reason: string): Promise<void>;
  kill(reason: string): void;
  /** Shows that a restart is on its way. */
  markRestarting(): void;
  /** No further start. */
  close(): void;
  detail(): Omit<NodeView, 'restarts' | 'restartBudget'>;
}
