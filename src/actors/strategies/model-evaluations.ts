/** A model server over all symbols: one question a symbol and cycle, a few at once; who answers in its place is said, and why. */
import { isoTime } from '../../supervision/clock.ts';
import { messageOf } from '../../protocol/errors.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { answered as afterAnswer, asking, CLOSED } from '../../rules/strategies/circuit.ts';
import type { Circuit } from '../../rules/strategies/circuit.ts';
import { bodyOf, questionOf, verdictOfAnswer } from '../../rules/strategies/model-answer.ts';
import type { Evaluation } from '../../rules/strategies/strategy.ts';
import type { CrashedOn, Evaluating, Evaluations, ModelAnswered, Source } from './evaluations.ts';
import { OwnEvaluations } from './own-evaluations.ts';

/** A model server has few cores: more questions at once make each of them later. */
const AT_ONCE = 4;

type ModelSource = Extract<Source, { kind: 'model' }>;

export class ModelEvaluations implements Evaluations {
  readonly #source: ModelSource;
  readonly #fallback: OwnEvaluations | undefined;
  #circuit: Circuit = CLOSED;
  /** Asked, not answered. */
  readonly #asked = new Set<SymbolName>();
  /** To be asked in this cycle. */
  #waiting: SymbolName[] = [];
  /** In which cycle each was asked last: whose turn did not come is first in the next. */
  readonly #lastAsked = new Map<SymbolName, number>();
  #cycles = 0;
  #questions = 0;
  #failures = 0;
  #lastFailure: { readonly at: number; readonly reason: string } | undefined;

  constructor(source: ModelSource, crashed: CrashedOn) {
    this.#source = source;
    this.#fallback = source.fallback === undefined ? undefined : new OwnEvaluations(source.fallback, crashed);
  }

  cycle(symbols: readonly SymbolName[], around: Evaluating): void {
    this.#cycles += 1;
    const unasked = this.#waiting;
    // One that is still being answered is not asked twice.
    this.#waiting = symbols.filter((symbol) => !this.#asked.has(symbol)).toSorted((a, b) => (this.#lastAsked.get(a) ?? 0) - (this.#lastAsked.get(b) ?? 0));
    for (const symbol of this.#lastAsked.keys()) if (!symbols.includes(symbol)) this.#lastAsked.delete(symbol);
    around.evaluated(unasked.flatMap((symbol) => this.#instead(symbol, 'its turn did not come within the cycle', around)));
    this.#askOn(around);
  }

  answered({ asked, isTrial, outcome }: ModelAnswered, around: Evaluating): void {
    const { symbol } = asked;
    this.#asked.delete(symbol);
    const verdict = outcome.ok ? verdictOfAnswer(asked, outcome.value) : { fault: outcome.cause === 'deadline' ? `no answer within ${this.#source.timeoutMs} ms` : messageOf(outcome.error) };
    const good = 'verdict' in verdict;
    const before = this.#circuit.state;
    this.#circuit = afterAnswer(this.#circuit, good ? 'good' : 'failed', isTrial, around.ctx.clock.monotonic(), this.#source.circuit);
    if (!good) {
      this.#failures += 1;
      this.#lastFailure = { at: around.ctx.clock.now(), reason: verdict.fault };
      around.ctx.log.warn({ symbol, reason: verdict.fault, circuit: this.#circuit.state, failures: this.#circuit.failures }, 'the model server did not answer a question');
    }
    if (before !== this.#circuit.state) around.ctx.log.warn({ from: before, to: this.#circuit.state }, this.#circuit.state === 'closed' ? 'the model server answers again' : 'the model server is left alone for a while');
    if (around.sight(symbol) !== undefined) around.evaluated(good ? [{ symbol, ...verdict }] : this.#instead(symbol, verdict.fault, around));
    this.#askOn(around);
  }

  wrong(now: number): { readonly name: string; readonly message: string }[] {
    const fallback = this.#fallback?.wrong(now) ?? [];
    if (this.#circuit.state === 'closed') return fallback;
    const who = this.#source.fallback === undefined ? 'nobody answers in its place' : `${this.#source.fallback.name} answers in its place`;
    return [...fallback, { name: `model-away/${this.#source.name}`, message: `the model server has failed ${this.#circuit.failures} times in a row (${this.#lastFailure?.reason ?? 'no reason known'}); ${who}` }];
  }

  view(): Readonly<Record<string, unknown>> {
    return {
      circuit: this.#circuit.state,
      fallback: this.#source.fallback?.name ?? null,
      questions: this.#questions,
      failures: this.#failures,
      lastFailure: this.#lastFailure === undefined ? null : { at: isoTime(this.#lastFailure.at), reason: this.#lastFailure.reason },
      asked: this.#asked.size,
      waiting: this.#waiting.length,
      ...(this.#fallback?.view() ?? { leftOut: [] }),
    };
  }

  /** Asks as many as may be asked at once; those that may not be asked at all are answered for together. */
  #askOn(around: Evaluating): void {
    const instead: Evaluation[] = [];
    while (this.#waiting.length > 0 && this.#asked.size < AT_ONCE) {
      const symbol = this.#waiting.shift()!;
      const sight = around.sight(symbol);
      if (sight === undefined) continue;
      const made = questionOf(sight);
      if ('missing' in made) {
        instead.push({ symbol, verdict: 'unknown', missing: made.missing });
        continue;
      }
      const { may, circuit } = asking(this.#circuit, around.ctx.clock.monotonic());
      this.#circuit = circuit;
      if (may) this.#ask(made.question, circuit.state === 'trying', around);
      else instead.push(...this.#instead(symbol, circuit.state === 'trying' ? 'the model server is being tried with another question' : 'the model server is left alone for a while', around));
    }
    if (instead.length > 0) around.evaluated(instead);
  }

  #ask(asked: ModelAnswered['asked'], isTrial: boolean, { ctx }: Evaluating): void {
    this.#asked.add(asked.symbol);
    this.#lastAsked.set(asked.symbol, this.#cycles);
    this.#questions += 1;
    ctx.effect({
      name: `ask ${asked.symbol}`,
      deadlineMs: this.#source.timeoutMs,
      run: (signal) => this.#source.model.ask(bodyOf(asked), signal),
      report: (outcome) => ({ type: 'model-answered', asked, isTrial, outcome }),
    });
  }

  /** The fallback's verdict, said to be one; without a fallback, that the model is not there. */
  #instead(symbol: SymbolName, reason: string, { ctx, sight }: Evaluating): readonly Evaluation[] {
    const seen = sight(symbol);
    if (seen === undefined) return [];
    if (this.#fallback === undefined) return [{ symbol, verdict: 'unknown', code: 'MODEL_UNAVAILABLE', missing: reason }];
    const evaluation = this.#fallback.of(seen, ctx.clock.now());
    return [{ ...evaluation, fallback: this.#source.fallback!.name, inputs: { ...evaluation.inputs, model: reason } }];
  }
}
