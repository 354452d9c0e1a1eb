/** What a spill's file says, line by line: first which journal it belongs to, then batches; each line is chained to the one before by its checksum. */
import { hash } from 'node:crypto';
import { VigilError } from '../../protocol/errors.ts';
import type { EncodedEntry } from '../journal-entry.ts';

export type SpilledBatch = readonly EncodedEntry[];

/** The settings that name a journal, by their paths: `journal.engine`, `journal.redis.instance`, … */
export type JournalName = Readonly<Record<string, string>>;

/** What a file holds that is whole. */
export interface SpillContent {
  readonly batches: SpilledBatch[];
  /** Of the last line; what comes next is chained to it. */
  readonly checksum: string;
  /** How much of the file is whole, bytes; 0: it holds nothing, and the next line is the first. */
  readonly size: number;
}

/** Before the first line; a later form of the file begins with another. */
const FIRST = 'vigil spill 2';
/** Its lines did not say whose they are. */
const FORMER = 'vigil spill 1';
const CHECKSUM_LENGTH = 32;
const NEWLINE = 0x0a;

export const EMPTY: SpillContent = { batches: [], checksum: FIRST, size: 0 };

/** The next lines of a file; the first of them says whose it is. */
export function linesOf({ size, checksum }: Pick<SpillContent, 'size' | 'checksum'>, journal: JournalName, batches: readonly SpilledBatch[]): { readonly bytes: Buffer; readonly checksum: string } {
  const [named, before] = size === 0 ? lineOf(checksum, journal) : ['', checksum];
  const [line, after] = lineOf(before, batches);
  return { bytes: Buffer.from(named + line), checksum: after };
}

function lineOf(previous: string, content: unknown): [line: string, checksum: string] {
  const body = JSON.stringify(content);
  const checksum = checksumOf(previous, body);
  return [`${checksum} ${body}\n`, checksum];
}

/**
 * What is whole of it. A torn last line was never acknowledged and is left out.
 * @param journal whose the file must be. @param file how a person finds it.
 * @throws VigilError JOURNAL_CORRUPT; JOURNAL_FOREIGN: it belongs to another journal.
 */
export function understandSpill(bytes: Buffer, journal: JournalName, file: string): SpillContent {
  const batches: SpilledBatch[] = [];
  let owner: JournalName | undefined;
  let checksum = FIRST;
  let size = 0;
  while (size < bytes.length) {
    const end = bytes.indexOf(NEWLINE, size);
    const line = bytes.toString('utf8', size, end === -1 ? bytes.length : end);
    const body = line.slice(CHECKSUM_LENGTH + 1);
    const chainedTo = (previous: string) => end !== -1 && line.slice(0, CHECKSUM_LENGTH + 1) === `${checksumOf(previous, body)} `;
    if (size === 0 && chainedTo(FORMER)) throw foreign(file, 'does not say which journal it belongs to: an earlier Vigil wrote it. Start that version once, so that the journal gets its records', { field: 'journal' });
    if (!chainedTo(checksum)) {
      if (end === -1 || end === bytes.length - 1) break;
      throw new VigilError('JOURNAL_CORRUPT', `${file} is damaged at byte ${size}, with more after it: it holds what the journal's store could not take. Move it away to start without it; what it holds is then reconciled from the venue`, { details: { file, at: size } });
    }
    if (owner === undefined) owner = JSON.parse(body) as JournalName;
    else batches.push(...(JSON.parse(body) as SpilledBatch[]));
    checksum = line.slice(0, CHECKSUM_LENGTH);
    size = end + 1;
  }
  // Whose it is was written with the first batch, and is nothing without it.
  if (owner === undefined || batches.length === 0) return { ...EMPTY, batches: [] };
  refuseOther(owner, journal, file, batches);
  return { batches, checksum, size };
}

function refuseOther(owner: JournalName, journal: JournalName, file: string, batches: readonly SpilledBatch[]): void {
  const field = [...new Set([...Object.keys(owner), ...Object.keys(journal)])].find((path) => owner[path] !== journal[path]);
  if (field === undefined) return;
  const [value, expected] = [owner[field], journal[field]];
  const named = Object.entries(owner).map(([path, text]) => `${path}=${text}`).join(' ');
  const differs = expected === undefined ? `here there is no ${field}` : `here ${field} is ${JSON.stringify(expected)}`;
  throw foreign(file, `holds ${batches.flat().length} records of the journal with ${field} ${JSON.stringify(value ?? null)}, and ${differs}. Start once with ${named}, so that that journal gets them`, { field, value: value ?? null, expected: expected ?? null });
}

function foreign(file: string, what: string, details: Readonly<Record<string, unknown>>): VigilError {
  return new VigilError('JOURNAL_FOREIGN', `${file} ${what}; or move the file away: what it holds is then reconciled from the venue`, { details: { file, ...details } });
}

function checksumOf(previous: string, body: string): string {
  return hash('sha256', `${previous}\n${body}`, 'hex').slice(0, CHECKSUM_LENGTH);
}
