/** A symbol's status changes: delisted, its orders leave the book, its positions are settled at the index price, and then it is closed. */
import { BigNumber } from 'bignumber.js';
import { ZERO } from '../../protocol/decimal.ts';
import { bookIncome } from './funding.ts';
import { larger, smaller } from './ledger.ts';
import { clearCross } from './liquidation.ts';
import { statusOf } from './listing.ts';
import { fillAtVenue } from './matching.ts';
import type { SymbolStatus } from './model.ts';
import { changeAlgo, expireOrder } from './settle.ts';
import { legsOf, positionOf, settingsOf, type AccountState, type Market } from './state.ts';
import type { Turn } from './turn.ts';
import { VenueError } from './venue-error.ts';

/** From settlement to close. */
const SETTLING_MS = 60_000;

function expireAll(turn: Turn, own: AccountState, symbol: string): void {
  for (const order of own.openOrders.values()) if (order.symbol === symbol) expireOrder(turn, own, order);
  for (const algo of own.openAlgos.values()) if (algo.symbol === symbol) changeAlgo(turn, algo, { status: 'EXPIRED' });
}

/** At the index price on the tick, without a fee; the insurance fund pays what an isolated leg, or the whole account, does not have. */
function settlePositions(turn: Turn, own: AccountState, { view }: Market): void {
  const { symbol } = view;
  const { tickSize } = turn.state.rules.get(symbol)!;
  const price = larger(view.index.dividedBy(tickSize).integerValue(BigNumber.ROUND_HALF_UP).multipliedBy(tickSize), tickSize);
  for (const leg of legsOf(own)) {
    const position = positionOf(own, symbol, leg);
    if (position.amount.isZero()) continue;
    const before = own.account.wallet;
    fillAtVenue(turn, own, position, { price, limit: price, quantity: position.amount.absoluteValue(), feeRate: ZERO, autoClose: 'SETTLEMENT' });
    const left = position.isolatedWallet.plus(own.account.wallet.minus(before));
    const missing = settingsOf(own, symbol).marginType === 'ISOLATED' ? smaller(left, ZERO) : ZERO;
    if (!missing.isZero()) bookIncome(turn, own, positionOf(own, symbol, leg), 'INSURANCE_CLEAR', missing.negated());
    clearCross(turn, own, symbol, leg);
  }
}

function setStatus(turn: Turn, symbol: string, status: SymbolStatus): void {
  turn.emit({ type: 'SymbolStatusChanged', time: turn.now, listing: { symbol, status, since: turn.now } });
}

/** Delisting takes every order and position of the symbol out; a halt leaves them where they are. */
export function setSymbolStatus(turn: Turn, symbol: string, status: SymbolStatus): void {
  if (!turn.state.rules.has(symbol)) throw new VenueError('BAD_SYMBOL');
  if (statusOf(turn.state, symbol) === status) return;
  setStatus(turn, symbol, status);
  if (status !== 'SETTLING' && status !== 'CLOSE') return;
  const market = turn.state.markets.get(symbol);
  for (const own of turn.state.accounts.values()) {
    expireAll(turn, own, symbol);
    if (market) settlePositions(turn, own, market);
  }
}

/** What was settled a while ago is closed. */
export function closeSettled(turn: Turn): void {
  for (const { symbol, status, since } of turn.state.listings.values()) if (status === 'SETTLING' && since + SETTLING_MS <= turn.now) setStatus(turn, symbol, 'CLOSE');
}

/** Conditional orders of a symbol are gone, and nobody is told: a failure of venues that a bot has to notice by itself. */
export function dropStops(turn: Turn, symbol: string): void {
  if (!turn.state.rules.has(symbol)) throw new VenueError('BAD_SYMBOL');
  for (const own of turn.state.accounts.values()) {
    for (const algo of own.openAlgos.values()) {
      if (algo.symbol === symbol) turn.emit({ type: 'AlgoVanished', time: turn.now, algo: { ...algo, status: 'EXPIRED', updateTime: turn.now } });
    }
  }
}
