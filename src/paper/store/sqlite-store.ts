/** The exchange's state in SQLite: each command's changes are one fully synced transaction, so kill -9 loses nothing that was acknowledged. */
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { accountSchema, algoSchema, fundingSchema, incomeSchema, listingSchema, marginChangeSchema, orderSchema, positionSchema, settingsSchema, tradeSchema } from '../core/model.ts';
import type { ExchangeEvent } from '../core/events.ts';
import { positionKey } from '../core/state.ts';
import { candleSchema, type Candle } from '../market/candle.ts';
import { KEPT_CANDLES } from '../market/candle-series.ts';
import type { SavedMarket } from '../market/market.ts';
import { APPLICATION_ID, isOurs, lockDirectory, reasonOf, SCHEMA_VERSION } from './state-directory.ts';
import { StartRefused, type ListenKey, type SavedExchange, type Store } from './store.ts';

/** Every record is a row of its newest JSON; `part` and `id` are what it is found by. */
const TABLES = `
  CREATE TABLE records (kind TEXT NOT NULL, part TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, part, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE candles (symbol TEXT NOT NULL, open_time INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (symbol, open_time)) STRICT, WITHOUT ROWID;
`;

const viewSchema = z.object({ symbol: z.string(), last: z.string(), mark: z.string(), index: z.string(), bid: z.string(), ask: z.string(), bookSeed: z.number() });
const marketSchema = z.object({ source: z.unknown(), views: z.array(viewSchema) });
const listenKeySchema = z.object({ key: z.string(), apiKey: z.string(), expiresAt: z.int() });
const identitySchema = z.object({ identity: z.string(), description: z.string() });

interface StoredRecord {
  readonly kind: string;
  readonly part: string;
  readonly id: number;
  readonly body: unknown;
}

/** The records that an event changed. */
function recordsOf(event: ExchangeEvent): StoredRecord[] {
  switch (event.type) {
    case 'AccountOpened':
    case 'PositionModeChanged':
      return [{ kind: 'account', part: event.account.apiKey, id: 0, body: event.account }];
    case 'LeverageChanged':
    case 'MarginTypeChanged':
      return [{ kind: 'settings', part: `${event.settings.account} ${event.settings.symbol}`, id: 0, body: event.settings }];
    case 'OrderAccepted':
    case 'OrderAmended':
    case 'OrderCanceled':
    case 'OrderExpired':
      return [{ kind: 'order', part: '', id: event.order.orderId, body: event.order }];
    case 'OrderTraded':
      return [
        { kind: 'order', part: '', id: event.order.orderId, body: event.order },
        { kind: 'trade', part: '', id: event.trade.id, body: event.trade },
        { kind: 'position', part: `${event.position.account} ${positionKey(event.position)}`, id: 0, body: event.position },
        { kind: 'account', part: event.account.apiKey, id: 0, body: event.account },
      ];
    case 'IncomeBooked':
      return [
        { kind: 'income', part: '', id: event.income.tranId, body: event.income },
        { kind: 'position', part: `${event.position.account} ${positionKey(event.position)}`, id: 0, body: event.position },
        { kind: 'account', part: event.account.apiKey, id: 0, body: event.account },
      ];
    case 'MarginMoved':
      return [
        { kind: 'margin-change', part: '', id: event.change.tranId, body: event.change },
        { kind: 'position', part: `${event.change.account} ${positionKey(event.position)}`, id: 0, body: event.position },
      ];
    case 'MarginCalled':
      return [];
    case 'FundingSettled':
      return [{ kind: 'funding', part: event.funding.symbol, id: event.funding.fundingTime, body: event.funding }];
    case 'SymbolStatusChanged':
      return [{ kind: 'listing', part: event.listing.symbol, id: 0, body: event.listing }];
    case 'AlgoVanished':
    case 'AlgoTrailed':
    case 'AlgoChanged':
      return [{ kind: 'algo', part: '', id: event.algo.algoId, body: event.algo }];
  }
}

export class SqliteStore implements Store {
  readonly #lock: DatabaseSync;
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #fresh: boolean;
  readonly #put: StatementSync;
  readonly #putCandle: StatementSync;
  readonly #dropCandles: StatementSync;

