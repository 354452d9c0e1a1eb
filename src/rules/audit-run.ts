/** What an audit is made of, symbol by symbol: which part of a symbol's record is judged, from where, and what follows from a finding. */
import { parseLifeEvent } from '../protocol/life-events.ts';
import type { LifeEvent } from '../protocol/life-events.ts';
import type { SymbolName } from '../protocol/names.ts';
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';
import type { JournalledEntry } from '../protocol/versions.ts';
import type { AuditCounts, AuditFinding, RecordedLife } from './audit/facts.ts';
import { evolve } from './position-life/evolve.ts';
import type { Life } from './position-life/life.ts';
import { restoreLife } from './position-life/snapshot.ts';

/** An entry of a symbol's stream with its number. */
export interface NumberedEntry extends JournalledEntry {
  readonly sequence: number;
}

/** Where the last audit of a symbol ended. */
export interface AuditedThrough {
  /** What the venue dates up to here has been judged, wall time ms. */
  readonly at: number;
  /** The life as it was `SETTLE_MS` before, and the number of the last entry in it: by our clock an entry may be older than what the venue says of it. */
  readonly life: Life;
  readonly lifeAt: number;
  readonly sequence: number;
}

/** What happened later than this before an audit may still be on its way to one of the two sides; the clocks of both differ by less. */
export const SETTLE_MS = 10_000;
/** How far the first audit of a symbol looks back. */
const FIRST_REACH_MS = 86_400_000;

/** From when on a symbol is judged by an audit that begins now. */
export function auditedSince(through: AuditedThrough | undefined, now: number): number {
  return through?.at ?? now - FIRST_REACH_MS;
}

/** What is judged of a symbol: from the audit before on, or from the newest Snapshot, or from the beginning. */
export function recordedLife(symbol: SymbolName, through: AuditedThrough | undefined, entries: readonly NumberedEntry[]): RecordedLife {
  if (through !== undefined) return { start: through.life, startedAt: through.at, events: eventsOf(entries.filter((entry) => entry.sequence > through.sequence)) };
  const [first] = entries;
  if (first?.type !== SNAPSHOT_TYPE) return { events: eventsOf(entries) };
  return { start: restoreLife(symbol, [first]), startedAt: first.at + SETTLE_MS, events: eventsOf(entries.slice(1)) };
}

/** Where the next audit begins: what came after `settledBefore` will be judged then. Undefined: with all of the record, for its newest Snapshot is newer. */
export function auditedThrough(symbol: SymbolName, through: AuditedThrough | undefined, entries: readonly NumberedEntry[], settledBefore: number): AuditedThrough | undefined {
  const lifeAt = settledBefore - SETTLE_MS;
  const settled = entries.filter((entry) => entry.at <= lifeAt && entry.sequence > (through?.sequence ?? 0));
  const [first] = entries;
  if (through === undefined && settled.length === 0 && first?.type === SNAPSHOT_TYPE) return undefined;
  const life = through === undefined ? restoreLife(symbol, settled) : eventsOf(settled).reduce(evolve, through.life);
  return { at: settledBefore, life, lifeAt, sequence: settled.at(-1)?.sequence ?? through?.sequence ?? 0 };
}

/** A Snapshot tells nothing that is not in the entries before it. */
function eventsOf(entries: readonly NumberedEntry[]): LifeEvent[] {
  return entries.filter(({ type }) => type !== SNAPSHOT_TYPE).map(({ type, version, at, payload }) => parseLifeEvent(type, version, at, payload));
}

/** Two lists that were read one after the other may differ for a moment: such a finding counts when it stands after a reconciliation, too. */
export function isToConfirm({ code }: AuditFinding): boolean {
  return code === 'FILL_LOST' || code === 'RECORD_DIFFERS';
}

/** Ruling 12: a finding halts trading, until an operator has looked. A position that was naked is history by the time it is found, and its executor has closed it. */
export function haltsTrading({ code }: AuditFinding): boolean {
  return code !== 'NAKED';
}

export function addCounts(one: AuditCounts, other: AuditCounts): AuditCounts {
  return Object.fromEntries(Object.entries(one).map(([name, count]) => [name, count + other[name as keyof AuditCounts]])) as unknown as AuditCounts;
}
