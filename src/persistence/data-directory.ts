/** A data directory that cannot be used is refused by name and reason before anything is started in it. */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, VigilError } from '../protocol/errors.ts';

/** Creates the directory (0700, with its parents) unless it is there, and proves that it can be written. Throws DATA_DIR_UNWRITABLE. */
export function prepareDataDirectory(directory: string): void {
  // The name is fixed: one that a kill left behind is overwritten and removed by the next start.
  const probe = join(directory, '.write-probe');
  try {
    makeDirectory(directory);
    writeFileSync(probe, '', { mode: 0o600 });
    rmSync(probe);
  } catch (error) {
    throw unwritable(directory, error);
  }
}

/** DATA_DIR_UNWRITABLE with the path and the system's own reason. */
export function unwritable(path: string, error: unknown): VigilError {
  return new VigilError('DATA_DIR_UNWRITABLE', `${path} cannot be written: ${messageOf(error)}`, { cause: error, details: { path } });
}

/** Not mkdir's own `recursive`: under /proc, which answers ENOENT for ever, Node 26.10 tries again for ever. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && statSync(directory).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(directory) === directory) throw error;
    makeDirectory(dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
  }
}
