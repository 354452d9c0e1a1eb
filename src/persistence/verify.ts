/** `journal verify`: reads every entry once and says what is missing, changed, out of order or not understood, and where. */
import { messageOf, VigilError } from '../protocol/errors.ts';
import { chainChecksum } from './journal-entry.ts';
import type { ChainedRow, ChainEnd, JournalReader } from './port.ts';

/** What can be wrong, and what to do about it. */
export const VERIFY_FAULTS = {
  ENTRIES_MISSING: { sentence: 'Entries are missing.', remedy: 'Somebody removed them. Restore a copy that has them; the service refuses to start on this one.' },
  CHECKSUM_WRONG: { sentence: 'An entry is not what was written.', remedy: 'It was changed behind the journal\'s back, or the disk is failing. Restore a copy; the service refuses to start on this one.' },
  ORDER_WRONG: { sentence: 'An entry does not follow the one before it, or the last one of its entity.', remedy: 'Restore a copy. If it was written so, report it: this is a defect.' },
  WRITER_STALE: { sentence: 'A writer wrote after one that had taken its place.', remedy: 'Report it: fencing failed. Look for a second service on this store.' },
  END_DIFFERS: { sentence: 'The journal does not end where it says it ends.', remedy: 'Entries at its end are lost. Restore a copy that has them, or adopt what is open from the venue on a new data directory.' },
  ENTITY_DIFFERS: { sentence: 'What is remembered of an entity is not what its entries say.', remedy: 'Restore a copy; an owner would number its next entry wrongly.' },
  ENTRY_FOREIGN: { sentence: 'An entry is of a type or a version that this Vigil does not know.', remedy: 'A later Vigil wrote it: run that version.' },
  ENTRY_UNREADABLE: { sentence: 'An entry cannot be understood.', remedy: 'Its owner cannot take its state up. Report it with the entry (`vigil journal export`).' },
  STORE_DAMAGED: { sentence: 'The store is damaged.', remedy: 'Keep it as it is, and restore a copy; the message says what was found.' },
} as const;
export type VerifyFaultCode = keyof typeof VERIFY_FAULTS;

export interface VerifyFault {
  readonly code: VerifyFaultCode;
  readonly message: string;
  readonly position?: number;
  readonly entity?: string;
  readonly sequence?: number;
}

export interface Verification {
  /** Read and compared. */
  readonly entries: number;
  /** Positions; with no entry held, `first` is one more than `last`. */
  readonly first: number;
  readonly last: number;
  /** Entities that have an entry. */
  readonly entities: number;
  /** False: it grew so fast that its end could not be compared with what it remembers of it. */
  readonly endCompared: boolean;
  /** All of them are counted; the first are kept. */
  readonly faults: readonly VerifyFault[];
  readonly faultCount: number;
}

/** A damaged file has a fault in every entry: the first few say it. */
const MOST_FAULTS = 100;
/** A journal in use gets longer while it is read; so often it is caught up with. */
const CATCH_UPS = 10;

/** @param understand why an entry cannot be taken up by its owner; undefined: it can. */
export type Understand = (row: ChainedRow) => Pick<VerifyFault, 'code' | 'message'> | undefined;

export async function verifyJournal(reader: JournalReader, understand: Understand): Promise<Verification> {
  const check = new Check(await reader.anchor(), understand);
  for (const fault of await reader.faults()) check.found({ code: 'STORE_DAMAGED', message: fault });
  try {
    await follow(reader, check);
  } catch (error) {
    // Of what cannot be reached nothing can be said; that it cannot be reached is the finding.
    if (!(error instanceof VigilError) || error.code !== 'JOURNAL_CORRUPT') throw error;
    check.found({ code: 'STORE_DAMAGED', message: `reading ends after position ${check.end.position}: ${messageOf(error)}`, position: check.end.position + 1 });
  }
  return check.result();
}

/** Reads on until the end that was reached is the journal's own, and compares both; one that grows faster than that is whole as far as it was read. */
async function follow(reader: JournalReader, check: Check): Promise<void> {
  for (let round = 1; round <= CATCH_UPS; round++) {
    const before = check.end.position;
    for await (const row of reader.entries(before + 1)) {
      // Retention may have moved the beginning while this was on its way, and beyond what was fetched before.
      if (row.position > check.end.position + 1) check.begun(await reader.anchor());
      if (!check.isGone(row)) check.take(row);
    }
    const sequences = await reader.sequences();
    const head = await reader.head();
    // Beyond what was read there is something that came meanwhile, or, if the next look finds nothing either, something that is lost.
    const grown = head.position > check.end.position && (round === 1 || check.end.position > before);
    if (!grown) return check.finish(head, sequences);
  }
}

