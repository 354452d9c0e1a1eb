/** Income history: read from trades, deposit and booked income themselves, so that there is no second book that could disagree. */
import { text } from '../../protocol/decimal.ts';
import { money } from '../core/ledger.ts';
import type { AccountState } from '../core/state.ts';
import { VenueError } from '../core/venue-error.ts';
import type { PrivateCall } from './route.ts';

/** What may be asked for; kinds that never happen here have no rows. */
const INCOME_TYPES = ['TRANSFER', 'WELCOME_BONUS', 'REALIZED_PNL', 'FUNDING_FEE', 'COMMISSION', 'INSURANCE_CLEAR', 'REFERRAL_KICKBACK', 'COMMISSION_REBATE', 'API_REBATE', 'CONTEST_REWARD', 'CROSS_COLLATERAL_TRANSFER', 'OPTIONS_PREMIUM_FEE', 'OPTIONS_SETTLE_PROFIT', 'INTERNAL_TRANSFER', 'AUTO_EXCHANGE', 'DELIVERED_SETTELMENT', 'COIN_SWAP_DEPOSIT', 'COIN_SWAP_WITHDRAW', 'POSITION_LIMIT_INCREASE_FEE', 'STRATEGY_UMFUTURES_TRANSFER', 'FEE_RETURN', 'BFUSD_REWARD'];
const WEEK_MS = 7 * 86_400_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

interface IncomeRow {
  readonly symbol: string;
  readonly incomeType: string;
  readonly income: string;
  readonly time: number;
  readonly tranId: number;
  readonly tradeId: string;
}

/** All rows of a time in its order: a deposit, for each trade what it cost and realised, one each for what was booked besides. */
function incomeRows(own: AccountState, from: number, until: number): IncomeRow[] {
  const within = ({ time }: { readonly time: number }) => time >= from && time <= until;
  const deposit = { symbol: '', incomeType: 'TRANSFER', income: text(own.account.deposit), time: own.account.openedAt, tranId: 1, tradeId: '' };
  const rows: IncomeRow[] = within(deposit) ? [deposit] : [];
  for (const { symbol, id, time, commission, realised } of own.trades.filter(within)) {
    if (!commission.isZero()) rows.push({ symbol, incomeType: 'COMMISSION', income: text(money(commission.negated())), time, tranId: id * 2, tradeId: String(id) });
    if (!realised.isZero()) rows.push({ symbol, incomeType: 'REALIZED_PNL', income: text(realised), time, tranId: id * 2 + 1, tradeId: String(id) });
  }
  for (const { symbol, incomeType, amount, time, tranId } of own.incomes.filter(within)) rows.push({ symbol, incomeType, income: text(amount), time, tranId, tradeId: '' });
  return rows.toSorted((a, b) => a.time - b.time || a.tranId - b.tranId);
}

/** Without times the last seven days. `page` counts from 1 at the oldest; without it a start gives the oldest `limit`, no start the newest. */
export function incomeHistory({ venue, own, params, now }: PrivateCall): unknown {
  const symbol = params.text('symbol');
  if (symbol !== null && !venue.state.rules.has(symbol)) throw new VenueError('BAD_SYMBOL');
  const type = params.text('incomeType');
  if (type !== null && !INCOME_TYPES.includes(type)) throw new VenueError('BAD_PARAMETER', 'incomeType');
  const [start, end] = [params.whole('startTime'), params.whole('endTime')];
  if (start !== null && end !== null && start > end) throw new VenueError('BAD_PARAMETER', 'endTime');
  const page = params.whole('page');
  if (page !== null && page < 1) throw new VenueError('BAD_PARAMETER', 'page');
  const limit = params.limit('limit', DEFAULT_LIMIT, MAX_LIMIT);
  const from = start ?? (end === null ? now - WEEK_MS : 0);
  const rows = incomeRows(own, from, end ?? Infinity).filter((row) => (symbol === null || row.symbol === symbol) && (type === null || row.incomeType === type));
  const shown = page === null && start === null ? rows.slice(-limit) : rows.slice(((page ?? 1) - 1) * limit, (page ?? 1) * limit);
  return shown.map((row) => ({ ...row, asset: 'USDT', info: row.incomeType }));
}
