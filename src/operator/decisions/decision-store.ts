/** Decisions in memory: the same again is one record with a count, what passed is kept one by one, and no more is kept than there is room for. */
import type { Decision, DecisionIds } from '../../protocol/decisions.ts';
import type { RecordPlace } from '../../protocol/decision-records.ts';
import type { RecordedDecision } from '../../protocol/read-models.ts';
import { redact } from '../../supervision/redact.ts';

/** A refusal that goes on is a record anew after this long: its numbers in the journal are never older. */
const SAME_FOR_MS = 900_000;
/** Some ten days of the refusals of a symbol that passes nothing, or eight hours of one that signals each minute. */
const MOST_OF_SYMBOL = 500;
/** About 30 MB: fifty symbols to the full, hundreds less. */
const MOST_RECORDS = 25_000;
/** What was decided by, as JSON: more is no input but a document. */
const MOST_INPUT_CHARACTERS = 4_000;
/** Names are text from outside; no venue's are longer. */
const MOST_SYMBOL_CHARACTERS = 100;

/** One record, growing while the same is decided again. */
export interface Kept {
  /** The newest: its numbers are those shown. */
  readonly latest: Decision;
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
  /** Once it has its place in the journal. */
  readonly place: RecordPlace | undefined;
}
export type Growing = { -readonly [Field in keyof Kept]: Kept[Field] };

export interface StoreBounds {
  readonly ofSymbol: number;
  readonly records: number;
}

export class DecisionStore {
  /** Of each symbol, by `at`. */
  readonly #bySymbol = new Map<string, Growing[]>();
  /** What may be decided again the same way, and then is the same record. */
  readonly #open = new Map<string, Growing>();
  readonly #bounds: StoreBounds;
  #size = 0;
  #forgotten = 0;

  constructor(bounds: StoreBounds = { ofSymbol: MOST_OF_SYMBOL, records: MOST_RECORDS }) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#size;
  }

  /** Records that had to make room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get symbols(): readonly string[] {
    return [...this.#bySymbol.keys()];
  }

  /** When the oldest record that is kept was first decided; undefined: there is none. */
  get oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const [first] of this.#bySymbol.values()) if (first !== undefined) oldest = Math.min(oldest ?? first.at, first.at);
    return oldest;
  }

  /** The record it has become, or was added to; `fresh`: it is one of its own. */
  add(raw: Decision): { readonly kept: Growing; readonly fresh: boolean } {
    const decision = bounded(raw);
    const key = isKeptAlone(decision) ? undefined : sameKey(decision);
    const open = key === undefined ? undefined : this.#open.get(key);
    if (open !== undefined && decision.at >= open.at && decision.at - open.at < SAME_FOR_MS) {
      open.latest = decision;
      open.lastAt = Math.max(open.lastAt, decision.at);
      open.count += 1;
      return { kept: open, fresh: false };
    }
    const kept: Growing = { latest: decision, at: decision.at, lastAt: decision.at, count: 1, place: undefined };
    if (key !== undefined) this.#open.set(key, kept);
    this.#insert(decision.symbol, kept);
    return { kept, fresh: true };
  }

  /** Takes up a record that was read back; what is decided from now on is a record of its own. */
  restore(decision: RecordedDecision, place: RecordPlace): Growing {
    const { count, lastAt, ...latest } = decision;
    const kept: Growing = { latest, at: decision.at, lastAt, count, place };
    this.#insert(decision.symbol, kept);
    return kept;
  }

  /** Newest first, by when it was last decided so. */
  of(symbol: string, limit: number): readonly RecordedDecision[] {
    return (this.#bySymbol.get(symbol) ?? []).toReversed().toSorted((a, b) => b.lastAt - a.lastAt).slice(0, limit).map(recorded);
  }

  /** Whatever has this id among its own, in the order of deciding. */
  withId(id: string): readonly RecordedDecision[] {
    return [...this.#bySymbol.values()].flatMap((list) => list.filter(({ latest }) => hasId(latest.ids, id))).map(recorded);
  }

  #insert(symbol: string, kept: Growing): void {
    const list = this.#bySymbol.getOrInsertComputed(symbol, () => []);
    const before = list.findLastIndex((one) => one.at <= kept.at);
    list.splice(before + 1, 0, kept);
    this.#size += 1;
    if (list.length > this.#bounds.ofSymbol) this.#forget(symbol, list);
    while (this.#size > this.#bounds.records) this.#forgetOfLongest();
  }

  /** Nobody's history is pushed out by another's while that one has more. */
  #forgetOfLongest(): void {
    let longest: [string, Growing[]] | undefined;
    for (const entry of this.#bySymbol) if (longest === undefined || entry[1].length > longest[1].length) longest = entry;
    if (longest !== undefined) this.#forget(...longest);
  }

  #forget(symbol: string, list: Growing[]): void {
    const gone = list.shift();
    if (list.length === 0) this.#bySymbol.delete(symbol);
    if (gone === undefined) return;
    const key = sameKey(gone.latest);
    if (this.#open.get(key) === gone) this.#open.delete(key);
    this.#size -= 1;
    this.#forgotten += 1;
  }
}

/** As it is shown and written: the newest numbers, since when, how often. */
export function recorded({ latest, at, lastAt, count }: Kept): RecordedDecision {
  return { ...latest, at, count, lastAt };
}

/** What went on is an event of its own; that somebody holds, or refuses as before, is a state that lasts. */
function isKeptAlone({ outcome, action }: Decision): boolean {
  return outcome === 'passed' && action !== 'HOLD';
}

function sameKey({ stage, symbol, by, outcome, action, inputs }: Decision): string {
  return JSON.stringify([symbol, stage, by, outcome, action ?? null, inputs?.['side'] ?? null, inputs?.['source'] ?? null, inputs?.['code'] ?? null]);
}

function hasId(ids: DecisionIds | undefined, id: string): boolean {
  return ids !== undefined && Object.values(ids).includes(id);
}

/** Without secrets, and never a document: what comes from outside is cut, not refused. */
function bounded(raw: Decision): Decision {
  const symbol = String(raw.symbol).slice(0, MOST_SYMBOL_CHARACTERS) as Decision['symbol'];
  if (raw.inputs === undefined) return symbol === raw.symbol ? raw : { ...raw, symbol };
  const inputs = redact(raw.inputs) as Record<string, unknown>;
  const json = JSON.stringify(inputs);
  return { ...raw, symbol, inputs: json.length > MOST_INPUT_CHARACTERS ? { cut: json.slice(0, MOST_INPUT_CHARACTERS) } : inputs };
}