class Check {
  /** The last entry that was read. */
  end: ChainEnd;
  readonly #understand: Understand;
  #anchor: ChainEnd;
  #entries = 0;
  #first: number | undefined;
  #endCompared = false;
  #writerEpoch = 0;
  /** Of each entity the last one that was read, as long as nothing of it can have been let go of unread. */
  readonly #last = new Map<string, number>();
  readonly #entities = new Set<string>();
  /** Its beginning has moved past entries that were not read: up to there what comes may be gone already. */
  #goneThrough = 0;
  readonly #faults: VerifyFault[] = [];
  #faultCount = 0;

  constructor(anchor: ChainEnd, understand: Understand) {
    this.#anchor = this.end = anchor;
    this.#understand = understand;
  }

  found(fault: VerifyFault): void {
    this.#faultCount += 1;
    if (this.#faults.length < MOST_FAULTS) this.#faults.push(fault);
  }

  begun(anchor: ChainEnd): void {
    if (anchor.position <= this.#anchor.position) return;
    this.#anchor = anchor;
    if (anchor.position <= this.end.position) return;
    this.end = anchor;
    this.#goneThrough = anchor.position;
    // What they had up to there is not known.
    this.#last.clear();
  }

  /** Whether it was fetched before it was let go of. */
  isGone({ position }: ChainedRow): boolean {
    return position <= this.#goneThrough;
  }

  take(row: ChainedRow): void {
    const { position, entity, sequence } = row;
    const at = { position, entity, sequence };
    const place = `position ${position} (${entity} #${sequence} ${row.type})`;
    if (position <= this.end.position) this.found({ code: 'ORDER_WRONG', message: `${place} comes after position ${this.end.position}`, ...at });
    else if (position !== this.end.position + 1) this.found({ code: 'ENTRIES_MISSING', message: `after position ${this.end.position} comes ${place}: ${position - this.end.position - 1} entries are missing`, ...at });
    else if (chainChecksum(this.end.checksum, row) !== row.checksum) this.found({ code: 'CHECKSUM_WRONG', message: `the checksum of ${place} does not match what it and the entry before it say`, ...at });
    // What was let go of is a prefix: without one, every entity begins with 1.
    const expected = this.#last.has(entity) ? this.#last.get(entity)! + 1 : this.#anchor.position === 0 ? 1 : sequence;
    if (sequence !== expected) this.found({ code: 'ORDER_WRONG', message: `${place} stands where #${expected} of that entity should`, ...at });
    if (row.writerEpoch < this.#writerEpoch) this.found({ code: 'WRITER_STALE', message: `${place} is of writer ${row.writerEpoch}, after an entry of writer ${this.#writerEpoch}`, ...at });
    const fault = this.#understand(row);
    if (fault !== undefined) this.found({ code: fault.code, message: `${place}: ${fault.message}`, ...at });
    this.#entries += 1;
    this.#first ??= position;
    this.#last.set(entity, sequence);
    this.#entities.add(entity);
    this.#writerEpoch = row.writerEpoch;
    // What is stored is what the next was chained to: one changed entry is one fault.
    this.end = { position, checksum: row.checksum };
  }

  finish(head: ChainEnd, sequences: ReadonlyMap<string, number>): void {
    this.#endCompared = true;
    const { position, checksum } = this.end;
    if (head.position !== position) this.found({ code: 'END_DIFFERS', message: `the last entry is at position ${position}, but the journal says that it ends at ${head.position}`, position });
    else if (head.checksum !== checksum) this.found({ code: 'END_DIFFERS', message: `the last entry, at position ${position}, is not the one the journal says it ends with`, position });
    for (const [entity, sequence] of this.#last) {
      const known = sequences.get(entity);
      if (known !== sequence) this.found({ code: 'ENTITY_DIFFERS', message: `${entity} ends with #${sequence}, but the journal remembers ${known === undefined ? 'nothing of it' : `#${known}`}`, entity, sequence });
    }
  }

  result(): Verification {
    const { position } = this.end;
    return { entries: this.#entries, first: this.#first ?? position + 1, last: position, entities: this.#entities.size, endCompared: this.#endCompared, faults: this.#faults, faultCount: this.#faultCount };
  }
}
