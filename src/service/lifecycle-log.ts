/** What happens in the tree, told in the log as it happens. */
import type { Logger } from 'pino';
import type { LifecycleEvent } from '../supervision/inspection.ts';

export function logLifecycle(event: LifecycleEvent, logger: Logger): void {
  const { type, ...fields } = event;
  const actor = 'path' in event ? event.path : event.to;
  const child = logger.child({ actor });
  switch (event.type) {
    case 'crashed':
      return child.error({ incarnation: event.incarnation, during: event.crash.during, stack: event.crash.stack }, `crashed: ${event.crash.reason}`);
    case 'budget-spent':
      return child.error(fields, 'restarts are used up: trying again slowly, for ever');
    case 'escalated':
      return child.error(fields, `gives up over ${event.child}: ${event.reason}`);
    case 'parked':
      return child.error(fields, `a message that crashed two incarnations is kept aside: ${event.message}`);
    case 'state-replaced':
      return child.warn(fields, `its state was replaced: ${event.reason}`);
    case 'restarting':
      return child.warn(fields, `restarting in ${event.inMs} ms`);
    case 'dead-letter':
      return child.debug(fields, `dead letter: ${event.message} (${event.reason})`);
    case 'started':
      return event.incarnation > 1 ? child.info({ incarnation: event.incarnation }, 'running again') : child.debug({ incarnation: event.incarnation }, 'running');
    case 'stopped':
    case 'suspended':
    case 'resumed':
      return child.debug(fields, type);
  }
}
