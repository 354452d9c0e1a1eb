/** What a journal has on record of each symbol, as the auditor takes it: from SQLite's file, or from Redis, whoever writes it meanwhile. */
import { openRedisReader } from '../../src/persistence/redis/reader.ts';
import { SNAPSHOT } from '../../src/persistence/port.ts';
import { parseLifeEvent } from '../../src/protocol/life-events.ts';
import type { LifeEvent } from '../../src/protocol/life-events.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { RecordedLife } from '../../src/rules/audit/facts.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { readJournalFile } from './journal-file.ts';

const SYMBOLS = 'symbol/';

export type RecordedLives = ReadonlyMap<SymbolName, RecordedLife>;

interface Row {
  readonly entity: string;
  readonly type: string;
  readonly version: number;
  readonly at: number;
  readonly payload: unknown;
}

/** Every event from the first on: what a snapshot says stands in those before it, too. */
function livesOf(rows: Iterable<Row>): RecordedLives {
  const lives = new Map<SymbolName, { readonly events: LifeEvent[] }>();
  for (const { entity, type, version, at, payload } of rows) {
    if (!entity.startsWith(SYMBOLS) || type === SNAPSHOT) continue;
    const symbol = entity.slice(SYMBOLS.length) as SymbolName;
    const life = lives.get(symbol) ?? { events: [] };
    life.events.push(parseLifeEvent(type, version, at, payload));
    lives.set(symbol, life);
  }
  return lives;
}

export function livesOnFile(dataDir: string): RecordedLives {
  return livesOf(readJournalFile(dataDir));
}

export async function livesInRedis(options: { readonly url: string; readonly prefix: string; readonly instance: string; readonly file: string }): Promise<RecordedLives> {
  const reader = await openRedisReader({ ...options, clock: systemClock });
  try {
    const rows: Row[] = [];
    for await (const row of reader.entries()) rows.push({ ...row, payload: JSON.parse(row.payload) });
    return livesOf(rows);
  } finally {
    await reader.close();
  }
}
