/** Every act of an operator is journalled, with its reason and the door it came through. */
import type { AuditEntry } from '../operator/options.ts';
import type { Journal } from '../persistence/port.ts';

const ENTITY = 'operator';

/** A function that records one act; what fails afterwards is told to `onFailure`. */
export async function auditTrail(journal: Journal, now: () => number, onFailure: (error: unknown) => void): Promise<(entry: AuditEntry) => void> {
  let sequence = await journal.lastSequence(ENTITY);
  return (entry) => {
    journal.append([{ entity: ENTITY, sequence: ++sequence, type: 'OperatorActed', version: 1, at: now(), payload: entry }]).catch(onFailure);
  };
}
