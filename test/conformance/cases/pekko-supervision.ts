/**
 * The cases of Pekko's SupervisionSpec, and what became of each. There a behaviour chooses what follows from which
 * exception; here the specification of a child says what follows from any failure, and nothing is ever resumed.
 */
import type { ConformanceCase } from './case.ts';

const STUBBED = 'A restarter (stubbed)';
const SUPERVISED = 'A supervised actor';
const STRATEGY = 'Supervision with the strategy';

const KIT = 'there is no kit that runs a behaviour without a system; the same case is ported under "A supervised actor"';
const BY_CLASS = 'what follows does not depend on the class of the error: whatever a handler throws ends its incarnation';
const RESUME = 'nothing is resumed: the state of a handler that failed halfway is not trusted';
const CHOSEN = 'an actor does not choose or replace its own supervision: it stands in the specification';
const CLASSES = 'a behaviour is no class, and is given its context with each message';

function no(group: string, note: string, ...names: string[]): readonly ConformanceCase[] {
  return names.map((name) => ({ name, group, status: 'not-applicable', note }));
}

function ported(group: string, ...names: string[]): readonly ConformanceCase[] {
  return names.map((name) => ({ name, group, status: 'ported' }));
}

function adapted(note: string, ...names: string[]): readonly ConformanceCase[] {
  return names.map((name) => ({ name, group: SUPERVISED, status: 'adapted', note }));
}

const CHILDREN = 'an actor has no children: those that live and end with it stand after it under one rest-for-one supervisor';

