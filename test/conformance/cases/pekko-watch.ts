/** The cases of Pekko's WatchSpec, and what became of each: a watch always has its message, and a death pact is a link. */
import type { ConformanceCase } from './case.ts';

const GROUP = 'Actor monitoring';

export const pekkoWatch: readonly ConformanceCase[] = [
  { name: 'get notified of graceful actor termination', group: GROUP, status: 'ported' },
  { name: 'notify a parent of child termination because of failure', group: GROUP, status: 'adapted', note: 'whoever watches it is told; an actor is no parent of another. The reason is text, not the error itself' },
  { name: 'notify a parent of child termination because of failure with a supervisor', group: GROUP, status: 'adapted', note: 'the same, for a child that its supervisor restarts: each end is told' },
  { name: 'fail the actor itself with DeathPact if it does not accept Terminated', group: GROUP, status: 'adapted', note: 'a watch never ends its watcher: who wants to end with another links to it, and says so by trapping links if not' },
  { name: 'allow idempotent invocations of watch', group: GROUP, status: 'ported' },
  { name: 'get notified of actor termination with a custom message', group: GROUP, status: 'ported' },
  { name: 'allow idempotent invocations of watchWith with matching msgs', group: GROUP, status: 'ported' },
  { name: 'allow watch message definition after watch using unwatch', group: GROUP, status: 'ported' },
  { name: 'allow watch message redefinition using unwatch', group: GROUP, status: 'ported' },
  { name: 'fail when watch is used after watchWith on same subject', group: GROUP, status: 'not-applicable', note: 'there is no watch without a message' },
  { name: 'fail when watchWitch is used after watchWith with different termination message', group: GROUP, status: 'adapted', note: 'watching again is no mistake: the later message takes the place of the earlier' },
  { name: 'fail when watchWith is used after watch on same subject', group: GROUP, status: 'not-applicable', note: 'there is no watch without a message' },
];
