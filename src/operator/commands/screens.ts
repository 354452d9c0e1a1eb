/** What each answer of the API looks like to a person. */
import type { FunnelView } from '../../protocol/read-models.ts';
import type { NodeView } from '../../supervision/inspection.ts';
import type { HealthCheck, HealthStatus } from '../health-check.ts';
import { endedInOrder } from '../health-tree.ts';
import type { LockRow } from '../endpoints/locks.ts';
import type { RemainingRow } from '../endpoints/flatten.ts';
import type { PositionRow } from '../positions.ts';
import { branches, duration, table } from './table.ts';
import { printable } from './width.ts';

export interface HealthBody {
  readonly status: HealthStatus;
  readonly tradingState: string;
  readonly mode: string;
  readonly pid: number;
  readonly incarnation: number;
  readonly uptimeMs: number;
  readonly configHash: string;
  readonly buildId: string;
  readonly checks: readonly HealthCheck[];
}

const SIGNS: Readonly<Record<HealthStatus, string>> = { ok: '●', degraded: '▲', failing: '✖' };

export function healthScreen(health: HealthBody): string {
  const { status, mode, tradingState, uptimeMs, incarnation, pid, buildId, configHash, checks } = health;
  const head = `${SIGNS[status]} ${status} · ${mode} · trading ${tradingState} · up ${duration(uptimeMs)} · start ${incarnation} · process ${pid} · build ${buildId} · configuration ${configHash}`;
  return `${printable(head)}\n\n${table(['CHECK', 'STATUS', '#AGE', 'WHAT'], checks.map((one) => [one.name, `${SIGNS[one.status]} ${one.status}`, one.ageMs === 0 ? '' : duration(one.ageMs), one.message]))}`;
}

export function treeScreen(root: NodeView): string {
  return table(
    ['ACTOR', 'STATUS', '#INCARNATION', '#RESTARTS', '#BUDGET', '#QUEUE', '#OLDEST', '#DROPPED', '#HANDLED'],
    branches(root).map(({ lead, node }) => [`${lead}${node.path}`, endedInOrder(node) ? 'ended' : node.status, String(node.incarnation), String(node.restarts), `${node.restartBudget.used}/${node.restartBudget.limit}`, ...queue(node)]),
  );
}

function queue({ kind, mailbox, handled }: NodeView): readonly string[] {
  if (kind === 'supervisor') return ['', '', '', ''];
  return [`${mailbox.depth}/${mailbox.capacity}`, mailbox.depth === 0 ? '' : duration(mailbox.oldestMs), String(mailbox.dropped), String(handled)];
}

