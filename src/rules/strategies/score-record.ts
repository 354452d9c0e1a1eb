/** A shadow's score as its entries tell it: one for each event on paper, and now and then the whole. */
import { z } from 'zod';
import { decimal, decimalString, text } from '../../protocol/decimal.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { SNAPSHOT_TYPE, upcast } from '../../protocol/versions.ts';
import type { JournalledEntry, Versions } from '../../protocol/versions.ts';
import { foldScore, NO_SCORE, readPaperEvent } from './paper-score.ts';
import type { Score } from './paper-score.ts';

export const SCORE_VERSIONS: Versions = { what: 'event of a shadow', types: ['PaperOpened', 'PaperClosed', 'PaperVoided', SNAPSHOT_TYPE], current: 1 };

const exact = decimalString.transform(decimal);
const symbolName = z.string().transform((value) => value as SymbolName);
const side = z.enum(['LONG', 'SHORT']);
const count = z.number().int().nonnegative();
const scoreSchema = z.strictObject({
  open: z.array(z.strictObject({ symbol: symbolName, side, entryPrice: exact, stopLoss: exact, takeProfit: exact, costPercent: exact, openedAt: z.number() })),
  spent: z.array(z.tuple([symbolName, side])),
  closed: count,
  hits: count,
  voided: count,
  resultUsdt: exact,
  byReason: z.strictObject({ STOP: count, TARGET: count, OPPOSITE: count, TIME: count }),
});

export function restoreScore(entries: readonly JournalledEntry[]): Score {
  return entries.reduce(afterEntry, NO_SCORE);
}

/** @throws VigilError JOURNAL_FOREIGN, or z.ZodError: a score over what is not understood would be no score. */
function afterEntry(score: Score, { type, version, at, payload }: JournalledEntry): Score {
  const today = upcast(SCORE_VERSIONS, type, version, payload);
  if (type !== SNAPSHOT_TYPE) return foldScore(score, readPaperEvent(type, at, today));
  const { open, spent, ...rest } = scoreSchema.parse(today);
  return { ...rest, open: new Map(open.map((position) => [position.symbol, position])), spent: new Map(spent) };
}

export function scoreSnapshot({ open, spent, resultUsdt, ...counts }: Score): z.input<typeof scoreSchema> {
  const positions = [...open.values()].map(({ entryPrice, stopLoss, takeProfit, costPercent, ...position }) => ({ ...position, entryPrice: text(entryPrice), stopLoss: text(stopLoss), takeProfit: text(takeProfit), costPercent: text(costPercent) }));
  return { ...counts, open: positions, spent: [...spent], resultUsdt: text(resultUsdt) };
}
