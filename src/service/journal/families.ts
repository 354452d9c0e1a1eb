/** Who owns what in the journal, and which entries of it this build can take up: one row a family of entities. */
import { FINDING_VERSIONS, FINDINGS_ENTITY } from '../../protocol/findings.ts';
import { DECISIONS_ENTITY, DECISIONS_TYPE, DECISIONS_VERSION } from '../../protocol/decision-records.ts';
import { messageOf, VigilError } from '../../protocol/errors.ts';
import { LIFE_VERSIONS } from '../../protocol/life-events.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { foreignness } from '../../protocol/versions.ts';
import type { JournalledEntry, Versions } from '../../protocol/versions.ts';
import type { ChainedRow, Journal } from '../../persistence/port.ts';
import { isLog } from '../../persistence/retention.ts';
import type { VerifyFault } from '../../persistence/verify.ts';
import { ACCOUNT_VERSIONS, readPerformance } from '../../rules/account/record.ts';
import { LOCK_VERSIONS, restoreLockBook } from '../../rules/locks/record.ts';
import { restoreLife } from '../../rules/position-life/snapshot.ts';
import { restoreScore, SCORE_VERSIONS } from '../../rules/strategies/score-record.ts';
import { restoreTradingState, TRADING_STATE_VERSIONS } from '../../rules/trading-state-record.ts';
import { readUniverse, UNIVERSE_VERSIONS } from '../../rules/universe-record.ts';

interface JournalFamily {
  /** The entity; one that ends with `/` stands for all that begin so. */
  readonly entity: string;
  /** The actor that alone writes it. */
  readonly owner: string;
  readonly holds: string;
  readonly versions: Versions;
  /** Reads one entry as its owner would. @throws whatever it finds wrong with it. */
  readonly read?: (entry: JournalledEntry, entity: string) => unknown;
}

const log = (what: string, types: string | readonly string[], current = 1): Versions => ({ what, types: [types].flat(), current });

export const FAMILIES: readonly JournalFamily[] = [
  { entity: 'symbol/', owner: 'executor/SYMBOL', holds: 'the orders, fills and protections of one symbol', versions: LIFE_VERSIONS, read: (entry, entity) => restoreLife(entity.slice('symbol/'.length) as SymbolName, [entry]) },
  { entity: 'trading-state', owner: 'trading-state', holds: 'what operators and thresholds set', versions: TRADING_STATE_VERSIONS, read: (entry) => restoreTradingState([entry], 0) },
  { entity: 'locks', owner: 'locks', holds: 'what rests after what, and the results it is drawn from', versions: LOCK_VERSIONS, read: (entry) => restoreLockBook([entry]) },
  { entity: 'universe', owner: 'universe', holds: 'the universe, by version', versions: UNIVERSE_VERSIONS, read: readUniverse },
  { entity: 'account', owner: 'account', holds: 'equity, peaks and the day', versions: ACCOUNT_VERSIONS, read: readPerformance },
  { entity: 'account/', owner: 'account', holds: 'the same, one entity a day, from before', versions: ACCOUNT_VERSIONS, read: readPerformance },
  { entity: FINDINGS_ENTITY, owner: 'findings', holds: 'what must not happen and was seen', versions: FINDING_VERSIONS },
  { entity: 'shadow/', owner: 'shadow/STRATEGY', holds: 'what a strategy that only watches has come to on paper', versions: SCORE_VERSIONS, read: (entry) => restoreScore([entry]) },
  { entity: DECISIONS_ENTITY, owner: 'operator/decision-log', holds: 'every decision, with its inputs', versions: log('decisions', DECISIONS_TYPE, DECISIONS_VERSION) },
  { entity: 'intents', owner: 'intake', holds: 'intents from outside, with their keys, and which of them the bridge took or were declined after all', versions: log('intent', ['IntentReceived', 'IntentTaken', 'IntentDeclined']) },
  { entity: 'operator', owner: 'the admin socket', holds: 'every act of an operator, with its reason', versions: log('act of an operator', 'OperatorActed') },
  { entity: 'journal', owner: 'journal', holds: 'outages of a store that cannot say itself whether it is there', versions: log('outage of the store', 'StoreReturned') },
];

function familyOf(entity: string): JournalFamily | undefined {
  return FAMILIES.find((family) => (family.entity.endsWith('/') ? entity.startsWith(family.entity) : entity === family.entity));
}

/** What of a question nothing can answer, because no entry of any journal has that name: a slip of the pen is no empty answer. @throws VigilError REQUEST_INVALID. */
export function refuseUnknownNames(entities: readonly string[], types: readonly string[]): void {
  const known = new Set(FAMILIES.flatMap(({ versions }) => versions.types));
  const faults = [
    ...types.filter((type) => !known.has(type)).map((type) => `--type ${type}: no entry has this type; docs/journal.md lists them: ${[...known].slice(0, 3).join(', ')}, …`),
    ...entities.filter((name) => familyOf(name) === undefined && !FAMILIES.some(({ entity }) => entity === name)).map((name) => `--entity ${name}: there is no such entity; there are ${[...new Set(FAMILIES.map(({ entity }) => entity))].join(', ')}`),
  ];
  if (faults.length > 0) throw new VigilError('REQUEST_INVALID', faults.join('; '));
}

/** Why an entry cannot be taken up by its owner; undefined: it can. */
export function notUnderstood({ entity, type, version, at, payload }: Omit<ChainedRow, 'checksum'>): Pick<VerifyFault, 'code' | 'message'> | undefined {
  const family = familyOf(entity);
  if (family === undefined) return { code: 'ENTRY_FOREIGN', message: `${entity} is no entity that this build knows` };
  const foreign = foreignness(family.versions, type, version);
  if (foreign !== undefined) return { code: 'ENTRY_FOREIGN', message: foreign };
  try {
    family.read?.({ type, version, at, payload: JSON.parse(payload) as unknown }, entity);
    return undefined;
  } catch (error) {
    return { code: 'ENTRY_UNREADABLE', message: messageOf(error).replaceAll(/\s+/g, ' ') };
  }
}

/**
 * Before anything is started on a journal: what this build would have to take up and cannot, because a later one wrote it.
 * An owner that fails by itself would fail again and again, with its positions unattended.
 * @throws VigilError JOURNAL_FOREIGN naming the entry.
 */
export async function refuseForeign(journal: Pick<Journal, 'entities' | 'read'>): Promise<void> {
  for (const entity of await journal.entities('')) {
    const family = familyOf(entity);
    if (family === undefined || isLog(entity)) continue;
    for (const { sequence, type, version } of await journal.read(entity)) {
      const foreign = foreignness(family.versions, type, version);
      if (foreign !== undefined) throw new VigilError('JOURNAL_FOREIGN', `${entity} #${sequence}: ${foreign}: run the version of Vigil that wrote it`, { details: { entity, sequence, type, version } });
    }
  }
}
