/** Every act of an operator is journalled, with its reason and the door it came through: also one that was made while the journal was away. */
import type { AuditEntry } from '../operator/options.ts';
import type { Journal, NewEntry } from '../persistence/port.ts';
import { messageOf, VigilError } from '../protocol/errors.ts';
import type { ActorLog } from '../supervision/behaviour.ts';
import type { Clock } from '../supervision/clock.ts';

const ENTITY = 'operator';
const RETRY_MS = 2_000;
/** Nobody acts so often; a program that does is in the log. */
const MOST_WAITING = 1_000;

/** A function that records one act. What the journal does not take is said, and handed in again, in order, until it has it. */
export async function auditTrail(journal: Journal, clock: Clock, log: ActorLog): Promise<(act: AuditEntry) => void> {
  let sequence = await journal.lastSequence(ENTITY);
  const waiting: NewEntry[] = [];
  let busy = false;
  let failing = false;

  async function write(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      const batch = [...waiting];
      try {
        await journal.append(batch);
        waiting.splice(0, batch.length);
        failing = false;
      } catch (error) {
        if (!failing) log.error({ reason: messageOf(error), acts: batch.map(({ payload }) => payload) }, 'what an operator did is not in the journal yet; it is handed in again');
        failing = true;
        if (error instanceof VigilError && error.code === 'JOURNAL_SEQUENCE_CONFLICT') await renumber();
        clock.after(RETRY_MS, again);
        return;
      }
    }
    busy = false;
  }

  /** The number was taken by somebody else. */
  async function renumber(): Promise<void> {
    sequence = await journal.lastSequence(ENTITY);
    for (const [index, entry] of waiting.entries()) waiting[index] = { ...entry, sequence: ++sequence };
  }

  function again(): void {
    write().catch((error: unknown) => {
      log.error({ reason: messageOf(error) }, 'what an operator did could not be journalled; it is handed in again');
      clock.after(RETRY_MS, again);
    });
  }

  return (act) => {
    if (waiting.length >= MOST_WAITING) return log.error({ act, waiting: waiting.length }, 'an operator\'s act is not journalled: too many wait for the journal already');
    waiting.push({ entity: ENTITY, sequence: ++sequence, type: 'OperatorActed', version: 1, at: clock.now(), payload: act });
    if (!busy) again();
  };
}