  /**
   * Opens or creates the state in `dir`.
   * @param identity what this start's market is; a saved state of another one is refused.
   * @throws StartRefused with nothing changed: another instance, a foreign or damaged file, another market.
   */
  constructor(dir: string, identity: { readonly identity: string; readonly description: string }) {
    this.#lock = lockDirectory(dir);
    this.#file = join(dir, 'exchange.db');
    try {
      this.#fresh = !isOurs(this.#file);
      if (!this.#fresh) this.#check(identity);
      this.#db = new DatabaseSync(this.#file, { timeout: 1_000 });
      if (this.#fresh) {
        this.#db.exec(`BEGIN; PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${SCHEMA_VERSION}; ${TABLES} COMMIT;`);
      }
      this.#db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
      this.#put = this.#db.prepare('INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body');
      this.#putCandle = this.#db.prepare('INSERT INTO candles VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body');
      this.#dropCandles = this.#db.prepare('DELETE FROM candles WHERE symbol = ? AND open_time <= ?');
      if (this.#fresh) this.#write([{ kind: 'identity', part: '', id: 0, body: identity }]);
    } catch (error) {
      this.#lock.close();
      if (error instanceof StartRefused) throw error;
      throw new StartRefused(`${this.#file} cannot be used: ${reasonOf(error)}; move it away, or choose another state directory`, { cause: error });
    }
  }

  /** Reads the whole file before anything is written to it. */
  #check(identity: { readonly identity: string; readonly description: string }): void {
    let saved: z.infer<typeof identitySchema> | undefined;
    const db = new DatabaseSync(this.#file, { readOnly: true, timeout: 1_000 });
    try {
      const version = db.prepare('PRAGMA user_version').get()?.['user_version'];
      if (version !== SCHEMA_VERSION) throw new Error(`its version is ${String(version)}, expected ${SCHEMA_VERSION}`);
      const verdict = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
      if (verdict !== 'ok') throw new Error(String(verdict));
      const row = db.prepare("SELECT body FROM records WHERE kind = 'identity'").get();
      saved = row && identitySchema.parse(JSON.parse(String(row['body'])));
    } catch (cause) {
      throw new StartRefused(`${this.#file} is damaged (${reasonOf(cause)}); it was left untouched: restore it from a copy, or move it away to begin anew`, { cause });
    } finally {
      db.close();
    }
    if (saved && saved.identity !== identity.identity) {
      throw new StartRefused(
        `${this.#file} was made with ${saved.description}, and this start asks for ${identity.description}: start with the former, or choose another state directory (or move ${this.#file} away) to begin anew`,
      );
    }
  }

  load(): SavedExchange | undefined {
    const market = this.#bodies('market')[0];
    if (market === undefined) return undefined;
    try {
      return this.#load(marketSchema.parse(market));
    } catch (cause) {
      throw new StartRefused(`${this.#file} holds a record that cannot be read (${reasonOf(cause)}): restore it from a copy, or move it away to begin anew`, { cause });
    }
  }

  #load(market: z.infer<typeof marketSchema>): SavedExchange {
    const events: ExchangeEvent[] = [];
    const accounts = this.#bodies('account').map((body) => accountSchema.parse(body));
    const owner = new Map(accounts.map((account) => [account.apiKey, account]));
    const positions = new Map(this.#bodies('position').map((body) => positionSchema.parse(body)).map((position) => [`${position.account} ${positionKey(position)}`, position]));
    const orders = new Map(this.#bodies('order').map((body) => orderSchema.parse(body)).map((order) => [order.orderId, order]));
    for (const account of accounts) events.push({ type: 'AccountOpened', time: account.openedAt, account });
    for (const body of this.#bodies('settings')) events.push({ type: 'LeverageChanged', time: 0, settings: settingsSchema.parse(body) });
    for (const order of orders.values()) events.push({ type: 'OrderAccepted', time: order.time, order });
    for (const trade of this.#bodies('trade').map((body) => tradeSchema.parse(body))) {
      const order = orders.get(trade.orderId);
      const position = positions.get(`${trade.account} ${positionKey(trade)}`);
      const account = owner.get(trade.account);
      if (!order || !position || !account) throw new Error(`trade ${trade.id} has no order, position or account`);
      events.push({ type: 'OrderTraded', time: trade.time, order, trade, position, account });
    }
    for (const income of this.#bodies('income').map((body) => incomeSchema.parse(body))) {
      const position = positions.get(`${income.account} ${positionKey(income)}`);
      const account = owner.get(income.account);
      if (!position || !account) throw new Error(`income ${income.tranId} has no position or account`);
      events.push({ type: 'IncomeBooked', time: income.time, income, account, position });
    }
    for (const change of this.#bodies('margin-change').map((body) => marginChangeSchema.parse(body))) {
      const position = positions.get(`${change.account} ${positionKey(change)}`);
      if (!position) throw new Error(`margin change ${change.tranId} has no position`);
      events.push({ type: 'MarginMoved', time: change.time, change, position });
    }
    for (const funding of this.#bodies('funding').map((body) => fundingSchema.parse(body))) events.push({ type: 'FundingSettled', time: funding.fundingTime, funding });
    for (const body of this.#bodies('listing')) events.push({ type: 'SymbolStatusChanged', time: 0, listing: listingSchema.parse(body) });
    for (const body of this.#bodies('algo')) {
      const algo = algoSchema.parse(body);
      events.push({ type: 'AlgoChanged', time: algo.updateTime, algo });
    }
    const candles = new Map<string, Candle[]>();
    for (const row of this.#db.prepare('SELECT symbol, body FROM candles ORDER BY symbol, open_time').all()) {
      const symbol = String(row['symbol']);
      const own = candles.get(symbol) ?? [];
      own.push(candleSchema.parse(JSON.parse(String(row['body']))));
      candles.set(symbol, own);
    }
    return { events, market, candles, listenKeys: this.#bodies('listen-key').map((body) => listenKeySchema.parse(body)) };
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

  #write(records: readonly StoredRecord[]): void {
    if (records.length === 0) return;
    this.#transaction(() => {
      for (const { kind, part, id, body } of records) this.#put.run(kind, part, id, JSON.stringify(body));
    });
  }

  commit(events: readonly ExchangeEvent[]): void {
    this.#write(events.flatMap(recordsOf));
  }

  saveListenKey(key: ListenKey): void {
    this.#write([{ kind: 'listen-key', part: key.key, id: 0, body: key }]);
  }

  removeListenKey(key: string): void {
    this.#db.prepare("DELETE FROM records WHERE kind = 'listen-key' AND part = ?").run(key);
  }

  saveMarket(market: SavedMarket, candles: readonly { readonly symbol: string; readonly candle: Candle }[]): void {
    this.#transaction(() => {
      this.#put.run('market', '', 0, JSON.stringify(market));
      for (const { symbol, candle } of candles) {
        this.#putCandle.run(symbol, candle.openTime, JSON.stringify(candle));
        this.#dropCandles.run(symbol, candle.openTime - KEPT_CANDLES * 60_000);
      }
    });
  }

  close(): void {
    this.#db.close();
    this.#lock.close();
  }
}
