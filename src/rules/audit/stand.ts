/** How things stand now: the position, and the orders that may still do something, are the same on both sides. */
import { text } from '../../protocol/decimal.ts';
import { isTerminal } from '../../protocol/venue.ts';
import type { AuditCounts, AuditedSymbol, AuditFinding } from './facts.ts';
import { readClientId } from '../client-ids.ts';
import { liveProtectionsOf, openOrdersOf } from '../position-life/standing.ts';
import type { Story } from './story.ts';

export function standFindings(audited: AuditedSymbol, { life, lastEventAt }: Story, counts: AuditCounts): AuditFinding[] {
  const { symbol, quantity, algoOrders, orders, trades, terms } = audited;
  const newest = Math.max(lastEventAt, ...[...orders, ...algoOrders].map((one) => one.updatedAt), ...trades.map((trade) => trade.at));
  if (newest > terms.settledBefore) {
    counts.unsettled += 1;
    return [];
  }
  const differs = (subject: string, message: string): AuditFinding => ({ code: 'RECORD_DIFFERS', symbol, subject, message: `${symbol}: ${message}.` });
  const findings: AuditFinding[] = [];
  const held = life.holding.quantity;
  if (life.drift?.isEqualTo(quantity) === true) counts.drifted += 1;
  else if (!held.isEqualTo(quantity)) findings.push(differs(symbol, `the journal holds ${text(held)}, the venue ${text(quantity)}`));

  const ours = (clientId: string) => terms.tags.includes(readClientId(clientId)?.tag ?? '');
  const live = new Set(liveProtectionsOf(life).map((record) => record.clientId));
  const standing = new Set(algoOrders.filter((algo) => algo.status === 'NEW').map((algo) => algo.clientId));
  for (const clientId of standing) if (ours(clientId) && !live.has(clientId)) findings.push(differs(clientId, `conditional order ${clientId} stands at the venue, and the journal knows no such one that does`));
  for (const record of liveProtectionsOf(life)) if (record.state === 'placed' && !standing.has(record.clientId)) findings.push(differs(record.clientId, `${record.leg} ${record.clientId} stands by the journal, and not at the venue`));
  const open = new Set(openOrdersOf(life).map((order) => order.clientId));
  for (const order of orders) if (!isTerminal(order.status) && ours(order.clientId) && !open.has(order.clientId)) findings.push(differs(order.clientId, `order ${order.clientId} is ${order.status} at the venue, and has ended by the journal`));
  return findings;
}
