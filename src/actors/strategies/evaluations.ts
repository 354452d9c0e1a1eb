/** How an actor gets its evaluations: from a strategy of its own, at once, or from a model server, as the answers come. */
import type { AnyContext, Outcome } from '../../supervision/behaviour.ts';
import type { Tagged } from '../../supervision/ref.ts';
import type { Model } from '../../model/port.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { CircuitRule } from '../../rules/strategies/circuit.ts';
import type { LeftOut } from '../../rules/strategies/left-out.ts';
import type { ModelQuestion } from '../../rules/strategies/model-answer.ts';
import type { Evaluation, Sight, Strategy } from '../../rules/strategies/strategy.ts';

/** Who evaluates. */
export type Source =
  | { readonly kind: 'own'; readonly strategy: Strategy }
  | { readonly kind: 'model'; readonly name: string; readonly does: string; readonly model: Model; readonly timeoutMs: number; readonly circuit: CircuitRule; readonly fallback: Strategy | undefined };

/** The name and the sentence of a source. */
export function nameOf(source: Source): { readonly name: string; readonly does: string } {
  return source.kind === 'own' ? source.strategy : source;
}

/** An answer of the model server, or why there is none. */
export interface ModelAnswered {
  readonly type: 'model-answered';
  readonly asked: ModelQuestion;
  readonly isTrial: boolean;
  readonly outcome: Outcome<unknown>;
}

/** What evaluations need of the actor they belong to. */
export interface Evaluating {
  readonly ctx: Pick<AnyContext<Tagged>, 'clock' | 'log'> & { effect(effect: Parameters<AnyContext<ModelAnswered>['effect']>[0]): void };
  /** What is known of a symbol now; undefined: it is none of the universe any more. */
  readonly sight: (symbol: SymbolName) => Sight | undefined;
  /** Takes evaluations, once each, those that belong together at once. */
  readonly evaluated: (evaluations: readonly Evaluation[]) => void;
}

/** All evaluations of one incarnation. */
export interface Evaluations {
  /** One of each symbol, now or when its answer is there. @throws Error where the strategy does. */
  cycle(symbols: readonly SymbolName[], around: Evaluating): void;
  answered(message: ModelAnswered, around: Evaluating): void;
  /** What stands wrong now (wall time, ms), by name and message. */
  wrong(now: number): { readonly name: string; readonly message: string }[];
  view(): Readonly<Record<string, unknown>>;
}

/** Symbols on which the strategy has crashed: kept over incarnations, since each crash ends one. */
export type CrashedOn = Map<SymbolName, LeftOut>;
