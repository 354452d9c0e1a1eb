/** `<data-dir>/spill`: what the journal's store could not take, on disk before it counts, and in order until the store has it. */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { EMPTY, linesOf, understandSpill } from './lines.ts';
import type { JournalName, SpillContent, SpilledBatch } from './lines.ts';

/** The file below the spill. Every promise resolves when it is on the disk; what was in doubt is settled by `cut`. */
export interface SpillDisk {
  /** How a person finds it. */
  readonly name: string;
  read(): Promise<Buffer>;
  append(bytes: Buffer): Promise<void>;
  /** Keeps the first `size` bytes. */
  cut(size: number): Promise<void>;
  /** Moves what is there to a name of its own, which it returns, and begins anew. */
  putAside(): Promise<string>;
  close(): Promise<void>;
}

interface Waiting {
  readonly batch: SpilledBatch;
  readonly resolve: () => void;
  readonly reject: (error: VigilError) => void;
}

/**
 * One line a write (before the first, whose file it is), and a write holds all batches that waited for it: so what a crash can
 * tear is the last line and no other. A torn last line was never acknowledged and is cut; anything else that does not fit is refused and left as it is.
 */
export class SpillFile {
  readonly #disk: SpillDisk;
  readonly #journal: JournalName;
  #batches: SpilledBatch[];
  #checksum: string;
  #size: number;
  /** Bytes beyond `#size` may be there: a write failed. */
  #dirty = false;
  #waiting: Waiting[] = [];
  /** What is done on the disk, one after another. */
  #last: Promise<void> = Promise.resolve();

  private constructor(disk: SpillDisk, journal: JournalName, found: SpillContent) {
    this.#disk = disk;
    this.#journal = journal;
    this.#batches = found.batches;
    this.#checksum = found.checksum;
    this.#size = found.size;
  }

  /** Closes the disk with itself, and when it refuses. @param journal whose records it keeps. @throws VigilError JOURNAL_CORRUPT, JOURNAL_FOREIGN (the file is left as it is), JOURNAL_UNAVAILABLE. */
  static async open(disk: SpillDisk, journal: JournalName): Promise<SpillFile> {
    try {
      const bytes = await onDisk(disk, () => disk.read());
      const found = understandSpill(bytes, journal, disk.name);
      if (found.size < bytes.length) await onDisk(disk, () => disk.cut(found.size));
      return new SpillFile(disk, journal, found);
    } catch (error) {
      await disk.close();
      throw error;
    }
  }

  get name(): string {
    return this.#disk.name;
  }

  /** What it holds, in order. */
  get batches(): readonly SpilledBatch[] {
    return this.#batches;
  }

  /** Resolves when the batch is on the disk, after all that were added before. @throws VigilError JOURNAL_UNAVAILABLE: it is not in the file. */
  add(batch: SpilledBatch): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      // It answers to each that waits, and never rejects itself.
      if (this.#waiting.length === 1) this.#last = this.#last.then(() => this.#write());
    });
  }

  /** Resolves when everything that was added so far is on the disk, or refused. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** Empties it: everything is in the store. */
  clear(): Promise<void> {
    return this.#next(async () => {
      await onDisk(this.#disk, () => this.#disk.cut(0));
      this.#begin();
    });
  }

  /** Leaves what is there under a name of its own, which it returns, and begins anew. */
  putAside(): Promise<string> {
    return this.#next(async () => {
      const name = await onDisk(this.#disk, () => this.#disk.putAside());
      this.#begin();
      return name;
    });
  }

  close(): Promise<void> {
    return this.#next(() => this.#disk.close());
  }

  #begin(): void {
    this.#batches = [];
    this.#checksum = EMPTY.checksum;
    this.#size = EMPTY.size;
    this.#dirty = false;
  }

  async #write(): Promise<void> {
    const taken = this.#waiting.splice(0);
    if (taken.length === 0) return;
    const { bytes, checksum } = linesOf({ size: this.#size, checksum: this.#checksum }, this.#journal, taken.map((one) => one.batch));
    try {
      if (this.#dirty) await this.#disk.cut(this.#size);
      this.#dirty = true;
      await this.#disk.append(bytes);
    } catch (error) {
      // Those that came after would leave a gap: what is kept is kept in order.
      for (const { reject } of [...taken, ...this.#waiting.splice(0)]) reject(unwritable(this.#disk, error));
      return;
    }
    this.#dirty = false;
    this.#size += bytes.length;
    this.#checksum = checksum;
    for (const { batch, resolve } of taken) {
      this.#batches.push(batch);
      resolve();
    }
  }

  #next<Value>(run: () => Promise<Value>): Promise<Value> {
    const done = this.#last.then(run);
    this.#last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}

async function onDisk<Value>(disk: SpillDisk, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (error) {
    throw unwritable(disk, error);
  }
}

function unwritable(disk: SpillDisk, error: unknown): VigilError {
  return new VigilError('JOURNAL_UNAVAILABLE', `${disk.name} cannot be written: ${messageOf(error)}`, { cause: error, details: { file: disk.name } });
}
