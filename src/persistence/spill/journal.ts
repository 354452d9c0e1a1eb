/**
 * The journal while its store is away: openings are refused, everything else is kept on this machine's disk, counts as durable, and
 * reaches the store in order before anything newer does (ruling 36). Over any engine.
 */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { JournalView } from '../../protocol/views.ts';
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import { EntityMirror } from './entity-mirror.ts';
import { encodeEntry } from '../journal-entry.ts';
import type { Journal, JournalStats, NewEntry, Release, StoredEntry, TailBounds } from '../port.ts';
import type { SpillDisk } from './file.ts';
import { SpillFile } from './file.ts';
import type { Away, Call, KeeperOptions } from './keeper.ts';
import { SpillKeeper } from './keeper.ts';
import { SpillReplay } from './replay.ts';
import { isDefinite, isFinal, isUnvouched, within } from './store-answers.ts';

export interface SpillingOptions extends Omit<KeeperOptions, 'onUnrecorded'> {
  readonly store: Journal;
  readonly disk: SpillDisk;
  readonly clock: Clock;
  /** A store that has not answered in this time is away. */
  readonly patienceMs: number;
  /** Why this process may not open although the store is there: its place as the only writer is in doubt. */
  readonly place?: () => string | undefined;
  /** Spills that were put aside by earlier starts and are still there. */
  readonly aside?: readonly string[];
  readonly told: (event: SpillEvent) => void;
  /** Another writer has taken the place of this one, or the store is not this writer's any more: it writes no more, here or there. Called once. */
  readonly onFenced: (error: VigilError) => void;
}

/** The store went away or came back; `finding`: it would not take what had been kept, which is now in a file of its own. */
export type SpillEvent =
  | { readonly type: 'away'; readonly reason: string }
  | { readonly type: 'back'; readonly awayMs: number; readonly records: number }
  | { readonly type: 'unrecorded'; readonly reason: string }
  | { readonly type: 'finding'; readonly file: string; readonly records: number; readonly conflicts: readonly string[] };

const PROBE_EVERY_MS = 500;
/** Of a store that is there and has nothing to do: that it went away is noticed before somebody needs it. */
const LOOK_EVERY_MS = 1_000;
/** Batches handed to the store together when it is back. */
const CHUNK = 64;

/** Opens the spill and gives the store what an earlier process had kept there. @throws VigilError JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE. */
export async function openSpillingJournal(options: SpillingOptions): Promise<SpillingJournal> {
  const spill = await SpillFile.open(options.disk);
  const journal = new SpillingJournal(options, spill);
  await journal.begin();
  return journal;
}

export class SpillingJournal implements Journal {
  readonly writerEpoch: number;
  readonly #options: SpillingOptions;
  readonly #store: Journal;
  readonly #spill: SpillFile;
  readonly #keeper: SpillKeeper;
  readonly #mirror: EntityMirror;
  /** On their way to the store, in order. */
  readonly #inFlight = new Set<Call>();
  #since: number;
  #away: Away | undefined;
  #aside: readonly string[];
  /** Why nothing more is taken. */
  #ended: VigilError | undefined;
  /** The spill holds what the store was given: it is still to be emptied, or put aside for what the store refused. */
  #untidy: { readonly conflicts: readonly string[]; readonly records: number } | undefined;
  #patience: TimerHandle | undefined;
  #look: TimerHandle;
  #probe: TimerHandle | undefined;
  #returning: Promise<void> | undefined;

  constructor(options: SpillingOptions, spill: SpillFile) {
    this.#options = options;
    this.#store = options.store;
    this.#spill = spill;
    this.#keeper = new SpillKeeper(spill, { ...options, onUnrecorded: (reason) => options.told({ type: 'unrecorded', reason }) });
    this.writerEpoch = options.store.writerEpoch;
    this.#mirror = new EntityMirror(this.writerEpoch);
    this.#since = options.clock.now();
    this.#aside = options.aside ?? [];
    this.#look = options.clock.after(LOOK_EVERY_MS, () => this.#lookAtStore());
  }

