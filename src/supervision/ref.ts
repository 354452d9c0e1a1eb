/** References: where a message can be sent. A ref names a role, not an incarnation, and outlives every restart. */

/** Every message says what it is. */
export interface Tagged {
  readonly type: string;
}

/** A question: asked rather than told; the type of its answer travels with it. */
export interface Asking<Answer> {
  readonly '~answer'?: Answer;
}
export type AnswerOf<Question> = '~answer' extends keyof Question ? (Question extends Asking<infer Answer> ? Answer : never) : never;

/** Those of `Message` that have an answer: only they can be asked. */
export type QuestionOf<Message extends Tagged> = Message extends Tagged ? ('~answer' extends keyof Message ? Message : never) : never;

/** The answer to `Question`, as the member of `Message` that it is an instance of declares it. */
export type AnswerTo<Message, Question> = Message extends unknown ? (Question extends Message ? AnswerOf<Message> : never) : never;

declare const accepts: unique symbol;

/** Accepts `Message` and everything narrower; made only by an ActorSystem. */
export interface Ref<in Message> {
  readonly path: string;
  readonly [accepts]: (message: Message) => void;
}
