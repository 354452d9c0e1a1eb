/** A neighbour that only listens: keeps what it is told, and answers questions when and how the test says. */
import { same } from '../../src/supervision/behaviour.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { WorkerSpec } from '../../src/supervision/child-spec.ts';
import type { Asking, Ref, Tagged } from '../../src/supervision/ref.ts';
import type { World } from './world.ts';

type Told<Message> = Message & { readonly type: string };

export class Probe<Message extends Tagged> {
  readonly ref: Ref<Message>;
  readonly spec: WorkerSpec;
  readonly told: Message[] = [];
  /** Answers a question at once; undefined: it is kept until `answerNext`. */
  answer: (message: Message) => unknown = () => undefined;
  readonly #open: { readonly message: Message; readonly answer: (value: never) => void }[] = [];

  constructor(world: World, path: string) {
    this.ref = world.system.ref<Message>(path);
    const behaviour: Behaviour<Tagged, null> = {
      role: path,
      purpose: 'listens in tests',
      consumes: {},
      emits: [],
      mailbox: { capacity: 100_000, overflow: 'reject', onRestart: 'keep' },
      init: () => null,
      receive: (_state, tagged, ctx) => {
        const message = tagged as Message;
        this.told.push(message);
        const answer = ctx.answering(message as unknown as Asking<unknown>) as (value: never) => void;
        const value = this.answer(message);
        if (value === undefined) this.#open.push({ message, answer });
        else answer(value as never);
        return same;
      },
      view: () => null,
    };
    this.spec = worker(this.ref as unknown as Ref<Tagged>, behaviour);
  }

  of<Type extends Message['type']>(type: Type): Extract<Told<Message>, { type: Type }>[] {
    return this.told.filter((message): message is Extract<Told<Message>, { type: Type }> => message.type === type);
  }

  last<Type extends Message['type']>(type: Type): Extract<Told<Message>, { type: Type }> | undefined {
    return this.of(type).at(-1);
  }

  /** Answers the oldest waiting question of a type that matches. False: there is none. */
  answerNext(type: Message['type'], value: unknown, matches: (message: Message) => boolean = () => true): boolean {
    const index = this.#open.findIndex(({ message }) => message.type === type && matches(message));
    if (index < 0) return false;
    this.#open.splice(index, 1)[0]!.answer(value as never);
    return true;
  }

  clear(): void {
    this.told.length = 0;
  }
}
