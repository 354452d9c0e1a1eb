/** Where lines of the log go: at once, so that last words are not lost; and whatever becomes of them, whoever writes them goes on. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { messageOf } from '../protocol/errors.ts';
import { systemClock } from '../supervision/clock.ts';
import type { Clock } from '../supervision/clock.ts';

/** A reader that does not read (a paused terminal, a stuck collector) is waited for so long within such a time: the event loop stands still meanwhile. */
const PATIENCE = { ms: 250, withinMs: 10_000 };
const LOOK_EVERY_MS = 5;

/** `writeSync`, as far as it is needed. */
export type Put = (fd: number, bytes: Uint8Array) => number;

export interface LogLines {
  /** A whole line with its end. Never throws: one that finds no room is counted, and the next that does is told how many there were. */
  write(line: string): void;
}

/**
 * Of a terminal or a pipe, a way of its own to write to it: where nobody reads any more (paused, a session or a collector that
 * hangs) a write would be held for ever. A file goes by the number it has, for that is where its end is known.
 */
export function writableWithoutWaiting(fd: number): number {
  if (!isatty(fd) && !fstatSync(fd).isFIFO()) return fd;
  try {
    return openSync(`/dev/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another user's, or a system without such ways: it is written to as it is.
    return fd;
  }
}

/** `lossLine`: the line that says how many were lost, and why. */
export function logLines(fd: number, lossLine: (lost: number, reason: string) => string, { put = writeSync, clock = systemClock }: { readonly put?: Put; readonly clock?: Clock } = {}): LogLines {
  let lost = 0;
  let reason = '';
  /** The last line stands there in part. */
  let torn = false;
  let leftMs = PATIENCE.ms;
  let patientSince = clock.monotonic();

  /** A pipe is full when its reader is behind; everything else is not cured by waiting here. @throws what cannot be cured */
  const putSome = (bytes: Uint8Array): number => {
    for (;;) {
      try {
        return put(fd, bytes);
      } catch (error) {
        if (!isFull(error) || leftMs <= 0) throw error;
        leftMs -= LOOK_EVERY_MS;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, LOOK_EVERY_MS);
      }
    }
  };

  const putAll = (text: string): void => {
    for (let rest: Uint8Array = Buffer.from(text); rest.length > 0; ) {
      const taken = putSome(rest);
      if (taken === 0) throw new Error('nothing of it was taken');
      rest = rest.subarray(taken);
      torn = rest.length > 0;
    }
  };

  return {
    write(line) {
      const now = clock.monotonic();
      if (now - patientSince >= PATIENCE.withinMs) [patientSince, leftMs] = [now, PATIENCE.ms];
      try {
        if (torn) putAll('\n');
        if (lost > 0) putAll(lossLine(lost, reason));
        lost = 0;
        putAll(line);
      } catch (error) {
        lost += 1;
        reason = messageOf(error);
      }
    },
  };
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}
