/** Whoever decides says so here, and nobody waits for it: each decision goes to the log with what it was decided by and how long it took. */
import type { Decision } from '../protocol/decisions.ts';
import type { DecidedMessage } from '../protocol/messages.ts';
import type { AnyContext, MessageTiming } from '../supervision/behaviour.ts';
import type { Ref, Tagged } from '../supervision/ref.ts';

/** What it needs of an actor's context. */
export interface Deciding {
  readonly path: string;
  readonly clock: AnyContext<Tagged>['clock'];
  tell(to: Ref<DecidedMessage>, message: DecidedMessage): boolean;
  /** While starting, no message is in hand. */
  timing?(): MessageTiming | undefined;
}

/**
 * Tells the decision log of one decision, once it has been made and before what follows from it is sent:
 *
 *     decided(ctx, options.decisions, {
 *       stage: 'intent', symbol, outcome: denials[0]?.code ?? 'passed',
 *       ids: { intentId, planId }, denials, inputs: { source, side, mark: text(mark.price), markAgeMs },
 *     });
 *
 * - `at`, `by` (the actor's path), `queueMs` and `serviceMs` come from the context.
 * - `inputs`: what the rule looked at, flat JSON, decimals as text, an unknown as null. Give `source`, `side` and the `code`
 *   of an exit where there are such: by them, stage, symbol, outcome and action the log knows the same decision again, and keeps it once
 *   with a count and the newest numbers. What passed with an id is kept one by one.
 * - `denials`: every refusal with its limit, value and age; the first is `outcome`.
 * - `ids`: all that are known; `vigil trace` finds the chain by any of them.
 */
export function decided(ctx: Deciding, log: Ref<DecidedMessage>, decision: Omit<Decision, 'at' | 'by' | 'queueMs' | 'serviceMs'>): void {
  ctx.tell(log, { type: 'decided', decision: { ...decision, at: ctx.clock.now(), by: ctx.path, ...ctx.timing?.() } });
}
