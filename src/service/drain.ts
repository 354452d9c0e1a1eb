/** The orderly end: no new opening, a moment for those under way, then the tree in reverse order of its start. */
import type { LifeView } from '../protocol/views.ts';
import { sleep } from '../supervision/clock.ts';
import type { Clock } from '../supervision/clock.ts';
import type { ActorSystem } from '../supervision/system.ts';
import type { Tree } from './tree.ts';

/** How long openings under way may come to rest before the tree is stopped; of a small budget, its share. */
const DRAIN_MS = 2_000;
const DRAIN_SHARE = 0.4;
const DRAIN_STEP_MS = 50;
/** Kept back, so that the last words are said and the journal is closed within the budget too. */
const LAST_WORDS_SHARE = 0.1;

/**
 * Resolves with the lives as they were left. Never hangs: of `budgetMs`, which begins now, openings under way have the
 * first part and the tree the rest; who has not ended by then is ended by force.
 */
export async function drainAndStop(system: ActorSystem, tree: Tree, clock: Clock, budgetMs: number): Promise<readonly LifeView[]> {
  const startedAt = clock.monotonic();
  const until = startedAt + Math.min(DRAIN_MS, budgetMs * DRAIN_SHARE);
  for (const path of tree.openers) system.control(path, 'suspend', 'stopping');
  tree.epochs.advance();
  while (clock.monotonic() < until && livesOf(system, tree).some((life) => life.phase === 'Opening' || life.plan?.stage === 'pending')) await sleep(clock, DRAIN_STEP_MS);
  const left = livesOf(system, tree);
  await system.stop('stopping', Math.max(0, Math.round(startedAt + budgetMs * (1 - LAST_WORDS_SHARE) - clock.monotonic())));
  return left;
}

function livesOf(system: ActorSystem, tree: Tree): readonly LifeView[] {
  const views = tree.executors.keys().map((symbol) => system.inspect(`executor/${symbol}`) as { readonly state?: { readonly life?: LifeView } } | undefined);
  return views.map((view) => view?.state?.life).filter((life) => life !== undefined);
}