  /** What was kept before this start goes first. A store that is away again keeps it waiting. */
  async begin(): Promise<void> {
    if (this.#spill.batches.length === 0) return;
    this.#leave('records that an earlier process had kept are to be taken first');
    await this.#return();
  }

  append(batch: readonly NewEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      const call: Call = { entries: batch.map(encodeEntry), batch, at: this.#options.clock.monotonic(), resolve, reject };
      if (this.#away === undefined) this.#send(call);
      else this.#keep(call, this.#away);
    });
  }

  async read(entity: string): Promise<StoredEntry[]> {
    const rows = await this.#reading(() => this.#store.read(entity), () => this.#mirror.get(entity));
    if (this.#away === undefined) this.#mirror.read(entity, rows);
    return this.#keeper.spilled.after(entity, [...rows], this.writerEpoch);
  }

  async readTail(entity: string, bounds: TailBounds): Promise<StoredEntry[]> {
    const rows = await this.#reading(() => this.#store.readTail(entity, bounds));
    const kept = this.#keeper.spilled.after(entity, rows, this.writerEpoch).slice(rows.length);
    return [...rows, ...kept.filter((entry) => entry.at >= bounds.since)];
  }

  async lastSequence(entity: string): Promise<number> {
    const last = await this.#reading(() => this.#store.lastSequence(entity));
    return Math.max(last, this.#keeper.spilled.last(entity) ?? 0);
  }

  async entities(prefix: string): Promise<string[]> {
    const names = await this.#reading(() => this.#store.entities(prefix));
    return [...new Set([...names, ...this.#keeper.spilled.entities(prefix)])];
  }

  async readTypes(types: readonly string[], since: number): Promise<StoredEntry[]> {
    const rows = await this.#reading(() => this.#store.readTypes(types, since));
    const known = new Set(rows.map((row) => `${row.sequence} ${row.entity}`));
    return [...rows, ...this.#keeper.spilled.ofTypes(types, since, this.writerEpoch).filter((row) => !known.has(`${row.sequence} ${row.entity}`))];
  }

  async release(before: number): Promise<Release> {
    // What is repeated when the store is back must still be there to be compared with.
    if (this.#away !== undefined || this.#untidy !== undefined) throw new VigilError('JOURNAL_UNAVAILABLE', 'the store is away: nothing is let go of');
    return this.#store.release(before);
  }

  stats(): Promise<JournalStats> {
    return this.#reading(() => this.#store.stats());
  }

  availability(): JournalView {
    const reason = this.#ended?.message ?? this.#away?.reason ?? null;
    return { store: reason === null ? 'up' : 'away', since: this.#since, reason, spilled: this.#keeper.spilled.count, unrecorded: this.#keeper.unrecorded(this.#away) ?? null, aside: this.#aside, place: this.#options.place?.() ?? null };
  }

  async close(): Promise<void> {
    if (this.#ended === undefined) this.#ended = new VigilError('JOURNAL_UNAVAILABLE', 'the journal is closed');
    this.#probe?.cancel();
    this.#patience?.cancel();
    this.#look.cancel();
    await this.#returning;
    await this.#spill.close();
    await this.#store.close();
  }

  #send(call: Call): void {
    this.#inFlight.add(call);
    this.#store.append(call.batch).then(
      () => this.#written(call),
      (error: unknown) => this.#refused(call, error),
    );
    this.#patience ??= this.#options.clock.after(this.#options.patienceMs, () => this.#lookAtOldest());
  }

  #written(call: Call): void {
    this.#inFlight.delete(call);
    this.#mirror.added(call.entries);
    call.resolve();
  }

  #refused(call: Call, error: unknown): void {
    // It was given up meanwhile, and kept or refused: what the store says now is about the same bytes.
    if (!this.#inFlight.has(call)) return;
    if (isFinal(error)) return this.#fence(error);
    if (isDefinite(error) || isUnvouched(error)) {
      this.#inFlight.delete(call);
      return call.reject(error);
    }
    this.#leave(messageOf(error));
  }

  #lookAtStore(): void {
    if (this.#ended !== undefined) return;
    if (this.#away === undefined && this.#inFlight.size === 0) this.#send({ entries: [], batch: [], at: this.#options.clock.monotonic(), resolve: () => undefined, reject: () => undefined });
    this.#look = this.#options.clock.after(LOOK_EVERY_MS, () => this.#lookAtStore());
  }

  #lookAtOldest(): void {
    this.#patience = undefined;
    const [oldest] = this.#inFlight;
    if (oldest === undefined) return;
    const { clock, patienceMs } = this.#options;
    const left = oldest.at + patienceMs - clock.monotonic();
    if (left <= 0) this.#leave(`the store has not answered for ${patienceMs} ms`);
    else this.#patience = clock.after(left, () => this.#lookAtOldest());
  }

  /** The store is away. What is on its way there is in doubt: it is kept too, and compared when the store is back. */
  #leave(reason: string): void {
    const calls = [...this.#inFlight];
    this.#inFlight.clear();
    if (this.#ended !== undefined) for (const call of calls) call.reject(this.#ended);
    if (this.#ended !== undefined || this.#away !== undefined) return;
    const { clock, told } = this.#options;
    const away: Away = { since: clock.now(), monotonic: clock.monotonic(), reason };
    this.#away = away;
    this.#since = away.since;
    told({ type: 'away', reason });
    for (const call of calls) {
      // It may be in the store, and is not known to be: what is remembered of its entities says too little.
      if (!this.#keep(call, away)) for (const { entity } of call.entries) this.#mirror.forget(entity);
    }
    this.#probeLater();
  }

  #keep(call: Call, away: Away): boolean {
    if (call.entries.length === 0) {
      call.resolve();
      return true;
    }
    return this.#keeper.keep(call, away, () => this.#mirror.added(call.entries));
  }

  #probeLater(): void {
    this.#probe?.cancel();
    if (this.#ended !== undefined) return;
    this.#probe = this.#options.clock.after(PROBE_EVERY_MS, () => void this.#return());
  }

  /** Gives the store what was kept, and goes back to it in the turn in which nothing is left. Never rejects. */
  #return(): Promise<void> {
    this.#returning ??= this.#replay()
      .catch((error: unknown) => {
        if (isFinal(error)) this.#fence(error);
        else if (this.#away !== undefined) this.#away = { ...this.#away, reason: messageOf(error) };
      })
      .finally(() => {
        this.#returning = undefined;
        if (this.#away !== undefined || this.#untidy !== undefined) this.#probeLater();
      });
    return this.#returning;
  }

  async #replay(): Promise<void> {
    if (this.#away === undefined) return this.#tidy();
    const { clock, told, patienceMs } = this.#options;
    await within(clock, patienceMs, () => this.#store.append([]));
    const replay = new SpillReplay(this.#store, clock);
    let done = 0;
    // Whatever is kept meanwhile comes behind.
    while (done < this.#spill.batches.length || this.#keeper.busy) {
      const batches = this.#spill.batches.slice(done, done + CHUNK);
      await (batches.length === 0 ? this.#spill.settled() : replay.give(batches));
      done += batches.length;
    }
    const records = this.#keeper.spilled.count;
    this.#untidy = { conflicts: replay.conflicts, records };
    const awayMs = Math.round(clock.monotonic() - this.#away.monotonic);
    this.#away = undefined;
    this.#since = clock.now();
    this.#keeper.clear();
    told({ type: 'back', awayMs, records });
    await this.#tidy();
  }

  /** The store has what it took; the file is emptied, or put aside when there is something it did not take. */
  async #tidy(): Promise<void> {
    if (this.#untidy === undefined) return;
    const { conflicts, records } = this.#untidy;
    if (conflicts.length > 0) {
      const file = await this.#spill.putAside();
      this.#aside = [...this.#aside, file];
      this.#options.told({ type: 'finding', file, records, conflicts });
    } else if (this.#spill.batches.length > 0) await this.#spill.clear();
    this.#untidy = undefined;
  }

  #fence(error: VigilError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#since = this.#options.clock.now();
    for (const call of this.#inFlight) call.reject(error);
    this.#inFlight.clear();
    this.#probe?.cancel();
    this.#options.onFenced(error);
  }

  /** While the store is away, what is known here answers when it does not. */
  async #reading<Value>(ask: () => Promise<Value>, known: () => Value | undefined = () => undefined): Promise<Value> {
    if (this.#ended !== undefined) throw this.#ended;
    try {
      const { clock, patienceMs } = this.#options;
      return await (this.#away === undefined ? ask() : within(clock, patienceMs, ask));
    } catch (error) {
      if (isDefinite(error)) throw error;
      if (isFinal(error)) {
        this.#fence(error);
        throw error;
      }
      this.#leave(messageOf(error));
      const here = known();
      if (here !== undefined) return here;
      throw error;
    }
  }
}
