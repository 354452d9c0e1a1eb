/** The orderly end: no new opening, a moment for those under way, then the tree in reverse order of its start. */
import type { LifeView } from '../protocol/messages.ts';
import { sleep } from '../supervision/clock.ts';
import type { Clock } from '../supervision/clock.ts';
import type { ActorSystem } from '../supervision/system.ts';
import type { Tree } from './tree.ts';

/** How long openings under way may come to rest before the tree is stopped. */
const DRAIN_MS = 2_000;
const DRAIN_STEP_MS = 50;

/** Resolves with the lives as they were left. Never hangs: every step is bounded. */
export async function drainAndStop(system: ActorSystem, tree: Tree, clock: Clock): Promise<readonly LifeView[]> {
  const until = clock.monotonic() + DRAIN_MS;
  for (const path of tree.openers) system.control(path, 'suspend', 'stopping');
  tree.epochs.advance();
  while (clock.monotonic() < until && livesOf(system, tree).some((life) => life.phase === 'Opening' || life.plan?.stage === 'pending')) await sleep(clock, DRAIN_STEP_MS);
  const left = livesOf(system, tree);
  await system.stop('stopping');
  return left;
}

function livesOf(system: ActorSystem, tree: Tree): readonly LifeView[] {
  const views = tree.executors.keys().map((symbol) => system.inspect(`executor/${symbol}`) as { readonly state?: { readonly life?: LifeView } } | undefined);
  return views.map((view) => view?.state?.life).filter((life) => life !== undefined);
}
