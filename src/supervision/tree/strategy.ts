/** Who is stopped and started again with a child that failed: OTP's strategies, as one pure function. */
import type { Strategy } from '../child-spec.ts';

/** Of `children` in start order, those that are restarted when `failed` is; in start order, with it. */
export function restartGroup<Child>(strategy: Strategy, children: readonly Child[], failed: Child): readonly Child[] {
  switch (strategy) {
    case 'one-for-one':
    case 'dynamic':
      return [failed];
    case 'one-for-all':
      return children;
    case 'rest-for-one':
      return children.slice(children.indexOf(failed));
  }
}
