/** What must not compile does not: the compiler holds these (`npm run check:types`); an `expect-error` that is none is its error. */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { become, same, shutdown, stop } from '../../src/supervision/behaviour.ts';
import type { ActorContext, Behaviour, Down, InitContext, Next, Outcome } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { AnswerTo, Asking, QuestionOf, Ref } from '../../src/supervision/ref.ts';
import type { ActorSystem } from '../../src/supervision/system.ts';

type Add = { readonly type: 'add'; readonly by: number };
type Reset = { readonly type: 'reset' };
type Count = { readonly type: 'count' } & Asking<number>;
type Names = { readonly type: 'names'; readonly prefix: string } & Asking<readonly string[]>;
type Message = Add | Reset | Count | Names;
type Foreign = { readonly type: 'foreign' };
type State = { readonly total: number };

declare const system: ActorSystem;
declare const ctx: ActorContext<Message>;
declare const init: InitContext<Message>;
declare const counter: Ref<Message>;
declare const adder: Ref<Add>;
declare const teller: Ref<Add | Reset>;

const behaviour: Behaviour<Message, State> = {
  role: 'counter',
  purpose: 'counts',
  consumes: { add: '', reset: '', count: '', names: '' },
  emits: [],
  mailbox: { capacity: 1, overflow: 'reject', onRestart: 'keep' },
  init: () => ({ total: 0 }),
  receive: () => same,
  view: (state) => state,
};

/** For the compiler alone: nothing of it runs. */
const compiled = (..._: readonly (() => unknown)[]) => expect(_).to.not.be.empty;

