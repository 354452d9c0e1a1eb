/** The journal in an SQLite file: every call is answered, by the worker thread that owns the file or by the news of its death. */
import { Worker } from 'node:worker_threads';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { decodeRow, encodeEntry } from '../journal-entry.ts';
import type { Journal, JournalStats, NewEntry, Release, StoredEntry, TailBounds } from '../port.ts';
import type { Failure, ReadRequest, Reply, Request, WorkerMessage, WorkerStart } from './messages.ts';

export interface SqliteJournalOptions {
  /** The path of the journal; its directory exists, and the caller holds that directory's instance lock. */
  readonly file: string;
  /** Wall time, ms: an opening is recorded with it. */
  readonly now: () => number;
  /** Called once if the worker thread dies; from then on every call is refused. */
  readonly onDeath?: (error: VigilError) => void;
  /** Tests only: the size in pages at which the file counts as full. */
  readonly maxPages?: number;
}

/** Calls that may wait for the disk at once. Beyond it the disk does not keep up, and waiting longer would only hide it. */
const MAX_WAITING = 10_000;

/** A request before it has its id. */
type Unsent<R> = R extends Request ? Omit<R, 'id'> : never;

interface Waiting {
  /** Takes a reply; true when it was the last one to this call. */
  readonly take: (reply: Reply) => boolean;
  readonly reject: (error: VigilError) => void;
}

/**
 * Opens the journal, or makes a new one where the file is missing or empty. Throws VigilError JOURNAL_CORRUPT, JOURNAL_FOREIGN
 * (both leave the file as it was) or JOURNAL_UNAVAILABLE.
 */
export async function openSqliteJournal(options: SqliteJournalOptions): Promise<SqliteJournal> {
  const start: WorkerStart = { file: options.file, openedAt: options.now(), maxPages: options.maxPages };
  // None of the process' own flags: the thread needs none, and with `--input-type` it would not start.
  const worker = new Worker(new URL('./journal.worker.ts', import.meta.url), { name: 'journal', workerData: start, execArgv: [] });
  const writerEpoch = await new Promise<number>((resolve, reject) => {
    let reason: VigilError | undefined;
    worker.once('message', (message: WorkerMessage) => {
      if (message.kind === 'opened') resolve(message.writerEpoch);
      else if (message.kind === 'refused') reason = revive(message.failure);
    });
    worker.once('error', (error) => (reason = threadEnded(options.file, messageOf(error), error)));
    // Told only when the thread is gone and has let go of the file.
    worker.once('exit', (code) => reject(reason ?? threadEnded(options.file, `exit code ${code} while opening`)));
  });
  return new SqliteJournal(worker, writerEpoch, options);
}

/** The main thread's end of the journal. Made by `openSqliteJournal`. */
export class SqliteJournal implements Journal {
  readonly writerEpoch: number;
  readonly #worker: Worker;
  readonly #file: string;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Why nothing more is taken; undefined while the journal is open. */
  #ended: VigilError | undefined;
  #closing: Promise<void> | undefined;

