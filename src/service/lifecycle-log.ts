/** What happens in the tree, told in the log as it happens: as loud as it matters, and never a flood. */
import type { Logger } from 'pino';
import type { LifecycleEvent } from '../supervision/inspection.ts';

/** Dead letters that are work lost, or sent where nobody is. The others belong to restarts, time-outs and cancelled timers. */
const LOST: ReadonlySet<string> = new Set(['unknown-ref', 'stopped', 'overflow', 'crashed']);

export function logLifecycle(event: LifecycleEvent, logger: Logger): void {
  const { type, ...fields } = event;
  const actor = event.type === 'dead-letter' ? event.to : event.path;
  const child = logger.child({ actor });
  switch (event.type) {
    case 'crashed':
      return child.error({ incarnation: event.incarnation, during: event.crash.during, stack: event.crash.stack }, `crashed: ${event.crash.reason}`);
    case 'budget-spent':
      return child.error(fields, 'restarts are used up: trying again slowly, for ever');
    case 'escalated':
      return child.error(fields, `gave up on ${event.child}, and leaves it to its own supervisor: ${event.reason}`);
    case 'parked':
      return child.error(fields, `parked ${event.message}, which crashed it twice: look with \`vigil inspect ${event.path}\`, then unpark or discard`);
    case 'restarting':
      return child.warn(fields, `restarting in ${event.inMs} ms`);
    case 'state-replaced':
      return child.warn(fields, `its state was replaced: ${event.reason}`);
    case 'dead-letter':
      return child[LOST.has(event.reason) ? 'warn' : 'debug'](fields, `dead letter: ${event.message} (${event.reason})${event.unreported === 0 ? '' : `, and ${event.unreported} like it that were not told of`}`);
    case 'started':
      return event.incarnation > 1 ? child.info({ incarnation: event.incarnation }, 'running again') : child.debug({ incarnation: event.incarnation }, 'running');
    case 'stopped':
      // Ended in order it belongs to the day; what had to be ended is somebody's fault.
      return event.kind === 'killed' ? child.warn(fields, `ended by force: ${event.reason}`) : child.debug(fields, `stopped (${event.kind}): ${event.reason}`);
    case 'suspended':
    case 'resumed':
      return child.info(fields, type);
  }
}
