/** `<data-dir>/spill`: what the journal's store could not take, on disk before it counts, and in order until the store has it. */
import { hash } from 'node:crypto';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { EncodedEntry } from '../journal-entry.ts';

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

export type SpilledBatch = readonly EncodedEntry[];

interface Waiting {
  readonly batch: SpilledBatch;
  readonly resolve: () => void;
  readonly reject: (error: VigilError) => void;
}

/** Before the first line; a later form of the file begins with another. */
const FIRST = 'vigil spill 1';
const CHECKSUM_LENGTH = 32;
const NEWLINE = 0x0a;

/**
 * One line a write, and a write holds all batches that waited for it: so what a crash can tear is the last line and no
 * other. A torn last line was never acknowledged and is cut; anything else that does not fit is refused and left as it is.
 */
export class SpillFile {
  readonly #disk: SpillDisk;
  #batches: SpilledBatch[];
  #checksum: string;
  #size: number;
  /** Bytes beyond `#size` may be there: a write failed. */
  #dirty = false;
  #waiting: Waiting[] = [];
  /** What is done on the disk, one after another. */
  #last: Promise<void> = Promise.resolve();

  private constructor(disk: SpillDisk, found: Found) {
    this.#disk = disk;
    this.#batches = found.batches;
    this.#checksum = found.checksum;
    this.#size = found.size;
  }

  /** @throws VigilError JOURNAL_CORRUPT (the file is left as it is), JOURNAL_UNAVAILABLE. */
  static async open(disk: SpillDisk): Promise<SpillFile> {
    const bytes = await onDisk(disk, () => disk.read());
    const found = understand(bytes, disk.name);
    if (found.size < bytes.length) await onDisk(disk, () => disk.cut(found.size));
    return new SpillFile(disk, found);
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
    this.#checksum = FIRST;
    this.#size = 0;
    this.#dirty = false;
  }

  async #write(): Promise<void> {
    const taken = this.#waiting.splice(0);
    if (taken.length === 0) return;
    const body = JSON.stringify(taken.map((one) => one.batch));
    const checksum = checksumOf(this.#checksum, body);
    const line = Buffer.from(`${checksum} ${body}\n`);
    try {
      if (this.#dirty) await this.#disk.cut(this.#size);
      this.#dirty = true;
      await this.#disk.append(line);
    } catch (error) {
      // Those that came after would leave a gap: what is kept is kept in order.
      for (const { reject } of [...taken, ...this.#waiting.splice(0)]) reject(unwritable(this.#disk, error));
      return;
    }
    this.#dirty = false;
    this.#size += line.length;
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

interface Found {
  readonly batches: SpilledBatch[];
  readonly checksum: string;
  /** How much of the file is whole. */
  readonly size: number;
}

function understand(bytes: Buffer, name: string): Found {
  const batches: SpilledBatch[] = [];
  let checksum = FIRST;
  let size = 0;
  while (size < bytes.length) {
    const end = bytes.indexOf(NEWLINE, size);
    const line = bytes.toString('utf8', size, end === -1 ? bytes.length : end);
    const body = line.slice(CHECKSUM_LENGTH + 1);
    const sound = end !== -1 && line.slice(0, CHECKSUM_LENGTH + 1) === `${checksumOf(checksum, body)} `;
    if (!sound) {
      const last = end === -1 || end === bytes.length - 1;
      if (last) return { batches, checksum, size };
      throw new VigilError('JOURNAL_CORRUPT', `${name} is damaged at byte ${size}, with more after it: it holds what the journal's store could not take. Move it away to start without it; what it holds is then reconciled from the venue`, { details: { file: name, at: size } });
    }
    batches.push(...(JSON.parse(body) as SpilledBatch[]));
    checksum = line.slice(0, CHECKSUM_LENGTH);
    size = end + 1;
  }
  return { batches, checksum, size };
}

function checksumOf(previous: string, body: string): string {
  return hash('sha256', `${previous}\n${body}`, 'hex').slice(0, CHECKSUM_LENGTH);
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
