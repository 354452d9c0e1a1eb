/**
 * The catalogue of findings: what must not happen, or nobody may miss. Whoever sees it tells the actor `findings`
 * (`FindingMessage`), each time it is seen; that one journals it, so that it is also an event, and keeps it in
 * `vigil alerts` for a day after it was last seen. A finding refuses nothing by itself.
 */
import { SNAPSHOT_TYPE } from './versions.ts';
import type { Versions } from './versions.ts';

interface CatalogueEntry {
  readonly sentence: string;
  readonly remedy: string;
}

export const FINDINGS = {
  // an order and its fills
  OVERFILL: { sentence: 'More of an order was filled than was ordered.', remedy: 'The venue is believed and the position protected as it is. Compare the order with `vigil trace ID`, and report it to the venue.' },
  FILL_UNKNOWN_ORDER: { sentence: 'A fill belongs to no order of ours.', remedy: 'It is counted: the position is what the venue says. Look for another program or person who trades this account.' },
  FILL_WRONG_SIDE: { sentence: 'A fill is on the other side than its order.', remedy: 'It is counted as the venue states it. Report it to the venue.' },
  VENUE_CLOSED: { sentence: 'The venue closed a position, or a part of it, by itself: liquidation, auto-deleveraging or settlement.', remedy: 'It is on record with its cause. After a liquidation look at leverage, margin and the distance of the stops before trading goes on; after ADL none.' },
  // the journal
  FAILOVER_LOSS: { sentence: 'The store of the journal had lost entries that it had acknowledged.', remedy: 'What this process still had was appended again; the venue is asked for the rest. Look at why Redis failed over or restarted without its newest entries: appendfsync always and a replica prevent it (docs/redis.md).' },
  SPILL_CONFLICT: { sentence: 'What had been kept beside the journal\'s store while it was away, the store would not take.', remedy: 'The file named holds it; the venue decides what is true. Compare them, look for another process on the same journal, then move the file away.' },
  // what is adopted
  SETTINGS_DIFFER: { sentence: 'A position is held at another leverage or in another margin mode than configured.', remedy: 'It is managed as it is, and nothing is opened in the symbol; the settings are changed when it is flat.' },
  // the streams
  STREAM_DEAF: { sentence: 'REST told of an order or a fill of ours, and the user stream did not.', remedy: 'It was closed and opened again, and what it did not tell was read. If this repeats, look at the network between here and the venue, and at the venue\'s status page.' },
  // what the venue answered
  VENUE_CODE_UNKNOWN: { sentence: 'The venue answered with a code that is in no table.', remedy: 'What it answered counts as not known and is asked for. Look the code up, and add it to `docs/venue-errors.md` (src/protocol/venue-reactions.ts).' },
  VENUE_REQUEST_DEFECT: { sentence: 'The venue refused a request that should not have been made.', remedy: 'Report it: the venue has changed, or this is a defect. What was asked for is asked again where an exit needs it.' },
  STOP_NOT_TAKEN: { sentence: 'The venue takes no stop or target of this kind, or has no room for one.', remedy: 'Nothing is opened for a while. A position without a stop is guarded from here, which ends with this process: keep it running, or `vigil flatten`. −4045 and −2025: cancel conditional orders that are not Vigil\'s. −4120: look at the venue\'s announcements, and for a newer Vigil.' },
  ACCOUNT_MODE_CHANGED: { sentence: 'The account was put into another mode while it was traded.', remedy: 'Nothing is opened until it is changed back; the message names the call.' },
  // the auditor
  ORDER_WITHOUT_PERMIT: { sentence: 'The venue has an order of ours that no permit and no mandate on record allows.', remedy: 'Trading is halted. Look for another process with this API key; `vigil activate --reason …` when it is explained.' },
  ORDER_DOUBLED: { sentence: 'One decision led to two executed orders.', remedy: 'Report it: this is a defect. The position is protected as the venue states it.' },
  FILL_LOST: { sentence: 'The venue has a fill that the journal does not have.', remedy: '`vigil reconcile SYMBOL` reads the trades again. If it stays, report it.' },
  RECORD_DIFFERS: { sentence: 'The journal and the venue tell a different story of the same thing.', remedy: '`vigil reconcile SYMBOL`; if it stays, `vigil inspect executor/SYMBOL` shows both sides.' },
  NAKED: { sentence: 'A position stood without a stop that covers it for longer than is allowed.', remedy: 'Look at the refusals of its protections in `vigil explain SYMBOL`.' },
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  readonly code: FindingCode;
  /** What it is about: a symbol, an order's id, a file. With the code it is what makes two findings one. */
  readonly subject: string;
  /** What was seen, with names and numbers, in words for a person. No secrets. */
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The entity of the journal that keeps them; the actor `findings` alone writes it. */
export const FINDINGS_ENTITY = 'findings';
/** The type of its entries: a `KeptFinding` each. A Snapshot holds those that stand. */
export const FINDING_KEPT = 'FindingKept';
export const FINDING_VERSIONS: Versions = { what: 'finding', types: [FINDING_KEPT, SNAPSHOT_TYPE], current: 1 };

/** As it is journalled. */
export interface KeptFinding extends Finding {
  readonly from: string;
}
