/** Retention in Redis, piece by piece: each leaves a whole journal, and appends go in between. */
import type { Release } from '../port.ts';
import { isLog } from '../retention.ts';
import type { RedisChain } from './chain.ts';
import type { JournalKeys } from './keys.ts';
import { inOrder, readHead } from './rows.ts';
import type { RedisWriter } from './writer.ts';

/** Trimming so many takes Redis a millisecond or two. */
const ROWS_A_PIECE = 1_000;

/** Lets go of what retention allows. @param mayGoOn waited for before each piece. @throws RedisFault. */
export async function releaseFromRedis(writer: RedisWriter, chain: RedisChain, keys: JournalKeys, before: number, mayGoOn: () => Promise<void>): Promise<Release> {
  const { connection } = writer;
  const { anchor } = await readHead(connection, keys);
  let through = anchor.position;
  let waiting: { entities: Set<string>; last: Parameters<RedisWriter['release']>[0] } | undefined;
  let heldBy: string | undefined;
  const flush = async (): Promise<void> => {
    if (waiting === undefined) return;
    await mayGoOn();
    await writer.release(waiting.last, waiting.entities);
    through = waiting.last.position;
    waiting = undefined;
  };
  for await (const row of inOrder(connection, keys, chain.entities.keys(), anchor.position + 1, chain.head.position)) {
    const standsFor = isLog(row.entity) || row.position < (chain.snapshots.get(row.entity) ?? 0);
    if (row.at >= before || !standsFor) {
      heldBy = row.at >= before ? undefined : row.entity;
      break;
    }
    waiting = { entities: (waiting?.entities ?? new Set()).add(row.entity), last: row };
    if (row.position - through >= ROWS_A_PIECE) await flush();
  }
  await flush();
  return { entries: through - anchor.position, through, heldBy };
}
