/** The journal: an append-only stream of events per entity. What it has acknowledged survives kill -9 and power loss. */
import type { ShownChange } from '../protocol/read-models.ts';
import type { JournalView, TradingStateName } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';

/** An entry as it is handed in. `sequence` is the writer's expectation: exactly one more than the entity's last (first: 1). */
export interface NewEntry {
  /** Whose life it belongs to: `symbol/GPSUSDT`, `trading-state`. */
  readonly entity: string;
  readonly sequence: number;
  /** The event's name, past tense: `OrderSending`. */
  readonly type: string;
  /** Version of the payload's shape, from 1. */
  readonly version: number;
  /** Wall time of the writer, ms. */
  readonly at: number;
  /** JSON; decimals as strings. */
  readonly payload: unknown;
}

/** An entry as it is read back. `position` orders the whole journal. */
export interface StoredEntry extends NewEntry {
  readonly position: number;
  /** The writer's epoch when it was written. */
  readonly writerEpoch: number;
}

/** A stored entry as it is at rest: its payload still the text that its checksum was made over. */
export interface ChainedRow extends Omit<StoredEntry, 'payload'> {
  readonly payload: string;
  /** SHA-256 over the entry and the checksum of the one before it. */
  readonly checksum: string;
}

/**
 * The type of an entry that carries the whole state of its entity, in place of every entry of it before: an event like any
 * other, with the next sequence. The journal knows only this name; what the payload says is its owner's.
 */
export const SNAPSHOT = SNAPSHOT_TYPE;

/** A place in the chain of checksums. Position 0 is before the first entry. */
export interface ChainEnd {
  readonly position: number;
  readonly checksum: string;
}

export interface JournalStats {
  /** Those still held. */
  readonly entries: number;
  readonly bytes: number;
  /** Of `bytes`: what holds nothing now and is filled again before the store grows. */
  readonly freeBytes?: number;
  readonly writerEpoch: number;
  /** Positions of the oldest and the newest entry held; with none held, `first` is one more than `last`. */
  readonly first: number;
  readonly last: number;
  /** Entities that ever had an entry. */
  readonly entities: number;
  /** Durable round trips since this opening; fewer than the batches, because waiting batches share one. */
  readonly commits?: number;
}

/** What retention let go of. */
export interface Release {
  readonly entries: number;
  /** The position of the newest entry that is let go of, now or earlier; 0: none ever. */
  readonly through: number;
  /** The entity whose entry is old enough and has to wait, because nothing of that entity after it stands for it. */
  readonly heldBy: string | undefined;
}

/** How far back to read. */
export interface TailBounds {
  /** Wall time of the writer, ms; the first entry that is older ends it. */
  readonly since: number;
  /** Of payload, over all entries; the newest entry comes in any case. */
  readonly characters: number;
}

/**
 * The port both engines implement. Errors are VigilError: JOURNAL_SEQUENCE_CONFLICT (nothing of the batch was written),
 * JOURNAL_UNAVAILABLE (disk full, engine gone, closed, or fenced off by a later opening: nothing was acknowledged),
 * JOURNAL_CORRUPT and JOURNAL_FOREIGN (at opening), INTERNAL (an entry that cannot be stored as it is, say with NaN in it).
 */
export interface Journal {
  /** Rises with every opening of the journal; written into every entry. */
  readonly writerEpoch: number;
  /**
   * All entries or none, durable when it resolves. Entries of one batch may belong to several entities.
   * An entry that is already there, byte for byte, counts as written: a repeated batch is no error.
   */
  append(batch: readonly NewEntry[]): Promise<void>;
  /** The entries of one entity in order, from its newest Snapshot on (all, if it has none); sees every append that was called before it. */
  read(entity: string): Promise<StoredEntry[]>;
  /** The newest entries of one entity, in order: those from `since` on, as long as their payloads have no more characters than that. */
  readTail(entity: string, bounds: TailBounds): Promise<StoredEntry[]>;
  /** The sequence of the entity's last entry, also when that is no longer held; 0: it never had one. */
  lastSequence(entity: string): Promise<number>;
  /** The entities that ever had an entry and whose name starts with `prefix`. */
  entities(prefix: string): Promise<string[]>;
  /** The entries of the given types written at `since` (wall time of the writer, ms) or later, over all entities, in the order of the journal. */
  readTypes(types: readonly string[], since: number): Promise<StoredEntry[]>;
  /**
   * Retention: lets go of the longest prefix of the journal in which every entry was written before `before` (wall time, ms) and
   * is either of an entity that is a log (`retention.ts`) or followed by a Snapshot of its entity. The checksum of the last one
   * stays as the anchor of the chain, and each entity's last sequence stays known. A repeat of an entry that is no longer held
   * cannot be compared and is a JOURNAL_SEQUENCE_CONFLICT. Appends are not kept waiting for it.
   */
  release(before: number): Promise<Release>;
  stats(): Promise<JournalStats>;
  /** Whether what is appended reaches the store now. An engine alone does not know: without this it counts as reaching it. */
  availability?(): JournalView;
  /** Waits for what was appended, then closes. */
  close(): Promise<void>;
}

/**
 * The journal for tools that only look: at rest or in use, never written to, never locked for long. What retention lets go of
 * while it is read is skipped: then the next row lies beyond `anchor()`, which has moved.
 */
export interface JournalReader {
  /** Every entry from position `from` on (default: the oldest held) up to the end as it is when that is reached. */
  entries(from?: number): AsyncIterable<ChainedRow>;
  /** What the journal itself says of its end. */
  head(): Promise<ChainEnd>;
  /** The last entry that was let go of. */
  anchor(): Promise<ChainEnd>;
  /** Each entity's last sequence, as the journal remembers it. */
  sequences(): Promise<ReadonlyMap<string, number>>;
  stats(): Promise<JournalStats>;
  /** What the store finds wrong with itself, beside what the entries say: damaged pages, a shorter file than was acknowledged. */
  faults(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What other programs read in the store of what happens here. Nothing is ever read back from it, and nothing waits for it. */
export interface ReadModels {
  /** Makes the changes in order; one that fails keeps none of the others back. @throws Error that says why the first one failed, without secrets. */
  show(changes: readonly ShownChange[]): Promise<void>;
  close(): void;
}

/** The trading state as it is kept beside the journal. */
export interface DurableTradingState {
  readonly overall: TradingStateName;
  readonly symbols: ReadonlyMap<SymbolName, TradingStateName>;
  readonly cause: string;
  /** Wall time, ms. */
  readonly since: number;
}

/** `<data-dir>/trading-state`: fsynced before the journal is asked, readable when the journal is not (ruling 11). */
export interface TradingStateFile {
  /** Undefined: there is no file. @throws VigilError when there is one that cannot be understood: unknown is never ACTIVE. */
  read(): DurableTradingState | undefined;
  /** Durable when it returns; the old content or the new, never half of it. */
  write(state: DurableTradingState): void;
}

/** Rest the venue wants: until when (our wall time, ms), and whether it has banned this address. */
export interface VenueRest {
  readonly until: number;
  readonly banned: boolean;
  readonly message: string;
}

/** Keeps the last rest over restarts of actor and process. Never throws: what cannot be kept is told. */
export interface VenueRestFile {
  read(): VenueRest | undefined;
  write(rest: VenueRest): void;
}
