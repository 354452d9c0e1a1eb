/** The evaluations of a source, for one incarnation. */
import type { CrashedOn, Evaluations, Source } from './evaluations.ts';
import { ModelEvaluations } from './model-evaluations.ts';
import { OwnEvaluations } from './own-evaluations.ts';

export function evaluationsOf(source: Source, crashed: CrashedOn): Evaluations {
  return source.kind === 'own' ? new OwnEvaluations(source.strategy, crashed) : new ModelEvaluations(source, crashed);
}
