/** Leverage and margin mode: brought to the policy under a permit each, confirmed by the venue, never while anything is held (failure 41). */
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { PlanId } from '../../src/protocol/names.ts';
import { aUniverse, Desk, GPS } from '../kit/actors.ts';

describe('executor: leverage and margin mode', () => {
  it('sets the margin mode, then the leverage, each under a permit of its own, and is confirmed only then', async () => {
    const desk = new Desk();
    desk.venue.leverage = 20;
    desk.venue.marginMode = 'CROSSED';
    await desk.start();
    expect(desk.writes('CONFIGURE').map((write) => write.setting)).to.deep.equal(['marginMode', 'leverage']);
    expect(new Set(desk.writes('CONFIGURE').map((write) => write.clientId)).size).to.equal(2);
    expect(desk.venue).to.include({ leverage: 10, marginMode: 'ISOLATED' });
    const views = desk.watcher.of('life').map(({ view }) => view);
    expect(views.filter((view) => view.leverageConfirmed && view.settings?.leverage !== 10)).to.deep.equal([]);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  it('writes nothing when the venue has the settings already', async () => {
    const desk = await new Desk().start();
    expect(desk.writes('CONFIGURE')).to.deep.equal([]);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  it('opens nothing while the venue refuses the leverage, says why, and asks again after a minute', async () => {
    const desk = new Desk();
    desk.venue.leverage = 20;
    desk.venue.onWrite = (write) => (write.kind === 'CONFIGURE' ? { result: 'rejected', venueCode: -4028, message: 'Leverage 10 is not valid' } : undefined);
    await desk.start();
    expect(desk.life).to.include({ leverageConfirmed: false, leverageRefused: 'leverage: Leverage 10 is not valid' });
    desk.plan();
    await desk.advance(2_000);
    expect(desk.refused).to.deep.equal(['LEVERAGE_UNCONFIRMED']);
    await desk.advance(50_000);
    expect(desk.writes('CONFIGURE')).to.have.length(1);
    desk.venue.onWrite = () => undefined;
    await desk.advance(20_000);
    expect(desk.life.leverageConfirmed).to.equal(true);
    expect(desk.life.leverageRefused).to.equal(undefined);
  });

  it('changes nothing while a position is open, says so, and does it once it is flat', async () => {
    const desk = new Desk();
    desk.venue.leverage = 20;
    desk.venue.quantity = decimal('5000');
    desk.venue.onRead = (name) => (name === 'settings' && desk.story.length === 0 ? Promise.reject(new Error('not yet')) : undefined);
    await desk.start(10_000);
    expect(desk.life.phase).to.equal('Protected');
    expect(desk.writes('CONFIGURE')).to.deep.equal([]);
    expect(desk.life.leverageRefused).to.match(/cannot be changed while it is not flat/);
    desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
    await desk.advance(10_000);
    expect(desk.writes('CONFIGURE')).to.have.length(1);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  it('notices when somebody else changes the leverage, and sets it back', async () => {
    const desk = await new Desk().start();
    desk.venue.leverage = 25;
    desk.world.system.tell(desk.executor, { type: 'user-event', event: { type: 'settings', symbol: desk.life.symbol, leverage: 25, observedAt: desk.world.clock.now() } });
    await desk.advance(1_000);
    expect(desk.venue.leverage).to.equal(10);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  it('asks again when the answer to its request is lost: a crash elsewhere does not close a symbol for good', async () => {
    const desk = new Desk();
    desk.venue.leverage = 20;
    let lost = 0;
    const { issuer } = desk.authority;
    const configure = issuer.configure.bind(issuer);
    issuer.configure = (terms) => {
      if (++lost === 1) throw new Error('the governor dies with the request in its hands');
      return configure(terms);
    };
    await desk.start();
    await desk.advance(30_000);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  it('asks again within seconds for what was refused by its time alone: a crowd at the start closes no symbol for a minute', async () => {
    const desk = new Desk();
    desk.venue.leverage = 20;
    let late = true;
    desk.venue.onWrite = (write) => (write.kind === 'CONFIGURE' && late ? { result: 'rejected', venueCode: -1021, message: 'Timestamp for this request is outside of the recvWindow.' } : undefined);
    await desk.start();
    expect(desk.life.leverageConfirmed).to.equal(false);
    expect(desk.life.leverageRefused, 'the venue has said nothing of the leverage').to.equal(undefined);
    late = false;
    await desk.advance(3_000);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  it('rests as long as the venue wants before it asks again', async () => {
    const desk = new Desk();
    desk.venue.leverage = 20;
    let asked = 0;
    desk.venue.onWrite = (write) => (write.kind === 'CONFIGURE' && ++asked === 1 ? { result: 'throttled', retryAfterMs: 20_000, banned: false, message: 'slowly' } : undefined);
    await desk.start();
    await desk.advance(15_000);
    expect(asked).to.equal(1);
    await desk.advance(5_000);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  it('sets nothing of a symbol that is not in the universe: nobody may open it', async () => {
    const desk = new Desk();
    desk.venue.leverage = 20;
    desk.feed.universe = { ...aUniverse([]), listed: aUniverse().listed };
    await desk.start();
    await desk.advance(20_000);
    expect(desk.writes('CONFIGURE')).to.deep.equal([]);
    expect(desk.logged(/no permit to set leverage/), 'and asks nobody for it').to.equal(0);
    desk.feed.universe = aUniverse();
    await desk.advance(3_000);
    expect(desk.life.leverageConfirmed).to.equal(true);
  });

  describe('put to cross margin by hand in the moment before an opening', () => {
    const crossed = (desk: Desk, marginMode: 'CROSSED' | 'ISOLATED' = 'CROSSED') => desk.world.system.tell(desk.executor, { type: 'user-event', event: { type: 'settings', symbol: desk.life.symbol, marginMode, observedAt: desk.world.clock.now() } });
    const findings = (desk: Desk) => desk.findings.of('finding').map(({ finding }) => [finding.code, finding.subject]);

    /** The venue tells of the position, and in which mode it is, before it tells of the fill. */
    async function opened(): Promise<Desk> {
      const desk = await new Desk().start();
      desk.venue.marginMode = 'CROSSED';
      desk.venue.onWrite = (write) => {
        if (write.kind === 'OPEN') crossed(desk);
        return undefined;
      };
      desk.plan();
      await desk.advance(300);
      return desk;
    }

    it('is a finding with the first word of the position, long before the next reading; the position is protected as it is', async () => {
      const desk = await opened();
      const readings = desk.venue.reads.filter(({ name }) => name === 'settings').length;
      expect(readings, 'nobody has read it').to.equal(1);
      expect(findings(desk)).to.deep.equal([['SETTINGS_DIFFER', GPS]]);
      expect(desk.findings.last('finding')?.finding.message).to.include('marginMode CROSSED instead of ISOLATED');
      expect(desk.life).to.include({ phase: 'Protected', leverageConfirmed: false }).and.have.property('leverageRefused').that.matches(/CROSSED at 10× and cannot be changed while it is not flat/);
      crossed(desk);
      await desk.advance(100);
      expect(findings(desk), 'each event of the position says it: it is told once').to.have.length(1);
      expect(desk.writes('CONFIGURE')).to.deep.equal([]);
    });

    it('opens nothing more in the symbol until it is set back, which is done when it is flat', async () => {
      const desk = await opened();
      let refuses = true;
      desk.venue.onWrite = (write) => (write.kind === 'CONFIGURE' && refuses ? { result: 'rejected', venueCode: -4048, message: 'Margin type cannot be changed if there exists position.' } : undefined);
      desk.world.system.tell(desk.executor, { type: 'close', reason: 'OPERATOR', by: 'test' });
      await desk.advance(10_000);
      expect(desk.life).to.include({ phase: 'Flat', leverageConfirmed: false });
      desk.plan({ planId: 'plan-2' as PlanId });
      await desk.advance(2_000);
      expect(desk.refused).to.include('LEVERAGE_UNCONFIRMED');
      expect(desk.writes('OPEN')).to.have.length(1);
      refuses = false;
      await desk.advance(60_000);
      expect(desk.venue.marginMode).to.equal('ISOLATED');
      expect(desk.life.leverageConfirmed).to.equal(true);
    });

    it('a reading that was begun before says nothing against it; one begun afterwards does', async () => {
      const desk = await new Desk().start();
      const { promise, resolve } = Promise.withResolvers<object>();
      desk.venue.onRead = (name) => (name === 'settings' ? promise : undefined);
      desk.feed.stream = { live: true, streamEpoch: 2, since: 0 };
      await desk.advance(1_500);
      // Not in the universe, it is not set back from here.
      desk.feed.universe = { ...aUniverse([]), listed: aUniverse().listed };
      await desk.advance(1_500);
      crossed(desk);
      resolve([{ symbol: GPS, leverage: 10, marginMode: 'ISOLATED' }]);
      await desk.advance(1_000);
      expect(desk.venue.reads.filter(({ name }) => name === 'settings'), 'the second is the one that was begun before').to.have.length(2);
      expect(desk.life).to.deep.include({ leverageConfirmed: false, settings: { symbol: GPS, leverage: 10, marginMode: 'CROSSED' } });
      desk.venue.onRead = () => undefined;
      desk.feed.stream = { live: true, streamEpoch: 3, since: 0 };
      await desk.advance(3_000);
      expect(desk.life.leverageConfirmed).to.equal(true);
      expect(findings(desk), 'nothing is held').to.deep.equal([]);
    });
  });

  it('does not open at a leverage that changed after the permit was asked for', async () => {
    const desk = await new Desk().start();
    desk.world.system.tell(desk.executor, { type: 'user-event', event: { type: 'settings', symbol: desk.life.symbol, leverage: 25, observedAt: desk.world.clock.now() } });
    desk.plan();
    await desk.advance(5_000);
    expect(desk.writes('OPEN')).to.deep.equal([]);
  });
});
