/** Funding changes the wallet of whoever holds a position when it is settled, by −amount × mark × rate, and nothing else of him. */
import { decimal, type Decimal } from '../../protocol/decimal.ts';
import { larger, money, smaller } from './ledger.ts';
import type { Income, Position } from './model.ts';
import { settingsOf, type AccountState } from './state.ts';
import type { Turn } from './turn.ts';

/** Every symbol pays at 00, 08 and 16 h UTC. */
export const FUNDING_INTERVAL_MS = 8 * 3_600_000;
/** Of eight hours. */
const INTEREST_RATE: Decimal = decimal('0.0001');
const DAMPER = decimal('0.0005');
const FUNDING_CAP: Decimal = decimal('0.02');
const RATE_DECIMALS = 8;

/** The newest funding time that is not after `now`, ms. */
export function fundingTimeAt(now: number): number {
  return Math.floor(now / FUNDING_INTERVAL_MS) * FUNDING_INTERVAL_MS;
}

function within(value: Decimal, bound: Decimal): Decimal {
  return larger(bound.negated(), smaller(bound, value));
}

/** P + clamp(interest − P, ± 0.05 %), capped; P is the average premium of mark over index since the last time. Source: Binance FAQ 360033525031. */
export function fundingRateOf(premium: Decimal): Decimal {
  const rate = premium.plus(within(INTEREST_RATE.minus(premium), DAMPER));
  return within(rate, FUNDING_CAP).decimalPlaces(RATE_DECIMALS);
}

export interface FundingSettlement {
  readonly symbol: string;
  readonly fundingTime: number;
  /** Positive: longs pay shorts. */
  readonly rate: Decimal;
  readonly mark: Decimal;
}

/** Books `amount` USDT into the wallet; of an isolated position also into what was set aside for it. */
export function bookIncome(turn: Turn, own: AccountState, position: Position, incomeType: Income['incomeType'], amount: Decimal): void {
  const isolated = settingsOf(own, position.symbol).marginType === 'ISOLATED' && !position.amount.isZero();
  turn.emit({
    type: 'IncomeBooked',
    time: turn.now,
    income: { account: own.account.apiKey, tranId: turn.state.lastTranId + 1, symbol: position.symbol, positionSide: position.positionSide, incomeType, amount, time: turn.now },
    account: { ...own.account, wallet: own.account.wallet.plus(amount), updateTime: turn.now },
    position: isolated ? { ...position, isolatedWallet: position.isolatedWallet.plus(amount), updateTime: turn.now } : position,
  });
}

/** Settles one symbol for all accounts. A fee that rounds to nothing has no row. */
export function settleFunding(turn: Turn, { symbol, fundingTime, rate, mark }: FundingSettlement): void {
  turn.emit({ type: 'FundingSettled', time: turn.now, funding: { symbol, fundingTime, rate, mark } });
  for (const own of turn.state.accounts.values()) {
    for (const position of own.positions.values()) {
      if (position.symbol !== symbol) continue;
      const amount = money(position.amount.multipliedBy(mark).multipliedBy(rate).negated());
      if (!amount.isZero()) bookIncome(turn, own, position, 'FUNDING_FEE', amount);
    }
  }
}
