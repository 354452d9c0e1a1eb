/** The last act of a stop: the journal is closed, which waits for what it was given; a store that does not answer is left. */
import { messageOf } from '../../protocol/errors.ts';
import type { ActorLog } from '../../supervision/behaviour.ts';
import type { Clock } from '../../supervision/clock.ts';
import { sleep } from '../../supervision/clock.ts';

/** Never rejects, and ends within `withinMs`: whoever waits for the process must not wait for a disk. */
export async function closeWithin(journal: { close(): Promise<void> }, withinMs: number, clock: Clock, log: ActorLog): Promise<void> {
  const closed = journal.close().then(
    () => true,
    (error: unknown) => {
      log.error({ error: messageOf(error) }, 'the journal could not be closed; what it has acknowledged is safe');
      return true;
    },
  );
  const inTime = await Promise.race([closed, sleep(clock, withinMs).then(() => false)]);
  if (!inTime) log.error({ withinMs }, 'the journal does not close: its store does not answer. Ending all the same; what it has acknowledged is safe, and what it lacks of orders and fills the next start asks the venue for');
}
