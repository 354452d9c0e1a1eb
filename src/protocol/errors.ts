/** The catalogue of errors: a code per cause, what it means, and what the operator should do. */

interface CatalogueEntry {
  readonly meaning: string;
  readonly remedy: string;
}

export const ERRORS = {
  CONFIG_INVALID: { meaning: 'The configuration has faults.', remedy: 'Correct every fault listed; config/vigil.yaml shows each key with its default.' },
  CONFIG_UNREADABLE: { meaning: 'A configuration file cannot be read or is not YAML.', remedy: 'Check the path, the file mode and the syntax.' },
  DATA_DIR_UNWRITABLE: { meaning: 'The data directory cannot be written.', remedy: 'Give the service a directory it owns with --data-dir, or correct the mode.' },
  DATA_DIR_AWAY: { meaning: 'The disk of the data directory takes nothing now, or is not there: full, read-only, failing, or no longer mounted.', remedy: 'Look at the disk (`df`, `mount`, `dmesg`), make room, or mount it (writable) again. After a crash the launcher tries again by itself.' },
  INSTANCE_RUNNING: { meaning: 'Another instance works on this data directory, or writes this journal.', remedy: 'Stop it first (`vigil stop`), or use another --data-dir and, with a journal in Redis, another journal.redis.instance.' },
  DATA_DIR_COPIED: { meaning: 'The data directory is a copy of another one: both would send each order, under the same id.', remedy: 'Use the other one; or, to go on with this copy, move the other one away first. A new --data-dir with `--adopt-instance TAG` takes over what is open.' },
  SOCKET_UNUSABLE: { meaning: 'The admin socket cannot be opened.', remedy: 'Check the data directory and its mode.' },
  PORT_TAKEN: { meaning: 'A port the service is to listen on is taken.', remedy: 'Choose another (--set operator.http.listen=127.0.0.1:PORT, or paper.listen), or stop what listens there.' },
  JOURNAL_CORRUPT: { meaning: 'The journal is damaged.', remedy: 'Nothing was changed. Keep the file, restore a copy of it, or start on a new data directory and adopt what is open.' },
  JOURNAL_FOREIGN: { meaning: 'The journal file is not a Vigil journal, or is of a later version.', remedy: 'Nothing was changed. Point --data-dir elsewhere, or run the version that wrote it.' },
  JOURNAL_UNAVAILABLE: { meaning: 'The journal cannot be written.', remedy: 'Check its store: disk space and the data directory, or Redis and the way to it. Openings wait until it works.' },
  JOURNAL_STORE_UNSAFE: { meaning: 'The Redis server would not keep what it acknowledges.', remedy: 'Set what the message names, in redis.conf and with CONFIG SET; docs/redis.md says what each setting is for.' },
  JOURNAL_STORE_DENIED: { meaning: 'The Redis server does not let Vigil in, or not do what the journal needs.', remedy: 'Correct user and password in journal.redis.url, or the rights of that user; docs/redis.md lists the commands.' },
  JOURNAL_SEQUENCE_CONFLICT: { meaning: 'An entry does not follow the last one of its entity: another writer was faster.', remedy: 'The writer reloads and goes on; if it repeats, look for a second writer.' },
  UNIVERSE_EMPTY: { meaning: 'No symbol is both allowed by the policy and traded by the venue.', remedy: 'Compare config/universe.yaml and universe.symbols with the venue; `vigil check` names the reason for each symbol.' },
  UNIVERSE_OUTSIDE_POLICY: { meaning: 'A chosen symbol is not in the policy file.', remedy: 'Add it to the policy file, or take it out of TRADING_SYMBOLS / universe.symbols.' },
  UNIVERSE_NOT_LISTED: { meaning: 'A chosen symbol is not traded by the venue.', remedy: 'Take it out of TRADING_SYMBOLS / universe.symbols, or choose the venue that lists it.' },
  UNIVERSE_TOO_LARGE: { meaning: 'The policy allows more symbols that the venue trades than can be followed at once.', remedy: 'Choose at most 500 of them with universe.symbols or TRADING_SYMBOLS, or take some out of the policy file.' },
  VENUE_NOT_ARMED: { meaning: 'The main venue is configured but not armed.', remedy: 'Set venue.armed: mainnet, knowing that it trades real money.' },
  VENUE_ADDRESS_REFUSED: { meaning: 'The address does not belong to the venue mode.', remedy: 'Paper runs on loopback only; testnet and mainnet use their own hosts.' },
  CREDENTIALS_MISSING: { meaning: 'The venue needs an API key and there is none.', remedy: 'Set VIGIL_VENUE__API_KEY and VIGIL_VENUE__API_SECRET, or venue.credentialsFile (mode 0600).' },
  CREDENTIALS_UNSAFE: { meaning: 'Credentials are where others can read them.', remedy: 'Give them by environment, or in a file of mode 0600.' },
  VENUE_AUTH_FAILED: { meaning: 'The venue refuses the API key.', remedy: 'Check key, secret, IP restriction and that the key belongs to this venue.' },
  KEY_MAY_WITHDRAW: { meaning: 'The API key may withdraw, or the venue does not say that it may not.', remedy: 'Make a key for trading alone: futures enabled, withdrawals disabled, this machine\'s address named.' },
  KEY_READ_ONLY: { meaning: 'The API key or its account may not trade futures.', remedy: 'Enable futures trading for the key at the venue; only reading is not enough.' },
  ACCOUNT_MODE_UNSUPPORTED: { meaning: 'The account is in a mode Vigil does not trade in.', remedy: 'Change it on the venue with the call named; Vigil never changes account modes itself.' },
  FOREIGN_INSTANCE: { meaning: 'The venue has live orders of another Vigil instance.', remedy: 'Stop that instance, or take its orders over with --adopt-instance TAG.' },
  PAPER_EXCHANGE_FAILED: { meaning: 'The paper exchange cannot run.', remedy: 'Its message says why; a corrupt or foreign state is kept untouched in the data directory under paper/.' },
  SERVICE_UNREACHABLE: { meaning: 'No service answers on the admin socket.', remedy: 'Start it with `vigil start`, or name its socket with --socket or --data-dir.' },
  ACTOR_NOT_FOUND: { meaning: 'No actor has this path.', remedy: '`vigil tree` lists the paths.' },
  SYMBOL_UNKNOWN: { meaning: 'Nothing has ever been decided about this symbol.', remedy: '`vigil universe` lists what is traded and what is left out; names are compared letter by letter.' },
  LOCK_NOT_FOUND: { meaning: 'No lock of this id stands.', remedy: '`vigil locks` lists those that do; one whose time was over has ended by itself.' },
  ID_UNKNOWN: { meaning: 'Nothing on record has this id.', remedy: '`vigil explain SYMBOL --json` lists the ids of the decisions about a symbol.' },
  ACTION_REFUSED: { meaning: 'The request was understood and refused.', remedy: 'The message says why.' },
  REQUEST_INVALID: { meaning: 'The request has faults.', remedy: 'Correct every fault listed.' },
  IDEMPOTENCY_CONFLICT: { meaning: 'The Idempotency-Key was used for another intent.', remedy: 'A new intent needs a new key; the same intent the same key.' },
  NOT_AUTHENTICATED: { meaning: 'The request carries no valid token.', remedy: 'Use the token of <data-dir>/http-token, or the Unix socket.' },
  ORIGIN_REFUSED: { meaning: 'The request comes from a foreign host or page.', remedy: 'Use the printed address.' },
  STATE_UNKNOWN: { meaning: 'The actor that knows did not answer in time.', remedy: '`vigil tree` shows its status.' },
  NOT_FOUND: { meaning: 'There is no such endpoint.', remedy: 'GET /v1/help lists them.' },
  INTERNAL: { meaning: 'A defect in Vigil.', remedy: 'Report it with the log lines around it.' },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of the catalogue; `message` names the field and the value at fault. */
export class VigilError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VigilError';
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Code, message and remedy in one text, for a person. */
  explain(): string {
    return `${this.code}: ${this.message}\n  ${ERRORS[this.code].meaning} ${ERRORS[this.code].remedy}`;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : JSON.stringify(error) ?? String(error);
}
