/** Opens the file of one exchange, or begins it: what is damaged, or belongs to another market, is refused before a byte of it changes. */
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { APPLICATION_ID, isOurs, reasonOf, SCHEMA_VERSION } from './state-directory.ts';
import { StartRefused } from './store.ts';

/** Every record is a row of its newest JSON; `part` and `id` are what it is found by. */
const TABLES = `
  CREATE TABLE records (kind TEXT NOT NULL, part TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, part, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE candles (symbol TEXT NOT NULL, open_time INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (symbol, open_time)) STRICT, WITHOUT ROWID;
`;

const identitySchema = z.object({ identity: z.string(), description: z.string() });

/** What a start's market is: a saved exchange goes on with its own only. */
export type MarketIdentity = Readonly<z.infer<typeof identitySchema>>;

/** Reads the whole file before anything is written to it. */
function check(file: string, identity: MarketIdentity): void {
  let saved: MarketIdentity | undefined;
  const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    const version = db.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version !== SCHEMA_VERSION) throw new Error(`its version is ${String(version)}, expected ${SCHEMA_VERSION}`);
    const verdict = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (verdict !== 'ok') throw new Error(String(verdict));
    const row = db.prepare("SELECT body FROM records WHERE kind = 'identity'").get();
    saved = row && identitySchema.parse(JSON.parse(String(row['body'])));
  } catch (cause) {
    throw new StartRefused(`${file} is damaged (${reasonOf(cause)}); it was left untouched: restore it from a copy, or move it away to begin anew`, { cause });
  } finally {
    db.close();
  }
  if (saved && saved.identity !== identity.identity) {
    throw new StartRefused(
      `${file} was made with ${saved.description}, and this start asks for ${identity.description}: start with the former, or choose another place for the state (or move ${file} away) to begin anew`,
    );
  }
}

/**
 * @param identity what this start's market is; a saved state of another one is refused.
 * @throws StartRefused with nothing changed: a foreign or damaged file, another market.
 */
export function openExchangeFile(file: string, identity: MarketIdentity): DatabaseSync {
  try {
    const fresh = !isOurs(file);
    if (!fresh) check(file, identity);
    const db = new DatabaseSync(file, { timeout: 1_000 });
    if (fresh) {
      db.exec(`BEGIN; PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${SCHEMA_VERSION}; ${TABLES}`);
      db.prepare("INSERT INTO records VALUES ('identity', '', 0, ?)").run(JSON.stringify({ identity: identity.identity, description: identity.description }));
      db.exec('COMMIT');
    }
    db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
    return db;
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    throw new StartRefused(`${file} cannot be used: ${reasonOf(error)}; move it away, or choose another place for the state`, { cause: error });
  }
}
