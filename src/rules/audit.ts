/**
 * The auditor's rule: what the venue has and what the journal allows and knows are one story, or there is a finding.
 * Plain data in, findings out. It shares with the executor how events become a life (`evolve`), and nothing of how the
 * executor got there: it reads the venue's own lists of orders, conditional orders and trades.
 */
import { ZERO } from '../protocol/decimal.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { AuditCounts, AuditedSymbol, AuditReport, AuditTerms, RecordedLife, VenueFacts } from './audit/facts.ts';
import { NO_COUNTS } from './audit/facts.ts';
import { fillFindings } from './audit/fills.ts';
import { nakedFindings } from './audit/naked.ts';
import { orderFindings } from './audit/orders.ts';
import { standFindings } from './audit/stand.ts';
import { storyOf } from './audit/story.ts';
import { newLife } from './position-life/life.ts';

/** The union of both sides: a symbol that only one of them knows is looked at, too. */
export function audit(venue: VenueFacts, journal: ReadonlyMap<SymbolName, RecordedLife>, terms: AuditTerms): AuditReport {
  const counts: AuditCounts = { ...NO_COUNTS };
  const symbols = new Set<SymbolName>([...journal.keys(), ...[...venue.orders, ...venue.algoOrders, ...venue.trades, ...venue.positions].map((one) => one.symbol)]);
  const findings = [...symbols].toSorted().flatMap((symbol) => {
    const of = <Row extends { readonly symbol: SymbolName }>(rows: readonly Row[]) => rows.filter((row) => row.symbol === symbol);
    const recorded = journal.get(symbol);
    const since = Math.max(terms.since, recorded?.startedAt ?? terms.since);
    const audited: AuditedSymbol = { symbol, orders: of(venue.orders), algoOrders: of(venue.algoOrders), trades: of(venue.trades), quantity: of(venue.positions)[0]?.quantity ?? ZERO, events: recorded?.events ?? [], start: recorded?.start ?? newLife(symbol), terms: { ...terms, since } };
    const story = storyOf(audited);
    return [...orderFindings(audited, story, counts), ...fillFindings(audited, story, counts), ...standFindings(audited, story, counts), ...nakedFindings(audited, story)];
  });
  return { findings, counts };
}
