/** `vigil check --policy FILE`: what that policy file would have made of the last 24 hours, from the journal alone, also while the service runs. */
import { join } from 'node:path';
import { z } from 'zod';
import { loadPolicy } from '../config.ts';
import type { Config } from '../config.ts';
import { readJournalTail } from '../persistence/sqlite/tail.ts';
import { DECISIONS_ENTITY, readDecisions } from '../protocol/decision-records.ts';
import type { JournalEntryDraft } from '../protocol/messages.ts';
import { ERRORS } from '../protocol/errors.ts';
import { MOST_SYMBOLS } from '../protocol/market.ts';
import type { RecordedDecision } from '../protocol/read-models.ts';
import { tryPolicy } from '../rules/policy-trial.ts';
import type { Flip, PolicyTrial } from '../rules/policy-trial.ts';
import { isoTime } from '../supervision/clock.ts';

const DAY_MS = 86_400_000;
/** Twice what a day of decisions may take in the journal. */
const MOST_CHARACTERS = 128 * 1024 * 1024;

export interface PolicyCheck extends Omit<PolicyTrial, 'flips'> {
  readonly policy: string;
  /** ISO-8601. */
  readonly since: string;
  readonly flips: readonly (Omit<Flip, 'firstAt' | 'lastAt'> & { readonly firstAt: string; readonly lastAt: string })[];
  /** What in the journal could not be read, by number. */
  readonly unreadable: readonly string[];
}

/** @throws VigilError for a bad policy file (field, value, what was expected) or a journal that cannot be read. */
export function checkPolicy(config: Config, file: string, now: number): PolicyCheck {
  const policy = loadPolicy(file);
  const journal = join(config.dataDir, 'journal.db');
  const since = now - DAY_MS;
  const { decisions, faults } = decisionsOf(readJournalTail(journal, DECISIONS_ENTITY, { since, characters: MOST_CHARACTERS }) ?? [], since);
  const { flips, ...trial } = tryPolicy({ policy, chosen: config.universe.symbols ?? undefined, universe: lastUniverse(readJournalTail(journal, 'universe', { since: 0, characters: 0 }) ?? []), decisions });
  return { policy: file, since: isoTime(since), ...trial, flips: flips.map((flip) => ({ ...flip, firstAt: isoTime(flip.firstAt), lastAt: isoTime(flip.lastAt) })), unreadable: faults };
}

export function isFinding({ flips, refusal }: PolicyCheck): boolean {
  return flips.length > 0 || refusal !== undefined;
}

function decisionsOf(entries: readonly JournalEntryDraft[], since: number): { readonly decisions: readonly RecordedDecision[]; readonly faults: readonly string[] } {
  const records = new Map<string, RecordedDecision>();
  const faults: string[] = [];
  for (const entry of entries) {
    const read = readDecisions(entry);
    for (const { place, decision } of read.records) records.set(`${place.sequence}.${place.index}`, decision);
    for (const [sequence, index, count, lastAt] of read.repeats) {
      const known = records.get(`${sequence}.${index}`);
      if (known !== undefined) records.set(`${sequence}.${index}`, { ...known, count, lastAt });
    }
    faults.push(...read.faults);
  }
  return { decisions: [...records.values()].filter((one) => one.lastAt >= since), faults };
}

const universeSchema = z.object({ symbols: z.array(z.string()), excluded: z.array(z.object({ symbol: z.string(), reason: z.string() })) });

function lastUniverse(entries: readonly JournalEntryDraft[]): z.infer<typeof universeSchema> | undefined {
  const parsed = universeSchema.safeParse(entries.at(-1)?.payload);
  return parsed.success ? parsed.data : undefined;
}

function refusalText({ code, symbols }: NonNullable<PolicyTrial['refusal']>): string {
  if (code !== 'UNIVERSE_TOO_LARGE') return `${code}: ${symbols.join(', ')}`;
  return `${code}: ${symbols.length} symbols, and at most ${MOST_SYMBOLS} can be followed at once, unless the venue trades no more of them than that. ${ERRORS[code].remedy}`;
}

/** For a person. */
export function policyCheckText({ policy, since, decisions, flips, entering, leaving, refusal, unreadable }: PolicyCheck): string {
  const lines = [
    ...(refusal === undefined ? [] : [`FINDING  the service would not start with it: ${refusalText(refusal)}`]),
    decisions === 0 ? `Nothing is recorded since ${since}: no intent and no signal to try ${policy} on.` : `${decisions} intents and signals since ${since}, tried on ${policy}: ${flips.length === 0 ? 'none would be decided otherwise.' : `${flips.reduce((sum, flip) => sum + flip.count, 0)} would be decided otherwise.`}`,
    ...flips.map(({ symbol, source, stage, from, to, count, firstAt, lastAt }) => `FLIPS    ${symbol}  ${stage} of ${source}: ${from} → ${to}${to === 'passed' ? ' (the universe; later gates were never asked)' : ''}, ${count === 1 ? `at ${firstAt}` : `${count} times, ${firstAt} to ${lastAt}`}`),
    ...(entering === undefined ? ['No universe is on record: which symbols enter or leave is not known.'] : [`enter: ${entering.join(', ') || 'none'}${entering.length === 0 ? '' : ' (as far as the venue trades them)'}`]),
    ...(leaving === undefined ? [] : [`leave: ${leaving.join(', ') || 'none'}`]),
    ...unreadable.map((fault) => `not readable, left out: ${fault}`),
  ];
  return lines.join('\n');
}
