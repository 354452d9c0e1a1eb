/** One case of another system's test suite, and what became of it here: the suites, their check and the docs read the same list. */
export interface ConformanceCase {
  readonly name: string;
  /** The group of the suite it comes from; what has none there is in `all`. */
  readonly group: string;
  /** `ported`: same situation, same outcomes, in our terms. `adapted`: the note says what differs. `not-applicable`: the note says why. */
  readonly status: 'ported' | 'adapted' | 'not-applicable';
  readonly note?: string;
}
