/** What is not as a case of the fault matrix must end, in words: by the venue's truth, by the service's rows and by its journal. */
import { BigNumber } from 'bignumber.js';
import type { FaultCase } from './fault-case.ts';
import type { Entry } from './journal-file.ts';
import type { Json, PositionRow, Truth } from './service.ts';
import { amountOf, executedEntries, nakedTimes, unrest } from './venue-check.ts';

/** Ruling 10, and what it takes to send a close. */
const NAKED_MS = 10_000;
export const NAKED_SLACK_MS = 2_500;

/** What of a symbol the judge may ask for; it costs the service something, so it is asked last. */
export interface Witness {
  readonly phase: () => Promise<string>;
  readonly life: () => Promise<readonly Entry[]>;
  /** Codes of what was decided against the intent. */
  readonly refusals: () => Promise<readonly string[]>;
}

/** What may still become right. */
export async function unlike(symbol: string, { end }: FaultCase, truth: Truth, rows: readonly PositionRow[], witness: Witness): Promise<readonly string[]> {
  const found = [...unrest(truth, symbol)];
  const amount = amountOf(truth, symbol);
  const row = rows.find((one) => one.symbol === symbol);
  const executed = executedEntries(truth, symbol).length;
  const opened = typeof end === 'string' ? 1 : 0;
  if (executed !== opened) found.push(`${executed} entries executed instead of ${opened}`);
  if (end === 'held' ? amount.isZero() : !amount.isZero()) found.push(`the venue holds ${amount.toFixed()}`);
  if (found.length > 0) return found;
  if (end === 'held') {
    if (row === undefined || row.state !== 'Protected' || !signed(row).isEqualTo(amount)) found.push(`the venue holds ${amount.toFixed()}, the service says ${row === undefined ? await witness.phase() : `${row.state} ${row.side} ${row.quantity}`}`);
  } else if (row !== undefined) found.push(`nothing is held, the service says ${row.state} ${row.side} ${row.quantity}`);
  else {
    const phase = await witness.phase();
    if (phase !== 'Flat') found.push(`nothing is held, the service says ${phase}`);
  }
  if (typeof end === 'object') {
    const ended = (await witness.life()).findLast((entry) => entry.type === 'PlanEnded')?.payload.code as string | undefined;
    const codes = ended === undefined && 'refused' in end ? await witness.refusals() : [ended ?? 'nothing'];
    const allowed = 'none' in end ? [end.none] : end.refused;
    if (!codes.some((code) => allowed.includes(code))) found.push(`the plan has ended with ${codes.join(', ') || 'nothing'} instead of ${allowed.join(' or ')}`);
  }
  return found;
}

/** What stays wrong once it has been: two entries, a naked time beyond the bound, fills that are not on record, or twice. */
export function lasting(symbol: string, one: FaultCase, truth: Truth, life: readonly Entry[]): readonly string[] {
  const found: string[] = [];
  for (const { forMs } of nakedTimes(truth, symbol, Date.now())) if (forMs > (one.nakedMs ?? NAKED_MS) + NAKED_SLACK_MS) found.push(`naked for ${forMs} ms`);
  const recorded = life.filter((entry) => entry.type === 'FillRecorded').map((entry) => String(entry.payload.tradeId));
  const traded = truth.trades.filter((trade) => trade.symbol === symbol).map((trade) => String(trade.id));
  if (new Set(recorded).size !== recorded.length) found.push('a fill is on record twice');
  if (recorded.toSorted().join() !== traded.toSorted().join()) found.push(`fills on record: ${recorded.join()}; trades at the venue: ${traded.join()}`);
  const sent = life.filter((entry) => entry.type === 'OrderSending' && entry.payload.purpose === 'entry');
  if (sent.length > 1) found.push(`the entry was announced ${sent.length} times`);
  return found;
}

/** For a failure: what the journal says of the symbol, and why it was not opened. */
export function story(life: readonly Entry[], gates: readonly Json[]): string {
  const lines = life.map(({ type, at, payload }) => `  +${at - life[0]!.at} ${type} ${JSON.stringify(payload).slice(0, 180)}`);
  const refused = gates.flatMap(({ stage, lastRefusal }) => (lastRefusal === null ? [] : [`  ${stage}: ${(lastRefusal.denials as readonly Json[]).map((one) => `${one.code} (${one.value ?? ''} against ${one.limit ?? ''}) ${one.detail ?? ''}`).join(', ')}`]));
  return [...lines, ...(life.length > 0 ? [] : refused)].join('\n');
}

function signed({ side, quantity }: PositionRow): BigNumber {
  return side === 'LONG' ? new BigNumber(quantity) : new BigNumber(quantity).negated();
}
