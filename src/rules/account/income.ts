/** Which changes of the wallet are results of trading, which only moved money in or out (ruling 16), and whether they explain the wallet. */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal, ZERO } from '../../protocol/decimal.ts';
import type { VenueIncome } from '../../protocol/venue.ts';

/** What trading earns and costs. */
const RESULTS: ReadonlySet<string> = new Set(['REALIZED_PNL', 'COMMISSION', 'FUNDING_FEE', 'INSURANCE_CLEAR', 'COMMISSION_REBATE', 'API_REBATE', 'REFERRAL_KICKBACK', 'CONTEST_REWARD', 'DELIVERED_SETTELMENT', 'POSITION_LIMIT_INCREASE_FEE']);

/** Money that came from another wallet or went to one. */
const TRANSFERS: ReadonlySet<string> = new Set(['TRANSFER', 'INTERNAL_TRANSFER', 'CROSS_COLLATERAL_TRANSFER', 'STRATEGY_UMFUTURES_TRANSFER', 'FUTURES_PRESENT', 'WELCOME_BONUS', 'COIN_SWAP_DEPOSIT', 'COIN_SWAP_WITHDRAW', 'AUTO_EXCHANGE', 'OPTIONS_PREMIUM_FEE', 'OPTIONS_SETTLE_PROFIT', 'FEE_RETURN', 'BFUSD_REWARD']);

/** `unknown`: the venue has a new word. Whatever it means, it is taken so that no loss is hidden by it. */
export function kindOf({ type, amount }: VenueIncome): { readonly transfer: boolean; readonly known: boolean } {
  if (RESULTS.has(type)) return { transfer: false, known: true };
  if (TRANSFERS.has(type)) return { transfer: true, known: true };
  // Taken for a transfer, money that came makes no loss smaller; taken for a result, money that went makes it larger.
  return { transfer: amount.isPositive(), known: false };
}

/** Rounding of the venue's own rows; a transfer is never this small. */
const TOLERANCE = decimal('0.01');

/**
 * The rows, oldest first, that explain a change of the wallet: of those not yet counted as many as add up to it.
 * Undefined: none do, so a row is missing, or one is there that the wallet has not seen; then nothing may be concluded.
 * @param rows not yet counted, ascending in time.
 */
export function explainWallet(rows: readonly VenueIncome[], change: Decimal): readonly VenueIncome[] | undefined {
  const explains = (sum: Decimal) => sum.minus(change).abs().isLessThanOrEqualTo(TOLERANCE);
  const sums = rows.reduce<Decimal[]>((all, row) => [...all, all.at(-1)!.plus(row.amount)], [ZERO]);
  // All of them if that is right: what is newest is then in it, too.
  const last = sums.findLastIndex(explains);
  return last < 0 ? undefined : rows.slice(0, last);
}
