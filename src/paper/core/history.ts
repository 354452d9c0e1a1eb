/** How long history stays: as long as the venue's own, and never more of it than so many rows an account, so that no running grows without end. */
import { ZERO, type Decimal } from '../../protocol/decimal.ts';
import type { Gone } from './events.ts';
import { KEPT_MS } from './forget.ts';
import type { Algo, Order } from './model.ts';
import type { AccountState } from './state.ts';
import type { Turn } from './turn.ts';

/** What was cancelled or expired without a fill. */
const KEPT_UNFILLED_MS = 3 * 86_400_000;
/** Of each kind, the newest: the local venue may see more in an hour than a customer of the live one in years. */
export const KEPT_ROWS = 100_000;

const ENDED: ReadonlySet<string> = new Set(['FINISHED', 'CANCELED', 'EXPIRED', 'REJECTED'] satisfies Algo['status'][]);
const CANCELED: ReadonlySet<string> = new Set(['CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH', 'REJECTED'] satisfies (Order['status'] | Algo['status'])[]);

/** The ids of what leaves: what is past its time, and the oldest of what is above `most`. */
function due<T extends { readonly time: number }>(records: Iterable<T>, count: number, { now, most, idOf, lifeOf }: { now: number; most: number; idOf: (record: T) => number; lifeOf: (record: T) => number }): number[] {
  const ids: number[] = [];
  let surplus = count - most;
  for (const record of records) {
    const life = lifeOf(record);
    if (life === Infinity) continue;
    if (surplus > 0 || record.time + life < now) ids.push(idOf(record));
    surplus -= 1;
  }
  return ids;
}

const always = (): number => KEPT_MS;

/** What is still open has no end. */
function lifeOfOrder(own: AccountState, order: Order): number {
  if (own.openOrders.has(order.orderId)) return Infinity;
  return CANCELED.has(order.status) && order.filled.isZero() ? KEPT_UNFILLED_MS : KEPT_MS;
}

function lifeOfAlgo(algo: Algo): number {
  if (!ENDED.has(algo.status)) return Infinity;
  return CANCELED.has(algo.status) ? KEPT_UNFILLED_MS : KEPT_MS;
}

function dueOf(own: AccountState, now: number, most: number): Gone {
  return {
    order: due(own.orders.values(), own.orders.size - own.openOrders.size, { now, most, idOf: (order) => order.orderId, lifeOf: (order) => lifeOfOrder(own, order) }),
    algo: due(own.algos.values(), own.algos.size - own.openAlgos.size, { now, most, idOf: (algo) => algo.algoId, lifeOf: lifeOfAlgo }),
    trade: due(own.trades, own.trades.length, { now, most, idOf: (trade) => trade.id, lifeOf: always }),
    income: due(own.incomes, own.incomes.length, { now, most, idOf: (income) => income.tranId, lifeOf: always }),
    'margin-change': due(own.marginChanges, own.marginChanges.length, { now, most, idOf: (change) => change.tranId, lifeOf: always }),
    amendment: due(own.amendments, own.amendments.length, { now, most, idOf: (amendment) => amendment.amendmentId, lifeOf: always }),
  };
}

/** What the rows that leave changed the wallet by. */
function worthOf(own: AccountState, gone: Gone): Decimal {
  const [trades, incomes] = [new Set(gone.trade), new Set(gone.income)];
  let worth = ZERO;
  for (const trade of own.trades) if (trades.has(trade.id)) worth = worth.plus(trade.realised).minus(trade.commission);
  for (const income of own.incomes) if (incomes.has(income.tranId)) worth = worth.plus(income.amount);
  return worth;
}

/** Lets go of what is too old, or too much. @param most closed rows of each kind that an account may keep */
export function pruneHistory(turn: Turn, most: number): void {
  const { lastOrderId: order, lastAlgoId: algo, lastTradeId: trade, lastTranId: tran, lastAmendmentId: amendment } = turn.state;
  for (const own of turn.state.accounts.values()) {
    const gone = dueOf(own, turn.now, most);
    if (Object.values(gone).every((ids) => ids.length === 0)) continue;
    const account = { ...own.account, forgotten: own.account.forgotten.plus(worthOf(own, gone)) };
    turn.emit({ type: 'HistoryPruned', time: turn.now, account, counters: { order, algo, trade, tran, amendment }, gone });
  }
}
