/** What one incarnation has started, owns and owes: timers, effects, things to release, answers, its links' notices. All of it ends with it; facts do not (ruling 9). */
import type { Down, Effect } from '../behaviour.ts';
import type { PendingAnswer } from '../pending-answer.ts';
import type { Tagged } from '../ref.ts';
import { OpenQuestions } from './ask.ts';
import type { ContextHost, ContextLife } from './context.ts';
import { Effects } from './effects.ts';
import type { EffectHost } from './effects.ts';
import { Envelope } from './envelope.ts';
import { ActorTimers } from './timers.ts';
import type { TimerHost } from './timers.ts';

/** What an incarnation needs of its cell. */
export interface LifeHost<Message> extends ContextHost<Message>, EffectHost {
  /** Puts a message into the cell's own queue, which is never full: it is bounded by what the cell itself started. */
  enqueueOwn(envelope: Envelope): void;
  /** What the actor itself brought has thrown, and ends whichever incarnation lives. */
  onDefect(error: unknown, during: string): void;
}

export abstract class Belongings<Message extends Tagged, Host extends LifeHost<Message>> implements TimerHost, ContextLife<Message> {
  readonly number: number;
  /** Makes the message that tells of a linked actor's end; undefined: such an end is this one's too. */
  trap: ((down: Down) => Message) | undefined;
  protected readonly host: Host;
  #timers: ActorTimers<Message> | undefined;
  #effects: Effects<Message> | undefined;
  #owned: (() => void)[] | undefined;
  #questions: OpenQuestions | undefined;
  #ended = false;

  constructor(number: number, host: Host) {
    this.number = number;
    this.host = host;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get timers(): ActorTimers<Message> {
    return (this.#timers ??= new ActorTimers<Message>(this.host.kernel, this));
  }

  abstract lastMailAt(): number | undefined;

  enqueue(envelope: Envelope): void {
    this.host.enqueueOwn(envelope);
  }

  own(release: () => void): void {
    if (this.#ended) this.#release(release);
    else (this.#owned ??= []).push(release);
  }

  effect<Value>(effect: Effect<Value, Message>): void {
    if (!this.#ended) (this.#effects ??= new Effects<Message>(this.host, this)).begin(effect);
  }

  /** A `fact` goes to whichever incarnation lives then. A report that throws is its asker's defect, and nobody else's. */
  report<What>(from: string, during: string, make: (what: What) => Message, what: What, fact: boolean, onTaken?: () => boolean): void {
    if (this.#ended && !fact) return;
    let message: Message;
    try {
      message = make(what);
    } catch (error) {
      this.host.onDefect(error, during);
      return;
    }
    this.host.enqueueOwn(Envelope.own(message, from, this.host.kernel.stamp.read(), fact ? 0 : this.number, onTaken));
  }

  onLinkDown(down: Down): void {
    if (this.#ended) return;
    if (this.trap !== undefined) this.report(down.path, `link:${down.path}`, this.trap, down, false);
    else if (down.kind !== 'normal' && down.kind !== 'shutdown') this.host.onDefect(new Error(`linked ${down.path} ended: ${down.reason}`), 'link');
  }

  /** It may be answered later; or never, and then its asker learns it with the end of this life. */
  protected keepQuestion(pending: PendingAnswer): void {
    if (this.#ended) pending.fail('target-down', new Error(`${this.host.path} ended without an answer`));
    else (this.#questions ??= new OpenQuestions()).keep(pending);
  }

  /** No message is handled any more, so that no timer need tell. */
  protected silence(): void {
    this.#timers?.end();
  }

  /** Timers are silent, effects that are no facts aborted, owned things released, the last first; who still waits for an answer is told `why`. */
  end(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.silence();
    this.#effects?.abort();
    for (const release of this.#owned?.reverse() ?? []) this.#release(release);
    this.#questions?.failAll(why);
    this.#questions = undefined;
  }

  #release(release: () => void): void {
    try {
      release();
    } catch (error) {
      this.host.kernel.logFor(this.host.path).error({ error }, 'releasing what the ended incarnation owned failed');
    }
  }
}
