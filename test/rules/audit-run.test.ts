/** One audit after the other: what each judges follows on what the last one judged, whatever the two clocks say and whatever the journal keeps. */
import { expect } from 'chai';
import type { LifeEvent } from '../../src/protocol/life-events.ts';
import type { VenueFacts } from '../../src/rules/audit/facts.ts';
import { auditedSince, auditedThrough, recordedLife, SETTLE_MS } from '../../src/rules/audit-run.ts';
import type { AuditedThrough, NumberedEntry } from '../../src/rules/audit-run.ts';
import { newLife } from '../../src/rules/position-life/life.ts';
import { lifeSnapshot } from '../../src/rules/position-life/snapshot.ts';
import { HELD, HELD_AT_VENUE, look, OVER, OVER_AT_VENUE } from '../kit/audits.ts';
import { GPS, NOW } from '../kit/decisions.ts';
import { lifeOf } from '../kit/lives.ts';

const HOUR = 3_600_000;
const FLAT: VenueFacts = { orders: [], algoOrders: [], trades: [], positions: [] };

/** As the journal keeps them, numbered from `first`. */
const kept = (events: readonly LifeEvent[], first = 1): NumberedEntry[] => events.map(({ type, at, ...payload }, index) => ({ sequence: first + index, type, version: 1, at, payload }));

/** One audit after the other: of what the venue dates within its passage, and of what the journal has since the last. */
function audits(venue: VenueFacts, entries: readonly NumberedEntry[], at: readonly number[]) {
  let through: AuditedThrough | undefined;
  return at.map((now) => {
    const since = auditedSince(through, now);
    const settledBefore = now - SETTLE_MS;
    const read = entries.filter((entry) => entry.at < now && (through === undefined || entry.at >= through.lifeAt));
    const before = <Row>(rows: readonly Row[], when: (row: Row) => number) => rows.filter((row) => when(row) < now);
    const report = look({ ...venue, orders: before(venue.orders, (one) => one.updatedAt), algoOrders: before(venue.algoOrders, (one) => one.createdAt ?? 0), trades: before(venue.trades, (one) => one.at) }, recordedLife(GPS, through, read), { since, settledBefore, now });
    through = auditedThrough(GPS, through, read, settledBefore);
    return { since, through, codes: report.findings.map(({ code }) => code), counts: report.counts };
  });
}

describe('one audit after the other', () => {
  it('judges from where the last one ended, also where nothing has happened, and each thing once', () => {
    const [first, second, third] = audits(HELD_AT_VENUE, kept(HELD), [NOW + 60_000, NOW + HOUR, NOW + 2 * HOUR]);
    expect(first?.counts).to.include({ underPermit: 1, underMandate: 2, fills: 1 });
    expect([first?.since, second?.since, third?.since]).to.deep.equal([NOW + 60_000 - 24 * HOUR, NOW + 60_000 - SETTLE_MS, NOW + HOUR - SETTLE_MS]);
    for (const later of [second, third]) expect(later).to.deep.include({ codes: [] }).and.have.nested.property('counts.fills', 0);
  });

  it('judges a symbol without any record from the last audit on, too', () => {
    const [, second] = audits(FLAT, [], [NOW, NOW + HOUR]);
    expect(second?.since).to.equal(NOW - SETTLE_MS);
    expect(second?.through?.life).to.deep.equal(newLife(GPS));
  });

  it('finds nothing where the venue dates things later than we record them, wherever one audit ends and the next begins', () => {
    const behindMs = 900;
    const ahead: VenueFacts = { ...OVER_AT_VENUE, orders: OVER_AT_VENUE.orders.map((one) => ({ ...one, updatedAt: one.updatedAt + behindMs })), algoOrders: OVER_AT_VENUE.algoOrders.map((one) => ({ ...one, updatedAt: one.updatedAt + behindMs })), trades: OVER_AT_VENUE.trades.map((one) => ({ ...one, at: one.at + behindMs })) };
    const events = OVER.map((event) => (event.type === 'FillRecorded' ? { ...event, tradedAt: event.tradedAt + behindMs } : event));
    const end = Math.max(...events.map(({ at }) => at)) - NOW;
    let fills = 0;
    for (let edge = end; edge <= end + behindMs + 100; edge += 50) {
      const [, second] = audits(ahead, kept(events), [NOW + edge + SETTLE_MS, NOW + HOUR]);
      expect(second?.codes, `the first judged up to ${edge} ms`).to.deep.equal([]);
      fills += second?.counts.fills ?? 0;
    }
    expect(fills, 'some are judged by the second').to.be.greaterThan(0);
  });

  it('begins with the newest Snapshot, and judges nothing one by one that the venue may date before it', () => {
    const snapshot: NumberedEntry = { sequence: 40, type: 'Snapshot', version: 1, at: NOW + 5_000, payload: lifeSnapshot(lifeOf(HELD)) };
    const recorded = recordedLife(GPS, undefined, [snapshot]);
    expect(recorded.startedAt).to.equal(NOW + 5_000 + SETTLE_MS);
    expect(recorded.start?.holding.quantity.toFixed()).to.equal('10');
    expect(audits(HELD_AT_VENUE, [snapshot], [NOW + 60_000])[0]).to.deep.include({ codes: [] });
  });

  it('does not take a symbol for new whose Snapshot has only just been written', () => {
    const snapshot: NumberedEntry = { sequence: 40, type: 'Snapshot', version: 1, at: NOW, payload: lifeSnapshot(lifeOf(HELD)) };
    expect(auditedThrough(GPS, undefined, [snapshot], NOW + SETTLE_MS - 1)).to.equal(undefined);
    expect(auditedThrough(GPS, undefined, [snapshot], NOW + SETTLE_MS)).to.deep.include({ sequence: 40, at: NOW + SETTLE_MS, lifeAt: NOW });
  });

  it('keeps the life that it had where nothing came, and folds what came in order', () => {
    const opened = auditedThrough(GPS, undefined, kept(HELD), NOW + 60_000)!;
    expect(opened.life.holding.quantity.toFixed()).to.equal('10');
    const later = auditedThrough(GPS, opened, [], NOW + HOUR)!;
    expect(later).to.deep.equal({ ...opened, at: NOW + HOUR, lifeAt: NOW + HOUR - SETTLE_MS });
    const closed = auditedThrough(GPS, later, kept(OVER.slice(HELD.length), HELD.length + 1), NOW + 2 * HOUR)!;
    expect([closed.life.holding.quantity.toFixed(), closed.sequence]).to.deep.equal(['0', OVER.length]);
  });
});
