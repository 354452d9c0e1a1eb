/** Retention: once an hour the journal lets go of what is older than the configuration keeps and no state needs; said, and never in the way of an append. */
import type { Journal, Release } from '../persistence/port.ts';
import { messageOf } from '../protocol/errors.ts';
import type { StandingMessage } from '../protocol/messages.ts';
import type { ActorContext, Outcome } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** After a start there is more important reading to do, and owners that were away for long write their Snapshots first. */
const FIRST_AFTER_MS = 300_000;
/** A first release of months takes long, in slices between which everything else goes on. */
const RELEASE_DEADLINE_MS = 30 * 60_000;
/** By a clock that was set by more than this since it was last looked at, what is old may be young: it counts when it has gone on evenly since. */
const SET_BY_MS = 600_000;
/** An owner writes its Snapshot within minutes of being due, and a release that failed may pass: so many in a row, and something is wrong. */
const TOLD_AFTER = 2;

export type RetentionMessage = { readonly type: 'release' } | { readonly type: 'released'; readonly outcome: Outcome<Release> };

type Context = Pick<ActorContext<RetentionMessage>, 'clock' | 'effect' | 'log' | 'timers'>;

export class Retention {
  readonly #days: number | null;
  #running = false;
  /** Both clocks, as they were last looked at. */
  #looked: { readonly wall: number; readonly monotonic: number } | undefined;
  #lastAt: number | null = null;
  #entries = 0;
  #through: number | null = null;
  #heldBy: string | null = null;
  #heldFor = 0;
  #lastFailure: string | null = null;
  #failedFor = 0;

  /** @param days what is younger stays; null: everything stays. */
  constructor(days: number | null) {
    this.#days = days;
  }

  begin(ctx: Context): void {
    this.#clockSetBy(ctx);
    if (this.#days !== null) ctx.timers.once('release', FIRST_AFTER_MS, { type: 'release' });
  }

  /** Not while the store is away: what it does then is not known. */
  release(journal: Pick<Journal, 'release'>, isAway: boolean, ctx: Context): void {
    if (this.#days === null) return;
    ctx.timers.once('release', HOUR_MS, { type: 'release' });
    const setBy = this.#clockSetBy(ctx);
    if (Math.abs(setBy) > SET_BY_MS) return ctx.log.warn({ setByMs: Math.round(setBy) }, 'the clock was set: the journal lets go of nothing until it has gone on evenly for an hour');
    if (this.#running || isAway) return;
    this.#running = true;
    const before = ctx.clock.now() - this.#days * DAY_MS;
    ctx.effect({ name: 'release', deadlineMs: RELEASE_DEADLINE_MS, run: () => journal.release(before), report: (outcome) => ({ type: 'released', outcome }) });
  }

  released(outcome: Outcome<Release>, ctx: Context): void {
    this.#running = false;
    this.#lastAt = ctx.clock.now();
    if (!outcome.ok) {
      this.#lastFailure = messageOf(outcome.error);
      this.#failedFor += 1;
      return ctx.log.warn({ reason: this.#lastFailure }, 'the journal could not let go of its old entries; it is tried again in an hour');
    }
    const { entries, through, heldBy } = outcome.value;
    this.#lastFailure = null;
    this.#failedFor = 0;
    this.#entries += entries;
    this.#through = through;
    this.#heldFor = heldBy === undefined ? 0 : heldBy === this.#heldBy ? this.#heldFor + 1 : 1;
    this.#heldBy = heldBy ?? null;
    if (entries > 0) ctx.log.info({ entries, through, days: this.#days }, `the journal let go of ${entries} entries older than ${this.#days} days, up to position ${through}`);
    if (this.#heldFor === TOLD_AFTER) ctx.log.warn({ heldBy, through }, this.alerts()[0]?.message ?? '');
  }

  /** By how much the wall clock has gone on differently from the one that nobody sets, ms, since this was last asked. */
  #clockSetBy({ clock }: Context): number {
    const [wall, monotonic] = [clock.now(), clock.monotonic()];
    const { wall: wallBefore, monotonic: monotonicBefore } = this.#looked ?? { wall, monotonic };
    this.#looked = { wall, monotonic };
    return wall - wallBefore - (monotonic - monotonicBefore);
  }

  alerts(): StandingMessage['alerts'] {
    if (this.#failedFor >= TOLD_AFTER) return [{ name: 'journal-retention', message: `the journal could not let go of entries older than ${this.#days} days, ${this.#failedFor} times in a row: ${this.#lastFailure}. It grows until it can` }];
    if (this.#heldFor < TOLD_AFTER) return [];
    return [{ name: 'journal-retention', message: `entries of ${this.#heldBy} are older than ${this.#days} days and cannot be let go of, and nothing after them: no later Snapshot stands for them. Look at its owner (\`vigil tree\`): it has written none for days` }];
  }

  view(): unknown {
    return { days: this.#days, lastAt: isoTimeOrNull(this.#lastAt), running: this.#running, released: this.#entries, through: this.#through, heldBy: this.#heldBy, lastFailure: this.#lastFailure };
  }
}
