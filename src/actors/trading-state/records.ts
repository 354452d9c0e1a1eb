/**
 * How changes of the trading state become durable (ruling 11): the file first, in one write for all that came together, then
 * the journal, one append at a time with everything that gathered meanwhile. Dozens that come at once wait for two syncs.
 */
import type { JournalAnswer, JournalEntryDraft, TradingStateAnswer } from '../../protocol/messages.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { TradingStateName } from '../../protocol/views.ts';
import { isLowering, stateOf, withState } from '../../rules/trading-state.ts';
import type { TradingState } from '../../rules/trading-state.ts';
import type { Outcome } from '../../supervision/behaviour.ts';
import { entryName } from '../entry-name.ts';

const RETRY_APPEND_MS = 1_000;

/** One change, with its entry. */
export interface Change {
  readonly entry: JournalEntryDraft;
  readonly to: TradingStateName;
  readonly symbol: SymbolName | undefined;
  readonly reason: string;
  readonly by: string;
  /** In force when it is on record; otherwise it is in force already. */
  readonly raising: boolean;
  /** The first call counts. */
  readonly answer: (value: TradingStateAnswer) => void;
}

export function changed(state: TradingState, { to, symbol, reason, by, entry }: Pick<Change, 'to' | 'symbol' | 'reason' | 'by' | 'entry'>): TradingState {
  return withState(state, to, symbol, `${reason} (${by})`, entry.at);
}

/** Only as far as it allows less: nobody is raised beyond what was asked for after it. */
export function loweredBy(state: TradingState, change: Change): TradingState {
  return isLowering(stateOf(state, change.symbol), change.to) ? changed(state, change) : state;
}

export class Records {
  /** What is in force is not on the file. */
  fileDue = false;
  /** The file was told of as one that cannot be written. */
  fileFailed = false;
  /** To be handed to the journal, in order. */
  #asked: readonly Change[] = [];
  /** On its way there. */
  #handed: readonly Change[] = [];
  #appendAfter = 0;

  /** Something is to be raised when it is on record. */
  get raises(): boolean {
    return this.#all.some(({ raising }) => raising);
  }

  get settled(): boolean {
    return this.#all.length === 0;
  }

  add(change: Change): void {
    this.#asked = [...this.#asked, change];
  }

  /** Those that are in force already. */
  get lowerings(): readonly Change[] {
    return this.#all.filter(({ raising }) => !raising);
  }

  /** The journal did not take what was last handed to it. */
  get failing(): boolean {
    return this.#appendAfter > 0;
  }

  /** On their way to the journal. */
  get handed(): readonly Change[] {
    return this.#handed;
  }

  /** What is to be appended now; nothing while an append is on its way, or has just failed. `now`: monotonic ms. */
  take(now: number): readonly JournalEntryDraft[] {
    if (this.#handed.length > 0 || now < this.#appendAfter) return [];
    this.#handed = this.#asked;
    this.#asked = [];
    return this.#handed.map(({ entry }) => entry);
  }

  /** The journal has them. */
  recorded(): readonly Change[] {
    const recorded = this.#handed;
    this.#handed = [];
    this.#appendAfter = 0;
    return recorded;
  }

  /** They are handed over again later, as they were: what has been taken after all counts as the same. */
  keep(now: number): void {
    this.#asked = [...this.#handed, ...this.#asked];
    this.#handed = [];
    this.#appendAfter = now + RETRY_APPEND_MS;
  }

  /** What came after it, in order. */
  since({ entry: { sequence } }: Change, recorded: readonly Change[]): readonly Change[] {
    return [...recorded, ...this.#all].filter((change) => change.entry.sequence > sequence);
  }

  names(): readonly string[] {
    return [...(this.fileDue ? ['the trading-state file'] : []), ...this.#all.map(({ entry }) => entryName(entry))];
  }

  get #all(): readonly Change[] {
    return [...this.#handed, ...this.#asked];
  }
}

/** Why it is not on record; undefined: it is. `renumber`: another number is to be read first. */
export function failureOf(outcome: Outcome<JournalAnswer>): { readonly message: string; readonly renumber: boolean } | undefined {
  if (!outcome.ok) return { message: outcome.error.message, renumber: false };
  return outcome.value.ok ? undefined : { message: outcome.value.message, renumber: outcome.value.code === 'JOURNAL_SEQUENCE_CONFLICT' };
}
