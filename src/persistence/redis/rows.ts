/** Entries as they lie in their streams, read page by page: no reply is so long that an append waits for it. */
import { VigilError } from '../../protocol/errors.ts';
import type { ChainedRow, ChainEnd } from '../port.ts';
import { GENESIS } from '../journal-entry.ts';
import type { RedisConnection } from './connection.ts';
import type { JournalKeys } from './keys.ts';
import { FORMAT } from './scripts.ts';

/** Entries a call: of most entities an entry is below a kilobyte, and of the decisions of many symbols it may be a thousand times that. */
const FIRST_PAGE = 50;
const PAGE = 250;
/** Of payload a call, about. */
const CHARACTERS_A_PAGE = 1_000_000;
const CURSORS_AT_ONCE = 32;

const FIELDS = ['sequence', 'type', 'version', 'at', 'epoch', 'payload', 'checksum'];

/** What the journal says of itself. */
export interface RedisHead {
  readonly head: ChainEnd;
  readonly anchor: ChainEnd;
  /** 0: nobody has ever opened it. */
  readonly writerEpoch: number;
}

/** @throws RedisFault, or VigilError JOURNAL_FOREIGN when the key is of another program or of a later version. */
export async function readHead(connection: RedisConnection, keys: JournalKeys): Promise<RedisHead> {
  const [format, writerEpoch, position, checksum, anchorPosition, anchorChecksum] = (await connection.call('HMGET', keys.head, 'format', 'writerEpoch', 'position', 'checksum', 'anchorPosition', 'anchorChecksum')) as (string | null)[];
  if (format == null) {
    if ((await connection.call('EXISTS', keys.head)) !== 0) throw foreignHead(connection, keys, 'is a hash of another program');
    return { head: { position: 0, checksum: GENESIS }, anchor: { position: 0, checksum: GENESIS }, writerEpoch: 0 };
  }
  if (format !== FORMAT) throw foreignHead(connection, keys, `has format ${format}, this Vigil knows ${FORMAT}: run the version that wrote it`);
  return { head: { position: Number(position), checksum: checksum ?? '' }, anchor: { position: Number(anchorPosition), checksum: anchorChecksum ?? '' }, writerEpoch: Number(writerEpoch) };
}

function foreignHead(connection: RedisConnection, keys: JournalKeys, what: string): VigilError {
  return new VigilError('JOURNAL_FOREIGN', `${keys.head} in Redis at ${connection.where} ${what}; or choose another journal.redis.prefix`, { details: { key: keys.head } });
}

/** A hash of whole numbers: entity → sequence, or entity → position. */
export async function readNumbers(connection: RedisConnection, key: string): Promise<Map<string, number>> {
  const flat = (await connection.call('HGETALL', key)) as string[];
  const found = new Map<string, number>();
  for (let index = 0; index < flat.length; index += 2) found.set(flat[index]!, Number(flat[index + 1]));
  return found;
}

/** Entries of one entity from position `from` on, in order, up to `end`. */
export async function* forward(connection: RedisConnection, keys: JournalKeys, entity: string, from: number, end: number): AsyncGenerator<ChainedRow[], void, void> {
  for (let [next, count] = [from, FIRST_PAGE]; next <= end; ) {
    const rows = decode(connection, entity, await connection.call('XRANGE', keys.stream(entity), `${next}-0`, `${end}-0`, 'COUNT', count));
    if (rows.length > 0) yield rows;
    if (rows.length < count) return;
    next = rows.at(-1)!.position + 1;
    count = pageAfter(rows);
  }
}

/** Entries of one entity from its newest backwards, down to position `downTo`. */
export async function* backward(connection: RedisConnection, keys: JournalKeys, entity: string, downTo = 0): AsyncGenerator<ChainedRow[], void, void> {
  for (let [next, count] = ['+', FIRST_PAGE]; ; ) {
    const rows = decode(connection, entity, await connection.call('XREVRANGE', keys.stream(entity), next, `${downTo}-0`, 'COUNT', count));
    if (rows.length > 0) yield rows;
    const oldest = rows.at(-1);
    if (rows.length < count || oldest === undefined || oldest.position <= downTo) return;
    next = `${oldest.position - 1}-0`;
    count = pageAfter(rows);
  }
}

/** As many as are about one page, if they are like the last ones. */
function pageAfter(rows: readonly ChainedRow[]): number {
  const characters = rows.reduce((sum, { payload }) => sum + payload.length, 0);
  return Math.min(PAGE, Math.max(1, Math.floor((CHARACTERS_A_PAGE * rows.length) / characters)));
}

/** Of one entity those entries, among the given sequences, that are still held. */
export async function findRows(connection: RedisConnection, keys: JournalKeys, entity: string, sequences: ReadonlySet<number>): Promise<ChainedRow[]> {
  const least = Math.min(...sequences);
  const found: ChainedRow[] = [];
  for await (const rows of backward(connection, keys, entity)) {
    found.push(...rows.filter((row) => sequences.has(row.sequence)));
    if (rows.at(-1)!.sequence <= least) break;
  }
  return found;
}

/** The entries of all the entities in the order of the journal, from position `from` up to `end`. */
export async function* inOrder(connection: RedisConnection, keys: JournalKeys, entities: Iterable<string>, from: number, end: number): AsyncGenerator<ChainedRow, void, void> {
  const cursors = [...entities].map((entity) => ({ pages: forward(connection, keys, entity, from, end), rows: [] as ChainedRow[], index: 0 }));
  // Some at a time: the first pages of a thousand entities at once would be an answer that nobody waits for.
  for (let from = 0; from < cursors.length; from += CURSORS_AT_ONCE) await Promise.all(cursors.slice(from, from + CURSORS_AT_ONCE).map(turnPage));
  let live = cursors.filter(({ rows }) => rows.length > 0);
  while (live.length > 0) {
    let least = live[0]!;
    for (const cursor of live) if (cursor.rows[cursor.index]!.position < least.rows[least.index]!.position) least = cursor;
    yield least.rows[least.index]!;
    least.index += 1;
    if (least.index === least.rows.length) {
      await turnPage(least);
      if (least.rows.length === 0) live = live.filter((cursor) => cursor !== least);
    }
  }
}

async function turnPage(cursor: { pages: AsyncGenerator<ChainedRow[], void, void>; rows: ChainedRow[]; index: number }): Promise<void> {
  const page = await cursor.pages.next();
  cursor.rows = page.done === true ? [] : page.value;
  cursor.index = 0;
}

/** The fields of a row as the script takes them. */
export function fieldsOf(row: ChainedRow): (string | number)[] {
  return [row.position, row.sequence, row.type, row.version, row.at, row.writerEpoch, row.payload, row.checksum];
}

function decode(connection: RedisConnection, entity: string, reply: unknown): ChainedRow[] {
  return (reply as [string, string[]][]).map(([id, fields]) => {
    const [position, zero] = id.split('-');
    if (zero !== '0' || fields.length !== FIELDS.length * 2 || FIELDS.some((name, index) => fields[index * 2] !== name)) {
      throw new VigilError('JOURNAL_CORRUPT', `the stream of ${entity} in Redis at ${connection.where} has an entry ${id} that Vigil did not write; nothing was changed`, { details: { entity, id } });
    }
    const [sequence, type, version, at, writerEpoch, payload, checksum] = FIELDS.map((_, index) => fields[index * 2 + 1]!) as [string, string, string, string, string, string, string];
    return { position: Number(position), entity, sequence: Number(sequence), type, version: Number(version), at: Number(at), writerEpoch: Number(writerEpoch), payload, checksum };
  });
}
