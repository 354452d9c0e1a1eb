/** Who runs next: a cell asks for a turn, and gets one later, never inside the call. */

export interface Turn {
  /** Asks for one turn. Asking again before it came is one turn all the same: callers keep track. */
  wake(): void;
  /** No turn comes after this. */
  close(): void;
}

export interface Turns {
  /** `run` never throws: the cell behind it catches everything. */
  register(name: string, run: () => void): Turn;
  close(): void;
}
