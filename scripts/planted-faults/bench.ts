/** A bench for trials, with a copy of the project of its own: one worker process at a time, replaced when it hangs, dies or has grown. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/supervision/clock.ts';
import type { Outcome, Trial } from './worker.ts';

/** Modules once loaded are never given back. */
const TRIALS_PER_WORKER = 60;

const DIED = 'ends the process';

export class Bench {
  readonly copy: string;
  private worker: ChildProcess | undefined;
  private trials = 0;
  private closed = false;

  constructor(copy: string) {
    this.copy = copy;
  }

  /** A worker that hangs or dies in it has noticed, too: no such rule would get past a test. */
  async run(trial: Trial, limitMs: number): Promise<Outcome> {
    const path = join(this.copy, trial.file);
    const whole = readFileSync(path);
    // The worker has the fault by word; threads and processes that its tests start read it from the disk.
    if (trial.source !== undefined) writeFileSync(path, trial.source);
    try {
      return await this.twiceIfNeeded(trial, limitMs);
    } finally {
      if (!this.closed) writeFileSync(path, whole);
    }
  }

  private async twiceIfNeeded(trial: Trial, limitMs: number): Promise<Outcome> {
    const used = this.trials > 0;
    const outcome = await this.once(trial, limitMs);
    // It may have died of what the trial before it had left behind.
    return used && outcome.failure?.startsWith(DIED) === true ? this.once(trial, limitMs) : outcome;
  }

  private async once(trial: Trial, limitMs: number): Promise<Outcome> {
    const worker = this.ready();
    const outcome = await new Promise<Outcome>((resolve) => {
      const limit = systemClock.after(limitMs, () => end(`takes longer than ${limitMs} ms`));
      const onExit = (code: number | null): void => end(`${DIED} with ${code}`);
      const onMessage = (message: unknown): void => settle(message as Outcome);
      worker.once('exit', onExit).once('message', onMessage);
      worker.send(trial);

      function settle(told: Outcome): void {
        limit.cancel();
        worker.off('exit', onExit).off('message', onMessage);
        resolve(told);
      }

      function end(failure: string): void {
        worker.kill('SIGKILL');
        settle({ failure, count: 0 });
      }
    });
    this.trials += 1;
    if (this.trials >= TRIALS_PER_WORKER) this.end();
    return outcome;
  }

  /** Nothing is run any more. */
  close(): void {
    this.closed = true;
    this.end();
  }

  private end(): void {
    this.worker?.kill('SIGKILL');
    this.worker = undefined;
  }

  private ready(): ChildProcess {
    if (this.closed) throw new Error('the bench is closed');
    if (this.worker !== undefined && this.worker.exitCode === null && this.worker.signalCode === null && this.worker.connected && !this.worker.killed) return this.worker;
    this.trials = 0;
    this.worker = fork(join(import.meta.dirname, 'worker.ts'), [this.copy], { cwd: this.copy, execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    return this.worker;
  }
}
