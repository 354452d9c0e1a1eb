/** Whose candles are to be read, and how many at a time: hundreds at once would be in everybody's way, and wait longer than they are waited for. */
import type { SymbolName } from '../../protocol/names.ts';

const AT_A_TIME = 16;
/** What concerns all symbols is asked first: the weight of the histories may fill the minute. */
const BEFORE = ['tickers', 'intervals'] as const;

export class Histories {
  readonly #wanted = new Set<SymbolName>();
  readonly #underWay = new Set<SymbolName>();
  readonly #answered = new Set<(typeof BEFORE)[number]>();

  want(symbol: SymbolName): void {
    this.#wanted.add(symbol);
  }

  /** It was asked and answered, with whatever. */
  answered(what: (typeof BEFORE)[number]): void {
    this.#answered.add(what);
  }

  /** Its question was answered. */
  over(symbol: SymbolName): void {
    this.#underWay.delete(symbol);
  }

  /** Those to be asked for now, `urgent` ones first; what is not `watched` any more is forgotten. */
  next(watched: ReadonlySet<SymbolName>, urgent: ReadonlySet<SymbolName>): readonly SymbolName[] {
    if (this.#answered.size < BEFORE.length) return [];
    for (const symbol of this.#wanted) if (!watched.has(symbol)) this.#wanted.delete(symbol);
    const due = [...this.#wanted].filter((symbol) => !this.#underWay.has(symbol));
    const next = [...due.filter((symbol) => urgent.has(symbol)), ...due.filter((symbol) => !urgent.has(symbol))].slice(0, AT_A_TIME - this.#underWay.size);
    for (const symbol of next) {
      this.#wanted.delete(symbol);
      this.#underWay.add(symbol);
    }
    return next;
  }
}
