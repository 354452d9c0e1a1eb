/** Which actors are the busiest: over all their life, or over a window from now. */
import { Cell } from './cell/cell.ts';
import type { Kernel } from './kernel.ts';
import type { Node } from './tree/node.ts';

export type TopBy = 'queue' | 'age' | 'time' | 'handled' | 'restarts';

export interface TopRow {
  readonly path: string;
  readonly incarnation: number;
  /** Messages that wait now. */
  readonly queue: number;
  /** How long the oldest of them has waited, ms. */
  readonly ageMs: number;
  /** Time in handlers, ms: within the window, or since the start. */
  readonly timeMs: number;
  /** Of the window or of the whole life, between 0 and 1. */
  readonly share: number;
  readonly handled: number;
  readonly restarts: number;
}

interface Sample {
  readonly handled: number;
  readonly busyMs: number;
  readonly incarnation: number;
}

const LONGEST_WINDOW_MS = 60_000;

/**
 * The `count` first by `by`. With a window, times, messages and restarts are what was added during it.
 * @throws RangeError for a window that is none.
 */
export async function top(kernel: Kernel, nodes: () => readonly Node[], by: TopBy, count: number, windowMs = 0): Promise<readonly TopRow[]> {
  if (!(windowMs >= 0 && windowMs <= LONGEST_WINDOW_MS)) throw new RangeError(`windowMs is ${windowMs}; give 0 to ${LONGEST_WINDOW_MS}`);
  const startedAt = kernel.clock.monotonic();
  const before = windowMs === 0 ? undefined : new Map(cells(nodes()).map((cell) => [cell, sample(cell)]));
  if (windowMs > 0) await new Promise<void>((resolve) => void kernel.deadlines.after(windowMs, resolve));
  const elapsedMs = windowMs === 0 ? startedAt - kernel.startedAt : kernel.clock.monotonic() - startedAt;
  const rows = cells(nodes()).map((cell): TopRow => {
    const now = sample(cell);
    const then = before?.get(cell) ?? { handled: 0, busyMs: 0, incarnation: before === undefined ? cell.firstIncarnation : now.incarnation };
    const { mailbox } = cell.view();
    const timeMs = now.busyMs - then.busyMs;
    return {
      path: cell.path,
      incarnation: now.incarnation,
      queue: mailbox.depth,
      ageMs: mailbox.oldestMs,
      timeMs: Math.round(timeMs * 1000) / 1000,
      share: elapsedMs <= 0 ? 0 : Math.round((timeMs / elapsedMs) * 10_000) / 10_000,
      handled: now.handled - then.handled,
      restarts: Math.max(0, now.incarnation - then.incarnation),
    };
  });
  return rows.sort((one, other) => KEYS[by](other) - KEYS[by](one) || (one.path < other.path ? -1 : 1)).slice(0, count);
}

const KEYS: Readonly<Record<TopBy, (row: TopRow) => number>> = {
  queue: (row) => row.queue,
  age: (row) => row.ageMs,
  time: (row) => row.timeMs,
  handled: (row) => row.handled,
  restarts: (row) => row.restarts,
};

function cells(nodes: readonly Node[]): readonly Cell<never, never>[] {
  return nodes.filter((node): node is Cell<never, never> => node instanceof Cell);
}

function sample(cell: Cell<never, never>): Sample {
  return { handled: cell.handled, busyMs: cell.busyMs, incarnation: cell.incarnation };
}
