/** The exchange's state in SQLite: each command's changes are one fully synced transaction, so kill -9 loses nothing that was acknowledged. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import type { ExchangeEvent } from '../core/events.ts';
import { KEPT_MS } from '../core/forget.ts';
import { readRecord, RECORD_KINDS, recordsOf, type KeptRecord } from '../core/records.ts';
import { positionKey } from '../core/state.ts';
import { readKept, type CandleRow } from '../market/kept-candles.ts';
import type { SavedMarket } from '../market/market.ts';
import { openExchangeFile, type MarketIdentity } from './exchange-file.ts';
import { lockPlace, reasonOf, type StatePlace } from './state-directory.ts';
import { StartRefused, type Countdown, type ListenKey, type SavedExchange, type Store } from './store.ts';

const viewSchema = z.object({ symbol: z.string(), last: z.string(), mark: z.string(), index: z.string(), bid: z.string(), ask: z.string(), bookSeed: z.number() });
const marketSchema = z.object({ source: z.unknown(), views: z.array(viewSchema), begunAt: z.int().optional() });
const countdownSchema = z.object({ apiKey: z.string(), symbol: z.string(), endsAt: z.int() });
const listenKeySchema = z.object({ key: z.string(), apiKey: z.string(), expiresAt: z.int() });

/** Where a record lies in the table, together with its kind. */
function placeOf({ kind, body }: KeptRecord): { part: string; id: number } {
  switch (kind) {
    case 'account':
      return { part: body.apiKey, id: 0 };
    case 'settings':
      return { part: `${body.account} ${body.symbol}`, id: 0 };
    case 'position':
      return { part: `${body.account} ${positionKey(body)}`, id: 0 };
    case 'order':
      return { part: '', id: body.orderId };
    case 'trade':
      return { part: '', id: body.id };
    case 'income':
    case 'margin-change':
      return { part: '', id: body.tranId };
    case 'funding':
      return { part: body.symbol, id: body.fundingTime };
    case 'listing':
      return { part: body.symbol, id: 0 };
    case 'algo':
      return { part: '', id: body.algoId };
    case 'amendment':
      return { part: '', id: body.amendmentId };
    case 'counters':
      return { part: '', id: 0 };
  }
}

export class SqliteStore implements Store {
  readonly keeps = true;
  readonly #lock: DatabaseSync;
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #putCandle: StatementSync;
  readonly #dropCandles: StatementSync;
  readonly #dropFundings: StatementSync;

  /**
   * Opens or creates the state.
   * @throws StartRefused with nothing changed: another instance, a foreign or damaged file, another market.
   */
  constructor(place: StatePlace, identity: MarketIdentity) {
    this.#lock = lockPlace(place);
    this.#file = place.file;
    try {
      this.#db = openExchangeFile(this.#file, identity);
    } catch (error) {
      this.#lock.close();
      throw error;
    }
    this.#put = this.#db.prepare('INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body');
    this.#drop = this.#db.prepare("DELETE FROM records WHERE kind = ? AND part = '' AND id = ?");
    this.#putCandle = this.#db.prepare('INSERT INTO candles VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body');
    this.#dropFundings = this.#db.prepare("DELETE FROM records WHERE kind = 'funding' AND part = ? AND id < ?");
    this.#dropCandles = this.#db.prepare('DELETE FROM candles WHERE symbol = ? AND open_time <= ?');
  }

  load(): SavedExchange | undefined {
    const market = this.#bodies('market')[0];
    if (market === undefined) return undefined;
    try {
      return {
        records: RECORD_KINDS.flatMap((kind) => this.#bodies(kind).map((body) => readRecord(kind, body))),
        market: marketSchema.parse(market),
        candles: readKept(this.#candleRows()),
        countdowns: this.#bodies('countdown').map((body) => countdownSchema.parse(body)),
        listenKeys: this.#bodies('listen-key').map((body) => listenKeySchema.parse(body)),
      };
    } catch (cause) {
      throw new StartRefused(`${this.#file} holds a record that cannot be read (${reasonOf(cause)}): restore it from a copy, or move it away to begin anew`, { cause });
    }
  }

  *#candleRows(): Generator<{ name: string; body: unknown }> {
    for (const row of this.#db.prepare('SELECT symbol, body FROM candles ORDER BY symbol, open_time').iterate()) yield { name: String(row['symbol']), body: JSON.parse(String(row['body'])) };
  }

  #bodies(kind: string): unknown[] {
    return this.#db.prepare('SELECT body FROM records WHERE kind = ? ORDER BY part, id').all(kind).map((row): unknown => JSON.parse(String(row['body'])));
  }

  #transaction(run: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      run();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  commit(events: readonly ExchangeEvent[]): void {
    const records = events.flatMap(recordsOf);
    if (records.length === 0) return;
    this.#transaction(() => {
      for (const record of records) {
        const { part, id } = placeOf(record);
        this.#put.run(record.kind, part, id, JSON.stringify(record.body));
      }
      for (const event of events) this.#forget(event);
    });
  }

  /** What memory lets go of with an event. */
  #forget(event: ExchangeEvent): void {
    if (event.type === 'HistoryPruned') {
      for (const [kind, ids] of Object.entries(event.gone)) for (const id of ids) this.#drop.run(kind, id);
    } else if (event.type === 'FundingSettled') {
      const { symbol, fundingTime } = event.funding;
      this.#dropFundings.run(symbol, fundingTime - KEPT_MS);
    }
  }

  saveListenKey(key: ListenKey): void {
    this.#put.run('listen-key', key.key, 0, JSON.stringify(key));
  }

  removeListenKey(key: string): void {
    this.#db.prepare("DELETE FROM records WHERE kind = 'listen-key' AND part = ?").run(key);
  }

  saveCountdown(countdown: Countdown): void {
    this.#put.run('countdown', `${countdown.apiKey} ${countdown.symbol}`, 0, JSON.stringify(countdown));
  }

  removeCountdown(apiKey: string, symbol: string): void {
    this.#db.prepare("DELETE FROM records WHERE kind = 'countdown' AND part = ?").run(`${apiKey} ${symbol}`);
  }

  saveMarket(market: SavedMarket, candles: readonly CandleRow[]): void {
    this.#transaction(() => {
      this.#put.run('market', '', 0, JSON.stringify(market));
      const kept = new Map<string, number>();
      for (const { name, openTime, body, keptMs } of candles) {
        this.#putCandle.run(name, openTime, JSON.stringify(body));
        kept.set(name, openTime - keptMs);
      }
      for (const [name, before] of kept) this.#dropCandles.run(name, before);
    });
  }

  close(): void {
    this.#db.close();
    this.#lock.close();
  }
}
