/** What other programs read: the fields by name, times in seconds, and nothing left over of what was there before. */
import { expect } from 'chai';
import type { RecordedDecision } from '../../src/protocol/read-models.ts';
import type { LifeView, PositionView } from '../../src/protocol/views.ts';
import { shownDecision, shownPosition } from '../../src/rules/read-models.ts';
import { GPS } from '../kit/decisions.ts';

const AT = 1_770_000_000_999;
const life = (position?: Partial<PositionView>): LifeView => ({ symbol: GPS, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: 1, ...(position === undefined ? {} : { position: position as PositionView }) });
const decision = (part: Partial<RecordedDecision> = {}): RecordedDecision => ({ stage: 'intent', symbol: GPS, outcome: 'passed', by: 'intake', at: AT, ...part }) as RecordedDecision;

describe('read models', () => {
  it('show a position with all its fields, those that are not known empty, and remove it with the position', () => {
    const held = { side: 'SHORT', quantity: '23089', entryPrice: '0.0086', leverage: 10, stopLoss: '0.0088', takeProfit: '0.0083', planId: 'plan-1', openedAt: AT } as const;
    const shown = { symbol: GPS, side: 'SHORT', quantity: '23089', entry_price: '0.0086', leverage: '10', stop_loss: '0.0088', take_profit: '0.0083', plan_id: 'plan-1', created_at: '1770000000' };
    expect(shownPosition(life(held as unknown as PositionView))).to.deep.equal({ name: `position:${GPS}`, record: shown });
    const { stopLoss: _stop, takeProfit: _target, ...bare } = held;
    expect(shownPosition(life(bare as unknown as PositionView))).to.deep.equal({ name: `position:${GPS}`, record: { ...shown, stop_loss: '', take_profit: '' } });
    expect(shownPosition(life())).to.deep.equal({ name: `position:${GPS}`, record: null });
  });

  it('show each stage in its stream, and no other stage', () => {
    const stages = ['intent', 'plan', 'permit', 'order', 'fill', 'position', 'signal'] as const;
    expect(stages.map((stage) => shownDecision(decision({ stage } as Partial<RecordedDecision>))?.name)).to.deep.equal(['stream:trade.intent', 'stream:apply.plan', 'stream:apply.result', 'stream:apply.result', 'stream:apply.result', 'stream:apply.result', undefined]);
    expect(shownDecision(decision({ stage: 'signal' } as Partial<RecordedDecision>))).to.equal(undefined);
  });

  it('name ids and inputs in snake case, as text, without what is not known; what is said already is not said otherwise', () => {
    const shown = shownDecision(decision({ ids: { intentId: 'i-1', planId: undefined }, inputs: { markPrice: '0.0086', leverage: 10, near: [1, 2], nothing: null, outcome: 'other' }, denials: [{ code: 'PRICE_STALE', detail: '12 s old' }, { code: 'PRICE_STALE', detail: 'second' }] } as unknown as Partial<RecordedDecision>));
    expect(shown).to.deep.equal({ name: 'stream:trade.intent', added: { symbol: GPS, stage: 'intent', outcome: 'passed', by: 'intake', created_at: '1770000000', intent_id: 'i-1', mark_price: '0.0086', leverage: '10', near: '[1,2]', detail: '12 s old' } });
    expect(shownDecision(decision({ denials: [{ code: 'PRICE_STALE' }] } as unknown as Partial<RecordedDecision>))).to.have.property('added').that.does.not.have.property('detail');
    expect(shownDecision(decision({ inputs: { detail: 'given' }, denials: [{ code: 'PRICE_STALE', detail: 'denied' }] } as unknown as Partial<RecordedDecision>))).to.have.nested.property('added.detail', 'given');
  });
});
