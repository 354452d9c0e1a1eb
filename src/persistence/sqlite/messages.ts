/** What the journal and its worker thread say to each other: every request is answered by its id, whatever happens. */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { EncodedEntry, EncodedRow } from '../journal-entry.ts';
import type { JournalStats, Release, TailBounds } from '../port.ts';

/** What the worker is started with. */
export interface WorkerStart {
  readonly file: string;
  /** Wall time of the opening, ms: the worker has no clock. */
  readonly openedAt: number;
  /** Tests only: the size in pages at which the file counts as full. */
  readonly maxPages?: number | undefined;
}

export interface AppendRequest {
  readonly kind: 'append';
  readonly id: number;
  readonly entries: readonly EncodedEntry[];
}

/** Requests answered with rows, in slices. */
export type ReadRequest =
  | { readonly kind: 'read'; readonly id: number; readonly entity: string }
  | { readonly kind: 'readTypes'; readonly id: number; readonly types: readonly string[]; readonly since: number }
  /** Answered newest first. */
  | { readonly kind: 'readTail'; readonly id: number; readonly entity: string; readonly bounds: TailBounds };

export type Request =
  | AppendRequest
  | ReadRequest
  | { readonly kind: 'entities'; readonly id: number; readonly prefix: string }
  | { readonly kind: 'lastSequence'; readonly id: number; readonly entity: string }
  | { readonly kind: 'release'; readonly id: number; readonly before: number }
  | { readonly kind: 'stats'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number };

/** A VigilError on its way between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The fate of one batch, told after the commit. */
export type Receipt =
  | { readonly kind: 'written'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };

export type Reply =
  | Receipt
  | { readonly kind: 'rows'; readonly id: number; readonly rows: readonly EncodedRow[]; readonly last: boolean }
  | { readonly kind: 'names'; readonly id: number; readonly names: readonly string[] }
  | { readonly kind: 'sequence'; readonly id: number; readonly sequence: number }
  | { readonly kind: 'released'; readonly id: number; readonly release: Release }
  | { readonly kind: 'stats'; readonly id: number; readonly stats: JournalStats }
  | { readonly kind: 'closed'; readonly id: number };

export type WorkerMessage =
  | { readonly kind: 'opened'; readonly writerEpoch: number }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] };
