/** The listen-key door: one key is one value, whoever gives it; what the venue refuses says so with its code; no text of a key comes out. */
import { expect } from 'chai';
import { VenueError } from '../../src/venue/port.ts';
import { LISTEN_KEY, venueOn } from './fixtures.ts';
import type { StubVenue } from './stub-venue.ts';
import { startStubVenue } from './stub-venue.ts';

const LISTEN = '/fapi/v1/listenKey';
const OTHER_KEY = 'AnotherListenKey0123456789abcdef';
const given = (listenKey: string) => ({ body: { listenKey } });

let stub: StubVenue;
beforeEach(async () => {
  stub = await startStubVenue();
});
afterEach(() => stub.close());

const thrownBy = (work: Promise<unknown>): Promise<unknown> => work.then(() => expect.fail('it was no failure'), (thrown: unknown) => thrown);

describe('the listen keys of a venue', () => {
  it('are asked for by POST and prolonged by PUT, with the API key alone', async () => {
    stub.script(`POST ${LISTEN}`, given(LISTEN_KEY));
    stub.script(`PUT ${LISTEN}`, given(LISTEN_KEY));
    const { listenKeys } = venueOn(stub);
    const key = await listenKeys.ask();
    expect(key).to.deep.equal({ number: 1 });
    expect(await listenKeys.prolong()).to.equal(key);
    expect(stub.requests.map((request) => [request.method, request.path, request.rawQuery])).to.deep.equal([['POST', LISTEN, ''], ['PUT', LISTEN, '']]);
  });

  it('are the same value as long as the venue gives the same key, and another when it gives another, by POST or by PUT', async () => {
    stub.script(`POST ${LISTEN}`, given(LISTEN_KEY), given(LISTEN_KEY), given(OTHER_KEY));
    stub.script(`PUT ${LISTEN}`, given(LISTEN_KEY));
    const { listenKeys } = venueOn(stub);
    const numbers = [await listenKeys.ask(), await listenKeys.ask(), await listenKeys.ask(), await listenKeys.prolong()].map((key) => key?.number);
    expect(numbers).to.deep.equal([1, 1, 2, 3]);
  });

  it('are prolonged by an answer that does not name them, too', async () => {
    stub.script(`PUT ${LISTEN}`, { body: {} });
    expect(await venueOn(stub).listenKeys.prolong()).to.equal(undefined);
  });

  it('are missing with the venue\'s code (−1125)', async () => {
    stub.script(`PUT ${LISTEN}`, { status: 400, body: { code: -1125, msg: 'This listenKey does not exist.' } });
    expect(await thrownBy(venueOn(stub).listenKeys.prolong())).to.be.instanceOf(VenueError).that.includes({ venueCode: -1125 });
  });

  it('are refused with the rest the venue wants (failure 57)', async () => {
    stub.script(`POST ${LISTEN}`, { status: 429, headers: { 'retry-after': '90' }, body: { code: -1003, msg: 'Too many requests.' } });
    expect(await thrownBy(venueOn(stub).listenKeys.ask())).to.be.instanceOf(VenueError).that.includes({ kind: 'throttled', retryAfterMs: 90_000 });
  });

  it('are not something else that is called so, which is not quoted', async () => {
    for (const wrong of ['with_underscore', '', 'short']) {
      stub.script(`POST ${LISTEN}`, given(wrong));
      const error = await thrownBy(venueOn(stub).listenKeys.ask());
      expect(error).to.be.instanceOf(VenueError).that.includes({ kind: 'unknown' });
      expect((error as Error).message).to.match(/^POST \/fapi\/v1\/listenKey: .*listenKey is not/).and.not.include(wrong || 'nothing');
    }
  });

  it('open no stream of another venue', async () => {
    stub.script(`POST ${LISTEN}`, given(LISTEN_KEY));
    const key = await venueOn(stub).listenKeys.ask();
    expect(() => venueOn(stub).userStream.open(key, { onEvent: () => undefined, onLive: () => undefined, onLost: () => undefined })).to.throw('listen key 1 was not given by this venue');
  });
});
