/** Whatever goes wrong, nothing that leaves this room contains the key, the secret, a signature or a listen key. */
import { expect } from 'chai';
import { VigilError } from '../../src/protocol/errors.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import { createBinanceVenue } from '../../src/venue/binance-venue.ts';
import { createRedactor } from '../../src/venue/venue-log.ts';
import { API_KEY, API_SECRET, LISTEN_KEY, everythingIn, venueOn, writes } from './fixtures.ts';
import type { StubAnswer, StubVenue } from './stub-venue.ts';
import { Arrivals, startStubVenue } from './stub-venue.ts';

let stub: StubVenue;
beforeEach(async () => {
  stub = await startStubVenue();
});
afterEach(() => stub.close());

function expectNoSecret(found: string): void {
  for (const secret of [API_KEY, API_SECRET, encodeURIComponent(API_SECRET), LISTEN_KEY]) expect(found).to.not.include(secret);
  expect(found).to.not.match(/signature=[0-9a-f]/);
}

describe('secrets', () => {
  const failures: [string, StubAnswer][] = [
    ['a refusal', { status: 400, body: { code: -2019, msg: 'Margin is insufficient.' } }],
    ['a refusal that quotes the request', { status: 400, body: { code: -1022, msg: `bad signature=${'ab'.repeat(32)} for key ${API_KEY}` } }],
    ['a page that quotes the request', { status: 502, body: `<html>X-MBX-APIKEY: ${API_KEY} ${API_SECRET}</html>` }],
    ['a page with status 200 that quotes the request', { body: `<html>${API_KEY}</html>` }],
    ['an answer whose field quotes the request', { body: { serverTime: API_KEY, orderId: API_KEY, totalWalletBalance: API_KEY } }],
    ['a bare 202', { status: 202, body: {} }],
    ['a reset', 'reset'],
    ['a timeout', 'hang'],
  ];
  for (const [name, answer] of failures) {
    it(`are not in what comes of ${name}`, async () => {
      stub.script('POST /fapi/v1/order', answer);
      stub.script('GET /fapi/v3/account', answer);
      const venue = venueOn(stub, { timeouts: { readMs: 60, writeMs: 60 } });
      const outcome = await venue.gateway.write(writes.open);
      const error: unknown = await venue.gateway.read('account', {}).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Error);
      expectNoSecret(everythingIn(outcome) + everythingIn(error) + everythingIn(venue.lines.all));
    });
  }

  it('are not in what the streams log when they fail', async () => {
    stub.refuseSockets = true;
    stub.script('POST /fapi/v1/listenKey', { body: { listenKey: LISTEN_KEY } });
    const venue = venueOn(stub);
    const key = await venue.listenKeys.ask();
    const lost = new Arrivals<string>();
    const user = venue.userStream.open(key, { onEvent: () => undefined, onLive: () => undefined, onLost: (reason) => lost.push(reason) });
    const market = venue.marketStreams.open([writes.open.symbol], () => undefined, () => undefined);
    await lost.next();
    while (!/market stream/.test((await venue.lines.next()).message));
    user.close();
    market.close();
    expectNoSecret(everythingIn(venue.lines.all) + everythingIn(lost.all) + everythingIn(key));
  });

  it('are not in what comes of a listen key that is refused, or is none', async () => {
    stub.script('POST /fapi/v1/listenKey', { body: { listenKey: LISTEN_KEY } }, { status: 400, body: { code: -1125, msg: `no ${LISTEN_KEY}` } }, { body: { listenKey: `${LISTEN_KEY}_` } });
    const venue = venueOn(stub);
    await venue.listenKeys.ask();
    for (let i = 0; i < 2; i++) {
      const error: unknown = await venue.listenKeys.ask().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(Error);
      expectNoSecret(everythingIn(error));
    }
  });

  it('are not in the venue itself when it is printed', () => {
    const venue = venueOn(stub);
    expectNoSecret(everythingIn({ gateway: venue.gateway, marketStreams: venue.marketStreams, listenKeys: venue.listenKeys, userStream: venue.userStream }));
  });

  it('are asked for by name when they are missing, and not quoted when they cannot be one', () => {
    for (const apiKey of ['', `${API_KEY}\n`, '钥匙']) {
      const make = () => createBinanceVenue({ endpoint: stub.endpoint, armed: undefined, credentials: { apiKey, apiSecret: API_SECRET }, clock: systemClock, offsetMs: () => 0, log: () => undefined });
      expect(make).to.throw(VigilError).that.includes({ code: 'CREDENTIALS_MISSING' });
      expect(make).to.not.throw(API_KEY);
    }
  });

  it('are taken out also by the names they go under', () => {
    expect(createRedactor([]).redact('GET /x?listenKey=abc123&signature=00ff X-MBX-APIKEY: zzz "api_key":"yyy"')).to.not.match(/abc123|00ff|zzz|yyy/);
  });

  it('do not include words as short as those of the paper exchange', () => expect(createRedactor(['paper']).redact('the paper exchange')).to.equal('the paper exchange'));
});
