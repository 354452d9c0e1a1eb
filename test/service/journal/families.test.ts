/** What the service writes is what `vigil journal verify` and the next start understand: every entity and type of it has its row. */
import { expect } from 'chai';
import { notUnderstood, refuseForeign } from '../../../src/service/journal/families.ts';
import { CHINESE, GPS } from '../../kit/decisions.ts';
import { WholeService } from '../../kit/whole-service.ts';

describe('the table of entities', () => {
  it('knows every entry of a service that opened, closed, was halted and found something, its Snapshots too', async () => {
    const service = await WholeService.start({ policy: [GPS, CHINESE] });
    await service.warmUp();
    await service.advance(20_000);
    expect(service.open().length).to.be.above(0);
    service.exchange.move(GPS, '0.97');
    await service.set('REDUCING');
    await service.advance(10_000);
    service.world.system.tell(service.world.system.ref('findings') as never, { type: 'finding', from: 'test', finding: { code: 'OVERFILL', subject: 'order-1', message: 'A test.' } } as never);
    await service.advance(5_000);
    // A day later every owner writes its state down whole.
    service.world.clock.moveTo(service.world.clock.now() + 86_400_000);
    await service.advance(20_000);
    const { entries } = service.journal;
    const families = new Set(entries.map((entry) => entry.entity.replace(/\/.*/, '')));
    expect([...families]).to.include.members(['symbol', 'trading-state', 'universe', 'account', 'findings', 'locks', 'decisions']);
    expect(new Set(entries.filter((entry) => entry.type === 'Snapshot').map((entry) => entry.entity.replace(/\/.*/, '')))).to.include.members(['symbol', 'trading-state', 'universe', 'account', 'findings', 'locks']);
    expect(entries.map((entry) => notUnderstood({ ...entry, payload: JSON.stringify(entry.payload) })).filter((fault) => fault !== undefined)).to.deep.equal([]);
    await refuseForeign(service.journal);
    // All that is older goes, and a start takes the rest up.
    expect(await service.journal.release(service.world.clock.now() - 3_600_000)).to.include({ heldBy: undefined });
    const next = await WholeService.start({ policy: [GPS, CHINESE], before: service });
    await next.warmUp();
    expect((await next.tradingState()).overall).to.equal('REDUCING');
    expect(next.open()).to.deep.equal(service.open());
  });
});
