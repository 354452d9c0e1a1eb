/** What of the decisions is not in the journal yet: written in groups that nobody waits for, within bounds, and what finds no room is counted. */
import { DECISIONS_ENTITY, DECISIONS_TYPE, DECISIONS_VERSION } from '../../protocol/decision-records.ts';
import type { DecisionsPayload, Repeat } from '../../protocol/decision-records.ts';
import type { JournalEntryDraft } from '../../protocol/messages.ts';
import type { RecordedDecision } from '../../protocol/read-models.ts';
import { recorded } from './decision-store.ts';
import type { Growing } from './decision-store.ts';

/** New records are written about a second after they came up, counts of those that repeat once a minute. */
export const FLUSH_MS = 1_000;
const REPEATS_EVERY_MS = 60_000;
/** A group is one entry: some 200 kB. */
const MOST_IN_GROUP = 500;
/** What waits while the journal is away: a quarter of an hour of a hundred symbols that all signal. */
const MOST_WAITING = 10_000;
/** The journal keeps them for weeks: 64 MB a day at the most, with 8 MB for a burst. Nine symbols write about 2, a hundred about 20 (`test/operator/decision-bounds.test.ts`). */
const BYTES_A_MS = (64 * 1024 * 1024) / 86_400_000;
const BURST_BYTES = 8 * 1024 * 1024;

export interface OutboxBounds {
  readonly waiting: number;
  readonly bytesAMs: number;
  readonly burstBytes: number;
}

interface Group {
  readonly payload: DecisionsPayload;
  readonly of: readonly Growing[];
  readonly at: number;
}

export class DecisionOutbox {
  readonly #bounds: OutboxBounds;
  #fresh: Growing[] = [];
  readonly #repeated = new Set<Growing>();
  /** On its way: the same again until it is taken, for it may have been. */
  #group: Group | undefined;
  #repeatsAt: number;
  #credit: number;
  #creditAt: number;
  #dropped = 0;

  constructor(now: number, bounds: OutboxBounds = { waiting: MOST_WAITING, bytesAMs: BYTES_A_MS, burstBytes: BURST_BYTES }) {
    this.#bounds = bounds;
    this.#repeatsAt = now;
    this.#credit = bounds.burstBytes;
    this.#creditAt = now;
  }

  get waiting(): number {
    return this.#fresh.length + (this.#group?.of.length ?? 0);
  }

  /** Records that will not come into the journal: no room while it was away, or more in a day than it may take. */
  get dropped(): number {
    return this.#dropped;
  }

  add(kept: Growing): void {
    this.#fresh.push(kept);
    if (this.#fresh.length <= this.#bounds.waiting) return;
    this.#fresh.shift();
    this.#dropped += 1;
  }

  repeat(kept: Growing): void {
    if (kept.place !== undefined) this.#repeated.add(kept);
  }

  /** The next group as entry `sequence`, or the one that is not acknowledged yet; undefined: there is nothing to write. */
  next(sequence: number, now: number): JournalEntryDraft | undefined {
    this.#group ??= this.#collect(now);
    if (this.#group === undefined) return undefined;
    const { payload, at } = this.#group;
    return { entity: DECISIONS_ENTITY, sequence, type: DECISIONS_TYPE, version: DECISIONS_VERSION, at, payload };
  }

  /** The group is in the journal as entry `sequence`. */
  written(sequence: number): void {
    const group = this.#group;
    this.#group = undefined;
    for (const [index, kept] of group?.of.entries() ?? []) {
      kept.place = { sequence, index };
      if (kept.count > (group?.payload.records[index]?.count ?? 0)) this.#repeated.add(kept);
    }
  }

  #collect(now: number): Group | undefined {
    const dueRepeats = now - this.#repeatsAt >= REPEATS_EVERY_MS || now < this.#repeatsAt;
    const records: RecordedDecision[] = [];
    const of: Growing[] = [];
    this.#refill(now);
    for (const kept of this.#fresh.splice(0, MOST_IN_GROUP)) {
      const decision = recorded(kept);
      if (!this.#afford(decision)) {
        this.#dropped += 1;
        continue;
      }
      records.push(decision);
      of.push(kept);
    }
    const repeats: Repeat[] = [];
    if (dueRepeats) {
      this.#repeatsAt = now;
      for (const { place, count, lastAt } of this.#repeated) if (place !== undefined) repeats.push([place.sequence, place.index, count, lastAt]);
      this.#repeated.clear();
    }
    if (records.length === 0 && repeats.length === 0) return undefined;
    return { payload: { records, ...(repeats.length === 0 ? {} : { repeats }) }, of, at: now };
  }

  #refill(now: number): void {
    const { bytesAMs, burstBytes } = this.#bounds;
    this.#credit = Math.min(burstBytes, this.#credit + Math.max(0, now - this.#creditAt) * bytesAMs);
    this.#creditAt = now;
  }

  #afford(decision: RecordedDecision): boolean {
    const bytes = JSON.stringify(decision).length;
    if (bytes > this.#credit) return false;
    this.#credit -= bytes;
    return true;
  }
}
