/** The journal: an append-only stream of events per entity. What it has acknowledged survives kill -9 and power loss. */
import type { TradingStateName } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';

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

export interface JournalStats {
  readonly entries: number;
  readonly bytes: number;
  readonly writerEpoch: number;
  /** Durable round trips since this opening; fewer than the batches, because waiting batches share one. */
  readonly commits?: number;
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
  /** All entries of one entity in order; sees every append that was called before it. */
  read(entity: string): Promise<StoredEntry[]>;
  /** The newest entries of one entity, in order: those from `since` on, as long as their payloads have no more characters than that. */
  readTail(entity: string, bounds: TailBounds): Promise<StoredEntry[]>;
  /** The entities that have entries and whose name starts with `prefix`. */
  entities(prefix: string): Promise<string[]>;
  /** All entries of the given types, over all entities, in the order of the journal. */
  readTypes(types: readonly string[]): Promise<StoredEntry[]>;
  stats(): Promise<JournalStats>;
  /** Waits for what was appended, then closes. */
  close(): Promise<void>;
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
