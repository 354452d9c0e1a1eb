/** The effects of one incarnation: each has its deadline, is aborted with its incarnation unless it is a fact (ruling 9), and is counted until it settles. */
import type { Effect, Outcome } from '../behaviour.ts';
import type { Kernel } from '../kernel.ts';

/** Counts of effects over all incarnations of one cell. */
export interface EffectCounts {
  running: number;
  /** Work of ended incarnations that has not settled. */
  orphaned: number;
}

/** What one actor may have under way: more is a loop, and is ended as one. */
const AT_ONCE = 10_000;

/** What effects need of their cell. */
export interface EffectHost {
  readonly path: string;
  readonly kernel: Kernel;
  readonly effects: EffectCounts;
}

/** What effects need of their incarnation. */
interface EffectOwner<Message> {
  readonly ended: boolean;
  /** Brings an outcome home; `fact`: to whichever incarnation lives then. */
  report<What>(from: string, during: string, make: (what: What) => Message, what: What, fact: boolean): void;
}

export class Effects<Message> {
  readonly #host: EffectHost;
  readonly #owner: EffectOwner<Message>;
  /** Those that end with the incarnation. */
  readonly #abortable = new Set<AbortController>();

  constructor(host: EffectHost, owner: EffectOwner<Message>) {
    this.#host = host;
    this.#owner = owner;
  }

  /** @throws Error where there are too many. */
  begin<Value>(effect: Effect<Value, Message>): void {
    const { effects, kernel, path } = this.#host;
    const { name, deadlineMs } = effect;
    if (effects.running >= AT_ONCE) throw new Error(`${path}: ${name} would be one of more than ${AT_ONCE} effects at once`);
    const fact = effect.fact === true;
    const controller = new AbortController();
    let answered = false;
    const tell = (outcome: Outcome<Value>) => this.#owner.report(`effect:${name}`, `effect:${name}`, (what) => effect.report(what), outcome, fact);
    const deadline = kernel.deadlines.after(deadlineMs, () => {
      if (answered) return;
      answered = true;
      tell({ ok: false, cause: 'deadline', error: new Error(`${name}: no outcome within ${deadlineMs} ms`), late: false });
      if (!fact) controller.abort(new Error('deadline'));
    });
    effects.running += 1;
    if (!fact) this.#abortable.add(controller);
    const settle = (outcome: Outcome<Value>) => {
      deadline.cancel();
      this.#abortable.delete(controller);
      if (this.#owner.ended && !fact) effects.orphaned -= 1;
      else effects.running -= 1;
      if (!answered) tell(outcome);
      else if (fact) tell({ ...outcome, late: true });
      answered = true;
    };
    Promise.try(effect.run, controller.signal).then(
      (value) => settle({ ok: true, value, late: false }),
      (thrown: unknown) => settle({ ok: false, cause: 'failed', error: thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }), late: false }),
    );
  }

  /** Its incarnation has ended: what is no fact is aborted, and an orphan until it settles. */
  abort(): void {
    for (const controller of this.#abortable) {
      this.#host.effects.running -= 1;
      this.#host.effects.orphaned += 1;
      controller.abort(new Error('incarnation ended'));
    }
  }
}
