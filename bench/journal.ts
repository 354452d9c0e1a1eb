/**
 * What the journal costs over bare SQLite: appends a second as a ratio to autocommit inserts with the same pragmas, in the same run.
 * Only the ratios mean anything; the disk of the day is in both. Run: `node bench/journal.ts [directory]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { checkJournal } from '../src/persistence/sqlite-check.ts';
import { openSqliteJournal } from '../src/persistence/sqlite-journal.ts';
import { systemClock } from '../src/supervision/clock.ts';

/** Alternating rounds, so that a slow moment of the disk hits all alike; the median round counts. */
const ROUNDS = 5;
const APPENDS = 2_000;
const payload = { clientOrderId: 'v1-GPSUSDT-000001', side: 'BUY', quantity: '23089', price: '0.00867', leverage: 10, reduceOnly: false };

const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'vigil-bench-'));

/** Runs `work` for APPENDS appends; appends a second. */
async function rate(work: () => Promise<void> | void): Promise<number> {
  const started = systemClock.monotonic();
  await work();
  return (APPENDS * 1000) / (systemClock.monotonic() - started);
}

const bare = new DatabaseSync(join(directory, 'bare.db'));
bare.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entries (position INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT');
const insert = bare.prepare('INSERT INTO entries (payload) VALUES (?)');
const file = join(directory, 'journal.db');
const journal = await openSqliteJournal({ file, now: () => systemClock.now() });
const sequences = new Map<string, number>();

function append(entity: string): Promise<void> {
  const sequence = (sequences.get(entity) ?? 0) + 1;
  sequences.set(entity, sequence);
  return journal.append([{ entity, sequence, type: 'OrderSending', version: 1, at: systemClock.now(), payload }]);
}

/** As many appends, `writers` of them on their way at any time. */
async function appendBy(writers: number): Promise<void> {
  const each = Array.from({ length: writers }, async (_, writer) => {
    for (let count = 0; count < APPENDS / writers; count++) await append(`symbol/${writer}`);
  });
  await Promise.all(each);
}

const ways: readonly (readonly [string, () => Promise<void> | void])[] = [
  ['bare autocommit inserts', () => { for (let count = 0; count < APPENDS; count++) insert.run(JSON.stringify(payload)); }],
  ['journal, one at a time', () => appendBy(1)],
  ['journal, 32 concurrent', () => appendBy(32)],
];
const measured = new Map<string, number[]>(ways.map(([name]) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, work] of ways) measured.get(name)!.push(await rate(work));
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;
}

const { entries, commits = 0 } = await journal.stats();
await journal.close();
bare.close();
const floor = median(measured.get(ways[0]![0])!);
for (const [name, rates] of measured) console.log(`${name.padEnd(26)} ${median(rates).toFixed(0).padStart(8)} /s   ${(median(rates) / floor).toFixed(2).padStart(6)} of bare`);
console.log(`${entries} entries in ${commits} commits`);
const started = systemClock.monotonic();
checkJournal(file);
console.log(`the check at opening        ${((systemClock.monotonic() - started) * 1000 / entries).toFixed(2)} µs an entry`);
rmSync(directory, { recursive: true });
