/**
 * The service is started again after a crash: a thin process above it that forks, waits, and passes signals and exit codes
 * through (rulings 28, 30). A first start that is refused is final; after a crash positions may be open, and a refusal that
 * could pass is none to leave them over.
 */
import { fork } from 'node:child_process';
import { constants } from 'node:os';
import { messageOf } from './protocol/errors.ts';
import type { ActorLog } from './supervision/behaviour.ts';
import { keepAlive, systemClock } from './supervision/clock.ts';
import type { Clock, TimerHandle } from './supervision/clock.ts';

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Orderly, refused for good (a first start, a corrupt journal, a second instance), refused by request: starting again would change nothing. */
const FINAL_CODES: ReadonlySet<number> = new Set([0, 2, 4]);
/** The journal's store, or the disk of the data directory, is away (`service/exit-codes.ts`): at the first start that is for a person to hear, after a crash positions may be open. */
const STORE_AWAY = 69;
const STORE_RETRY_MS = 5_000;
/** Refused after a crash, for something that may pass or be mended meanwhile (the same file): it is started again as after another crash. */
const REFUSED_AFTER_CRASH = 78;
/** What a service says when its data directory is its own. */
const HOLDS = 'holds';
/** A crash in the middle of an opening leaves a position without a stop: waiting and starting stay below the 30 s in which it must have one. */
const BACKOFF = { minMs: 1_000, maxMs: 10_000, freshAfterMs: 60_000 };
/** More crashes than these are no accident: slowly from then on, and said each time; never given up, for what is open needs its exits (ruling 13). */
const BUDGET = { restarts: 10, windowMs: 600_000, slowMs: 30_000 };
/** A signal to the group reaches the service twice, and npm adds its own: one wish, not two. */
const REPEAT_MS = 2_000;
/** What the service has beyond its own shutdown budget before it is killed. */
const GRACE_MS = 3_000;

/** The running service, as the launcher sees it. */
export interface ServiceProcess {
  kill(signal: StopSignal | 'SIGKILL'): void;
  /** Called once: an exit code, or the signal that ended it. */
  onExit(listener: (code: number | null, signal: string | null) => void): void;
  /** Called when the data directory is its own: what it leaves open by a crash is for the next one to find there. */
  onHolds(listener: () => void): void;
}

export interface LauncherOptions {
  /** What `vigil` was called with; the service gets the same and `--no-launcher`, after a crash also `--after-crash`. */
  readonly argv: readonly string[];
  readonly log: ActorLog;
  /** `shutdown.budgetMs`; without it, the longest that can be configured. */
  readonly shutdownBudgetMs?: number;
  readonly clock?: Clock;
  readonly startService?: (argv: readonly string[]) => ServiceProcess;
  /** Where signals come from. */
  readonly signals?: { on(name: StopSignal, listener: () => void): unknown; off(name: StopSignal, listener: () => void): unknown };
}

