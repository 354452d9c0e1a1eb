/** The thread that owns the journal's file: whatever the disk does, it does it here, and never to the loop that sends exits. */
import type { DatabaseSync } from 'node:sqlite';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { HeadFile } from '../head-file.ts';
import { checkJournal, isNewJournal } from './check.ts';
import type { AppendRequest, Failure, ReadRequest, Reply, Request, WorkerMessage, WorkerStart } from './messages.ts';
import { entityNames, lastSequence, readSlices } from './reader.ts';
import { releaseSlices } from './release.ts';
import { connectReader, connectWriter, createJournalFile, upgradeSchema } from './schema.ts';
import { fileStats } from './stats.ts';
import { failureOf, SqliteWriter } from './writer.ts';

/** Bounds the wait of the first batch in a group, and the work that one failure throws away. */
const BATCHES_A_COMMIT = 256;

interface RunningRead {
  readonly id: number;
  readonly slices: ReturnType<typeof readSlices>;
}

interface RunningRelease {
  readonly id: number;
  readonly slices: ReturnType<typeof releaseSlices>;
}

/** One journal, as its thread sees it. */
class JournalThread {
  readonly #port: MessagePort;
  readonly #file: string;
  /** Reads go through a connection that cannot write. */
  readonly #reader: DatabaseSync;
  readonly #db: DatabaseSync;
  readonly #writer: SqliteWriter;
  readonly #head: HeadFile;
  /** Appends that wait for their commit. */
  #group: AppendRequest[] = [];
  /** Reads that are under way, by turns of a slice. */
  #reads: RunningRead[] = [];
  /** Retention goes on only while nothing is read: a read that is under way finds what it began with. */
  #releases: RunningRelease[] = [];

  constructor(port: MessagePort, start: WorkerStart) {
    this.#port = port;
    this.#file = start.file;
    if (isNewJournal(start.file)) createJournalFile(start.file);
    const writerEpoch = checkJournal(start.file);
    this.#db = connectWriter(start.file);
    upgradeSchema(this.#db);
    if (start.maxPages !== undefined) this.#db.exec(`PRAGMA max_page_count = ${start.maxPages}`);
    this.#writer = new SqliteWriter(this.#db, start.file, writerEpoch + 1, start.openedAt);
    this.#reader = connectReader(start.file);
    this.#head = new HeadFile(start.file);
    this.#head.write(this.#writer.head());
    this.#post({ kind: 'opened', writerEpoch: this.#writer.writerEpoch });
  }

  /** Works until nothing waits: all waiting appends in one commit, then one slice of a read or of a release, and again. */
  serve(first: Request): void {
    this.#take(first);
    do {
      for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
        this.#take(next.message as Request);
      }
      this.#commit();
      if (this.#reads.length > 0) this.#readOn();
      else this.#releaseOn();
    } while (this.#reads.length + this.#releases.length > 0);
  }

  /** Anything but an append commits the waiting group first: it must see every append called before it. */
  #take(request: Request): void {
    if (request.kind === 'append') {
      this.#group.push(request);
      if (this.#group.length >= BATCHES_A_COMMIT) this.#commit();
      return;
    }
    this.#commit();
    this.#guard(request.id, () => this.#answer(request));
  }

  #answer(request: Exclude<Request, AppendRequest>): void {
    switch (request.kind) {
      case 'read':
      case 'readTypes':
      case 'readTail':
        this.#startRead(request);
        break;
      case 'entities':
        this.#reply({ kind: 'names', id: request.id, names: entityNames(this.#reader, request.prefix) });
        break;
      case 'lastSequence':
        this.#reply({ kind: 'sequence', id: request.id, sequence: lastSequence(this.#reader, request.entity) });
        break;
      case 'release':
        this.#releases.push({ id: request.id, slices: releaseSlices(this.#db, this.#writer, request.before) });
        break;
      case 'stats': {
        const { writerEpoch, commits } = this.#writer;
        this.#reply({ kind: 'stats', id: request.id, stats: { ...fileStats(this.#reader, this.#file), writerEpoch, commits } });
        break;
      }
      case 'close':
        this.#close(request.id);
        break;
    }
  }

  #commit(): void {
    if (this.#group.length === 0) return;
    const group = this.#group;
    this.#group = [];
    const receipts = this.#writer.commit(group);
    try {
      this.#head.write(this.#writer.head());
    } catch {
      // The entries are committed; an older head file stays true and only remembers less.
    }
    this.#post({ kind: 'replies', replies: receipts });
  }

  /** The first slice is taken at once: it fixes where the read ends. */
  #startRead(request: ReadRequest): void {
    const read = { id: request.id, slices: readSlices(this.#reader, request) };
    if (this.#postSlice(read)) this.#reads.push(read);
  }

  #readOn(): void {
    const read = this.#reads.shift();
    if (read === undefined) return;
    this.#guard(read.id, () => {
      if (this.#postSlice(read)) this.#reads.push(read);
    });
  }

  /** Whether there is more to read. */
  #postSlice(read: RunningRead): boolean {
    const slice = read.slices.next();
    this.#reply({ kind: 'rows', id: read.id, rows: slice.done === true ? [] : slice.value, last: slice.done === true });
    return slice.done !== true;
  }

  #releaseOn(): void {
    const release = this.#releases[0];
    if (release === undefined) return;
    try {
      const slice = release.slices.next();
      if (slice.done !== true) return;
      this.#reply({ kind: 'released', id: release.id, release: slice.value });
    } catch (error) {
      this.#reply({ kind: 'failed', id: release.id, failure: asFailure(this.#file, 'relieved of old entries', error) });
    }
    this.#releases.shift();
  }

  #close(id: number): void {
    while (this.#reads.length > 0) this.#readOn();
    // What a release has done stands by itself; the rest is the next one's.
    const closed: Failure = { code: 'JOURNAL_UNAVAILABLE', message: `${this.#file} is closed; the next release goes on`, details: { file: this.#file } };
    for (const release of this.#releases.splice(0)) this.#reply({ kind: 'failed', id: release.id, failure: closed });
    this.#reader.close();
    // The last connection: SQLite moves the WAL into the file and removes it.
    this.#db.close();
    this.#head.close();
    this.#reply({ kind: 'closed', id });
    this.#port.close();
  }

  #guard(id: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#reply({ kind: 'failed', id, failure: asFailure(this.#file, 'read', error) });
    }
  }

  #reply(reply: Reply): void {
    this.#post({ kind: 'replies', replies: [reply] });
  }

  #post(message: WorkerMessage): void {
    this.#port.postMessage(message);
  }
}

function asFailure(file: string, verb: string, error: unknown): Failure {
  if (error instanceof VigilError) return failureOf(error);
  return { code: 'JOURNAL_UNAVAILABLE', message: `${file} cannot be ${verb}: ${messageOf(error)}; check disk space, the disk and the data directory`, details: { file } };
}

if (parentPort === null) throw new Error('sqlite/journal.worker.ts runs as a worker of sqlite/journal.ts');
const port = parentPort;
const start = workerData as WorkerStart;
try {
  const thread = new JournalThread(port, start);
  port.on('message', (request: Request) => thread.serve(request));
} catch (error) {
  const refusal: WorkerMessage = { kind: 'refused', failure: asFailure(start.file, 'opened', error) };
  port.postMessage(refusal);
}
