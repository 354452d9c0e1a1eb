/** `vigil reconcile` and `vigil adopt`: what the venue has and the journal does not explain, found and taken over. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { decimal, decimalString } from '../../protocol/decimal.ts';
import type { ReconciledRow } from '../../protocol/read-models.ts';
import { ADOPT_WAIT_MS, RECONCILE_WAIT_MS } from '../endpoints/reconcile.ts';
import type { AdoptBody, ReconcileBody } from '../endpoints/reconcile.ts';
import { client } from './client-command.ts';
import type { CommandIo } from './io.ts';
import { runQuestion } from './run.ts';
import type { ClientOptions } from './run.ts';
import { table } from './table.ts';
import { printable } from './width.ts';

export function registerReconcileCommands(program: Command, io: CommandIo): void {
  client(program, 'reconcile', 'compare venue and journal now, and say what was found; 1 if they still differ or others have orders in the book')
    .argument('[symbol]', 'only this one')
    .option('--reason <text>', 'kept in the journal')
    .action((symbol: string | undefined, { reason, ...options }: ClientOptions & { readonly reason?: string }) => runQuestion<ReconcileBody>(io, options, { method: 'POST', path: '/v1/reconcile', body: given({ symbol, reason }), show: reconcileScreen, findings: ({ symbols }) => symbols.some(isFinding), takesMs: RECONCILE_WAIT_MS }));
  client(program, 'adopt', 'take over a position that the journal cannot explain: on record, protected and managed from then on; 1 if its stop does not stand yet')
    .argument('<symbol>', 'as `vigil alerts` or `vigil reconcile` names it')
    .option('--stop <price>', 'where its stop is to stand (default: trading.stopLossPercent from its entry)', price)
    .option('--reason <text>', 'kept in the journal')
    .action((symbol: string, { stop, reason, ...options }: ClientOptions & { readonly stop?: string; readonly reason?: string }) => runQuestion<AdoptBody>(io, options, { method: 'POST', path: '/v1/adopt', body: given({ symbol, stop, reason }), show: adoptScreen, findings: ({ stopOrderId }) => stopOrderId === null, takesMs: ADOPT_WAIT_MS }));
}

function given(fields: Readonly<Record<string, string | undefined>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function price(text: string): string {
  if (!decimalString.safeParse(text).success || !decimal(text).isGreaterThan(0)) throw new InvalidArgumentError('It is not a price above 0, such as 0.0085.');
  return text;
}

function isFinding({ outcome, unknownOrders }: ReconciledRow): boolean {
  return outcome === 'left' || outcome === 'unresolved' || unknownOrders.length > 0;
}

const WORDS: Readonly<Record<ReconciledRow['outcome'], string>> = { agreed: 'agree', corrected: '▲ was wrong, corrected', left: '▲ differ, left alone', unresolved: '▲ no result yet' };

function reconcileScreen({ symbols }: ReconcileBody): string {
  if (symbols.length === 0) return 'Neither venue nor journal has anything of it.\n';
  const rows = symbols.map((one) => [one.symbol, WORDS[one.outcome], one.before, one.journal, one.venue, one.state]);
  const unknown = symbols.filter((one) => one.unknownOrders.length > 0).map((one) => `${one.symbol}, not ours: ${one.unknownOrders.join(', ')}`);
  const left = symbols.filter((one) => one.outcome === 'left').map((one) => `\`vigil adopt ${one.symbol}\` takes it over.`);
  const pending = symbols.some((one) => one.outcome === 'unresolved') ? ['What has no result yet is tried again by itself; `vigil inspect executor/SYMBOL` shows both sides.'] : [];
  const words = [...unknown, ...left, ...pending].map((line) => `${printable(line)}\n`).join('');
  return `${table(['SYMBOL', 'BOTH SIDES', '#BEFORE', '#JOURNAL', '#VENUE', 'STATE'], rows)}${words === '' ? '' : `\n${words}`}`;
}

function adoptScreen({ symbol, side, quantity, entryPrice, positionId, stopPrice, stopLoss, stopOrderId, state }: AdoptBody): string {
  const stop = stopOrderId === null ? `▲ its stop at ${stopPrice} does not stand yet; it is tried again, and the position closed if it cannot be placed` : `its stop stands at ${stopLoss ?? stopPrice} (${stopOrderId})`;
  return `${[`${symbol}: ${side} ${quantity} at ${entryPrice} is ours now, as ${positionId} (${state});`, stop].map(printable).join('\n')}\n`;
}
