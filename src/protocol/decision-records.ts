/** Decisions at rest: what the log writes into the journal and reads back; a record that is damaged, or of a later build, is told of and left out. */
import { z } from 'zod';
import { DECISION_STAGES, EXIT_ACTIONS } from './decisions.ts';
import { DENIALS } from './denials.ts';
import type { DenialCode } from './denials.ts';
import { messageOf } from './errors.ts';
import type { JournalEntryDraft } from './messages.ts';
import type { RecordedDecision } from './read-models.ts';

export const DECISIONS_ENTITY = 'decisions';
export const DECISIONS_TYPE = 'DecisionsRecorded';
export const DECISIONS_VERSION = 1;

const text = z.string();
const count = z.number().int().min(1);
const code = z.enum(Object.keys(DENIALS) as [DenialCode, ...DenialCode[]], 'no refusal of this build');
const denial = z.strictObject({ code, unknown: z.literal(true).optional(), limit: text.optional(), value: text.optional(), ageMs: z.number().optional(), detail: text.optional() });
const record = z.strictObject({
  stage: z.enum(DECISION_STAGES),
  symbol: text,
  outcome: z.union([z.literal('passed'), code], 'neither passed nor a refusal of this build'),
  at: z.number(),
  by: text,
  ids: z.strictObject({ intentId: text.optional(), planId: text.optional(), permitId: text.optional(), clientId: text.optional(), positionId: text.optional() }).optional(),
  action: z.enum(EXIT_ACTIONS).optional(),
  denials: z.array(denial).optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  queueMs: z.number().optional(),
  serviceMs: z.number().optional(),
  count,
  lastAt: z.number(),
});

/** Where a record stands in the journal: the entry's number in its entity, and the record's place in the entry. */
export interface RecordPlace {
  readonly sequence: number;
  readonly index: number;
}

/** That a record was decided again: how often by now, and when last. */
export type Repeat = readonly [sequence: number, index: number, count: number, lastAt: number];
const repeat = z.tuple([z.number().int(), z.number().int(), count, z.number()]);
/** The group is looked at first, each record by itself: one that is damaged takes no other with it. */
const group = z.strictObject({ records: z.array(z.unknown()), repeats: z.array(repeat).optional() });

export interface DecisionsPayload {
  readonly records: readonly RecordedDecision[];
  readonly repeats?: readonly Repeat[];
}

export interface ReadDecisions {
  readonly records: readonly { readonly place: RecordPlace; readonly decision: RecordedDecision }[];
  readonly repeats: readonly Repeat[];
  /** What could not be read, by number. */
  readonly faults: readonly string[];
}

/** Never throws: what cannot be read is among the faults. */
export function readDecisions({ sequence, type, version, payload }: JournalEntryDraft): ReadDecisions {
  const fault = (why: string): ReadDecisions => ({ records: [], repeats: [], faults: [`${DECISIONS_ENTITY} #${sequence}: ${why}`] });
  if (type !== DECISIONS_TYPE || version !== DECISIONS_VERSION) return fault(`${type} of version ${version}; this build knows ${DECISIONS_TYPE} of version ${DECISIONS_VERSION}`);
  const parsed = group.safeParse(payload);
  if (!parsed.success) return fault(whatIsWrong(parsed.error));
  const records: { place: RecordPlace; decision: RecordedDecision }[] = [];
  const faults: string[] = [];
  for (const [index, raw] of parsed.data.records.entries()) {
    const one = record.safeParse(raw);
    if (one.success) records.push({ place: { sequence, index }, decision: one.data as unknown as RecordedDecision });
    else faults.push(`${DECISIONS_ENTITY} #${sequence}, record ${index + 1}: ${whatIsWrong(one.error)}`);
  }
  return { records, repeats: parsed.data.repeats ?? [], faults };
}

function whatIsWrong(error: z.ZodError): string {
  const [first] = error.issues;
  return first === undefined ? messageOf(error) : `${first.path.join('.') || 'record'}: ${first.message}`;
}
