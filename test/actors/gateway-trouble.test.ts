/** What an answer of the venue prescribes for more than its symbol: no key, other modes, no stops, codes nobody knows; and what a key must be. */
import { expect } from 'chai';
import type { WriteOutcome } from '../../src/protocol/venue.ts';
import type { TradingStateView } from '../../src/protocol/views.ts';
import { VenueError } from '../../src/venue/port.ts';
import type { GatewayOwners } from '../kit/gateway-owners.ts';
import { gatewayBench } from '../kit/gateway-bench.ts';

const NO_KEY: WriteOutcome = { result: 'rejected', venueCode: -2015, message: 'Invalid API-key, IP, or permissions for action.' };
const rejected = (venueCode: number, message = 'no'): WriteOutcome => ({ result: 'rejected', venueCode, message });
const halts = (owners: GatewayOwners) => owners.of('set').map(({ state, by }) => `${state} ${by}`);
const aState = (overall: TradingStateView['overall']): TradingStateView => ({ overall, symbols: new Map(), cause: '', since: 0, tradingEpoch: 1, activatedAt: 0 });

describe('the gateway, in trouble', () => {
  describe('when the venue refuses the key (failure 30)', () => {
    it('halts trading, once, says so, and holds back what would be refused, longer each time', async () => {
      const { world, venue, owners, executor, send, close } = await gatewayBench();
      venue.onWrite = () => NO_KEY;
      owners.answer = (message) => (message.type === 'set' ? { ok: true, view: aState('HALTED') } : undefined);
      send(close('a'));
      send(close('b'));
      await world.settle();
      expect(halts(owners)).to.deep.equal(['HALTED gateway']);
      expect(owners.last('set')?.reason).to.include('Invalid API-key');
      expect(owners.alerts['venue-key-refused']).to.include('Invalid API-key').and.include('vigil activate');
      send(close('c'));
      await world.settle();
      expect(executor.last('write-refused')).to.include({ code: 'VENUE_KEY_REFUSED' });
      expect(venue.writes).to.have.length(2);
      for (let i = 0; i < 60; i++) {
        send(close(`d${i}`));
        await world.advance(1_000);
      }
      expect(venue.writes.length, '1, 2, 4, 8, 16, 30 s apart').to.be.within(6, 8);
    });

    it('asks nothing signed meanwhile, and what is public goes on', async () => {
      const { world, venue, owners, send, close, read } = await gatewayBench();
      owners.answer = (message) => (message.type === 'set' ? { ok: true, view: aState('HALTED') } : undefined);
      venue.onWrite = () => NO_KEY;
      send(close('a'));
      await world.settle();
      expect(await read()).to.deep.equal({ ok: false, kind: 'authentication', message: 'not asked: the venue refuses the key (Invalid API-key, IP, or permissions for action.)' });
      expect(await read(0, 'tickers')).to.have.property('ok', true);
    });

    it('goes on when the venue takes the key again; trading stays halted, and a new refusal after an activation halts it again', async () => {
      const { world, venue, owners, executor, send, close, read, tell } = await gatewayBench();
      owners.answer = (message) => (message.type === 'set' ? { ok: true, view: aState('HALTED') } : undefined);
      venue.onWrite = () => NO_KEY;
      send(close('a'));
      await world.advance(1_500);
      tell({ type: 'trading-state', view: aState('HALTED') });
      expect(await read()).to.have.property('ok', true);
      await world.advance(1_000);
      expect(owners.alerts).to.not.have.property('venue-key-refused');
      send(close('b'));
      await world.advance(1_500);
      expect(halts(owners), 'it is halted already').to.have.length(1);
      tell({ type: 'trading-state', view: aState('ACTIVE') });
      send(close('c'));
      await world.settle();
      expect(halts(owners)).to.have.length(2);
      expect(executor.of('write-outcome').map(({ outcome }) => outcome.result)).to.deep.equal(['rejected', 'rejected', 'rejected']);
    });

    it('asks for the account\'s modes no oftener than for anything else', async () => {
      const { world, venue, tell, session, owners } = await gatewayBench();
      let taken = false;
      venue.onRead = (name) => (name === 'serverTime' || taken ? undefined : Promise.reject(new VenueError('authentication', 'Invalid API-key', { venueCode: -2015 })));
      const before = venue.reads.filter(({ name }) => name === 'accountModes').length;
      tell({ type: 'modes-changed', reason: 'a test' });
      await world.advance(120_000);
      // After 1, 2, 4, 8, 16 and then each 30 s.
      expect(venue.reads.filter(({ name }) => name === 'accountModes').length - before).to.be.within(6, 9);
      expect(owners.alerts).to.have.property('venue-key-refused');
      taken = true;
      await world.advance(31_000);
      expect(session()?.modesConfirmed).to.equal(true);
      expect(owners.alerts).to.not.have.property('venue-key-refused');
    });

    it('tries again to halt it when the trading state did not answer', async () => {
      const { world, venue, owners, send, close } = await gatewayBench();
      venue.onWrite = () => NO_KEY;
      send(close('a'));
      await world.advance(9_000);
      expect(halts(owners)).to.have.length(1);
      send(close('b'));
      await world.settle();
      expect(halts(owners)).to.have.length(2);
    });

    it('halts for a read as well, once the key had been taken; before that it refuses to run and halts nothing', async () => {
      const { venue, owners, read } = await gatewayBench();
      venue.onRead = () => Promise.reject(new VenueError('authentication', 'Signature for this request is not valid.', { venueCode: -1022 }));
      expect(await read()).to.include({ ok: false, kind: 'authentication' });
      expect(halts(owners)).to.deep.equal(['HALTED gateway']);
      const first = await gatewayBench((scripted) => {
        scripted.onRead = (name) => (name === 'serverTime' ? undefined : Promise.reject(new VenueError('authentication', 'API-key format invalid.', { venueCode: -2014 })));
      });
      await first.read();
      expect(halts(first.owners)).to.deep.equal([]);
      expect(first.refusals.map((error) => error.code)).to.deep.equal(['VENUE_AUTH_FAILED']);
    });
  });

  describe('as to what the key may do', () => {
    for (const [name, mode, set, code] of [
      ['refuses one that may withdraw on the main venue', 'mainnet', { canWithdraw: true }, 'KEY_MAY_WITHDRAW'],
      ['refuses one of which the main venue does not say that it may not', 'mainnet', { canWithdraw: undefined }, 'KEY_MAY_WITHDRAW'],
      ['refuses one that may only read, wherever', 'paper', { canTrade: false }, 'KEY_READ_ONLY'],
      ['runs with one that may withdraw play money', 'testnet', { canWithdraw: true }, undefined],
      ['runs with one of which a testnet says nothing', 'testnet', { canWithdraw: undefined }, undefined],
      ['runs with one for trading alone', 'mainnet', {}, undefined],
    ] as const) {
      it(name, async () => {
        const { refusals, session } = await gatewayBench((venue) => void Object.assign(venue, set), { mode });
        expect(refusals.map((error) => error.code)).to.deep.equal(code === undefined ? [] : [code]);
        expect(session()?.modesConfirmed).to.equal(code === undefined);
      });
    }

    it('warns of one that may be used from any address, for as long as it runs on the main venue', async () => {
      const { world, owners, refusals } = await gatewayBench((venue) => (venue.ipRestricted = false), { mode: 'mainnet' });
      await world.advance(5_000);
      expect(refusals).to.deep.equal([]);
      expect(owners.alerts['key/1']).to.include('any address');
      expect(world.logs.filter((line) => line.level === 'warn').map((line) => line.message)).to.deep.equal([owners.alerts['key/1']]);
    });

    it('asks once, not after each reconnection', async () => {
      const { world, venue, tell } = await gatewayBench();
      for (const streamEpoch of [1, 2, 3]) {
        tell({ type: 'stream', view: { live: true, streamEpoch, since: 0 } });
        await world.advance(100);
      }
      const count = (name: string) => venue.reads.filter((one) => one.name === name).length;
      expect([count('keyPermissions'), count('accountModes')]).to.deep.equal([1, 3]);
    });
  });

  describe('when the account\'s modes are in doubt (failure 53)', () => {
    it('opens nothing after a reconnection until they have been read again', async () => {
      const { world, venue, executor, open, tell, session } = await gatewayBench();
      tell({ type: 'stream', view: { live: true, streamEpoch: 1, since: 0 } });
      await world.advance(100);
      const modes = Promise.withResolvers<object>();
      venue.onRead = (name) => (name === 'accountModes' ? modes.promise : undefined);
      tell({ type: 'stream', view: { live: true, streamEpoch: 2, since: 0 } });
      open('early');
      await world.advance(10);
      expect(session()?.modesConfirmed).to.equal(false);
      expect(executor.of('write-refused').map((message) => message.code)).to.deep.equal(['ACCOUNT_MODES_UNCONFIRMED']);
      modes.resolve({ hedgeMode: false, multiAssets: false, feeBurn: false, canTrade: true });
      await world.settle();
      expect(session()?.modesConfirmed).to.equal(true);
      open('late');
      await world.settle();
      expect(venue.writes.map((write) => write.clientId)).to.deep.equal(['late']);
    });

    it('found changed while it runs, goes on closing, opens nothing, and is content again when they are changed back', async () => {
      const { world, venue, owners, refusals, executor, send, close, open, session } = await gatewayBench();
      await world.advance(5_000);
      venue.hedgeMode = true;
      venue.onWrite = () => rejected(-4061, 'Order\'s position side does not match user\'s setting.');
      send(close('a'));
      await world.advance(1_000);
      expect(refusals, 'positions may be open: the service goes on').to.deep.equal([]);
      expect(owners.findings).to.deep.equal(['ACCOUNT_MODE_CHANGED account']);
      expect(owners.alerts['account-modes']).to.include('/fapi/v1/positionSide/dual');
      venue.onWrite = () => ({ result: 'accepted' });
      open('entry');
      send(close('b'));
      await world.settle();
      expect(executor.of('write-refused').map((message) => message.code)).to.deep.equal(['ACCOUNT_MODES_UNCONFIRMED']);
      expect(venue.writes.map((write) => write.clientId)).to.deep.equal(['a', 'b']);
      venue.hedgeMode = false;
      await world.advance(16_000);
      expect(session()?.modesConfirmed).to.equal(true);
      expect(owners.alerts).to.deep.equal({});
    });

    it('reads them again when the first connection comes long after they were found right', async () => {
      const { world, venue, owners, session, tell } = await gatewayBench();
      await world.advance(600_000);
      venue.hedgeMode = true;
      tell({ type: 'stream', view: { live: true, streamEpoch: 1, since: 0 } });
      await world.advance(10);
      expect(session()?.modesConfirmed).to.equal(false);
      expect(owners.alerts['account-modes']).to.include('hedge mode');
    });

    it('asks no more than once in five seconds because of refusals, when nothing is wrong with the modes', async () => {
      const { world, venue, send, close, session } = await gatewayBench();
      venue.onWrite = () => rejected(-1106, 'Parameter was sent when not required.');
      const asked = () => venue.reads.filter((one) => one.name === 'accountModes').length;
      for (let i = 0; i < 20; i++) {
        send(close(`c${i}`));
        await world.advance(1_000);
      }
      expect(asked()).to.be.within(4, 5);
      expect(session()?.modesConfirmed).to.equal(true);
    });

    it('started again, goes on with what was asserted, and with what was in doubt', async () => {
      const { world, venue, tell, session, owners } = await gatewayBench();
      const modes = Promise.withResolvers<object>();
      venue.onRead = (name) => (name === 'accountModes' ? modes.promise : undefined);
      world.system.control('gateway', 'kill', 'test');
      await world.advance(1_500);
      expect(session(), 'they are read again, and nothing speaks against them').to.include({ modesConfirmed: true });
      tell({ type: 'stream', view: { live: true, streamEpoch: 1, since: 0 } });
      await world.settle();
      tell({ type: 'stream', view: { live: true, streamEpoch: 2, since: 0 } });
      await world.settle();
      world.system.control('gateway', 'kill', 'test');
      await world.advance(1_500);
      expect(session(), 'a reconnection put them in doubt').to.include({ modesConfirmed: false });
      venue.hedgeMode = true;
      venue.onRead = () => undefined;
      tell({ type: 'modes-changed', reason: 'test' });
      await world.advance(100);
      world.system.control('gateway', 'kill', 'test');
      await world.advance(1_500);
      expect(owners.alerts).to.have.property('account-modes');
    });

    it('believes no answer to an earlier question', async () => {
      const { world, venue, tell, session } = await gatewayBench();
      const first = Promise.withResolvers<object>();
      venue.onRead = (name) => (name === 'accountModes' ? first.promise : undefined);
      tell({ type: 'modes-changed', reason: 'one' });
      await world.settle();
      venue.hedgeMode = true;
      venue.onRead = () => undefined;
      tell({ type: 'modes-changed', reason: 'two' });
      await world.advance(100);
      first.resolve({ hedgeMode: false, multiAssets: false, feeBurn: false, canTrade: true });
      await world.advance(100);
      expect(session()?.modesConfirmed).to.equal(false);
    });
  });

  it('finds a code that is in no table, and what only a mistake of ours can have brought about', async () => {
    const { world, venue, owners, executor, send, close, read } = await gatewayBench();
    venue.onWrite = () => ({ result: 'unknown', venueCode: -9999, message: 'Something new.' });
    send(close('a'));
    await world.settle();
    expect(executor.last('write-outcome')?.outcome.result).to.equal('unknown');
    venue.onWrite = () => rejected(-1111, 'Precision is over the maximum defined for this asset.');
    send(close('b'));
    await world.settle();
    venue.onRead = () => Promise.reject(new VenueError('rejected', 'Something else.', { venueCode: -9998 }));
    await read();
    expect(owners.findings).to.deep.equal(['VENUE_CODE_UNKNOWN -9999', 'VENUE_REQUEST_DEFECT CLOSE -1111', 'VENUE_CODE_UNKNOWN -9998']);
    expect(owners.last('finding')?.finding.message).to.include('account').and.include('Something else.');
  });

  it('finds a stop that the venue does not take, and has openings rest (failure 89b)', async () => {
    const { world, venue, owners, executor, send, protect } = await gatewayBench();
    venue.onWrite = () => rejected(-4120, 'Order type not supported for this endpoint.');
    send(protect('s'));
    await world.settle();
    expect(owners.findings).to.deep.equal(['STOP_NOT_TAKEN GPSUSDT -4120']);
    expect(owners.last('venue-refused')).to.deep.include({ asked: 'PROTECT', refusal: { symbol: 'GPSUSDT', venueCode: -4120, message: 'Order type not supported for this endpoint.', at: world.clock.now() } });
    expect(executor.last('write-outcome')?.outcome).to.deep.equal({ ...rejected(-4120, 'Order type not supported for this endpoint.'), reaction: 'no-stop' });
  });

  it('tells the executor what is prescribed, and bothers nobody with an ordinary no', async () => {
    const { world, venue, owners, executor, send, close } = await gatewayBench();
    for (const [code, reaction] of [[-2022, 'reconcile'], [-2021, 'defect'], [-4131, 'refuse'], [503, 'refuse']] as const) {
      venue.onWrite = () => rejected(code);
      send(close(`c${code}`));
      await world.settle();
      expect(executor.last('write-outcome')?.outcome, String(code)).to.include({ result: 'rejected', reaction });
    }
    expect(owners.findings, '−2021 is prescribed for stops alone').to.deep.equal(['VENUE_REQUEST_DEFECT CLOSE -2021']);
    expect(owners.of('venue-refused')).to.deep.equal([]);
  });
});
