/** Gives the store what was kept while it was away, in order; what it has otherwise, and all of that entity after it, is a conflict. */
import { messageOf } from '../../protocol/errors.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { EncodedEntry } from '../journal-entry.ts';
import type { Journal } from '../port.ts';
import { decoded } from './entries.ts';
import type { SpillFile } from './file.ts';
import type { SpillKeeper } from './keeper.ts';
import type { SpilledBatch } from './lines.ts';
import { isDefinite, within } from './store-answers.ts';

/** Batches handed to the store together when it is back. */
const CHUNK = 64;
/** For what is handed over at once. */
const PATIENCE_MS = 5_000;

export class SpillReplay {
  /** What the store had against each batch that it did not take. */
  readonly #conflicts: string[] = [];
  readonly #store: Journal;
  readonly #clock: Clock;
  /** Entities of which something was not taken. */
  readonly #torn = new Set<string>();

  constructor(store: Journal, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Everything that is kept, and whatever is kept meanwhile behind it. @param given called in the very turn in which nothing is left:
   * a turn later something might have been kept again. @throws VigilError JOURNAL_UNAVAILABLE: the store is away again.
   */
  async giveAll(spill: SpillFile, keeper: SpillKeeper, given: (conflicts: readonly string[]) => void): Promise<void> {
    let done = 0;
    while (done < spill.batches.length || keeper.busy) {
      const batches = spill.batches.slice(done, done + CHUNK);
      await (batches.length === 0 ? spill.settled() : this.#give(batches));
      done += batches.length;
    }
    given(this.#conflicts);
  }

  /** All at once, or, when the store does not take all of it, one by one. */
  async #give(batches: readonly SpilledBatch[]): Promise<void> {
    const untorn = batches.flat().every(({ entity }) => !this.#torn.has(entity));
    if (untorn && (await this.#refusalOf(batches.flat())) === undefined) return;
    for (const batch of batches) {
      const entities = batch.map(({ entity }) => entity);
      const fault = entities.some((entity) => this.#torn.has(entity)) ? new Error(`${entities.join(', ')}: what came before was refused`) : await this.#refusalOf(batch);
      if (fault === undefined) continue;
      this.#conflicts.push(messageOf(fault));
      for (const entity of entities) this.#torn.add(entity);
    }
  }

  /** What the store has against it; undefined: it has taken it. */
  async #refusalOf(entries: readonly EncodedEntry[]): Promise<unknown> {
    try {
      await within(this.#clock, PATIENCE_MS, () => this.#store.append(decoded(entries)));
      return undefined;
    } catch (error) {
      if (isDefinite(error)) return error;
      throw error;
    }
  }
}
