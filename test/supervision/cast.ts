/** Several puppets in one world, by name: told, asked, killed and looked at, everything settled after each step. */
import type { ActorContext, Behaviour, Down, InitContext, Outcome } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { ChildSpec, WorkerOptions, WorkerSpec } from '../../src/supervision/child-spec.ts';
import type { WorkerDetail } from '../../src/supervision/inspection.ts';
import type { MailboxSpec } from '../../src/supervision/mailbox.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import type { Supervisor } from '../../src/supervision/tree/supervisor.ts';
import { NO_BUDGET } from '../../src/supervision/tree/restart-budget.ts';
import { World } from '../kit/world.ts';
import { puppet } from './puppet.ts';
import type { Cue } from './puppet.ts';

export type Question = Extract<Cue, { type: 'question' }>;
export type Act = Extract<Cue, { type: 'do' }>['act'];
export type Init = Behaviour<Cue, readonly string[]>['init'];
/** What an init of these tests is given. */
export type Starting = InitContext<Cue>;

export interface PuppetOptions extends WorkerOptions {
  readonly init?: Init;
  readonly mailbox?: Partial<MailboxSpec>;
  readonly more?: Partial<Behaviour<Cue, readonly string[]>>;
}

export const note = (text: string): Cue => ({ type: 'note', text });
export const told = (down: Down): Cue => note(`${down.path}/${down.incarnation} ${down.kind}: ${down.reason}`);
export const noted = (outcome: Outcome<unknown>): Cue => note(outcome.ok ? `answer ${JSON.stringify(outcome.value)}` : `${outcome.cause}: ${outcome.error.message}`);

/** A question that whoever handles it does not answer. */
export const unanswered: Question = { type: 'question', act: () => undefined };

/** Whoever handles it is handed the answer. */
export function question(act: (answer: (notes: readonly string[]) => void, ctx: ActorContext<Cue>) => void): Question {
  const asked: Question = { type: 'question', act: (ctx) => act(ctx.answering(asked), ctx) };
  return asked;
}

/** Done once: a message that crashes comes once more, to the next incarnation, and then does nothing. */
export function once(act: Act): Cue {
  let done = false;
  return {
    type: 'do',
    act(ctx, notes) {
      if (done) return;
      done = true;
      return act(ctx, notes);
    },
  };
}

export class Cast {
  readonly world = new World();

  ref(path: string): Ref<Cue> {
    return this.world.system.ref<Cue>(path);
  }

  /** As in OTP, unless the options say otherwise: no budget and no backoff of its own. */
  actor(path: string, { init, mailbox, more = {}, ...options }: PuppetOptions = {}): WorkerSpec {
    return worker(this.ref(path), puppet(mailbox, init === undefined ? more : { ...more, init }), { policy: NO_BUDGET, ...options });
  }

  async start(...children: (ChildSpec | string)[]): Promise<this> {
    await this.world.start(...children.map((child) => (typeof child === 'string' ? this.actor(child) : child)));
    return this;
  }

  /** A supervisor by its path. */
  supervisor(path = 'vigil'): Supervisor {
    return this.world.system.supervisor(path)!;
  }

  async tell(path: string, ...cues: (Cue | string)[]): Promise<readonly boolean[]> {
    const accepted = cues.map((cue) => this.world.system.tell(this.ref(path), typeof cue === 'string' ? note(cue) : cue));
    await this.world.settle();
    return accepted;
  }

  async act(path: string, act: Act): Promise<void> {
    await this.tell(path, { type: 'do', act });
  }

  async crash(path: string, message = 'boom'): Promise<void> {
    await this.tell(path, once(() => { throw new Error(message); }));
  }

  kill(...paths: string[]): Promise<void> {
    for (const path of paths) this.world.system.control(path, 'kill', 'test');
    return this.world.settle();
  }

  suspend(path: string): void {
    this.world.system.control(path, 'suspend', 'test');
  }

  resume(path: string): Promise<void> {
    this.world.system.control(path, 'resume', 'test');
    return this.world.settle();
  }

  watch(watcher: string, target: string): Promise<void> {
    return this.act(watcher, (ctx) => ctx.watch(this.ref(target), told));
  }

  link(one: string, other: string): Promise<void> {
    return this.act(one, (ctx) => ctx.link(this.ref(other)));
  }

  /** What comes of it, `asker` notes. */
  ask(asker: string, to: string, asked: Question, timeoutMs = 1_000): Promise<void> {
    return this.act(asker, (ctx) => ctx.ask(this.ref(to), asked, timeoutMs, noted));
  }

  /** From outside; resolves to the answer, or to the words of the failure. */
  outside(to: string, asked: Question, timeoutMs = 1_000): Promise<unknown> {
    return this.world.system.ask(this.ref(to), asked, timeoutMs).then(
      (answer) => answer,
      (error: Error) => `${error.name}: ${error.message}`,
    );
  }

  /** Waits for what needs no time. */
  async now<Result>(pending: Promise<Result>): Promise<Result> {
    await this.world.settle();
    return pending;
  }

  detail(path: string): WorkerDetail {
    return this.world.system.inspect(path) as WorkerDetail;
  }

  state(path: string): unknown {
    return this.detail(path).state;
  }

  /** What it has noted, without the incarnation that it was told to. */
  notes(path: string): readonly string[] {
    return (this.state(path) as readonly string[]).map((text) => text.replace(/@\d+$/, ''));
  }

  /** Of each, its status and its incarnation. */
  lives(...paths: string[]): readonly string[] {
    return paths.map((path) => {
      const found = this.world.system.inspect(path);
      return found === undefined ? `${path} unknown` : `${path} ${found.status} ${found.incarnation}`;
    });
  }

  incarnations(...paths: string[]): readonly number[] {
    return paths.map((path) => this.detail(path).incarnation);
  }

  letters(): readonly string[] {
    return this.world.system.deadLetters.recent().map(({ from, to, type, reason }) => `${from} → ${to} ${type}: ${reason}`);
  }
}
