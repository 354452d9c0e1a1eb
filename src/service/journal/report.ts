/** What `vigil journal verify` and `vigil journal stats` have to say, for a script and for a person. */
import type { JournalReader, JournalStats } from '../../persistence/port.ts';
import { VERIFY_FAULTS, verifyJournal } from '../../persistence/verify.ts';
import type { Verification, VerifyFault } from '../../persistence/verify.ts';
import type { VigilError } from '../../protocol/errors.ts';
import { SNAPSHOT_TYPE } from '../../protocol/versions.ts';
import { table } from '../../operator/commands/table.ts';
import { isoTimeOrNull } from '../../supervision/clock.ts';
import { notUnderstood } from './families.ts';

export interface VerifyReport extends Verification {
  readonly journal: string;
  readonly whole: boolean;
}

export async function verifyReport(journal: string, reader: JournalReader): Promise<VerifyReport> {
  const { faults, ...rest } = await verifyJournal(reader, notUnderstood);
  return { journal, whole: rest.faultCount === 0, ...rest, faults: faults.map(reported) };
}

/** Of a journal that cannot be opened at all, because it is damaged. */
export function unopened({ message, details }: VigilError): VerifyReport {
  return { journal: typeof details['file'] === 'string' ? details['file'] : 'the journal', whole: false, entries: 0, first: 1, last: 0, entities: 0, endCompared: false, faultCount: 1, faults: [reported({ code: 'STORE_DAMAGED', message })] };
}

function reported(fault: VerifyFault): VerifyFault & { readonly remedy: string } {
  return { ...fault, remedy: VERIFY_FAULTS[fault.code].remedy };
}

export function verifyText({ journal, entries, entities, first, last, endCompared, faults, faultCount }: VerifyReport): string {
  const read = `${entries} entries of ${entities} entities${entries === 0 ? '' : `, positions ${first} to ${last}`}`;
  const open = endCompared || entries === 0 ? '' : '\nIt grew while it was read, and its end was not compared with what it remembers of it: ask again, or at rest.';
  if (faultCount === 0) return `${journal} is whole: ${entries === 0 ? 'it holds nothing yet' : read}.${open}\n`;
  const codes = [...new Set(faults.map((fault) => fault.code))];
  const lines = faults.map((fault) => `${fault.code}  ${fault.message}`);
  const more = faultCount > faults.length ? [`… and ${faultCount - faults.length} more`] : [];
  const remedies = codes.map((code) => `${code}: ${VERIFY_FAULTS[code].sentence} ${VERIFY_FAULTS[code].remedy}`);
  return [`${journal}: ${faultCount} ${faultCount === 1 ? 'finding' : 'findings'} in ${read}.${open}`, '', ...lines, ...more, '', ...remedies, ''].join('\n');
}

export interface StatsReport extends JournalStats {
  readonly journal: string;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  readonly snapshots: { readonly count: number; readonly newestAt: string | null };
  readonly largest: readonly EntityStats[];
  readonly otherEntities: number;
}

/** Of what is held. */
interface EntityStats {
  readonly entity: string;
  entries: number;
  /** Characters of its payloads. */
  payload: number;
  snapshots: number;
  firstAt: string;
  lastAt: string;
}

const SHOWN = 20;

export async function statsReport(journal: string, reader: JournalReader): Promise<StatsReport> {
  const stats = await reader.stats();
  const entities = new Map<string, EntityStats>();
  let [firstAt, lastAt, snapshotAt]: (number | undefined)[] = [];
  let snapshots = 0;
  for await (const { entity, type, at, payload } of reader.entries()) {
    const iso = isoTimeOrNull(at)!;
    const one = entities.getOrInsertComputed(entity, () => ({ entity, entries: 0, payload: 0, snapshots: 0, firstAt: iso, lastAt: iso }));
    const isSnapshot = type === SNAPSHOT_TYPE;
    one.entries += 1;
    one.payload += payload.length;
    one.snapshots += isSnapshot ? 1 : 0;
    one.lastAt = iso;
    snapshots += isSnapshot ? 1 : 0;
    snapshotAt = isSnapshot ? at : snapshotAt;
    firstAt ??= at;
    lastAt = at;
  }
  const largest = [...entities.values()].toSorted((one, other) => other.payload - one.payload);
  return { journal, ...stats, firstAt: isoTimeOrNull(firstAt), lastAt: isoTimeOrNull(lastAt), snapshots: { count: snapshots, newestAt: isoTimeOrNull(snapshotAt) }, largest: largest.slice(0, SHOWN), otherEntities: Math.max(0, largest.length - SHOWN) };
}

export function statsText(report: StatsReport): string {
  const { journal, entries, entities, bytes, freeBytes, first, last, firstAt, lastAt, writerEpoch, snapshots, largest, otherEntities } = report;
  const facts: readonly (readonly [string, string])[] = [
    ['journal', journal],
    ['entries', `${entries} of ${entities} entities`],
    ['positions', entries === 0 ? 'none held' : `${first} to ${last}`],
    ['time', firstAt === null ? 'none' : `${firstAt} to ${lastAt}`],
    ['bytes', `${bytes}${freeBytes === undefined ? '' : `, of which ${freeBytes} are free and filled again`}`],
    ['snapshots', snapshots.count === 0 ? 'none yet' : `${snapshots.count}, the newest of ${snapshots.newestAt}`],
    ['writer epoch', String(writerEpoch)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const rows = largest.map((one) => [one.entity, String(one.entries), String(one.payload), String(one.snapshots), one.firstAt, one.lastAt]);
  const by = rows.length === 0 ? '' : `\n${table(['ENTITY', '#ENTRIES', '#CHARACTERS', '#SNAPSHOTS', 'FIRST', 'LAST'], rows)}${otherEntities === 0 ? '' : `… and ${otherEntities} smaller ones\n`}`;
  return `${facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')}\n${by}`;
}
