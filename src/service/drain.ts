/** The orderly end: no new opening, a moment for the orders under way, then for what is on its way to the journal, then the tree in reverse order of its start. */
import type { LifeView, Phase } from '../protocol/views.ts';
import { sleep } from '../supervision/clock.ts';
import type { Clock } from '../supervision/clock.ts';
import type { ActorSystem } from '../supervision/system.ts';
import type { Tree } from './tree.ts';

/** How long orders under way may come to their answers; of a small budget, its share. */
const REST_MS = 2_000;
const REST_SHARE = 0.4;
/** By then the journal has acknowledged what it was given, or it is named as what it has not. */
const RECORDS_SHARE = 0.7;
/** Kept back, so that the last words are said and the journal is closed within the budget too. */
const LAST_WORDS_SHARE = 0.1;
const LOOK_EVERY_MS = 50;

/** Nothing of these is under way at the venue. */
const AT_REST: ReadonlySet<Phase> = new Set<Phase>(['Flat', 'Protected', 'Drifted']);

export interface Left {
  readonly lives: readonly LifeView[];
  /** By actor, what the journal has not acknowledged. */
  readonly unrecorded: ReadonlyMap<string, readonly string[]>;
}

/** What an executor's view says that matters here. */
interface Executing {
  readonly life: LifeView;
  readonly inFlight: readonly string[];
}

/**
 * Resolves with what was left. Never hangs: of `budgetMs`, which begins now, orders under way have the first part, what is
 * on its way to the journal the next, and the tree the rest; who has not ended by then is ended by force.
 * @param recordable false: the journal takes nothing any more, so that nobody waits for it.
 */
export async function drainAndStop(system: ActorSystem, tree: Tree, clock: Clock, budgetMs: number, recordable: () => boolean = () => true): Promise<Left> {
  const startedAt = clock.monotonic();
  for (const path of tree.openers) system.control(path, 'suspend', 'stopping');
  system.tell(tree.governor, { type: 'stopping' });
  tree.epochs.advance();
  // It hears of it before it ends itself.
  await sleep(clock, Math.min(LOOK_EVERY_MS, budgetMs));
  await until(clock, startedAt + Math.min(REST_MS, budgetMs * REST_SHARE), () => executing(system, tree).every(isAtRest));
  await until(clock, startedAt + budgetMs * RECORDS_SHARE, () => {
    for (const one of tree.gatherers) system.tell(one, { type: 'flush' });
    return system.owed().size === 0 || !recordable();
  });
  const left: Left = { lives: executing(system, tree).map(({ life }) => life), unrecorded: system.owed() };
  await system.stop('stopping', Math.max(0, Math.round(startedAt + budgetMs * (1 - LAST_WORDS_SHARE) - clock.monotonic())));
  return left;
}

function isAtRest({ life, inFlight }: Executing): boolean {
  return AT_REST.has(life.phase) && life.plan?.stage !== 'pending' && inFlight.length === 0;
}

function executing(system: ActorSystem, tree: Tree): readonly Executing[] {
  const views = tree.executors.keys().map((symbol) => system.inspect(`executor/${symbol}`) as { readonly state?: Partial<Executing> | null } | undefined);
  return views.flatMap((view) => (view?.state?.life === undefined ? [] : [{ life: view.state.life, inFlight: view.state.inFlight ?? [] }]));
}

/** Looks again and again, until it is so or the time (monotonic ms) has come. */
async function until(clock: Clock, at: number, isSo: () => boolean): Promise<void> {
  while (!isSo() && clock.monotonic() < at) await sleep(clock, LOOK_EVERY_MS);
}
