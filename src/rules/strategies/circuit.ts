/** A circuit breaker: who has failed so often in a row is left alone for a while, then tried with one question. Times in monotonic ms. */

/** `open` until `retryAt`; then one question makes it `trying`, and its outcome decides. */
export type Circuit =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly failures: number; readonly since: number; readonly retryAt: number }
  | { readonly state: 'trying'; readonly failures: number; readonly since: number };

export interface CircuitRule {
  readonly failuresToOpen: number;
  readonly retryMs: number;
}

export const CLOSED: Circuit = { state: 'closed', failures: 0 };

/** Whether a question may be asked now, and what the circuit is when it is. */
export function asking(circuit: Circuit, now: number): { readonly may: boolean; readonly circuit: Circuit } {
  if (circuit.state === 'closed') return { may: true, circuit };
  if (circuit.state === 'open' && now >= circuit.retryAt) return { may: true, circuit: { state: 'trying', failures: circuit.failures, since: circuit.since } };
  return { may: false, circuit };
}

/** After an answer. Questions that were under way when it opened say nothing new: only the trial closes or prolongs it. */
export function answered(circuit: Circuit, outcome: 'good' | 'failed', isTrial: boolean, now: number, { failuresToOpen, retryMs }: CircuitRule): Circuit {
  if (circuit.state !== 'closed' && !(circuit.state === 'trying' && isTrial)) return circuit;
  if (outcome === 'good') return CLOSED;
  const failures = circuit.failures + 1;
  if (circuit.state === 'closed' && failures < failuresToOpen) return { state: 'closed', failures };
  return { state: 'open', failures, since: circuit.state === 'trying' ? circuit.since : now, retryAt: now + retryMs };
}
