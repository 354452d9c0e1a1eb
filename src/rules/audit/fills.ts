/** Every fill of ours is in the journal once, as the venue has it; and the journal has none that the venue does not know. */
import { decimal, text } from '../../protocol/decimal.ts';
import type { LifeEventOf } from '../../protocol/life-events.ts';
import type { VenueTrade } from '../../protocol/venue.ts';
import type { AuditCounts, AuditedSymbol, AuditFinding } from './facts.ts';
import { originOf } from './orders.ts';
import type { Story } from './story.ts';

export function fillFindings(audited: AuditedSymbol, story: Story, counts: AuditCounts): AuditFinding[] {
  const { symbol, trades, orders, terms } = audited;
  const findings: AuditFinding[] = [];
  const judged = (at: number) => at >= terms.since && at <= terms.settledBefore;
  const orderOf = new Map(orders.map((order) => [order.orderId, order]));
  const known = new Set(trades.map((trade) => trade.tradeId));

  for (const trade of trades.filter(({ at }) => judged(at))) {
    const order = orderOf.get(trade.orderId);
    const foreign = order === undefined ? !story.orderIds.has(trade.orderId) : originOf(order, audited) === 'foreign';
    const recorded = story.fills.get(trade.tradeId);
    if (recorded !== undefined) {
      counts.fills += 1;
      const difference = differenceOf(trade, recorded);
      if (difference !== undefined) findings.push({ code: 'RECORD_DIFFERS', symbol, subject: `trade ${trade.tradeId}`, message: `${symbol}: fill ${trade.tradeId} of order ${trade.orderId}: ${difference}.` });
    } else if (isAdopted(trade, story)) counts.fillsAdopted += 1;
    // What others trade shows in the position, which is compared by itself; what is none of ours may be left alone.
    else if (!foreign && story.life.drift === undefined) findings.push({ code: 'FILL_LOST', symbol, subject: `trade ${trade.tradeId}`, message: `${symbol}: the journal lacks fill ${trade.tradeId} of order ${trade.orderId} (${order?.clientId ?? 'not listed'}): ${trade.side} ${text(trade.quantity)} at ${text(trade.price)}.` });
  }
  for (const fill of story.fills.values()) {
    if (judged(fill.tradedAt) && !known.has(fill.tradeId)) findings.push({ code: 'RECORD_DIFFERS', symbol, subject: `trade ${fill.tradeId}`, message: `${symbol}: the venue does not know fill ${fill.tradeId} of order ${fill.orderId} (${fill.side} ${fill.quantity} at ${fill.price}), which the journal has.` });
  }
  return findings;
}

/** An adoption takes over what made the position that it found; what was over before it is another position's. */
function isAdopted({ at: tradedAt }: VenueTrade, { adoptedAt, closedAt }: Story): boolean {
  const adopted = adoptedAt.find((at) => at >= tradedAt);
  return adopted !== undefined && !closedAt.some((at) => at >= tradedAt && at < adopted);
}

function differenceOf(trade: VenueTrade, fill: LifeEventOf<'FillRecorded'>): string | undefined {
  const differences = [
    ...(trade.side === fill.side ? [] : [`side ${fill.side} on record, ${trade.side} at the venue`]),
    ...(trade.quantity.isEqualTo(decimal(fill.quantity)) ? [] : [`quantity ${fill.quantity} on record, ${text(trade.quantity)} at the venue`]),
    ...(trade.price.isEqualTo(decimal(fill.price)) ? [] : [`price ${fill.price} on record, ${text(trade.price)} at the venue`]),
    ...(trade.orderId === fill.orderId ? [] : [`order ${fill.orderId} on record, ${trade.orderId} at the venue`]),
  ];
  return differences.length === 0 ? undefined : differences.join('; ');
}
