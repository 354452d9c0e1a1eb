/** The answer somebody waits for. Settled once; the rest is a late answer. */
export interface PendingAnswer {
  answer(value: unknown): void;
  fail(cause: 'target-down' | 'refused', error: Error): void;
}
