/**
 * What the journal costs over its bare store, per engine: appends a second as a ratio to the bare client's pipelined floor with
 * the same sync, in the same run. SQLite: prepared inserts, a commit each. Redis: ioredis with XADDs on their way at once.
 * Only the ratios mean anything; the disk of the day is in both. Run: `node bench/journal.ts [directory]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { spawnSync } from 'node:child_process';
import type { Journal } from '../src/persistence/port.ts';
import { openRedisJournal } from '../src/persistence/redis/open.ts';
import { checkJournal } from '../src/persistence/sqlite/check.ts';
import { openSqliteJournal } from '../src/persistence/sqlite/journal.ts';
import { systemClock } from '../src/supervision/clock.ts';
import { systemRandom } from '../src/supervision/random.ts';
import { RedisServer } from '../test/kit/redis.ts';

/** Alternating rounds, so that a slow moment of the disk hits all alike; the median round counts. */
const ROUNDS = 5;
const APPENDS = 2_000;
const payload = { clientOrderId: 'v1-GPSUSDT-000001', side: 'BUY', quantity: '23089', price: '0.00867', leverage: 10, reduceOnly: false };

type Ways = readonly (readonly [string, () => Promise<void> | void])[];

/** Runs `work` for APPENDS appends; appends a second. */
async function rate(work: () => Promise<void> | void): Promise<number> {
  const started = systemClock.monotonic();
  await work();
  return (APPENDS * 1000) / (systemClock.monotonic() - started);
}

/** The first way is the floor: the others are shown as shares of it. */
async function compare(engine: string, ways: Ways): Promise<void> {
  const measured = new Map<string, number[]>(ways.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of ways) measured.get(name)!.push(await rate(work));
  }
  const floor = median(measured.get(ways[0]![0])!);
  console.log(engine);
  for (const [name, rates] of measured) console.log(`  ${name.padEnd(30)} ${median(rates).toFixed(0).padStart(8)} /s   ${(median(rates) / floor).toFixed(2).padStart(6)} of the floor`);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]!;
}

/** `work`, APPENDS times, `writers` of them on their way at any time; each writer has its own entity. */
async function by(writers: number, work: (writer: number) => Promise<unknown>): Promise<void> {
  const each = Array.from({ length: writers }, async (_, writer) => {
    for (let count = 0; count < APPENDS / writers; count++) await work(writer);
  });
  await Promise.all(each);
}

function appender(journal: Journal): (writer: number) => Promise<void> {
  const sequences = new Map<number, number>();
  return (writer) => {
    const sequence = (sequences.get(writer) ?? 0) + 1;
    sequences.set(writer, sequence);
    return journal.append([{ entity: `symbol/${writer}`, sequence, type: 'FillRecorded', version: 1, at: systemClock.now(), payload }]);
  };
}

async function sqlite(directory: string): Promise<void> {
  const bare = new DatabaseSync(join(directory, 'bare.db'));
  bare.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entries (position INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT');
  const insert = bare.prepare('INSERT INTO entries (payload) VALUES (?)');
  const file = join(directory, 'journal.db');
  const journal = await openSqliteJournal({ file, now: () => systemClock.now() });
  const append = appender(journal);
  await compare('SQLite, synchronous = FULL', [
    ['bare insert + commit', () => { for (let count = 0; count < APPENDS; count++) insert.run(JSON.stringify(payload)); }],
    ['journal, one at a time', () => by(1, append)],
    ['journal, 32 concurrent', () => by(32, append)],
    ['journal, 250 concurrent', () => by(250, append)],
  ]);
  const { entries, commits = 0 } = await journal.stats();
  await journal.close();
  bare.close();
  const started = systemClock.monotonic();
  checkJournal(file);
  console.log(`  ${entries} entries in ${commits} commits; the check at opening took ${(((systemClock.monotonic() - started) * 1000) / entries).toFixed(2)} µs an entry`);
}

async function redis(appendfsync: 'always' | 'everysec', directory: string): Promise<void> {
  const server = await RedisServer.start({ appendfsync });
  const open = () => openRedisJournal({ url: server.url, prefix: 'quantum:', instance: 'bench', file: join(directory, `redis-${appendfsync}`), clock: systemClock, random: systemRandom, onFinding: (finding) => console.log(finding.message), onWarning: () => undefined });
  try {
    const client = server.client();
    const add = (): Promise<unknown> => client.call('XADD', 'bare', '*', 'payload', JSON.stringify(payload));
    const journal = await open();
    const append = appender(journal);
    await compare(`Redis, appendfsync ${appendfsync}`, [
      ['bare XADD, pipelined', async () => void (await Promise.all(Array.from({ length: APPENDS }, add)))],
      ['bare XADD, one at a time', () => by(1, add)],
      ['bare XADD, 32 concurrent', () => by(32, add)],
      ['journal, one at a time', () => by(1, append)],
      ['journal, 32 concurrent', () => by(32, append)],
      ['journal, 250 concurrent', () => by(250, append)],
    ]);
    const { entries, commits = 0 } = await journal.stats();
    await journal.close();
    const started = systemClock.monotonic();
    await (await open()).close();
    console.log(`  ${entries} entries in ${commits} scripts; opening, with its check, took ${(((systemClock.monotonic() - started) * 1000) / entries).toFixed(2)} µs an entry`);
  } finally {
    await server.remove();
  }
}

const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'vigil-bench-'));
try {
  await sqlite(directory);
  if (spawnSync('redis-server', ['--version']).status === 0) for (const appendfsync of ['always', 'everysec'] as const) await redis(appendfsync, directory);
  else console.log('Redis: left out, redis-server is not installed');
} finally {
  rmSync(directory, { recursive: true });
}
