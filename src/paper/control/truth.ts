/** Everything the exchange knows of its accounts, for checkers: the newest of each list, and how many there are. */
import { text } from '../../protocol/decimal.ts';
import { accountMargin } from '../core/margin.ts';
import type { AccountState } from '../core/state.ts';
import type { PaperVenue } from '../venue.ts';
import { positionRiskV3, symbolConfigRow } from '../wire/position-shapes.ts';
import { algoRow, orderRow, tradeRow } from '../wire/shapes.ts';

/** Orders, conditional orders and trades of an account in one answer. */
const MOST_ROWS = 10_000;

/** The newest, ascending; only these are made into rows. */
function newest<T>(records: ReadonlyMap<number, T> | readonly T[], row: (record: T) => unknown): unknown[] {
  const all = records instanceof Map ? [...records.values()] : (records as readonly T[]);
  return all.slice(-MOST_ROWS).map(row);
}

function accountTruth(venue: PaperVenue, own: AccountState): Record<string, unknown> {
  const row = (algo: Parameters<typeof algoRow>[0]) => algoRow(algo, algo.actualOrderId === null ? undefined : own.orders.get(algo.actualOrderId));
  return {
    apiKey: own.account.apiKey,
    walletBalance: text(own.account.wallet),
    positions: accountMargin(venue.state, own)
      .positions.filter(({ position }) => !position.amount.isZero())
      .map((position) => ({ ...positionRiskV3(position), ...symbolConfigRow(own, position.position.symbol) })),
    openOrders: [...own.openOrders.values()].map(orderRow),
    openAlgoOrders: [...own.openAlgos.values()].map(row),
    orders: newest(own.orders, orderRow),
    algoOrders: newest(own.algos, row),
    trades: newest(own.trades, tradeRow),
    counts: { orders: own.orders.size, algoOrders: own.algos.size, trades: own.trades.length },
  };
}

export function truth(venue: PaperVenue): unknown {
  return { now: venue.now(), accounts: [...venue.state.accounts.values()].map((own) => accountTruth(venue, own)) };
}
