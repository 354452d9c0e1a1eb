/** The ways a process is asked to end, or has to: signals, each once, and defects, with last words. */
import { systemClock } from '../supervision/clock.ts';

/** A second signal within this time is the same wish (ruling 30). */
const REPEAT_MS = 2_000;

export function onSignals(stop: (signal: string) => void, log: { warn(fields: object, message: string): void }): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const now = systemClock.monotonic();
      if (first !== undefined && now - first < REPEAT_MS) return;
      if (first !== undefined) log.warn({ signal }, 'already stopping');
      first ??= now;
      stop(signal);
    });
  }
}

/** Nothing may be left half done and alive: what nobody caught ends the process. */
export function onDefects(end: (kind: string, error: unknown) => void): void {
  process.on('uncaughtException', (error) => end('uncaught exception', error));
  process.on('unhandledRejection', (error) => end('unhandled rejection', error));
}

/** The first call counts; later ones change nothing. */
export function once<Arguments extends readonly unknown[]>(run: (...args: Arguments) => void): (...args: Arguments) => void {
  let done = false;
  return (...args) => {
    if (done) return;
    done = true;
    run(...args);
  };
}