export function funnelScreen({ windowMs, stages }: FunnelView): string {
  // A code a line: the longest fits 80 columns.
  const rows = stages.flatMap((one) => {
    const [first = '', ...others] = Object.entries(one.refused).toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`);
    return [[one.stage, String(one.in), String(one.out), one.lastAt?.slice(11, 19) ?? 'never', first], ...others.map((code) => ['', '', '', '', code])];
  });
  return `The last ${duration(windowMs)}\n\n${table(['STAGE', '#IN', '#OUT', 'LAST', 'REFUSED'], rows)}`;
}

/** `#SEEN`: how long ago the venue last listed the stop that stands. */
export function positionsScreen(positions: readonly PositionRow[]): string {
  if (positions.length === 0) return 'No open position.\n';
  const known = (value: string | number | null) => (value === null ? '?' : String(value));
  return table(
    ['SYMBOL', 'SIDE', '#QUANTITY', '#ENTRY', '#MARK', '#P&L', '#LEVERAGE', '#STOP', '#SEEN', '#TARGET', 'STATE', 'SINCE'],
    positions.map((one) => [one.symbol, known(one.side), known(one.quantity), known(one.entryPrice), known(one.markPrice), known(one.unrealizedPnl), known(one.leverage), ...protection(one), one.state, known(one.openedAt)]),
  );
}

/** Where the position itself is not known, neither is whether it has a stop: only a known one without is an alarm. */
function protection({ quantity, stopOrderId, stopLoss, guard, stopSeenAgeMs, takeProfit }: PositionRow): readonly [string, string, string] {
  if (quantity === null) return ['?', '?', '?'];
  const none = guard === null ? '▲ none' : `▲ here ${guard}`;
  return [stopOrderId === null ? none : (stopLoss ?? '?'), stopSeenAgeMs === null ? '?' : `${duration(stopSeenAgeMs)} ago`, takeProfit ?? 'none'];
}

export interface DeadLettersBody {
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly recent: readonly { readonly to: string; readonly from: string; readonly type: string; readonly reason: string; readonly at: string }[];
}

export function deadLettersScreen({ total, counts, recent }: DeadLettersBody): string {
  if (Object.keys(counts).length === 0) return 'No dead letter.\n';
  const reasons = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`).join(', ');
  return `${total}: ${reasons}\n\n${table(['AT', 'MESSAGE', 'FROM', 'TO', 'REASON'], recent.map((one) => [one.at, one.type, one.from, one.to, one.reason]))}`;
}

export function clearedScreen({ cleared }: { readonly cleared: number }): string {
  return `${cleared} forgotten; the counts stay\n`;
}

export interface TradingStateBody {
  readonly overall: string;
  readonly symbols: Readonly<Record<string, string>>;
  readonly cause: string;
}

export function tradingStateScreen({ overall, symbols, cause }: TradingStateBody): string {
  const own = Object.entries(symbols).map(([symbol, state]) => `${symbol} ${state}`);
  return `${[`trading is ${overall}${cause === '' ? '' : `: ${cause}`}`, ...own].map(printable).join('\n')}\n`;
}

export interface ControlBody {
  readonly path: string;
  readonly action: string;
  readonly incarnation: number;
  /** How many it was about, where it was about messages. */
  readonly messages?: number;
}

export function controlScreen({ path, action, incarnation, messages }: ControlBody): string {
  return `${printable(`${action} of ${path}, incarnation ${incarnation}: taken${messages === undefined ? '' : `, ${messages} messages`}`)}\n`;
}

export function locksScreen(locks: readonly LockRow[]): string {
  if (locks.length === 0) return 'No lock.\n';
  return table(['LOCK', 'SYMBOL', 'SIDE', 'CODE', 'UNTIL', 'WHY'], locks.map((one) => [one.lockId, one.symbol ?? 'all', one.side ?? 'both', one.code, one.until ?? 'its condition ends', one.cause]));
}

export interface FlattenBody {
  readonly flat: readonly string[];
  readonly remaining: readonly RemainingRow[];
}

export function flattenScreen({ flat, remaining }: FlattenBody): string {
  const done = `flat, as the venue says: ${flat.map(printable).join(', ') || 'nothing'}\n`;
  if (remaining.length === 0) return `${done}Nothing is left.\n`;
  return `${done}\nNot flat yet; it is tried until it is:\n\n${table(['SYMBOL', 'STATE', '#QUANTITY', '#STOP'], remaining.map((one) => [one.symbol, one.state, 'quantity' in one ? (one.quantity ?? '?') : '?', 'stopLoss' in one ? (one.stopLoss ?? '▲ none') : '?']))}`;
}

/** `unread`: of these it is not known whether they hold anything. */
export function stopScreen({ positions, unread }: { readonly positions: readonly PositionRow[]; readonly unread: readonly string[] }): string {
  const unknown = unread.length === 0 ? '' : `Not known: ${unread.map(printable).join(', ')}; what is open there, and its stops and targets, stays as it is on the exchange.\n`;
  if (positions.length === 0) return `Stopping. ${unread.length === 0 ? 'Nothing stays open.\n' : unknown}`;
  return `Stopping. What stays open, with the stop that the venue holds:\n\n${positionsScreen(positions)}${unknown}`;
}
