/** What an incarnation may do, handed to its behaviour: everything here is fenced with it, and nothing is global. */
import { ask } from './ask.ts';
import type { OpenQuestions } from './ask.ts';
import type { ActorContext, InitContext } from './behaviour.ts';
import type { Incarnation } from './incarnation.ts';
import type { Envelope, Kernel } from './kernel.ts';
import type { Ref, Tagged } from './ref.ts';

export function actorContext<Message extends Tagged>(parts: { kernel: Kernel; self: Ref<Message>; life: Incarnation<Message>; questions: OpenQuestions; enqueue: (envelope: Envelope) => void }): ActorContext<Message> {
  const { kernel, self, life, questions, enqueue } = parts;
  return {
    ...shared(kernel, self, life),
    ask: (to, question, timeoutMs, then) => {
      ask<never>(kernel, to, question, self.path, timeoutMs, (outcome) => {
        if (!life.ended) enqueue({ message: then(outcome), from: to.path, queuedAt: kernel.clock.monotonic(), incarnation: life.number });
      });
    },
    answering: (question) => {
      const asked = question as unknown as Tagged;
      return questions.answering(asked, () => kernel.bury('nobody', self.path, asked.type, 'nobody-asked'));
    },
  };
}

export function initContext<Message extends Tagged>(kernel: Kernel, self: Ref<Message>, life: Incarnation<Message>): InitContext<Message> {
  return {
    ...shared(kernel, self, life),
    ask: (to, question, timeoutMs) =>
      new Promise<never>((resolve, reject) => {
        ask<never>(kernel, to, question, self.path, timeoutMs, (outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
      }),
  };
}

function shared<Message extends Tagged>(kernel: Kernel, self: Ref<Message>, life: Incarnation<Message>) {
  return {
    self,
    path: self.path,
    incarnation: life.number,
    clock: kernel.clock,
    random: kernel.random,
    log: kernel.logFor(self.path),
    tell: <M extends Tagged>(to: Ref<M>, message: M) => !life.ended && kernel.deliver(to, message, self.path),
    effect: life.effect.bind(life) as Incarnation<Message>['effect'],
    timers: life.timers,
    own: (release: () => void) => life.own(release),
    incarnationOf: (ref: Ref<never>) => kernel.incarnationOf(ref),
  };
}
