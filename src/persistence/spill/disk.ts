/** The spill's file on a real disk: 0600, synced at every write, and never on the event loop's time. */
import { open, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { isoTime } from '../../supervision/clock.ts';
import type { SpillDisk } from './file.ts';

const ASIDE = '.aside-';

/** Opens or makes the file. `now`: wall time, ms, for the name of what is put aside. */
export async function openSpillDisk(file: string, now: () => number): Promise<SpillDisk> {
  let handle = await make(file);
  return {
    name: file,
    read: () => handle.readFile(),
    async append(bytes) {
      await handle.appendFile(bytes);
      await handle.datasync();
    },
    async cut(size) {
      await handle.truncate(size);
      await handle.datasync();
    },
    async putAside() {
      const aside = `${file}${ASIDE}${isoTime(now()).replaceAll(':', '')}`;
      // The new file first: when it cannot be made, everything stays as it was.
      const next = await make(`${file}.new`);
      await rename(file, aside);
      await rename(`${file}.new`, file);
      await syncDirectory(file);
      await handle.close();
      handle = next;
      return aside;
    },
    close: () => handle.close(),
  };
}

/** Spills that were put aside and are still there: an operator who has looked at one moves it away. */
export async function spillsAside(file: string): Promise<readonly string[]> {
  const names = await readdir(dirname(file));
  return names.filter((name) => name.startsWith(`${basename(file)}${ASIDE}`)).toSorted().map((name) => join(dirname(file), name));
}

async function make(file: string): Promise<FileHandle> {
  const handle = await open(file, 'a+', 0o600);
  await syncDirectory(file);
  return handle;
}

/** A new name is durable only when its directory is. */
async function syncDirectory(file: string): Promise<void> {
  const directory = await open(dirname(file), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