/** Runs the service until it ends for good; resolves with the exit code to end with. Never rejects. */
export function runLauncher(options: LauncherOptions): Promise<number> {
  const { argv, log, shutdownBudgetMs = 60_000, clock = systemClock, startService = forkService(new URL('./main.ts', import.meta.url)), signals = process } = options;
  const alive = keepAlive();
  const history = new RestartHistory();
  let service: ServiceProcess | undefined;
  let pending: TimerHandle | undefined;
  let lastCode = 0;
  let stop: { readonly deadline: TimerHandle } | undefined;
  let signalledAt = Number.NEGATIVE_INFINITY;
  let overdue = false;
  let held = false;

  return new Promise((resolve) => {
    const end = (code: number) => {
      for (const [name, listener] of listeners) signals.off(name, listener);
      stop?.deadline.cancel();
      pending?.cancel();
      alive.cancel();
      resolve(code);
    };

    const begin = () => {
      pending = undefined;
      history.started(clock.monotonic());
      try {
        service = startService([...argv, '--no-launcher', ...(held && history.crashed ? ['--after-crash'] : [])]);
        service.onHolds(() => (held = true));
        service.onExit(ended);
      } catch (error) {
        log.error({ error: messageOf(error) }, 'the service cannot be started');
        ended(1, null);
      }
    };

    const ended = (code: number | null, signal: string | null) => {
      service = undefined;
      lastCode = code ?? exitCodeOf(signal);
      if (overdue) return end(1);
      if (stop !== undefined || (code !== null && FINAL_CODES.has(code)) || (code === STORE_AWAY && !history.crashed)) return end(lastCode);
      if (code === STORE_AWAY) {
        log.error({ inMs: STORE_RETRY_MS }, 'the journal\'s store or the disk is away, and the service has crashed: nobody manages what is open until it is back. Stops and targets stay on the exchange; trying again, for ever');
        pending = clock.after(STORE_RETRY_MS, begin);
        return;
      }
      const { inMs, spent } = history.ended(clock.monotonic());
      if (code === REFUSED_AFTER_CRASH) log.error({ inMs }, 'the service has crashed, and its next start was refused: its last words say why. Nobody manages what is open until that is mended; stops and targets stay on the exchange; trying again, for ever');
      else if (spent) log.error({ code, signal, inMs, restarts: BUDGET.restarts, windowMs: BUDGET.windowMs }, 'the service crashed more often than the restart budget allows: look at its last words. Stops and targets stay on the exchange; starting it again, slowly, for ever');
      else log.warn({ code, signal, inMs }, 'the service crashed; starting it again');
      pending = clock.after(inMs, begin);
    };

    const onSignal = (name: StopSignal) => {
      const now = clock.monotonic();
      if (now - signalledAt < REPEAT_MS) return;
      signalledAt = now;
      // Between two starts there is nothing to stop: the last crash is how it ended.
      if (service === undefined) return end(lastCode);
      service.kill(name);
      stop ??= { deadline: clock.after(shutdownBudgetMs + GRACE_MS, killOverdue) };
    };

    const killOverdue = () => {
      overdue = true;
      log.error({ afterMs: shutdownBudgetMs + GRACE_MS }, 'the service did not stop in time; killing it. Positions keep their stops on the venue');
      service?.kill('SIGKILL');
    };

    const listeners = STOP_SIGNALS.map((name) => [name, () => onSignal(name)] as const);
    for (const [name, listener] of listeners) signals.on(name, listener);
    begin();
  });
}

/** For the service: its data directory is its own. Without a launcher, or with one that is gone, nobody hears it. */
export function tellLauncherHolds(): void {
  if (process.send === undefined || !process.connected) return;
  // That it is gone is told by `onLauncherGone`.
  process.send(HOLDS, undefined, undefined, () => {});
}

/**
 * For the service: `callback` is called once when the launcher is gone, however it went, be it before this call.
 * Without a launcher (no IPC channel) it is never called. Does not keep the process alive.
 */
export function onLauncherGone(callback: () => void): void {
  if (process.send === undefined) return;
  if (!process.connected) return callback();
  process.once('disconnect', callback);
  process.channel?.unref();
}

/** How often the service has crashed, over monotonic time: how long to wait, and whether the budget is spent. */
class RestartHistory {
  #crashes: number[] = [];
  #inRow = 0;
  #startedAt = 0;

  /** Whether it ever has. */
  crashed = false;

  started(now: number): void {
    this.#startedAt = now;
  }

  ended(now: number): { readonly inMs: number; readonly spent: boolean } {
    if (now - this.#startedAt >= BACKOFF.freshAfterMs) this.#inRow = 0;
    this.#crashes = this.#crashes.filter((at) => now - at < BUDGET.windowMs);
    this.crashed = true;
    const spent = this.#crashes.length >= BUDGET.restarts;
    this.#crashes.push(now);
    return { inMs: spent ? BUDGET.slowMs : Math.min(BACKOFF.minMs * 2 ** this.#inRow++, BACKOFF.maxMs), spent };
  }
}

/** The shell's number for an end by signal. */
function exitCodeOf(signal: string | null): number {
  return 128 + ((signal === null ? undefined : (constants.signals as Record<string, number>)[signal]) ?? 0);
}

/** A service of our own Node, flags and terminal; the IPC channel carries one word, and by its end that either is gone. */
export function forkService(entry: URL): (argv: readonly string[]) => ServiceProcess {
  return (argv) => {
    const child = fork(entry, argv, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    return {
      kill: (signal) => child.kill(signal),
      onExit(listener) {
        child.once('exit', listener);
        // A process that never came to be has no exit; other errors (a signal too late) leave its end to be told.
        child.on('error', () => {
          if (child.pid === undefined) listener(1, null);
        });
      },
      onHolds(listener) {
        child.on('message', (word) => {
          if (word === HOLDS) listener();
        });
      },
    };
  };
}
