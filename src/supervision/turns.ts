/** Who runs next: a cell asks for a turn, and gets one later, never inside the call. */
import type { Stamp } from './stamp.ts';

export interface Turn {
  /** Asks for one turn. Asking again before it came is one turn all the same: callers keep track. */
  wake(): void;
  /** No turn comes after this. */
  close(): void;
}

export interface Turns {
  /** `run` never throws: the cell behind it catches everything. The stamp is fresh when it is called. */
  register(run: () => void): Turn;
  /** Whether a turn that has handled `taken` messages must make room: for another cell, or for I/O. */
  enough(taken: number): boolean;
  close(): void;
}

export type TurnsOf = (stamp: Stamp) => Turns;
