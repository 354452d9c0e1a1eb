/** Garbage, collected now: for tests of what is held and what is let go. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

export async function collect(): Promise<void> {
  // What a weak reference was asked for stays alive until its turn is over.
  await nextTurn();
  gc();
}

/** Bytes of the heap that are held. */
export async function heldBytes(): Promise<number> {
  await collect();
  gc();
  return process.memoryUsage().heapUsed;
}
