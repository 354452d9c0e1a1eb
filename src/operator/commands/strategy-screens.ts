/** The strategies as a person sees them: one table of those that trade, one of those that watch. */
import { table } from './table.ts';

/** What GET /v1/strategies says of one; a strategy that does not run has no more than its name and status. */
export interface StrategyRow {
  readonly name: string;
  readonly role: 'live' | 'shadow';
  readonly status: string;
  readonly lastSignalAt?: string | null;
  readonly published?: number;
  readonly signals?: number;
  readonly recent?: { readonly signals: number; readonly share: number | null };
  readonly circuit?: string;
  readonly leftOut?: readonly { readonly symbol: string }[];
  readonly score?: { readonly closed: number; readonly hitRate: number | null; readonly resultUsdt: string; readonly open: readonly { readonly symbol: string; readonly side: string; readonly resultUsdt: string | null }[] };
}

export function strategiesScreen(rows: readonly StrategyRow[]): string {
  const live = rows.filter((one) => one.role === 'live').map((one) => [one.name, one.status, number(one.published), number(one.recent?.signals), percent(one.recent?.share), one.circuit ?? '', one.lastSignalAt ?? 'never', leftOut(one)]);
  const shadows = rows.filter((one) => one.role === 'shadow').map((one) => [one.name, one.status, number(one.signals), number(one.score?.closed), percent(one.score?.hitRate), one.score?.resultUsdt ?? '', open(one), one.lastSignalAt ?? 'never', leftOut(one)]);
  return [
    table(['TRADES', 'STATUS', '#SIGNALS', '#RECENT', '#FALLBACK', 'MODEL', 'LAST SIGNAL', 'LEFT OUT'], live),
    ...(shadows.length === 0 ? [] : [table(['WATCHES', 'STATUS', '#SIGNALS', '#CLOSED', '#HITS', '#USDT ON PAPER', 'OPEN ON PAPER', 'LAST SIGNAL', 'LEFT OUT'], shadows)]),
  ].join('\n');
}

function number(count: number | undefined): string {
  return count === undefined ? '' : String(count);
}

/** Of nothing there is no share. */
function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '' : `${Math.round(share * 100)} %`;
}

function open({ score }: StrategyRow): string {
  return score?.open.map(({ symbol, side, resultUsdt }) => `${side} ${symbol} ${resultUsdt ?? 'no price'}`).join(', ') ?? '';
}

function leftOut({ leftOut: symbols = [] }: StrategyRow): string {
  return symbols.map((one) => one.symbol).join(', ');
}
