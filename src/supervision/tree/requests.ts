/** What comes of a request about a supervisor's children, in words that OTP's users know. */
import type { Child } from './child.ts';

/** Why an operation on a child was not done. */
export type ChildError = 'invalid-spec' | 'already-started' | 'already-present' | 'not-found' | 'running' | 'restarting' | 'dynamic' | 'failed-to-start' | 'not-running';

export type ChildResult = { readonly ok: true; readonly path: string; readonly incarnation: number } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly error: ChildError;
  readonly reason: string;
}

/** One child as `which_children` tells of it. */
export interface ChildState {
  readonly path: string;
  readonly kind: 'worker' | 'supervisor';
  readonly state: Child['state'];
  readonly incarnation: number;
}

export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

export function done(child: Child): ChildResult {
  return { ok: true, path: child.path, incarnation: child.node.incarnation };
}

export function refusal(error: ChildError, reason: string): Refusal {
  return { ok: false, error, reason };
}

export function stateOf({ path, node, state }: Child): ChildState {
  return { path, kind: node.kind, state, incarnation: node.incarnation };
}

export function countsOf(children: readonly Child[]): ChildCounts {
  const supervisors = children.filter((child) => child.node.kind === 'supervisor').length;
  return { specs: children.length, active: children.filter((child) => child.state === 'running').length, supervisors, workers: children.length - supervisors };
}
