/** Every order of ours at the venue was allowed, as it is, and once. */
import type { Decimal } from '../../protocol/decimal.ts';
import { text, ZERO } from '../../protocol/decimal.ts';
import { closingSide } from '../../protocol/names.ts';
import type { OrderSide } from '../../protocol/names.ts';
import type { VenueOrder } from '../../protocol/venue.ts';
import type { AuditCounts, AuditedSymbol, AuditFinding } from './facts.ts';
import { readClientId } from '../client-ids.ts';
import { venueMadeBy } from '../venue-made.ts';
import type { Story } from './story.ts';

/** An order or a conditional order, as far as both are alike. */
interface Sent {
  readonly clientId: string;
  readonly side: OrderSide;
  readonly quantity: Decimal;
  readonly reduceOnly: boolean;
  readonly updatedAt: number;
}

/** Whose an order is. */
export type Origin = 'ours' | 'triggered' | 'venue' | 'foreign';

/** By the conditional order it came from, then by its id. */
export function originOf(order: VenueOrder, { algoOrders, terms }: AuditedSymbol): Origin {
  const parent = algoOrders.find((algo) => algo.actualOrderId === order.orderId);
  if (parent !== undefined) return isOurs(parent.clientId, terms.tags) ? 'triggered' : 'foreign';
  if (venueMadeBy(order.clientId, order.type) !== undefined) return 'venue';
  return isOurs(order.clientId, terms.tags) ? 'ours' : 'foreign';
}

function isOurs(clientId: string, tags: readonly string[]): boolean {
  const tag = readClientId(clientId)?.tag;
  return tag !== undefined && tags.includes(tag);
}

export function orderFindings(audited: AuditedSymbol, story: Story, counts: AuditCounts): AuditFinding[] {
  const { terms, symbol } = audited;
  const findings: AuditFinding[] = [];
  const judged = ({ updatedAt }: Sent) => updatedAt >= terms.since && updatedAt <= terms.settledBefore;
  const check = (sent: Sent, what: string) => {
    const fault = faultOf(sent, story, counts);
    if (fault !== undefined) findings.push({ code: 'ORDER_WITHOUT_PERMIT', symbol, subject: sent.clientId, message: `${symbol}: ${what} ${sent.clientId} (${sent.side} ${text(sent.quantity)}): ${fault}.` });
  };
  for (const order of audited.orders.filter(judged)) {
    const origin = originOf(order, audited);
    if (origin === 'ours') check(order, 'order');
    else if (origin === 'triggered') counts.triggered += 1;
    else if (origin === 'venue') counts.venueMade += 1;
    else counts.foreign += 1;
  }
  for (const algo of audited.algoOrders.filter(judged)) {
    if (isOurs(algo.clientId, terms.tags)) check(algo, 'conditional order');
    else counts.foreign += 1;
  }
  return [...findings, ...doubled(audited, story)];
}

/** Why the journal does not allow this order as it is. */
function faultOf(sent: Sent, { allowed, derivable }: Story, counts: AuditCounts): string | undefined {
  const { clientId } = sent;
  const known = allowed.get(clientId);
  const leg = readClientId(clientId)?.leg;
  if (known === undefined) {
    const mandate = derivable.get(clientId);
    if (mandate === undefined) return 'the journal has neither a permit nor a mandate for it';
    counts.underMandate += 1;
    counts.unrecorded += 1;
    if (sent.side !== closingSide(mandate.side)) return `it is on the side that opens, and a ${mandate.side} mandate only closes`;
    return beyond(sent, mandate.quantity) ?? notReducing(sent);
  }
  if (known.abandoned) return 'the journal says that it was never sent';
  if (sent.side !== known.side) return `the journal allowed ${known.side}`;
  if (known.by === 'permit') {
    counts.underPermit += 1;
    return leg === 'entry' ? beyond(sent, known.quantity) : 'it carries the permit of another leg';
  }
  counts.underMandate += 1;
  return beyond(sent, known.quantity) ?? notReducing(sent);
}

function beyond({ quantity }: Sent, most: Decimal): string | undefined {
  return quantity.isGreaterThan(most) ? `the journal allowed ${text(most)} at the most` : undefined;
}

function notReducing({ reduceOnly }: Sent): string | undefined {
  return reduceOnly ? undefined : 'a mandate allows reduce-only orders alone';
}

/** One decision opens once; and what one id was allowed is executed once, however many orders carry it. */
function doubled(audited: AuditedSymbol, { allowed }: Story): AuditFinding[] {
  const { symbol } = audited;
  const executed = audited.orders.filter((order) => order.executedQuantity.isGreaterThan(ZERO) && originOf(order, audited) === 'ours');
  const byDecision = Map.groupBy(executed.filter((order) => allowed.get(order.clientId)?.decision !== undefined), (order) => allowed.get(order.clientId)?.decision);
  const twice = [...byDecision].filter(([, orders]) => orders.length > 1).map(([decision, orders]): AuditFinding => ({ code: 'ORDER_DOUBLED', symbol, subject: String(decision), message: `${symbol}: one decision, ${String(decision)}, opened ${orders.length} times: ${orders.map(named).join(', ')}.` }));
  const byId = Map.groupBy(executed.filter((order) => allowed.get(order.clientId)?.by === 'mandate'), (order) => order.clientId);
  const more = [...byId].flatMap(([clientId, orders]): AuditFinding[] => {
    const most = allowed.get(clientId)?.quantity ?? ZERO;
    const sum = orders.reduce((total, order) => total.plus(order.executedQuantity), ZERO);
    return orders.length > 1 && sum.isGreaterThan(most) ? [{ code: 'ORDER_DOUBLED', symbol, subject: clientId, message: `${symbol}: ${clientId} was allowed ${text(most)} and executed ${text(sum)}: ${orders.map(named).join(', ')}.` }] : [];
  });
  return [...twice, ...more];
}

function named(order: VenueOrder): string {
  return `${order.orderId} (${order.clientId}, ${text(order.executedQuantity)})`;
}
