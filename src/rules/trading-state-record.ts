/** The trading state as its entries tell it: one for each change, and now and then the whole. */
import { z } from 'zod';
import type { SymbolName } from '../protocol/names.ts';
import { SNAPSHOT_TYPE, upcast } from '../protocol/versions.ts';
import type { JournalledEntry, Versions } from '../protocol/versions.ts';
import type { TradingStateName } from '../protocol/views.ts';
import { activationAt, INITIAL_TRADING_STATE, withState } from './trading-state.ts';
import type { TradingState } from './trading-state.ts';

export const TRADING_STATE_VERSIONS: Versions = { what: 'trading state', types: ['TradingStateSet', SNAPSHOT_TYPE], current: 1 };

const stateName: z.ZodType<TradingStateName> = z.enum(['ACTIVE', 'REDUCING', 'HALTED', 'FLATTENING']);
const symbolName = z.string().transform((value) => value as SymbolName);
const setSchema = z.strictObject({ state: stateName, symbol: symbolName.nullable(), reason: z.string(), by: z.string() });
const snapshotSchema = z.strictObject({ overall: stateName, symbols: z.array(z.tuple([symbolName, stateName])), cause: z.string(), since: z.number(), activatedAt: z.number() });

export interface RecordedTradingState {
  readonly state: TradingState;
  /** When an operator last activated all trading; 0: never. */
  readonly activatedAt: number;
}

/** @param now since when it is so, where nothing is on record. */
export function restoreTradingState(entries: readonly JournalledEntry[], now: number): RecordedTradingState {
  return entries.reduce(afterEntry, { state: { ...INITIAL_TRADING_STATE, since: now }, activatedAt: 0 });
}

/** @throws VigilError JOURNAL_FOREIGN, or z.ZodError, for an entry that is none of ours. */
function afterEntry({ state, activatedAt }: RecordedTradingState, { type, version, at, payload }: JournalledEntry): RecordedTradingState {
  const today = upcast(TRADING_STATE_VERSIONS, type, version, payload);
  if (type === SNAPSHOT_TYPE) {
    const { symbols, activatedAt: activated, ...whole } = snapshotSchema.parse(today);
    return { state: { ...whole, symbols: new Map(symbols) }, activatedAt: activated };
  }
  const { state: to, symbol, reason, by } = setSchema.parse(today);
  return { state: withState(state, to, symbol ?? undefined, `${reason} (${by})`, at), activatedAt: to === 'ACTIVE' && symbol === null ? activationAt(at, activatedAt) : activatedAt };
}

export function tradingStateSnapshot({ state: { overall, symbols, cause, since }, activatedAt }: RecordedTradingState): z.input<typeof snapshotSchema> {
  return { overall, symbols: [...symbols], cause, since, activatedAt };
}