export const pekkoSupervision: readonly ConformanceCase[] = [
  ...no(STUBBED, KIT, 'receive message', 'stop when no supervise', 'restart when handled exception', 'create underlying deferred behavior immediately'),
  ...no(STUBBED, BY_CLASS, 'stop when unhandled exception', 'support nesting supervise', 'support flatten supervise', 'not catch fatal error'),
  ...no(STUBBED, RESUME, 'resume when handled exception'),
  { name: 'stop after restart retries limit', group: STUBBED, status: 'adapted', note: 'in a world; what is spent is the intensity, and its supervisor ends with the child' },
  { name: 'reset retry limit after withinTimeRange', group: STUBBED, status: 'adapted', note: 'as above; the window slides' },
  { name: 'stop at first exception when restart retries limit is 0', group: STUBBED, status: 'adapted', note: 'as above: the first failure is one too many' },

  ...ported(SUPERVISED, 'receive message'),
  ...adapted('the default is to be restarted: who is not to be is `temporary`', 'default to stop when no strategy'),
  ...ported(SUPERVISED, 'stop when strategy is stop', 'stop when strategy is stop - exception in setup'),
  ...no(SUPERVISED, BY_CLASS,
    'support nesting exceptions with different strategies', 'support flattening exceptions with different strategies',
    'support nesting exceptions with outer restart and inner backoff strategies', 'support flattening exceptions with outer restart and inner backoff strategies',
    'support nesting exceptions with inner restart and outer backoff strategies', 'support flattening exceptions with inner restart and outer backoff strategies'),
  ...no(SUPERVISED, 'there is none without a supervisor', 'stop when not supervised'),
  ...no(SUPERVISED, BY_CLASS, 'stop when unhandled exception'),
  ...ported(SUPERVISED, 'restart when handled exception'),
  ...adapted('what follows from a spent budget is the owner’s policy: here to escalate', 'stop when restart limit is hit'),
  ...ported(SUPERVISED, 'reset fixed limit after timeout'),
  ...adapted(`${CHILDREN}; a watch ends with the incarnation that asked for it`, 'stop children when restarting', 'stop children when backoff', 'successfully restart after stopping watchWith’d children'),
  ...adapted('under a one-for-one supervisor nobody is stopped with another', 'optionally NOT stop children when restarting', 'optionally NOT stop children when backoff'),
  ...adapted(`${CHILDREN}; what crashed comes once more before what waits`, 'stop children when restarting second time during unstash', 'stop children when backoff second time during unstash'),
  ...adapted('a first start that fails is not retried: those started before it are stopped again', 'stop children when restart (with limit) from exception in first setup'),
  ...no(SUPERVISED, 'the same: a first start that fails is not retried, with backoff or without', 'stop children when backoff from exception in first setup'),
  ...adapted(CHILDREN, 'stop children when restart (with limit) from exception in later setup', 'stop children when backoff from exception in later setup'),
  ...no(SUPERVISED, RESUME, 'resume when handled exception', 'support nesting to handle different exceptions'),
  ...adapted('what waits is in the mailbox, and bounded by it', 'publish dropped messages while backing off and stash is full'),
  ...adapted('a mailbox holds at least one; each wait is drawn within ± 20 %', 'restart after exponential backoff'),
  ...adapted('what follows from a spent budget is the owner’s policy: here to escalate', 'fail if reaching maximum number of restarts with backoff'),
  ...adapted('the backoff begins anew once the window of the budget is empty', 'reset exponential backoff count after reset timeout', 'default resetBackoffAfter to average of min and max backoff'),
  ...no(SUPERVISED, BY_CLASS, 'handle reset backoff count for more than one nested restartWithBackoff', 'handle reset backoff count for more than one flattened restartWithBackoff'),
  ...ported(SUPERVISED, 'create underlying deferred behavior immediately', 'fail instead of restart when deferred factory throws'),
  ...no(SUPERVISED, BY_CLASS, 'fail to restart when deferred factory throws unhandled'),
  ...no(SUPERVISED, RESUME, 'fail to resume when deferred factory throws'),
  ...adapted('a first start is retried where the child is a pool’s', 'restart with exponential backoff when deferred factory throws'),
  ...no(SUPERVISED, BY_CLASS, 'fail instead of restart with exponential backoff when deferred factory throws unhandled'),
  ...adapted('at a restart: a start that fails is a failure like any other', 'restart.withLimit when deferred factory throws', 'fail after more than limit in restart.withLimit when deferred factory throws'),
  ...no(SUPERVISED, BY_CLASS, 'fail instead of restart with limit when deferred factory throws unhandled'),
  ...no(SUPERVISED, CLASSES, 'fail when exception from AbstractBehavior constructor'),
  ...ported(SUPERVISED, 'ensure unhandled message retention during unstash exception when restart', 'ensure unhandled message retention during unstash exception when backoff'),
  ...ported(SUPERVISED, 'ensure stash message retention on start exception when restart', 'ensure stash message retention on start exception when backoff'),
  ...adapted('supervisors nest, behaviours do not', 'work with nested supervisions and defers'),
  ...no(SUPERVISED, 'supervisors nest: there is nothing to flatten', 'work with flatten supervisions and defers'),
  ...no(SUPERVISED, CHOSEN,
    'replace supervision when new returned behavior catches same exception', 'replace supervision when new returned behavior catches same exception nested in other behaviors',
    'replace backoff supervision duplicate when behavior is created in a setup'),
  ...adapted('the pact is a link', 'be able to recover from a DeathPactException'),
  ...adapted('each crash is an event and kept with the actor; at which level it is logged is its listener’s affair', 'log exceptions when logging is enabled and provided log level matches'),
  ...no(SUPERVISED, 'at which level a crash is logged is the affair of who listens', 'do not log exceptions when logging is enabled and provided log level does not match'),
  ...adapted('a spent budget is an event of its own, until it is whole again', 'log at critical level after specified restartWithBackoff attempts'),
  ...adapted('types forbid it; at run time it crashes, is tried once more, and is parked', 'handle exceptions from different message type'),
  ...no(SUPERVISED, CLASSES, 'not allow AbstractBehavior without setup'),
  ...adapted('a context of an ended incarnation does nothing', 'detect AbstractBehavior with wrong ActorContext'),
  ...adapted('what adapts is the report of an effect', 'apply supervision to adapter function'),
  ...no(SUPERVISED, BY_CLASS, 'apply the right nested supervision', 'apply the right flatten supervision'),

  { name: 'that is initially stopped should be stopped', group: STRATEGY, status: 'adapted', note: 'an init that has nothing to do, for each restart type' },
  ...no(STRATEGY, 'to be stopped at once or after the setup is the same: an init that has nothing to do', 'that is stopped after setup should be stopped'),
  { name: 'that is stopped after restart should be stopped', group: STRATEGY, status: 'adapted', note: 'the same, at a restart' },
];
