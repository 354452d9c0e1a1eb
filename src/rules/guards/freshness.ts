/** Guards of freshness: what decides is recent by the venue's clock, complete since the last connection, and dated rightly. */
import type { Guard, GuardInputs, Verdict } from './guard.ts';
import { allow, deny, fresh, unknown } from './guard.ts';

export const FRESHNESS_GUARDS: readonly Guard[] = [
  // No sample is missing, never fresh; the age counts from the exchange's observation (failure 73, operators' 12).
  { code: 'EQUITY_STALE', check: ({ equity, venueNow, limits }) => (equity === undefined ? unknown('EQUITY_MISSING', 'never observed') : fresh('EQUITY_STALE', equity.observedAt, venueNow, limits.equityMaxAgeMs)) },
  { code: 'PRICE_STALE', check: ({ market, venueNow, limits }) => (market?.mark === undefined ? unknown('PRICE_MISSING', 'never observed') : fresh('PRICE_STALE', market.mark.observedAt, venueNow, limits.priceMaxAgeMs)) },
  // By the receipt: an event may say any time, and a venue that sends nothing says none (operators' 47).
  { code: 'MARKET_SILENT', check: ({ market, now }) => (market === undefined ? unknown('MARKET_SILENT', 'nothing of it has ever been received') : market.silentSince === undefined ? allow() : deny('MARKET_SILENT', { ageMs: Math.max(0, now - market.silentSince) })) },
  { code: 'STREAM_STALE', check: ({ stream }) => (stream === undefined ? unknown('STREAM_STALE', 'not reported') : stream.live ? allow({ value: String(stream.streamEpoch) }) : deny('STREAM_STALE', { detail: `lost since ${stream.since}` })) },
  { code: 'NOT_RECONCILED', check: reconciled },
  { code: 'CLOCK_SKEW', check: skew },
];

/** What was missed between two connections only a reconciliation brings: it must belong to the one that is live. */
function reconciled({ stream, reconciliation, plan }: GuardInputs): Verdict {
  if (stream === undefined || reconciliation === undefined) return unknown('NOT_RECONCILED', 'never');
  const measure = { limit: String(stream.streamEpoch), value: String(reconciliation.streamEpoch) };
  if (reconciliation.streamEpoch !== stream.streamEpoch) return deny('NOT_RECONCILED', measure);
  return reconciliation.unresolved.includes(plan.symbol) ? deny('NOT_RECONCILED', { ...measure, detail: `${plan.symbol} is unresolved` }) : allow(measure);
}

function skew({ session, limits }: GuardInputs): Verdict {
  const offset = session?.clockOffsetMs;
  if (offset === undefined) return unknown('CLOCK_SKEW', 'never measured');
  const measure = { limit: String(limits.clockSkewMaxMs), value: String(offset) };
  return Math.abs(offset) <= limits.clockSkewMaxMs ? allow(measure) : deny('CLOCK_SKEW', measure);
}
