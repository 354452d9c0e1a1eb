/** What is kept on this machine's disk while the store is away: within its bounds, without a gap, and never claimed before it is on the disk. */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { EncodedEntry } from '../journal-entry.ts';
import type { NewEntry } from '../port.ts';
import type { SpillFile } from './file.ts';
import { SpilledEntries } from './entries.ts';

/** One append that waits for its answer. */
export interface Call {
  readonly batch: readonly NewEntry[];
  /** The same, fixed as text when it was handed in. */
  readonly entries: readonly EncodedEntry[];
  /** Monotonic, ms. */
  readonly at: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The store's absence. */
export interface Away {
  /** Wall time, ms. */
  readonly since: number;
  readonly monotonic: number;
  readonly reason: string;
}

export interface KeeperOptions {
  readonly clock: Clock;
  /** Nothing is kept longer than this after the store went away, and no more records than these. */
  readonly maxMs: number;
  readonly maxRecords: number;
  /** What must not happen while its record could not reach the store: an opening. */
  readonly waits: (batch: readonly NewEntry[]) => boolean;
  /** Told once of each time from which on nothing is kept. */
  readonly onUnrecorded: (reason: string) => void;
}

export class SpillKeeper {
  readonly spilled = new SpilledEntries();
  readonly #options: KeeperOptions;
  readonly #spill: SpillFile;
  /** On their way to the disk. */
  #keeping = 0;
  #unrecorded: string | undefined;

  constructor(spill: SpillFile, options: KeeperOptions) {
    this.#spill = spill;
    this.#options = options;
    for (const batch of spill.batches) this.spilled.add(batch);
  }

  get busy(): boolean {
    return this.#keeping > 0;
  }

  /** Why what happens now is not on record, also when nothing has happened yet; undefined: it is. */
  unrecorded(away: Away | undefined): string | undefined {
    return this.#unrecorded ?? (away === undefined ? undefined : this.#full(1, away));
  }

  /** Answers the call, when it is on the disk. @returns whether it was taken; false: it has been refused. */
  keep(call: Call, away: Away, onKept: () => void): boolean {
    const refusal = this.#refusalOf(call, away);
    if (refusal !== undefined) {
      this.spilled.refuse(call.entries);
      call.reject(refusal);
      return false;
    }
    const undo = this.spilled.add(call.entries);
    this.#keeping += 1;
    this.#spill.add(call.entries).then(
      () => {
        this.#keeping -= 1;
        this.#unrecorded = undefined;
        onKept();
        call.resolve();
      },
      (error: unknown) => {
        this.#keeping -= 1;
        undo();
        this.#tell(messageOf(error));
        call.reject(error);
      },
    );
    return true;
  }

  /** The store has it. */
  clear(): void {
    this.spilled.clear();
    this.#unrecorded = undefined;
  }

  #refusalOf({ batch, entries }: Call, away: Away): VigilError | undefined {
    if (this.#options.waits(batch)) return unavailable(`the store is away (${away.reason}): an opening waits until it is back`);
    const full = this.#full(entries.length, away);
    if (full === undefined) return this.spilled.fault(entries);
    this.#tell(full);
    return unavailable(full);
  }

  /** Beyond its bounds the spill takes nothing: what the venue says is then the only record (ruling 36). */
  #full(more: number, away: Away): string | undefined {
    const { clock, maxMs, maxRecords } = this.#options;
    if (clock.monotonic() - away.monotonic > maxMs) return `the store has been away for longer than journal.spill.maxMs (${maxMs}): nothing more is kept beside it`;
    if (this.spilled.count + more > maxRecords) return `journal.spill.maxRecords (${maxRecords}) are kept beside the store: no more`;
    return undefined;
  }

  #tell(reason: string): void {
    const first = this.#unrecorded === undefined;
    this.#unrecorded = reason;
    if (first) this.#options.onUnrecorded(reason);
  }
}

function unavailable(message: string): VigilError {
  return new VigilError('JOURNAL_UNAVAILABLE', message);
}
