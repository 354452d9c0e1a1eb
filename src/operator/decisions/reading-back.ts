/** Takes up the decisions of the last day from the journal, a little in each turn: a long history never holds up the loop that sends exits. */
import { readDecisions } from '../../protocol/decision-records.ts';
import type { RecordPlace } from '../../protocol/decision-records.ts';
import type { JournalEntryDraft } from '../../protocol/messages.ts';
import type { FunnelCounts } from '../funnel-counts.ts';
import type { DecisionStore, Growing } from './decision-store.ts';

/** Below about five milliseconds of work. */
const RECORDS_A_TURN = 250;
const FAULTS_SHOWN = 10;

export class ReadingBack {
  status: 'reading' | 'taking up' | 'done' = 'reading';
  readonly faults: { count: number; readonly first: string[] } = { count: 0, first: [] };
  #entries: readonly JournalEntryDraft[] = [];
  #next = 0;
  readonly #placed = new Map<string, Growing>();

  begin(entries: readonly JournalEntryDraft[]): void {
    this.#entries = entries;
    this.#next = 0;
    this.status = 'taking up';
  }

  /** True: there is more. */
  takeSome(store: DecisionStore, counts: FunnelCounts, now: number): boolean {
    for (let taken = 0; taken < RECORDS_A_TURN; ) {
      const entry = this.#entries[this.#next];
      if (entry === undefined) {
        this.#entries = [];
        this.#placed.clear();
        this.status = 'done';
        return false;
      }
      this.#next += 1;
      taken += 1 + this.#take(entry, store, counts, now);
    }
    return true;
  }

  /** How many records there were. */
  #take(entry: JournalEntryDraft, store: DecisionStore, counts: FunnelCounts, now: number): number {
    const { records, repeats, faults } = readDecisions(entry);
    for (const { place, decision } of records) {
      counts.add({ ...decision, at: decision.lastAt }, now, decision.count);
      this.#placed.set(nameOf(place), store.restore(decision, place));
    }
    for (const [sequence, index, count, lastAt] of repeats) {
      // Of a record before the day that is read back: only how often it was decided since is not known.
      const kept = this.#placed.get(nameOf({ sequence, index }));
      if (kept === undefined || count <= kept.count) continue;
      counts.add({ ...kept.latest, at: lastAt }, now, count - kept.count);
      kept.count = count;
      kept.lastAt = lastAt;
    }
    this.faults.count += faults.length;
    this.faults.first.push(...faults.slice(0, FAULTS_SHOWN - this.faults.first.length));
    return records.length + repeats.length;
  }
}

function nameOf({ sequence, index }: RecordPlace): string {
  return `${sequence}.${index}`;
}
