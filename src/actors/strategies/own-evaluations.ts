/** A strategy over all symbols: each has its own evaluator; one that throws ends the incarnation, and its symbol is left out for a while. */
import { isoTime } from '../../supervision/clock.ts';
import { messageOf } from '../../protocol/errors.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { crashedOn, isLeftOut } from '../../rules/strategies/left-out.ts';
import { checkedVerdict } from '../../rules/strategies/strategy.ts';
import type { Evaluate, Evaluation, Sight, Strategy } from '../../rules/strategies/strategy.ts';
import type { CrashedOn, Evaluating, Evaluations } from './evaluations.ts';

export class OwnEvaluations implements Evaluations {
  readonly #strategy: Strategy;
  readonly #crashed: CrashedOn;
  readonly #evaluators = new Map<SymbolName, Evaluate>();

  constructor(strategy: Strategy, crashed: CrashedOn) {
    this.#strategy = strategy;
    this.#crashed = crashed;
  }

  cycle(symbols: readonly SymbolName[], { ctx, sight, evaluated }: Evaluating): void {
    const wanted = new Set(symbols);
    for (const symbol of this.#evaluators.keys()) if (!wanted.has(symbol)) this.#evaluators.delete(symbol);
    for (const symbol of this.#crashed.keys()) if (!wanted.has(symbol)) this.#crashed.delete(symbol);
    // All before any is told: after a crash the whole cycle is made again, and nothing of it twice.
    evaluated(symbols.flatMap((symbol) => {
      const seen = sight(symbol);
      return seen === undefined ? [] : [this.of(seen, ctx.clock.now())];
    }));
  }

  answered(): void {
    throw new TypeError('nobody was asked');
  }

  /** @throws Error that names strategy and symbol, if the strategy throws or returns what is no verdict. */
  of(sight: Sight, now: number): Evaluation {
    const { symbol } = sight.market;
    const known = this.#crashed.get(symbol);
    if (isLeftOut(known, now)) return { symbol, verdict: 'unknown', code: 'STRATEGY_CRASHED', missing: `left out until ${isoTime(known.until)}: ${known.error}` };
    try {
      let evaluate = this.#evaluators.get(symbol);
      if (evaluate === undefined) this.#evaluators.set(symbol, (evaluate = this.#strategy.start()));
      return { symbol, ...checkedVerdict(evaluate(sight)) };
    } catch (error) {
      this.#crashed.set(symbol, crashedOn(known, symbol, messageOf(error), now));
      throw new Error(`strategy ${this.#strategy.name} crashed on ${symbol}: ${messageOf(error)}`, { cause: error });
    }
  }

  wrong(now: number): { readonly name: string; readonly message: string }[] {
    const out = [...this.#crashed.values()].filter((one) => isLeftOut(one, now));
    if (out.length === 0) return [];
    const each = out.map(({ symbol, until, error }) => `${symbol} until ${isoTime(until)} (${error})`);
    return [{ name: `strategy-crashed/${this.#strategy.name}`, message: `strategy ${this.#strategy.name} crashed and leaves out ${each.join(', ')}` }];
  }

  view(): Readonly<Record<string, unknown>> {
    return { leftOut: [...this.#crashed.values()].map(({ symbol, crashes, since, until, error }) => ({ symbol, crashes, since: isoTime(since), until: isoTime(until), error })) };
  }
}
