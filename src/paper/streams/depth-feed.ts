/** Depth streams: partial books, and differences whose U, u and pu chain without a gap from the moment someone subscribes. */
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import { LEVELS_A_SIDE } from '../core/book.ts';
import type { PaperVenue } from '../venue.ts';
import { depthMessage } from './market-messages.ts';
import { bookSnapshot, changedRows, type BookSnapshot } from './order-book.ts';
import type { Topics } from './topics.ts';

/** By the suffix of the stream's name. */
const SPEEDS: Readonly<Record<string, number>> = { '@100ms': 100, '': 250, '@500ms': 500 };
const PARTIAL_LEVELS = [5, 10, 20];

const depthName = /^(?<symbol>[^@]+)@depth(5|10|20)?(@100ms|@500ms)?$/;

interface Series {
  readonly stream: string;
  readonly symbol: string;
  /** Null: the whole book by its differences. */
  readonly levels: number | null;
}

export class DepthFeed {
  readonly #venue: PaperVenue;
  readonly #clock: Clock;
  readonly #topics: Topics;
  /** By the suffix of the name, then by symbol. */
  readonly #series = new Map<string, readonly Series[]>();
  /** What each stream that is listened to has told. */
  readonly #told = new Map<string, BookSnapshot>();
  readonly #timers = new Map<string, TimerHandle>();

  constructor(venue: PaperVenue, topics: Topics, clock: Clock) {
    this.#venue = venue;
    this.#clock = clock;
    this.#topics = topics;
    for (const [suffix, everyMs] of Object.entries(SPEEDS)) {
      this.#series.set(suffix, [...venue.market.rules.keys()].flatMap((symbol) => [null, ...PARTIAL_LEVELS].map((levels) => ({ stream: `${symbol.toLowerCase()}@depth${levels ?? ''}${suffix}`, symbol, levels }))));
      this.#beat(suffix, everyMs);
    }
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  /** Whoever subscribes now and asks for the book next finds every difference from here on. */
  begins(stream: string): void {
    const symbol = depthName.exec(stream)?.groups?.['symbol']?.toUpperCase();
    const book = symbol === undefined ? undefined : bookSnapshot(this.#venue, symbol, LEVELS_A_SIDE);
    if (book) this.#told.set(stream, book);
  }

  ends(stream: string): void {
    this.#told.delete(stream);
  }

  #beat(suffix: string, everyMs: number): void {
    const timer = this.#clock.after(everyMs, () => {
      for (const series of this.#series.get(suffix)!) this.#tell(series);
      this.#beat(suffix, everyMs);
    });
    this.#timers.set(suffix, timer);
  }

  #tell({ stream, symbol, levels }: Series): void {
    const before = this.#told.get(stream);
    if (!before || before.lastUpdateId === this.#venue.market.bookId(symbol)) return;
    const book = bookSnapshot(this.#venue, symbol, LEVELS_A_SIDE)!;
    this.#told.set(stream, book);
    const rows =
      levels === null
        ? { bids: changedRows(before.bids, book.bids), asks: changedRows(before.asks, book.asks) }
        : { bids: book.bids.slice(0, levels), asks: book.asks.slice(0, levels) };
    this.#topics.publish('public', stream, () => depthMessage(symbol, before.lastUpdateId, book.lastUpdateId, rows, this.#venue.now()));
  }
}
