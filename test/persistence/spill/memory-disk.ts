/** A spill's disk in memory: what it has not synced may be torn by a crash, and it can be full. */
import type { SpillDisk } from '../../../src/persistence/spill/file.ts';

export class MemoryDisk implements SpillDisk {
  readonly name = '/data/spill';
  bytes: Buffer = Buffer.alloc(0);
  readonly asides: Buffer[] = [];
  full = false;
  /** Appends wait for `letThrough`, so that a crash can come in between. */
  held = false;
  #unsynced: { readonly bytes: Buffer; readonly resolve: () => void } | undefined;

  async read(): Promise<Buffer> {
    return this.bytes;
  }

  async append(bytes: Buffer): Promise<void> {
    if (this.full) {
      // As a disk does: a part of it was written before there was no more room.
      this.bytes = Buffer.concat([this.bytes, bytes.subarray(0, Math.floor(bytes.length / 2))]);
      throw new Error('ENOSPC: no space left on device');
    }
    if (this.held) {
      await new Promise<void>((resolve) => {
        this.#unsynced = { bytes, resolve };
      });
    }
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }

  async cut(size: number): Promise<void> {
    if (this.full) throw new Error('EIO: i/o error');
    this.bytes = this.bytes.subarray(0, size);
  }

  async putAside(): Promise<string> {
    this.asides.push(this.bytes);
    this.bytes = Buffer.alloc(0);
    return `${this.name}.aside-${this.asides.length}`;
  }

  async close(): Promise<void> {}

  letThrough(): void {
    this.held = false;
    this.#unsynced?.resolve();
    this.#unsynced = undefined;
  }

  /** What a crash leaves of it: of what was not synced, the first `part` (0 to 1). */
  crashed(part: number): MemoryDisk {
    const disk = new MemoryDisk();
    const torn = this.#unsynced?.bytes ?? Buffer.alloc(0);
    disk.bytes = Buffer.concat([this.bytes, torn.subarray(0, Math.round(torn.length * part))]);
    disk.asides.push(...this.asides);
    return disk;
  }
}
