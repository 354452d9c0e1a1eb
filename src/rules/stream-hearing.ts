/**
 * Silence against order activity (operators' 22 and 44): what REST has said of our orders and fills, the user stream must
 * tell of too, within a stated bound. A stream that does not is deaf, however well its socket answers.
 */
import type { SymbolName } from '../protocol/names.ts';
import type { UserEvent } from '../protocol/venue.ts';

/** What was said over REST. `at`: when the write was sent, or when the fill was made, as far as the venue's clock is known; monotonic ms, as all times here. */
export interface RestWord {
  readonly what: 'order' | 'fill';
  readonly symbol: SymbolName;
  /** A client id, or a trade id. */
  readonly id: string;
  /** Of a fill. */
  readonly orderId?: string;
  readonly at: number;
}

/** What is older when REST says it was told before anybody counted. */
const OLDEST_MS = 120_000;
/** What the stream has told is remembered longer than that. */
const REMEMBERED_MS = 300_000;
/** The venue's clock is known to some milliseconds, when it was not set just now: a fill so shortly after the connection may be from before it. */
const SKEW_MS = 2_000;

/** The first deaf connection is replaced at once; after that one the next waits, so that nothing is opened while the venue's streams are ill. */
const DEAF_AGAIN_MS = 30_000;
const LONGEST_DEAF_MS = 300_000;

/** How long the next connection waits after so many deaf ones in a row. */
export function deafWaitMs(inARow: number): number {
  return inARow <= 1 ? 0 : Math.min(DEAF_AGAIN_MS * 2 ** (inARow - 2), LONGEST_DEAF_MS);
}

interface Owed {
  readonly word: RestWord;
  readonly since: number;
}

export class Hearing {
  /** What the stream has told of, with the time; in the order of being told. */
  readonly #told = new Map<string, number>();
  readonly #owed = new Map<string, Owed>();

  /** A connection that has just begun owes nothing. */
  begin(): void {
    this.#owed.clear();
  }

  /** The stream has told of this. True: it was owed. */
  told(event: UserEvent, now: number): boolean {
    let paid = false;
    for (const name of namesIn(event)) {
      this.#told.delete(name);
      this.#told.set(name, now);
      for (const [key, { word }] of this.#owed) if (namesOf(word).includes(name)) paid = this.#owed.delete(key) || paid;
    }
    for (const [name, at] of this.#told) {
      if (now - at <= REMEMBERED_MS) break;
      this.#told.delete(name);
    }
    return paid;
  }

  /** REST has said it. @param liveSince when the connection began: what is from before it was told to nobody. */
  said(word: RestWord, liveSince: number, now: number): void {
    const earliest = word.what === 'fill' ? liveSince + SKEW_MS : liveSince;
    if (word.at < earliest || now - word.at > OLDEST_MS) return;
    const [name = ''] = namesOf(word);
    if (this.#owed.has(name) || namesOf(word).some((one) => this.#told.has(one))) return;
    this.#owed.set(name, { word, since: now });
  }

  /** What has been owed for longer than the bound, the oldest first; undefined: nothing. */
  overdue(boundMs: number, now: number): { readonly word: RestWord; readonly forMs: number; readonly owed: number } | undefined {
    const [oldest] = this.#owed.values();
    if (oldest === undefined || now - oldest.since < boundMs) return undefined;
    return { word: oldest.word, forMs: now - oldest.since, owed: this.#owed.size };
  }
}

/** By which an event may name it. A fill is also told by its order, where the event lacks the trade itself. */
function namesOf(word: RestWord): readonly string[] {
  return word.what === 'order' ? [`order/${word.id}`] : [`trade/${word.symbol}/${word.id}`, ...(word.orderId === undefined ? [] : [`filled/${word.symbol}/${word.orderId}`])];
}

function namesIn(event: UserEvent): readonly string[] {
  if (event.type === 'algo') return [`order/${event.order.clientId}`];
  if (event.type !== 'order') return [];
  const { order, trade } = event;
  // With its trade the event tells of that one; without, of all that is executed.
  const fill = trade !== undefined ? [`trade/${order.symbol}/${trade.tradeId}`] : order.executedQuantity.isGreaterThan(0) ? [`filled/${order.symbol}/${order.orderId}`] : [];
  return [`order/${order.clientId}`, ...fill];
}
