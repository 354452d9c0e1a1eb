/** Reads recorded one-minute candles from CSV files; a row that is not one is named by file, line, field and value. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decimal, type Decimal } from '../../protocol/decimal.ts';
import { MINUTE_MS } from './interval.ts';

/** One recorded minute; volume in the base asset. */
export interface Row {
  readonly openTime: number;
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
  readonly volume: Decimal;
}

export interface Recording {
  readonly symbol: string;
  /** Ascending; minutes may be missing. */
  readonly rows: readonly Row[];
}

/** What was recorded cannot be read: says where and what, for the person who has to mend it. */
export class RecordingError extends Error {}

const SHORT_HEADER = 'open_time,open,high,low,close,volume';
/** Binance's own files: these and six more columns, or the same without a header. */
const LONG_COLUMNS = 12;
const SHORT_COLUMNS = 6;

/** `GPSUSDT.csv`, or Binance's own `GPSUSDT-1m-2025-11-30.csv` (several a symbol). */
const fileName = /^(?<symbol>[^-]+?)(-1m-[\d-]+)?\.csv$/;

function wrong(where: string, field: string, value: string | undefined, expected: string): RecordingError {
  return new RecordingError(`${where}: ${field} is ${JSON.stringify(value ?? '')}, expected ${expected}`);
}

function amount(where: string, field: string, value: string | undefined, zeroAllowed: boolean): Decimal {
  const expected = `a decimal number ${zeroAllowed ? 'not below' : 'above'} zero`;
  if (value === undefined || !/^\d+(\.\d+)?$/.test(value)) throw wrong(where, field, value, expected);
  const read = decimal(value);
  if (read.isZero() && !zeroAllowed) throw wrong(where, field, value, expected);
  return read;
}

function parseRow(where: string, line: string, columns: number, after: number): Row {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length !== columns) throw wrong(where, 'row', line, `${columns} columns`);
  const [time] = cells;
  const openTime = Number(time);
  if (!/^\d{12,14}$/.test(time ?? '') || openTime % MINUTE_MS !== 0) throw wrong(where, 'open_time', time, 'a whole minute in milliseconds since 1970');
  if (openTime <= after) throw wrong(where, 'open_time', time, `a time after the row before (${after})`);
  const open = amount(where, 'open', cells[1], false);
  const high = amount(where, 'high', cells[2], false);
  const low = amount(where, 'low', cells[3], false);
  const close = amount(where, 'close', cells[4], false);
  if (high.isLessThan(open) || high.isLessThan(close) || high.isLessThan(low)) throw wrong(where, 'high', cells[2], 'the highest of the four prices');
  if (low.isGreaterThan(open) || low.isGreaterThan(close)) throw wrong(where, 'low', cells[3], 'the lowest of the four prices');
  return { openTime, open, high, low, close, volume: amount(where, 'volume', cells[5], true) };
}

/** Parses one file's text. @throws RecordingError */
export function parseRecording(file: string, content: string): Row[] {
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  const first = lines[0] ?? '';
  const hasHeader = first.startsWith('open_time');
  const columns = first.split(',').length;
  if (columns !== SHORT_COLUMNS && columns !== LONG_COLUMNS) throw wrong(`${file} line 1`, 'row', first, `"${SHORT_HEADER}", or Binance's ${LONG_COLUMNS} columns`);
  if (hasHeader && !first.startsWith(SHORT_HEADER)) throw wrong(`${file} line 1`, 'header', first, `"${SHORT_HEADER}…"`);
  const rows: Row[] = [];
  for (const [index, line] of lines.entries()) {
    if ((index === 0 && hasHeader) || line.trim() === '') continue;
    rows.push(parseRow(`${file} line ${index + 1}`, line, columns, rows.at(-1)?.openTime ?? 0));
  }
  if (rows.length === 0) throw new RecordingError(`${file}: no candles in it`);
  return rows;
}

/** Every `*.csv` of a directory, by symbol, in order of name. `digest` tells one set of recordings from another. @throws RecordingError */
export function readRecordings(dir: string): { recordings: Recording[]; digest: string } {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => name.endsWith('.csv')).toSorted();
  } catch (cause) {
    throw new RecordingError(`cannot read the recordings in ${dir}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (names.length === 0) throw new RecordingError(`no *.csv files in ${dir}: expected SYMBOL.csv with ${SHORT_HEADER}`);
  const hash = createHash('sha256');
  const bySymbol = new Map<string, Row[]>();
  for (const name of names) {
    const symbol = fileName.exec(name)?.groups?.['symbol'];
    if (!symbol) throw new RecordingError(`${join(dir, name)}: expected a name such as GPSUSDT.csv or GPSUSDT-1m-2025-11-30.csv`);
    const content = readFileSync(join(dir, name), 'utf8');
    hash.update(name).update(content);
    const rows = parseRecording(join(dir, name), content);
    const before = bySymbol.get(symbol) ?? [];
    const lastTime = before.at(-1)?.openTime ?? 0;
    if (rows[0]!.openTime <= lastTime) throw wrong(`${join(dir, name)} line 1`, 'open_time', String(rows[0]!.openTime), `a time after the file before (${lastTime})`);
    bySymbol.set(symbol, [...before, ...rows]);
  }
  return { recordings: [...bySymbol].map(([symbol, rows]) => ({ symbol, rows })), digest: hash.digest('hex').slice(0, 16) };
}
