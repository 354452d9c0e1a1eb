/**
 * A blocked event loop is never a mystery: a worker thread goes on answering `watch.sock` while it is blocked, names the
 * actor that holds it, and ends the process when it stays blocked (rulings 28, 29).
 */
import { Worker } from 'node:worker_threads';
import type { Clock, TimerHandle } from '../clock.ts';
import type { LoopMarker } from '../kernel.ts';
import { BEAT_MS, LoopSignal } from './loop-signal.ts';

export interface LoopWatchOptions {
  /** Where `GET /` is answered. The 0700 directory around it is the guard. */
  readonly socketPath: string;
  /** Where the last words go; standard error has them too. */
  readonly lastWordsPath: string;
  /** Silent for so long, the process is ended by SIGKILL. */
  readonly blockedMs?: number;
  /** Silent for so long, the answer is 503 and the system's watchdog is no longer fed. */
  readonly reportAfterMs?: number;
  readonly clock: Clock;
  /** The watch itself is broken: its socket cannot be served, systemd cannot be told, or its thread died. Trading goes on without it; someone must know. */
  readonly onFailure: (error: Error) => void;
}

export interface LoopWatch {
  /** For the actor system: names whose turn it is. */
  readonly marker: LoopMarker;
  /** True once the socket answers; false if it never will, after `onFailure` was told why. Never rejects. */
  readonly listening: Promise<boolean>;
  /** Tells systemd, if it waits for that, that the service is up. */
  notifyReady(): void;
  /** While true, systemd's watchdog is not fed although the loop turns (ruling 29). */
  withholdWatchdog(withhold: boolean): void;
  /** Ends the watch and removes its socket. */
  stop(): Promise<void>;
}

/** What the worker is started with. */
export interface WatchStart {
  readonly buffer: SharedArrayBuffer;
  readonly socketPath: string;
  readonly lastWordsPath: string;
  readonly blockedMs: number;
  readonly reportAfterMs: number;
}

export type WatchCommand = 'ready' | 'stop';
export type WatchReport = { readonly kind: 'listening' } | { readonly kind: 'failed'; readonly message: string };

/** A worker that does not end by itself within this is ended. */
const STOP_MS = 1_000;

export function startLoopWatch(options: LoopWatchOptions): LoopWatch {
  const { socketPath, lastWordsPath, blockedMs = 15_000, reportAfterMs = 1_000, clock, onFailure } = options;
  const signal = new LoopSignal();
  const start: WatchStart = { buffer: signal.buffer, socketPath, lastWordsPath, blockedMs, reportAfterMs };
  const worker = new Worker(new URL('./loop-watch.worker.ts', import.meta.url), { name: 'loop-watch', workerData: start });

  let stopping = false;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const listening = new Promise<boolean>((resolve) => {
    const fail = (error: Error) => {
      resolve(false);
      if (!stopping) onFailure(error);
    };
    worker.on('message', (report: WatchReport) => {
      // Up to here someone may wait for it; from here on it must not keep the process alive.
      if (!stopping) worker.unref();
      if (report.kind === 'listening') resolve(true);
      else fail(new Error(report.message));
    });
    worker.once('error', (error) => fail(new Error('the thread of the loop watch died', { cause: error })));
    worker.once('exit', () => resolve(false));
  });

  let next: TimerHandle;
  const beat = () => {
    signal.beat();
    next = clock.after(BEAT_MS, beat);
  };
  beat();

  const command = (what: WatchCommand) => worker.postMessage(what);
  return {
    marker: { enter: (path) => signal.enter(path), leave: () => signal.leave() },
    listening,
    notifyReady: () => command('ready'),
    withholdWatchdog(withhold) {
      signal.withheld = withhold;
    },
    async stop() {
      if (stopping) return ended;
      stopping = true;
      // Awaited below: without a reference, the process could end first and leave the socket behind.
      worker.ref();
      command('stop');
      const limit = clock.after(STOP_MS, () => {
        worker.terminate().catch(() => undefined);
      });
      await ended;
      limit.cancel();
      next.cancel();
      return undefined;
    },
  };
}
