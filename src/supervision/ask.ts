/** A question and its one answer: in time, or a failure that says why. A late answer is a dead letter. */
import type { Outcome } from './behaviour.ts';
import type { Envelope, Kernel, PendingAnswer } from './kernel.ts';
import type { Ref, Tagged } from './ref.ts';

/** Sends `question`; calls `settle` exactly once. */
export function ask<Answer>(kernel: Kernel, to: Ref<never>, question: Tagged, from: string, timeoutMs: number, settle: (outcome: Outcome<Answer>) => void): void {
  let open = true;
  const close = (outcome: Outcome<Answer>): void => {
    if (!open) return;
    open = false;
    deadline.cancel();
    settle(outcome);
  };
  const failure = (cause: 'deadline' | 'target-down' | 'refused', error: Error) => close({ ok: false, cause, error, late: false });
  const deadline = kernel.clock.after(timeoutMs, () => failure('deadline', new Error(`${to.path} did not answer ${question.type} within ${timeoutMs} ms`)));
  const pending: PendingAnswer = {
    answer(value) {
      if (open) close({ ok: true, value: value as Answer, late: false });
      else kernel.bury(from, to.path, question.type, 'late-answer');
    },
    fail: (cause, error) => failure(cause, error),
  };
  if (!kernel.deliver(to, question, from, pending)) failure('refused', new Error(`${to.path} does not accept ${question.type}`));
}

/** The questions an incarnation has taken and not answered: when it ends, the askers are told at once. */
export class OpenQuestions {
  readonly #open = new Map<Tagged, PendingAnswer>();

  take(envelope: Envelope): void {
    if (envelope.pending !== undefined) this.#open.set(envelope.message, envelope.pending);
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