describe('types', () => {
  it('let a message be told to whom understands it, and to nobody else', () => {
    compiled(
      () => system.tell(counter, { type: 'add', by: 1 }),
      () => ctx.tell(adder, { type: 'add', by: 1 }),
      // @ts-expect-error -- no such message
      () => system.tell(counter, { type: 'foreign' }),
      // @ts-expect-error -- another actor's message
      () => ctx.tell(adder, { type: 'reset' }),
      // @ts-expect-error -- a field is missing
      () => ctx.tell(counter, { type: 'add' }),
      // @ts-expect-error -- a field has the wrong type
      () => ctx.tell(counter, { type: 'add', by: '1' }),
      // @ts-expect-error -- a text is no message
      () => ctx.tell(counter, 'add'),
    );
  });

  it('let a ref be narrowed and not widened: who takes more can stand for who takes less', () => {
    expectTypeOf<Ref<Add | Reset>>().toExtend<Ref<Add>>();
    expectTypeOf<Ref<Add>>().not.toExtend<Ref<Add | Reset>>();
    expectTypeOf<Ref<Message>>().toExtend<Ref<never>>();
    expectTypeOf<Ref<Add>>().not.toExtend<Ref<Foreign>>();
    compiled(
      (): Ref<Add> => teller,
      // @ts-expect-error -- it would be told to reset, which it does not understand
      (): Ref<Add | Reset> => adder,
      // @ts-expect-error -- it understands nothing of that
      (): Ref<Foreign> => counter,
    );
  });

  it('make no ref of anything else: a path, an object that looks like one, a foreign brand', () => {
    compiled(
      () => expectTypeOf(system.ref<Add>('adder')).toEqualTypeOf<Ref<Add>>(),
      // @ts-expect-error -- a text is no ref
      (): Ref<Add> => 'counter',
      // @ts-expect-error -- a path alone is no ref: only a system makes one
      (): Ref<Add> => ({ path: 'counter' }),
      // @ts-expect-error -- nor with a brand of one's own
      (): Ref<Add> => ({ path: 'counter', accepts: () => undefined }),
      // @ts-expect-error -- nor is one that takes nothing
      (): Ref<Add> => ({}),
    );
  });

  it('have a behaviour name every message it understands, and no other', () => {
    const { consumes: _, ...rest } = behaviour;
    compiled(
      // @ts-expect-error -- names is not in it
      (): Behaviour<Message, State> => ({ ...rest, consumes: { add: '', reset: '', count: '' } }),
      // @ts-expect-error -- foreign is no message of it
      (): Behaviour<Message, State> => ({ ...rest, consumes: { add: '', reset: '', count: '', names: '', foreign: '' } }),
    );
  });

  it('have a handler say what comes next, with the state that is its own', () => {
    expectTypeOf(become({ total: 1 })).toEqualTypeOf<Next<{ total: number }>>();
    expectTypeOf(stop('done')).toExtend<Next<State>>();
    expectTypeOf(shutdown('done')).toExtend<Next<State>>();
    compiled(
      (): Behaviour<Message, State>['receive'] => (state, message) => (message.type === 'add' ? become({ total: state.total + message.by }) : same),
      // @ts-expect-error -- nothing is returned
      (): Behaviour<Message, State>['receive'] => () => undefined,
      // @ts-expect-error -- one way returns nothing
      (): Behaviour<Message, State>['receive'] => (_state, message) => (message.type === 'add' ? same : undefined),
      // @ts-expect-error -- a state is no Next
      (): Behaviour<Message, State>['receive'] => (state) => state,
      // @ts-expect-error -- the wrong state
      (): Behaviour<Message, State>['receive'] => () => become({ total: 'one' }),
      // @ts-expect-error -- no state at all
      (): Behaviour<Message, State>['receive'] => () => become(undefined),
      // @ts-expect-error -- a handler does not wait
      (): Behaviour<Message, State>['receive'] => async () => same,
      // @ts-expect-error -- a directive of no kind
      (): Behaviour<Message, State>['receive'] => () => ({ next: 'resume' }),
    );
  });

  it('have an init return the state, now or later, or that there is nothing to do', () => {
    compiled(
      (): Behaviour<Message, State>['init'] => async () => ({ total: 0 }),
      // @ts-expect-error -- the wrong state
      (): Behaviour<Message, State>['init'] => () => ({ total: 'none' }),
      // @ts-expect-error -- the wrong state, later
      (): Behaviour<Message, State>['init'] => async () => 'ready',
      // @ts-expect-error -- no state
      (): Behaviour<Message, State>['init'] => () => undefined,
    );
  });

  it('let only questions be asked, and their answers be what they declare', () => {
    expectTypeOf<QuestionOf<Message>>().toEqualTypeOf<Count | Names>();
    expectTypeOf<QuestionOf<Add | Reset>>().toEqualTypeOf<never>();
    expectTypeOf<AnswerTo<Message, { readonly type: 'count' }>>().toEqualTypeOf<number>();
    expectTypeOf<AnswerTo<Message, { readonly type: 'names'; readonly prefix: 'a' }>>().toEqualTypeOf<readonly string[]>();
    compiled(
      (): Promise<number> => system.ask(counter, { type: 'count' }, 1_000),
      (): Promise<readonly string[]> => init.ask(counter, { type: 'names', prefix: 'a' }, 1_000),
      () => ctx.ask(counter, { type: 'count' }, 1_000, (outcome) => ({ type: 'add', by: outcome.ok ? outcome.value : 0 })),
      // @ts-expect-error -- add has no answer
      () => system.ask(counter, { type: 'add', by: 1 }, 1_000),
      // @ts-expect-error -- nor has anything of it
      () => init.ask(adder, { type: 'add', by: 1 }, 1_000),
      // @ts-expect-error -- reset has no answer
      () => ctx.ask(counter, { type: 'reset' }, 1_000, () => ({ type: 'reset' })),
      // @ts-expect-error -- no such question
      () => system.ask(counter, { type: 'foreign' }, 1_000),
      // @ts-expect-error -- without its prefix
      () => system.ask(counter, { type: 'names' }, 1_000),
      // @ts-expect-error -- a question needs a timeout
      () => system.ask(counter, { type: 'count' }),
      // @ts-expect-error -- the answer is a number
      (): Promise<string> => system.ask(counter, { type: 'count' }, 1_000),
      // @ts-expect-error -- the answer may not have come: what it is must be looked at first
      () => ctx.ask(counter, { type: 'count' }, 1_000, (outcome) => ({ type: 'add', by: outcome.value })),
      // @ts-expect-error -- the answer is a list of names
      () => ctx.ask(counter, { type: 'names', prefix: 'a' }, 1_000, (outcome) => ({ type: 'add', by: outcome.ok ? outcome.value : 0 })),
      // @ts-expect-error -- the outcome would make a message that is not its own
      () => ctx.ask(counter, { type: 'count' }, 1_000, () => ({ type: 'foreign' })),
    );
  });

  it('have a question answered as it declares, and nothing else answered', () => {
    compiled(
      (): Behaviour<Message, State>['receive'] => (state, message, own) => {
        if (message.type === 'count') own.answering(message)(state.total);
        // @ts-expect-error -- the answer is a number
        if (message.type === 'count') own.answering(message)('many');
        // @ts-expect-error -- add has no answer
        if (message.type === 'add') own.answering(message)(1);
        return same;
      },
    );
  });

  it('let effects, timers, watches and traps bring home one’s own messages only', () => {
    const effect = { name: 'order', deadlineMs: 1_000, run: async () => 1 };
    compiled(
      () => ctx.effect({ ...effect, report: (outcome: Outcome<number>) => ({ type: 'add', by: outcome.ok ? outcome.value : 0 }) }),
      // @ts-expect-error -- a foreign message
      () => ctx.effect({ ...effect, report: () => ({ type: 'foreign' }) }),
      // @ts-expect-error -- what it comes to is a number
      () => ctx.effect({ ...effect, report: (outcome: Outcome<string>) => ({ type: 'names', prefix: outcome.ok ? outcome.value : '' }) }),
      // @ts-expect-error -- no outcome without a deadline
      () => ctx.effect({ name: 'order', run: async () => 1, report: () => ({ type: 'reset' }) }),
      // @ts-expect-error -- an effect is a promise
      () => ctx.effect({ ...effect, run: () => 1, report: () => ({ type: 'reset' }) }),
      // @ts-expect-error -- a foreign message
      () => ctx.timers.once('key', 1, { type: 'foreign' }),
      // @ts-expect-error -- a foreign message
      () => ctx.timers.onSilence(1, { type: 'foreign' }),
      // @ts-expect-error -- a foreign message
      () => ctx.watch(adder, (down: Down) => ({ type: 'foreign', down })),
      // @ts-expect-error -- a foreign message
      () => ctx.trapLinks(() => ({ type: 'foreign' })),
    );
  });

  it('put a behaviour behind a ref of its messages or of fewer, as one with inner messages behind a public ref', () => {
    compiled(
      () => worker(counter, behaviour),
      // Its inner messages are its own: others have a ref without them. `receive` is a method, and so takes more than it says.
      () => worker<Add, State>(adder, { ...behaviour, receive: (_state: State, _message: Add | Reset) => same }),
      // @ts-expect-error -- it understands nothing of what the ref takes
      () => worker(system.ref<Foreign>('foreign'), behaviour),
    );
  });

  it('keep what has been declared from being changed', () => {
    compiled(
      // @ts-expect-error -- a path is for good
      () => (counter.path = 'other'),
      // @ts-expect-error -- so is a role
      () => (behaviour.role = 'other'),
      // @ts-expect-error -- and the way a mailbox overflows
      () => (behaviour.mailbox.overflow = 'drop-oldest'),
    );
  });
});
