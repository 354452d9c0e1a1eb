/** A question and its one answer: in time, or a failure that says why. A late answer is a dead letter. */
import type { Outcome } from '../behaviour.ts';
import type { TimerHandle } from '../clock.ts';
import type { Kernel } from '../kernel.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Ref, Tagged } from '../ref.ts';
import type { Envelope } from './envelope.ts';

class Question<Answer> implements PendingAnswer {
  readonly #kernel: Kernel;
  readonly #to: string;
  readonly #type: string;
  readonly #from: string;
  readonly #deadline: TimerHandle;
  #settle: ((outcome: Outcome<Answer>) => void) | undefined;

  constructor(kernel: Kernel, to: string, type: string, from: string, timeoutMs: number, settle: (outcome: Outcome<Answer>) => void) {
    this.#kernel = kernel;
    this.#to = to;
    this.#type = type;
    this.#from = from;
    this.#settle = settle;
    this.#deadline = kernel.deadlines.after(timeoutMs, () => this.#fail('deadline', new Error(`${to} did not answer ${type} within ${timeoutMs} ms`)));
  }

  answer(value: unknown): void {
    if (this.#settle === undefined) this.#kernel.bury(this.#from, this.#to, this.#type, 'late-answer');
    else this.#close({ ok: true, value: value as Answer, late: false });
  }

  fail(cause: 'target-down' | 'refused', error: Error): void {
    this.#fail(cause, error);
  }

  #fail(cause: 'deadline' | 'target-down' | 'refused', error: Error): void {
    this.#close({ ok: false, cause, error, late: false });
  }

  #close(outcome: Outcome<Answer>): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.#settle = undefined;
    this.#deadline.cancel();
    settle(outcome);
  }
}

/** The longest a question may wait; a number that is no time would otherwise mean "at once" or "never" (H14). */
const LONGEST_MS = 600_000;

/** Sends `question`; calls `settle` exactly once. `timeoutMs`: above 0, at most ten minutes. */
export function ask<Answer>(kernel: Kernel, to: Ref<never>, question: Tagged, from: string, timeoutMs: number, settle: (outcome: Outcome<Answer>) => void): void {
  if (!(timeoutMs > 0 && timeoutMs <= LONGEST_MS)) {
    settle({ ok: false, cause: 'refused', error: new RangeError(`asking ${to.path} ${question.type}: timeoutMs is ${timeoutMs}; give a number of ms above 0 and up to ${LONGEST_MS}`), late: false });
    return;
  }
  const pending = new Question(kernel, to.path, question.type, from, timeoutMs, settle);
  if (!kernel.deliver(to, question, from, pending)) pending.fail('refused', new Error(`${to.path} does not accept ${question.type}`));
}

/** The questions an incarnation has taken and not answered: when it ends, the askers are told at once. */
export class OpenQuestions {
  readonly #open = new Map<Tagged, PendingAnswer>();

  take(envelope: Envelope, pending: PendingAnswer): void {
    this.#open.set(envelope.message, pending);
  }

  /** @throws if `question` is no message of this incarnation. */
  answering(question: Tagged, onNobody: () => void): (value: unknown) => void {
    const pending = this.#open.get(question);
    return (value) => {
      if (pending === undefined) return onNobody();
      this.#open.delete(question);
      pending.answer(value);
    };
  }

  failAll(reason: string): void {
    for (const pending of this.#open.values()) pending.fail('target-down', new Error(reason));
    this.#open.clear();
  }
}

/** Who waits for whom while starting: an asker that would wait for itself learns it at once instead of by its timeout (H34). */
export class StartingAsks {
  readonly #waits = new Map<string, Map<string, number>>();

  /** The way from `to` back to `from`, if `to` (through others) already waits for `from`. */
  cycle(from: string, to: string): readonly string[] | undefined {
    if (from === to) return [from, to];
    const seen = new Set<string>();
    const search = (at: string): readonly string[] | undefined => {
      if (at === from) return [at];
      if (seen.has(at)) return undefined;
      seen.add(at);
      for (const next of this.#waits.get(at)?.keys() ?? []) {
        const rest = search(next);
        if (rest !== undefined) return [at, ...rest];
      }
      return undefined;
    };
    const way = search(to);
    return way === undefined ? undefined : [from, ...way];
  }

  begin(from: string, to: string): void {
    const targets = this.#waits.getOrInsertComputed(from, () => new Map<string, number>());
    targets.set(to, (targets.get(to) ?? 0) + 1);
  }

  end(from: string, to: string): void {
    const targets = this.#waits.get(from);
    const left = (targets?.get(to) ?? 1) - 1;
    if (left > 0) targets?.set(to, left);
    else targets?.delete(to);
    if (targets?.size === 0) this.#waits.delete(from);
  }
}
