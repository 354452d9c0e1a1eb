/** Guards of exposure: one position a symbol, so many and so much in all, and so often; what is granted counts from the grant on (failure 51). */
import { ceilTo, decimal, text, ZERO } from '../../protocol/decimal.ts';
import { exposureOf, exposures, worstNotional } from '../reservations.ts';
import type { Exposure } from '../reservations.ts';
import type { Guard, GuardInputs, Verdict } from './guard.ts';
import { allow, deny } from './guard.ts';

const HOUR_MS = 3_600_000;
const FIVE_MINUTES_MS = 300_000;
const SHOWN = decimal('0.00000001');

export const EXPOSURE_GUARDS: readonly Guard[] = [
  { code: 'POSITION_OPEN', check: symbolFree },
  { code: 'MAX_POSITIONS', check: positions },
  { code: 'NOTIONAL_PER_TRADE', check: notionalPerTrade },
  { code: 'NOTIONAL_TOTAL', check: notionalTotal },
  { code: 'RATE_HOURLY', check: ({ openedAgoMs, limits }) => rate('RATE_HOURLY', openedAgoMs, HOUR_MS, limits.opensPerHour) },
  { code: 'RATE_BURST', check: ({ openedAgoMs, limits }) => rate('RATE_BURST', openedAgoMs, FIVE_MINUTES_MS, limits.opensPer5Min) },
];

function symbolFree({ plan, lives, reservations }: GuardInputs): Verdict {
  const { busy } = exposureOf(plan.symbol, lives, reservations);
  const value = lives.get(plan.symbol)?.phase ?? 'unreported';
  return busy ? deny('POSITION_OPEN', { limit: 'Flat', value: value === 'Flat' ? 'reserved' : value }) : allow({ value });
}

function others({ plan, lives, reservations }: GuardInputs): readonly Exposure[] {
  return exposures(lives, reservations).filter((one) => one.symbol !== plan.symbol);
}

function positions(inputs: GuardInputs): Verdict {
  const count = others(inputs).length;
  const measure = { limit: String(inputs.limits.maxPositions), value: String(count) };
  return count < inputs.limits.maxPositions ? allow(measure) : deny('MAX_POSITIONS', measure);
}

function notionalPerTrade({ plan, limits }: GuardInputs): Verdict {
  const measure = { limit: limits.notionalPerTrade, value: text(worstNotional(plan)) };
  return worstNotional(plan).isLessThanOrEqualTo(limits.notionalPerTrade) ? allow(measure) : deny('NOTIONAL_PER_TRADE', measure);
}

/** With this opening: entry notional of what is held, limit price of what is opening or reserved (ruling 15). */
function notionalTotal(inputs: GuardInputs): Verdict {
  const total = others(inputs).reduce((sum, one) => sum.plus(one.notional), ZERO).plus(worstNotional(inputs.plan));
  // Entry prices are quotients with 40 places; up, so that what is above the limit is shown so.
  const measure = { limit: inputs.limits.notionalTotal, value: text(ceilTo(total, SHOWN)) };
  return total.isLessThanOrEqualTo(inputs.limits.notionalTotal) ? allow(measure) : deny('NOTIONAL_TOTAL', measure);
}

function rate(code: 'RATE_HOURLY' | 'RATE_BURST', openedAgoMs: readonly number[], windowMs: number, limit: number): Verdict {
  const measure = { limit: String(limit), value: String(openedAgoMs.filter((agoMs) => agoMs < windowMs).length) };
  return Number(measure.value) < limit ? allow(measure) : deny(code, measure);
}
