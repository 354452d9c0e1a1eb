/**
 * Remembers beside the journal how far it had got, so that acknowledged entries cannot vanish unseen. SQLite takes a damaged
 * or missing WAL for a shorter one, without a word; this file knows better. Written after each commit and never synced:
 * it may lag behind after a power cut, and can never run ahead.
 */
import { hash } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface Head {
  /** The last acknowledged position; 0 in a new journal. */
  readonly position: number;
  /** Of the entry at that position. */
  readonly checksum: string;
  readonly writerEpoch: number;
}

/** Every line has this length, so that one write replaces the whole of the last. */
const LINE_LENGTH = 160;

export function headFileOf(file: string): string {
  return `${file}-head`;
}

/** What the file says; undefined when there is none, or when it is torn: then it knows nothing. */
export function readHead(file: string): Head | undefined {
  let text: string;
  try {
    text = readFileSync(headFileOf(file), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const [position, checksum, writerEpoch, seal] = text.trimEnd().split(' ');
  const body = `${position} ${checksum} ${writerEpoch}`;
  if (checksum === undefined || seal !== sealOf(body)) return undefined;
  return { position: Number(position), checksum, writerEpoch: Number(writerEpoch) };
}

/** Keeps the head file open for one writer. */
export class HeadFile {
  readonly #handle: number;

  constructor(file: string) {
    this.#handle = openSync(headFileOf(file), constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** May throw when the disk is broken; the journal itself does not depend on it, and an older head stays true. */
  write(head: Head): void {
    const body = `${head.position} ${head.checksum} ${head.writerEpoch}`;
    writeSync(this.#handle, `${body} ${sealOf(body)}`.padEnd(LINE_LENGTH - 1) + '\n', 0);
  }

  /** For what must outlive a power cut here, because the store may forget it: that a writer epoch was used. */
  sync(): void {
    fsyncSync(this.#handle);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

function sealOf(body: string): string {
  return hash('sha256', body, 'hex').slice(0, 16);
}
