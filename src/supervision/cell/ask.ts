/** A question and its one answer: in time, or a failure that says why. A late answer is a dead letter. */
import type { Outcome } from '../behaviour.ts';
import type { TimerHandle } from '../clock.ts';
import type { Kernel } from '../kernel.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Ref, Tagged } from '../ref.ts';

type Failure = 'deadline' | 'target-down' | 'refused';

abstract class Question implements PendingAnswer {
  settled = false;
  onSettled: (() => void) | undefined = undefined;
  readonly #kernel: Kernel;
  readonly #to: string;
  readonly #type: string;
  readonly #from: string;
  readonly #deadline: TimerHandle;

  constructor(kernel: Kernel, to: string, type: string, from: string, timeoutMs: number) {
    this.#kernel = kernel;
    this.#to = to;
    this.#type = type;
    this.#from = from;
    this.#deadline = kernel.deadlines.after(timeoutMs, () => this.#close('deadline', new Error(`${to} did not answer ${type} within ${timeoutMs} ms`)));
  }

  answer(value: unknown): void {
    if (this.settled) return this.#kernel.bury(this.#from, this.#to, this.#type, 'late-answer');
    this.#settle();
    this.answered(value);
  }

  fail(cause: 'target-down' | 'refused', error: Error): void {
    this.#close(cause, error);
  }

  protected abstract answered(value: unknown): void;
  protected abstract failed(cause: Failure, error: Error): void;

  #close(cause: Failure, error: Error): void {
    if (this.settled) return;
    this.#settle();
    this.failed(cause, error);
  }

  #settle(): void {
    this.settled = true;
    this.#deadline.cancel();
    this.onSettled?.();
  }
}

/** For an asker that gets a message. */
class Reported<Answer> extends Question {
  readonly #report: (outcome: Outcome<Answer>) => void;

  constructor(kernel: Kernel, to: string, type: string, from: string, timeoutMs: number, report: (outcome: Outcome<Answer>) => void) {
    super(kernel, to, type, from, timeoutMs);
    this.#report = report;
  }

  protected override answered(value: unknown): void {
    this.#report({ ok: true, value: value as Answer, late: false });
  }

  protected override failed(cause: Failure, error: Error): void {
    this.#report({ ok: false, cause, error, late: false });
  }
}

/** For an asker that awaits. */
class Awaited<Answer> extends Question {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;

  constructor(kernel: Kernel, to: string, type: string, from: string, timeoutMs: number, resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    super(kernel, to, type, from, timeoutMs);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  protected override answered(value: unknown): void {
    this.#resolve(value as Answer);
  }

  protected override failed(_cause: Failure, error: Error): void {
    this.#reject(error);
  }
}

/** The longest a question may wait; a number that is no time would otherwise mean "at once" or "never" (H14). */
const LONGEST_MS = 600_000;

/** Sends `question`; calls `report` exactly once. `timeoutMs`: above 0, at most ten minutes. False: it was refused. */
export function ask<Answer>(kernel: Kernel, to: Ref<never>, question: Tagged, from: string, timeoutMs: number, report: (outcome: Outcome<Answer>) => void): boolean {
  const fault = timeoutFault(to, question, timeoutMs);
  if (fault === undefined) return put(kernel, to, question, from, new Reported(kernel, to.path, question.type, from, timeoutMs, report));
  report({ ok: false, cause: 'refused', error: fault, late: false });
  return false;
}

/** The same, as a promise: rejects with the reason why there is no answer. */
export function asked<Answer>(kernel: Kernel, to: Ref<never>, question: Tagged, from: string, timeoutMs: number): Promise<Answer> {
  const fault = timeoutFault(to, question, timeoutMs);
  if (fault !== undefined) return Promise.reject(fault);
  return new Promise((resolve, reject) => put(kernel, to, question, from, new Awaited(kernel, to.path, question.type, from, timeoutMs, resolve, reject)));
}

function put(kernel: Kernel, to: Ref<never>, question: Tagged, from: string, pending: Question): boolean {
  const accepted = kernel.deliver(to, question, from, pending);
  if (!accepted) pending.fail('refused', new Error(`${to.path} does not accept ${question.type}`));
  return accepted;
}

function timeoutFault(to: Ref<never>, question: Tagged, timeoutMs: number): RangeError | undefined {
  if (timeoutMs > 0 && timeoutMs <= LONGEST_MS) return undefined;
  return new RangeError(`asking ${to.path} ${question.type}: timeoutMs is ${timeoutMs}; give a number of ms above 0 and up to ${LONGEST_MS}`);
}

/** The questions an incarnation has handled and not answered yet: when it ends, the askers are told at once. */
export class OpenQuestions {
  readonly #open = new Set<PendingAnswer>();

  keep(pending: PendingAnswer): void {
    this.#open.add(pending);
    pending.onSettled = () => this.#open.delete(pending);
  }

  failAll(reason: string): void {
    for (const pending of this.#open) pending.fail('target-down', new Error(reason));
  }
}