  constructor(worker: Worker, writerEpoch: number, options: SqliteJournalOptions) {
    this.writerEpoch = writerEpoch;
    this.#worker = worker;
    this.#file = options.file;
    const die = (why: string, cause?: unknown): void => {
      const error = threadEnded(options.file, why, cause);
      if (this.#end(error)) options.onDeath?.(error);
    };
    worker.on('message', (message: WorkerMessage) => this.#receive(message));
    worker.on('messageerror', (error) => die(messageOf(error), error));
    worker.on('error', (error) => die(messageOf(error), error));
    worker.on('exit', (code) => die(`exit code ${code}`));
    // A process with nothing else to do may end; one that waits for an acknowledgement may not (see #ask).
    worker.unref();
  }

  async append(batch: readonly NewEntry[]): Promise<void> {
    const entries = batch.map(encodeEntry);
    await this.#ask({ kind: 'append', entries }, (reply) => reply.kind === 'written' || undefined);
  }

  read(entity: string): Promise<StoredEntry[]> {
    return this.#rows({ kind: 'read', entity });
  }

  async readTail(entity: string, bounds: TailBounds): Promise<StoredEntry[]> {
    return (await this.#rows({ kind: 'readTail', entity, bounds })).toReversed();
  }

  entities(prefix: string): Promise<string[]> {
    return this.#ask({ kind: 'entities', prefix }, (reply) => (reply.kind === 'names' ? [...reply.names] : undefined));
  }

  lastSequence(entity: string): Promise<number> {
    return this.#ask({ kind: 'lastSequence', entity }, (reply) => (reply.kind === 'sequence' ? reply.sequence : undefined));
  }

  readTypes(types: readonly string[], since: number): Promise<StoredEntry[]> {
    return this.#rows({ kind: 'readTypes', types: [...types], since });
  }

  release(before: number): Promise<Release> {
    return this.#ask({ kind: 'release', before }, (reply) => (reply.kind === 'released' ? reply.release : undefined));
  }

  stats(): Promise<JournalStats> {
    return this.#ask({ kind: 'stats' }, (reply) => (reply.kind === 'stats' ? reply.stats : undefined));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // A dead worker has nothing left to wait for: whoever waited has been told.
    if (this.#ended !== undefined) return;
    const closed = this.#ask({ kind: 'close' }, (reply) => reply.kind === 'closed' || undefined);
    this.#ended = new VigilError('JOURNAL_UNAVAILABLE', `${this.#file} is closed`);
    await closed;
  }

  #rows(request: Unsent<ReadRequest>): Promise<StoredEntry[]> {
    const rows: StoredEntry[] = [];
    return this.#ask(request, (reply) => {
      if (reply.kind !== 'rows') return undefined;
      for (const row of reply.rows) rows.push(decodeRow(row));
      return reply.last ? rows : undefined;
    });
  }

  /** Sends at once, so that calls reach the worker in the order they were made. `answer` is undefined while replies are to come. */
  #ask<Answer>(request: Unsent<Request>, answer: (reply: Reply) => Answer | undefined): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      if (this.#waiting.size >= MAX_WAITING && request.kind !== 'close') {
        throw new VigilError('JOURNAL_UNAVAILABLE', `${this.#file}: ${MAX_WAITING} calls wait for the disk; it does not keep up`);
      }
      const id = ++this.#lastId;
      const take = (reply: Reply): boolean => {
        const found = answer(reply);
        if (found !== undefined) resolve(found);
        return found !== undefined;
      };
      this.#worker.postMessage({ ...request, id });
      this.#waiting.set(id, { take, reject });
      this.#worker.ref();
    });
  }

  #receive(message: WorkerMessage): void {
    if (message.kind !== 'replies') return;
    for (const reply of message.replies) {
      const waiting = this.#waiting.get(reply.id);
      if (waiting !== undefined && this.#settle(waiting, reply)) this.#waiting.delete(reply.id);
    }
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  /** True when the call has its whole answer. */
  #settle(waiting: Waiting, reply: Reply): boolean {
    if (reply.kind === 'failed') {
      waiting.reject(revive(reply.failure));
      return true;
    }
    try {
      return waiting.take(reply);
    } catch (error) {
      waiting.reject(new VigilError('JOURNAL_CORRUPT', `${this.#file} holds a payload that is not JSON: ${messageOf(error)}`, { cause: error }));
      return true;
    }
  }

  /** Refuses everything that waits and everything to come; false when the journal was closed, or had ended before. */
  #end(error: VigilError): boolean {
    const unexpected = this.#ended === undefined || this.#waiting.size > 0;
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    return unexpected;
  }
}

function threadEnded(file: string, why: string, cause?: unknown): VigilError {
  return new VigilError('JOURNAL_UNAVAILABLE', `the thread that writes ${file} has ended (${why}): restart the service; what was acknowledged is safe`, { cause, details: { file } });
}

function revive(failure: Failure): VigilError {
  return new VigilError(failure.code, failure.message, { details: { ...failure.details } });
}
