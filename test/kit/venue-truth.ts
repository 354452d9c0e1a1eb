/** `GET /paper/v1/truth` as the auditor takes it: rows of the venue in our own words, read by the adapter's own schemas. */
import type { VenueFacts } from '../../src/rules/audit/facts.ts';
import { parsePositions } from '../../src/venue/parse-account.ts';
import { parseOpenAlgoOrders, parseOpenOrders, parseTrades } from '../../src/venue/parse-orders.ts';

export interface PaperTruth {
  /** Venue time, ms. */
  readonly now: number;
  readonly accounts: readonly { readonly apiKey: string; readonly positions: unknown; readonly orders: unknown; readonly algoOrders: unknown; readonly trades: unknown }[];
}

/** @throws Error when there is no such account, VenueError when a row is not what the venue would answer. */
export function venueFactsOf(truth: PaperTruth, apiKey = 'paper'): VenueFacts {
  const account = truth.accounts.find((one) => one.apiKey === apiKey);
  if (account === undefined) throw new Error(`no account ${apiKey}: ${truth.accounts.map((one) => one.apiKey).join(', ')}`);
  return {
    orders: parseOpenOrders(account.orders, 'truth.orders'),
    algoOrders: parseOpenAlgoOrders(account.algoOrders, 'truth.algoOrders'),
    trades: parseTrades(account.trades, 'truth.trades'),
    positions: parsePositions(account.positions, 'truth.positions'),
  };
}
