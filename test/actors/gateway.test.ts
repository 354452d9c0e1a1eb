/** The gateway: a reason for every read that failed, no write without its authority, and no doubt that is not called doubt. */
import { expect } from 'chai';
import type { MandateId } from '../../src/protocol/names.ts';
import type { WriteOutcome } from '../../src/protocol/venue.ts';
import { VenueError } from '../../src/venue/port.ts';
import { gatewayBench } from '../kit/gateway-bench.ts';

const MANDATE = 'mandate-1' as MandateId;

describe('gateway', () => {
  it('answers a read that failed with its reason, and one that hangs within its deadline; never with nothing (failure 92)', async () => {
    const { venue, read } = await gatewayBench();
    expect(await read()).to.have.property('ok', true);
    venue.onRead = () => Promise.reject(new VenueError('throttled', 'Too many requests'));
    expect(await read()).to.deep.equal({ ok: false, kind: 'throttled', message: 'Too many requests' });
    venue.onRead = () => new Promise(() => undefined);
    expect(await read(9_500)).to.include({ ok: false, kind: 'deadline' });
  });

  it('refuses to run with an account in another mode, naming the call that changes it (ruling 7, failure 53)', async () => {
    const { refusals, session } = await gatewayBench((venue) => (venue.hedgeMode = true));
    expect(refusals.map((error) => error.code)).to.deep.equal(['ACCOUNT_MODE_UNSUPPORTED']);
    expect(refusals[0]?.message).to.include('/fapi/v1/positionSide/dual');
    expect(session()?.modesConfirmed).to.equal(false);
  });

  it('refuses with rejected keys, but waits for a venue that is away (failure 30, ruling 32)', async () => {
    const rejected = await gatewayBench((venue) => (venue.onRead = (name) => (name === 'accountModes' ? Promise.reject(new VenueError('authentication', 'Invalid API-key')) : undefined)));
    expect(rejected.refusals.map((error) => error.code)).to.deep.equal(['VENUE_AUTH_FAILED']);
    const away = await gatewayBench((venue) => (venue.onRead = () => Promise.reject(new VenueError('unreachable', 'down'))));
    await away.world.advance(30_000);
    expect(away.refusals).to.deep.equal([]);
    away.venue.onRead = () => undefined;
    await away.world.advance(5_000);
    expect(away.session()?.modesConfirmed).to.equal(true);
  });

  it('sends nothing without a valid authority, and tells the executor why (failure 59)', async () => {
    const { world, venue, executor, send, close, authority } = await gatewayBench();
    send(close('a'), 'mandate-unknown' as MandateId);
    send(close('b', '20001'));
    await world.settle();
    authority.issuer.endMandate(MANDATE);
    send(close('c'));
    await world.settle();
    expect(venue.writes).to.deep.equal([]);
    expect(executor.of('write-refused').map((message) => message.code)).to.deep.equal(['MANDATE_UNKNOWN', 'PERMIT_MISMATCH', 'MANDATE_UNKNOWN']);
  });

  it('sends nothing that is barred at the moment of sending, and tells the executor why (ruling 38)', async () => {
    let barred: 'OPEN' | 'all' | undefined = 'OPEN';
    const { world, venue, executor, open, close, send } = await gatewayBench(undefined, { mayRedeem: ({ kind }) => (barred === 'all' || barred === kind ? { code: 'LEASE_LOST', detail: 'the lease is 7 s old' } : undefined) });
    open('a');
    send(close('b'));
    await world.settle();
    expect(venue.writes.map(({ clientId }) => clientId)).to.deep.equal(['b']);
    expect(executor.last('write-refused')).to.include({ code: 'LEASE_LOST', detail: 'the lease is 7 s old' });
    barred = 'all';
    send(close('c'));
    await world.settle();
    barred = undefined;
    open('d');
    await world.settle();
    expect(venue.writes.map(({ clientId }) => clientId)).to.deep.equal(['b', 'd']);
  });

  it('calls the outcome unknown when the adapter throws or is silent for 8 s, and brings the late answer as a fact (ruling 9)', async () => {
    const { world, venue, executor, send, close } = await gatewayBench();
    venue.onWrite = () => Promise.reject(new Error('defect in the adapter'));
    send(close('a'));
    await world.settle();
    expect(executor.last('write-outcome')).to.deep.include({ late: false, outcome: { result: 'unknown', message: 'defect in the adapter' } });
    const answer = Promise.withResolvers<WriteOutcome>();
    venue.onWrite = () => answer.promise;
    send(close('b'));
    await world.advance(7_900);
    expect(executor.of('write-outcome')).to.have.length(1);
    await world.advance(200);
    expect(executor.last('write-outcome')?.outcome.result).to.equal('unknown');
    answer.resolve({ result: 'accepted' });
    await world.settle();
    expect(executor.last('write-outcome')).to.deep.include({ late: true, outcome: { result: 'accepted' } });
  });

  it('brings the outcome of a write although it was killed while the venue thought (ruling 9)', async () => {
    const { world, venue, executor, send, close } = await gatewayBench();
    const answer = Promise.withResolvers<WriteOutcome>();
    venue.onWrite = () => answer.promise;
    send(close('a'));
    await world.settle();
    world.system.control('gateway', 'kill', 'test');
    answer.resolve({ result: 'accepted' });
    await world.advance(1_000);
    expect(executor.of('write-outcome').map((message) => message.outcome.result)).to.deep.equal(['accepted']);
  });
});
