/** No position without a stop that covers it, for longer than the bound: worked out from the venue's own times. */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal, text, ZERO } from '../../protocol/decimal.ts';
import type { AuditedSymbol, AuditFinding, AuditTerms } from './facts.ts';
import { readClientId } from '../client-ids.ts';
import type { Story } from './story.ts';

interface Cover {
  readonly side: 'BUY' | 'SELL';
  readonly quantity: Decimal;
  readonly from: number;
  readonly to: number;
}

/** Of a position that is left alone nothing is asked. */
export function nakedFindings(audited: AuditedSymbol, { life }: Story): AuditFinding[] {
  if (life.drift !== undefined && life.holding.quantity.isZero()) return [];
  const { symbol, terms, trades } = audited;
  const covers = coversOf(audited);
  const changes = trades.filter(({ at }) => at >= terms.since).toSorted((one, other) => one.at - other.at);
  const signed = (trade: (typeof trades)[number]) => (trade.side === 'BUY' ? trade.quantity : trade.quantity.negated());
  const heldAtFirst = changes.reduce((quantity, trade) => quantity.minus(signed(trade)), audited.quantity);
  const times = [...new Set([terms.since, ...changes.map(({ at }) => at), ...covers.flatMap(({ from, to }) => [from, to]), terms.now])].filter((at) => at >= terms.since && at <= terms.now).toSorted((one, other) => one - other);
  const findings: AuditFinding[] = [];
  let since: number | undefined;
  let quantity = heldAtFirst;
  let next = 0;
  for (const at of times) {
    for (; next < changes.length && changes[next]!.at <= at; next += 1) quantity = quantity.plus(signed(changes[next]!));
    const naked = !quantity.isZero() && !isCovered(quantity, covers, at);
    if (since !== undefined && (!naked || at === terms.now)) {
      const forMs = at - since - awayBetween(since, at, terms);
      if (forMs > terms.nakedBoundMs) findings.push({ code: 'NAKED', symbol, subject: `${symbol} since ${since}`, message: `${symbol}: no stop covered the position for ${forMs} ms (from ${since} to ${at}, venue time); ${terms.nakedBoundMs} ms are allowed. Held now: ${text(audited.quantity)}.` });
    }
    since = naked ? (since ?? at) : undefined;
  }
  return findings;
}

/** One that the venue does not list any more (it vanished) covered for as long as the journal believed in it. */
function coversOf({ algoOrders, events, terms }: AuditedSymbol): Cover[] {
  const listed = new Set<string>(algoOrders.map((algo) => algo.clientId));
  const covers: Cover[] = algoOrders
    .filter((algo) => readClientId(algo.clientId)?.leg === 'stop' && terms.tags.includes(readClientId(algo.clientId)?.tag ?? '') && algo.status !== 'REJECTED')
    .map((algo) => ({ side: algo.side, quantity: algo.quantity, from: algo.createdAt ?? algo.updatedAt, to: algo.status === 'NEW' || algo.status === 'TRIGGERING' ? Number.POSITIVE_INFINITY : algo.updatedAt }));
  const believed = new Map<string, { readonly side: Cover['side']; readonly quantity: Decimal; from?: number }>();
  for (const event of events) {
    if (event.type === 'ProtectionSending' && event.leg === 'stop' && !listed.has(event.clientId)) believed.set(event.clientId, { side: event.side, quantity: decimal(event.quantity) });
    if (event.type !== 'ProtectionPlaced' && event.type !== 'ProtectionLost' && event.type !== 'ProtectionEnded') continue;
    const known = believed.get(event.clientId);
    if (known === undefined) continue;
    if (event.type === 'ProtectionPlaced') known.from = event.at;
    else if (known.from !== undefined) covers.push({ side: known.side, quantity: known.quantity, from: known.from, to: event.at });
  }
  return covers;
}

function isCovered(quantity: Decimal, covers: readonly Cover[], at: number): boolean {
  const side = quantity.isPositive() ? 'SELL' : 'BUY';
  return covers
    .filter((cover) => cover.side === side && cover.from <= at && at < cover.to)
    .reduce((sum, cover) => sum.plus(cover.quantity), ZERO)
    .isGreaterThanOrEqualTo(quantity.abs());
}

function awayBetween(from: number, to: number, { away }: AuditTerms): number {
  return (away ?? []).reduce((sum, one) => sum + Math.max(0, Math.min(to, one.to) - Math.max(from, one.from)), 0);
}
