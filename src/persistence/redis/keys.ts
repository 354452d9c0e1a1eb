/** The names of a journal's keys. All share one hash tag, so that they live in one slot of a Cluster and one script may touch them together. */
import { VigilError } from '../../protocol/errors.ts';

/** The keys of one journal. */
export interface JournalKeys {
  readonly instance: string;
  /** Hash: format, position, checksum, writerEpoch, holder, connection, anchorPosition, anchorChecksum. */
  readonly head: string;
  /** Hash: entity → sequence of its last entry, held or not. */
  readonly entities: string;
  /** Hash: entity → position of its newest Snapshot. */
  readonly snapshots: string;
  /** Hash: who is the only writer, and until when (`lease.ts`). */
  readonly lease: string;
  /** The stream of one entity; its ids are `POSITION-0`. */
  stream(entity: string): string;
}

/** @throws VigilError CONFIG_INVALID for an instance or a prefix that would take the hash tag apart. */
export function journalKeys(prefix: string, instance: string): JournalKeys {
  // A brace in the prefix would be the hash tag in place of ours; a space has no place in the name of a connection.
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(instance)) throw invalid('instance', instance, '1 to 64 of A-Z a-z 0-9 . _ -');
  if (/[{}\s]/.test(prefix) || prefix === '') throw invalid('prefix', prefix, 'text without braces and blanks, such as quantum:');
  const tagged = `${prefix}journal:{${instance}}`;
  return { instance, head: `${tagged}:head`, entities: `${tagged}:entities`, snapshots: `${tagged}:snapshots`, lease: `${tagged}:lease`, stream: (entity) => `${tagged}:e:${entity}` };
}

function invalid(field: string, value: string, expected: string): VigilError {
  return new VigilError('CONFIG_INVALID', `the ${field} of the Redis journal is ${JSON.stringify(value)}; it must be ${expected}`, { details: { field } });
}
