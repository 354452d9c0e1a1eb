/**
 * Whether the store is there. While it is away, what happens is kept beside it; when it is back it gets that first, in order, and in
 * the turn in which nothing is left to give, appends go to it again.
 */
import { messageOf } from '../../protocol/errors.ts';
import type { VigilError } from '../../protocol/errors.ts';
import type { TimerHandle } from '../../supervision/clock.ts';
import type { EntityMirror } from './entity-mirror.ts';
import type { SpillFile } from './file.ts';
import { InFlight } from './in-flight.ts';
import type { Away, Call } from './keeper.ts';
import { SpillKeeper } from './keeper.ts';
import type { SpillingOptions } from './options.ts';
import { SpillReplay } from './replay.ts';
import { isFinal, within } from './store-answers.ts';

const PROBE_EVERY_MS = 500;
/** Of a store that is there and has nothing to do: that it went away is noticed before somebody needs it. */
const LOOK_EVERY_MS = 1_000;

export class StorePresence {
  readonly keeper: SpillKeeper;
  readonly #options: SpillingOptions;
  readonly #mirror: EntityMirror;
  readonly #inFlight: InFlight;
  /** Wall time, ms, of the last change. */
  #since: number;
  #away: Away | undefined;
  #returns = 0;
  #aside: readonly string[];
  /** Why nothing more is taken. */
  #ended: VigilError | undefined;
  /** The spill holds what the store was given: it is still to be emptied, or put aside for what the store refused. */
  #untidy: { readonly conflicts: readonly string[]; readonly records: number } | undefined;
  #look: TimerHandle;
  #probe: TimerHandle | undefined;
  #returning: Promise<void> | undefined;

  constructor(options: SpillingOptions, mirror: EntityMirror) {
    const { store, spill, clock, patienceMs, aside = [], told } = options;
    this.#options = options;
    this.#mirror = mirror;
    this.keeper = new SpillKeeper(spill, { ...options, onUnrecorded: (reason) => told({ type: 'unrecorded', reason }) });
    this.#inFlight = new InFlight({
      store,
      clock,
      patienceMs,
      onWritten: (call) => mirror.added(call.entries),
      onFailed: (error) => (isFinal(error) ? this.fence(error) : this.leave(messageOf(error))),
      onSilent: () => this.leave(`the store has not answered for ${patienceMs} ms`),
    });
    this.#since = clock.now();
    this.#aside = aside;
    this.#look = clock.after(LOOK_EVERY_MS, () => this.#lookAtStore());
  }

  /** Why it is away; undefined: it is there. */
  get away(): Away | undefined {
    return this.#away;
  }

  /** How often the store has come back: each time what was kept beside it went into it. */
  get returns(): number {
    return this.#returns;
  }

  get since(): number {
    return this.#since;
  }

  get ended(): VigilError | undefined {
    return this.#ended;
  }

  /** Spills that were put aside. */
  get aside(): readonly string[] {
    return this.#aside;
  }

  /** Whether the store has everything that was kept beside it, and the file is empty. */
  get settled(): boolean {
    return this.#away === undefined && this.#untidy === undefined;
  }

  /** What was kept before this start goes first. A store that is away again keeps it waiting. */
  async begin(): Promise<void> {
    if (this.#spill.batches.length === 0) return;
    this.leave('records that an earlier process had kept are to be taken first');
    await this.#return();
  }

  /** To the store, or beside it. */
  take(call: Call): void {
    if (this.#away === undefined) this.#inFlight.send(call);
    else this.#keep(call, this.#away);
  }

  /** The store is away. What is on its way there is in doubt: it is kept too, and compared when the store is back. */
  leave(reason: string): void {
    const calls = this.#inFlight.giveUp();
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

  /** No waiting cures it: nothing more is taken, and somebody is told. */
  fence(error: VigilError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#since = this.#options.clock.now();
    for (const call of this.#inFlight.giveUp()) call.reject(error);
    this.#probe?.cancel();
    this.#options.onFenced(error);
  }

  /** Nothing more is taken; what is on its way to the store is still answered. */
  async close(error: VigilError): Promise<void> {
    this.#ended ??= error;
    this.#probe?.cancel();
    this.#inFlight.stop();
    this.#look.cancel();
    await this.#returning;
  }

  get #spill(): SpillFile {
    return this.#options.spill;
  }

  #lookAtStore(): void {
    if (this.#ended !== undefined) return;
    if (this.#away === undefined && this.#inFlight.empty) this.#inFlight.send({ entries: [], batch: [], at: this.#options.clock.monotonic(), resolve: () => undefined, reject: () => undefined });
    this.#look = this.#options.clock.after(LOOK_EVERY_MS, () => this.#lookAtStore());
  }

  #keep(call: Call, away: Away): boolean {
    if (call.entries.length === 0) {
      call.resolve();
      return true;
    }
    return this.keeper.keep(call, away, () => this.#mirror.added(call.entries));
  }

  #probeLater(): void {
    this.#probe?.cancel();
    if (this.#ended !== undefined) return;
    this.#probe = this.#options.clock.after(PROBE_EVERY_MS, () => void this.#return());
  }

  /** Gives the store what was kept. Never rejects. */
  #return(): Promise<void> {
    this.#returning ??= this.#giveAndTidy()
      .catch((error: unknown) => {
        if (isFinal(error)) this.fence(error);
        else if (this.#away !== undefined) this.#away = { ...this.#away, reason: messageOf(error) };
      })
      .finally(() => {
        this.#returning = undefined;
        if (!this.settled) this.#probeLater();
      });
    return this.#returning;
  }

  async #giveAndTidy(): Promise<void> {
    const { store, clock, patienceMs } = this.#options;
    if (this.#away !== undefined) {
      await within(clock, patienceMs, () => store.append([]));
      await new SpillReplay(store, clock).giveAll(this.#spill, this.keeper, (conflicts) => this.#back(conflicts));
    }
    await this.#tidy();
  }

  /** In the turn in which the store had been given everything. */
  #back(conflicts: readonly string[]): void {
    const { clock, told } = this.#options;
    const records = this.keeper.spilled.count;
    const awayMs = this.#away === undefined ? 0 : Math.round(clock.monotonic() - this.#away.monotonic);
    this.#untidy = { conflicts, records };
    this.#away = undefined;
    this.#returns += 1;
    this.#since = clock.now();
    this.keeper.clear();
    told({ type: 'back', awayMs, records });
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
}
