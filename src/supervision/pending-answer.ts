/** The answer somebody waits for. Settled once; the rest is a late answer. */
export interface PendingAnswer {
  /** The asker has an answer, or knows that none comes. */
  readonly settled: boolean;
  /** Called when it settles, by whatever: its time may be over before it is answered. */
  onSettled: (() => void) | undefined;
  answer(value: unknown): void;
  fail(cause: 'target-down' | 'refused', error: Error): void;
}
