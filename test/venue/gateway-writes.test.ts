/** A write reaches the wire in exactly one shape and comes back as exactly one outcome; nothing that may have been executed is called refused (failures 47, 48, 49). */
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import { API_KEY, API_SECRET, BINANCE_LIFE, ID, algoAnswer, orderAnswer, venueOn, writes } from './fixtures.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { StubAnswer, StubRequest, StubVenue } from './stub-venue.ts';
import { startStubVenue } from './stub-venue.ts';

let stub: StubVenue;
beforeEach(async () => {
  stub = await startStubVenue();
});
afterEach(() => stub.close());

async function sent(write: VenueWrite, route: string, answer: StubAnswer): Promise<{ request: StubRequest; outcome: WriteOutcome }> {
  stub.script(route, answer);
  const outcome = await venueOn(stub).gateway.write(write);
  expect(stub.requests).to.have.length(1);
  return { request: stub.requests[0]!, outcome };
}

/** What was asked for, without what every signed request carries. */
function asked(request: StubRequest): Record<string, string> {
  const { timestamp, recvWindow, signature, ...rest } = request.query;
  expect(Number(timestamp)).to.be.greaterThan(0);
  expect(recvWindow).to.equal('5000');
  expect(signature).to.match(/^[0-9a-f]{64}$/);
  return rest;
}

describe('what a write looks like on the wire', () => {
  it('opens with a limit order that drops its remainder, and never with a position side', async () => {
    const { request, outcome } = await sent(writes.open, 'POST /fapi/v1/order', { body: orderAnswer() });
    expect(asked(request)).to.deep.equal({
      symbol: 'GPSUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'IOC', quantity: '23207', price: '0.00862', newClientOrderId: ID, newOrderRespType: 'RESULT',
    });
    expect(outcome).to.deep.equal({ result: 'accepted', order: { orderId: '8886774', status: 'FILLED', executedQuantity: decimal('23207') } });
  });

  it('closes at market and reduce-only, by its type alone (failures 35, 49)', async () => {
    const { request } = await sent(writes.close, 'POST /fapi/v1/order', { body: orderAnswer({ side: 'SELL' }) });
    expect(asked(request)).to.deep.equal({ symbol: 'GPSUSDT', side: 'SELL', type: 'MARKET', quantity: '23207', reduceOnly: 'true', newClientOrderId: ID, newOrderRespType: 'RESULT' });
  });

  it('protects through the algo service with quantity and reduceOnly, never closePosition (failures 89b, 90)', async () => {
    const { request, outcome } = await sent(writes.stop, 'POST /fapi/v1/algoOrder', { body: algoAnswer() });
    expect(asked(request)).to.deep.equal({
      algoType: 'CONDITIONAL', symbol: 'GPSUSDT', side: 'SELL', type: 'STOP_MARKET', timeInForce: 'GTC', quantity: '23207', triggerPrice: '0.0000001', workingType: 'MARK_PRICE', reduceOnly: 'true', clientAlgoId: ID,
    });
    expect(outcome).to.deep.equal({ result: 'accepted', algoId: '2146760' });
  });

  it('places a target as TAKE_PROFIT_MARKET', async () => {
    const { request } = await sent({ ...writes.stop, leg: 'target' }, 'POST /fapi/v1/algoOrder', { body: algoAnswer({ orderType: 'TAKE_PROFIT_MARKET' }) });
    expect(request.query['type']).to.equal('TAKE_PROFIT_MARKET');
  });

  it('cancels an order and an algo order by client id', async () => {
    const { request } = await sent(writes.cancel, 'DELETE /fapi/v1/order', { body: orderAnswer({ status: 'CANCELED', executedQty: '7' }) });
    expect(asked(request)).to.deep.equal({ symbol: 'GPSUSDT', origClientOrderId: ID });
    stub.script('DELETE /fapi/v1/algoOrder', { body: { algoId: 5, clientAlgoId: ID, code: '200', msg: 'success' } });
    expect(await venueOn(stub).gateway.write(writes.cancelAlgo)).to.deep.equal({ result: 'accepted', algoId: '5' });
    expect(asked(stub.requests[1]!)).to.deep.equal({ clientAlgoId: ID });
  });

  it('sets leverage and margin mode', async () => {
    const { request, outcome } = await sent(writes.leverage, 'POST /fapi/v1/leverage', { body: { leverage: 2, maxNotionalValue: '1000000', symbol: 'GPSUSDT' } });
    expect(asked(request)).to.deep.equal({ symbol: 'GPSUSDT', leverage: '2' });
    expect(outcome).to.deep.equal({ result: 'accepted' });
    stub.script('POST /fapi/v1/marginType', { body: { code: 200, msg: 'success' } });
    expect(await venueOn(stub).gateway.write(writes.marginMode)).to.deep.equal({ result: 'accepted' });
    expect(asked(stub.requests[1]!)).to.deep.equal({ symbol: 'GPSUSDT', marginType: 'ISOLATED' });
  });

  it('takes "no need to change margin type" as done', async () => {
    const { outcome } = await sent(writes.marginMode, 'POST /fapi/v1/marginType', { status: 400, body: { code: -4046, msg: 'No need to change margin type.' } });
    expect(outcome).to.deep.equal({ result: 'accepted' });
  });

  it('signs the very bytes it sends, also of 币安人生USDT (failure 20), with venue time (failure 58)', async () => {
    stub.script('POST /fapi/v1/order', { body: orderAnswer() });
    const before = Date.now();
    await venueOn(stub, { offsetMs: () => -3_600_000.4 }).gateway.write({ ...writes.open, symbol: BINANCE_LIFE });
    const request = stub.requests[0]!;
    const [text, signature] = request.rawQuery.split('&signature=');
    expect(signature).to.equal(createHmac('sha256', API_SECRET).update(text!).digest('hex'));
    expect(text).to.match(/^symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&/);
    expect(request.headers['x-mbx-apikey']).to.equal(API_KEY);
    expect(Number(request.query['timestamp'])).to.be.within(before - 3_600_001, Date.now() - 3_600_000);
  });
});

describe('what comes of a write', () => {
  const unknown: [string, StubAnswer][] = [
    ['503 "Unknown error", which may have been executed', { status: 503, body: { code: -1000, msg: 'Unknown error, please check your request or try again later.' } }],
    ['the same as plain text', { status: 503, body: 'Unknown error, please check your request or try again later.' }],
    ['503 with an HTML page', { status: 503, body: '<html><body>Service Temporarily Unavailable</body></html>' }],
    ['502 with an HTML page', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['504 without a body', { status: 504, body: '' }],
    ['500 −1000', { status: 500, body: { code: -1000, msg: 'An unknown error occured while processing the request.' } }],
    ['500 −1001', { status: 500, body: { code: -1001, msg: 'Internal error; unable to process your request. Please try again.' } }],
    ['−1006', { status: 400, body: { code: -1006, msg: 'An unexpected response was received from the message bus. Execution status unknown.' } }],
    ['−1007', { status: 400, body: { code: -1007, msg: 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.' } }],
    ['HTTP 408', { status: 408, body: { code: -1007, msg: 'Timeout' } }],
    ['408 without a code', { status: 408, body: '' }],
    ['403 of a firewall, without a code', { status: 403, body: '<html>Forbidden</html>' }],
    ['a redirect, which is not followed', { status: 302, body: '', headers: { location: '/elsewhere' } }],
    ['a 202, which the SDK throws as a bare response', { status: 202, body: {} }],
    ['−4116: the client id exists', { status: 400, body: { code: -4116, msg: 'ClientOrderId is duplicated.' } }],
    ['a connection reset', 'reset'],
    ['200 with HTML', { body: '<html>maintenance</html>' }],
    ['200 with nothing', { body: '' }],
    ['200 without an order id', { body: orderAnswer({ orderId: undefined }) }],
    ['200 with a status nobody knows', { body: orderAnswer({ status: 'PENDING_SOMETHING' }) }],
    ['200 with a number where a decimal string belongs', { body: orderAnswer({ executedQty: 1e-7 }) }],
    ['200 about another order', { body: orderAnswer({ clientOrderId: 'someone-elses' }) }],
  ];
  it('is unknown after a code that is in no table, and says which it was; of a read it is a definite no', async () => {
    const answer = { status: 400, body: { code: -9999, msg: 'Something new.' } };
    expect((await sent(writes.open, 'POST /fapi/v1/order', answer)).outcome).to.include({ result: 'unknown', venueCode: -9999 });
    stub.script('GET /fapi/v3/account', answer);
    const read = await venueOn(stub).gateway.read('account', {}).catch((error: unknown) => error);
    expect(read).to.include({ kind: 'rejected', venueCode: -9999 });
  });

  for (const [name, answer] of unknown) {
    it(`is unknown after ${name} (failure 47)`, async () => {
      const { outcome } = await sent(writes.open, 'POST /fapi/v1/order', answer);
      expect(outcome.result).to.equal('unknown');
      expect(outcome).to.have.property('message').that.includes('POST /fapi/v1/order');
    });
  }

  it('is unknown when no answer comes, and when one begins and never ends', async () => {
    for (const answer of ['hang', 'trickle'] as const) {
      stub.script('POST /fapi/v1/order', answer);
      const outcome = await venueOn(stub, { timeouts: { readMs: 50, writeMs: 50 } }).gateway.write(writes.open);
      expect(outcome.result).to.equal('unknown');
    }
  });

  it('is unknown when the venue cannot be reached at all', async () => {
    const gone = await startStubVenue();
    await gone.close();
    expect(await venueOn(gone).gateway.write(writes.close)).to.have.property('result', 'unknown');
  });

  it('is unknown for a stop that the venue took and ended in the same breath', async () => {
    const { outcome } = await sent(writes.stop, 'POST /fapi/v1/algoOrder', { body: algoAnswer({ algoStatus: 'REJECTED' }) });
    expect(outcome.result).to.equal('unknown');
  });

  it('is unknown when another leverage was set than the one asked for', async () => {
    const { outcome } = await sent(writes.leverage, 'POST /fapi/v1/leverage', { body: { leverage: 20, maxNotionalValue: '1', symbol: 'GPSUSDT' } });
    expect(outcome.result).to.equal('unknown');
  });

  const rejected: [string, number, StubAnswer][] = [
    ['margin is insufficient (failure 40)', -2019, { status: 400, body: { code: -2019, msg: 'Margin is insufficient.' } }],
    ['reduce-only rejected (failure 54)', -2022, { status: 400, body: { code: -2022, msg: 'ReduceOnly Order is rejected.' } }],
    ['would trigger at once (failure 91)', -2021, { status: 400, body: { code: -2021, msg: 'Order would immediately trigger.' } }],
    ['wrong service (failure 89b)', -4120, { status: 400, body: { code: -4120, msg: 'Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.' } }],
    ['outside of recvWindow (failure 58)', -1021, { status: 400, body: { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' } }],
    ['a bad signature', -1022, { status: 400, body: { code: -1022, msg: 'Signature for this request is not valid.' } }],
    ['a malformed key (failure 30)', -2014, { status: 401, body: { code: -2014, msg: 'API-key format invalid.' } }],
    ['a key without permission (failure 30)', -2015, { status: 401, body: { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' } }],
    ['−1000 with 400', -1000, { status: 400, body: { code: -1000, msg: 'An unknown error occured while processing the request.' } }],
    ['a refusal dressed as 200', -2010, { status: 200, body: { code: -2010, msg: 'NEW_ORDER_REJECTED' } }],
    ['503 "Service Unavailable." with a code', -1001, { status: 503, body: { code: -1001, msg: 'Service Unavailable.' } }],
    ['503 "Service Unavailable." as text', 503, { status: 503, body: 'Service Unavailable.' }],
    ['503 "Internal error; unable to process"', -1001, { status: 503, body: { code: -1001, msg: 'Internal error; unable to process your request. Please try again.' } }],
  ];
  for (const [name, code, answer] of rejected) {
    it(`is a definite refusal after ${name}`, async () => {
      const { outcome } = await sent(writes.open, 'POST /fapi/v1/order', answer);
      expect(outcome).to.include({ result: 'rejected', venueCode: code });
    });
  }

  for (const code of [-2011, -2013]) {
    it(`of a cancel is refused with ${code} when the venue does not know the order: what that means, the caller decides`, async () => {
      const { outcome } = await sent(writes.cancel, 'DELETE /fapi/v1/order', { status: 400, body: { code, msg: 'Unknown order sent.' } });
      expect(outcome).to.include({ result: 'rejected', venueCode: code });
    });
  }

  const now = new VirtualClock().now();
  const throttled: [string, number, boolean, StubAnswer][] = [
    ['429 with Retry-After', 7_000, false, { status: 429, headers: { 'retry-after': '7' }, body: { code: -1003, msg: 'Too many requests; current limit of IP(1.2.3.4) is 2400 requests per minute.' } }],
    ['429 without a time', 60_000, false, { status: 429, body: { code: -1003, msg: 'Too many requests.' } }],
    ['429 with HTML', 60_000, false, { status: 429, body: '<html>slow down</html>' }],
    ['−1015', 10_000, false, { status: 429, body: { code: -1015, msg: 'Too many new orders; current limit is 300 orders per TEN_SECONDS.' } }],
    ['−1003 with 400', 60_000, false, { status: 400, body: { code: -1003, msg: 'Too many requests.' } }],
    ['a ban until a time (failure 57)', 300_000, true, { status: 418, body: { code: -1003, msg: `Way too many requests; IP(1.2.3.4) banned until ${now + 300_000}. Please use the websocket for live updates to avoid bans.` } }],
    ['a ban without end, as long as the longest there is', 3 * 86_400_000, true, { status: 418, headers: { 'retry-after': '99999999' }, body: { code: -1003, msg: 'banned until 99999999999999.' } }],
    ['a ban with both, the later counting', 600_000, true, { status: 418, headers: { 'retry-after': '600' }, body: { code: -1003, msg: `banned until ${now + 300_000}.` } }],
    ['a ban whose end is over already by our clock, which must be wrong', 120_000, true, { status: 418, body: { code: -1003, msg: `Way too many requests; IP(1.2.3.4) banned until ${now - 600_000}.` } }],
    ['a ban with a rest of nothing', 120_000, true, { status: 418, headers: { 'retry-after': '0' }, body: '' }],
    ['a ban without a time', 120_000, true, { status: 418, body: '' }],
    ['−1008', 200, false, { status: 503, body: { code: -1008, msg: 'Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again.' } }],
  ];
  for (const [name, retryAfterMs, banned, answer] of throttled) {
    it(`is throttled after ${name}`, async () => {
      stub.script('POST /fapi/v1/order', answer);
      expect(await venueOn(stub, { clock: new VirtualClock() }).gateway.write(writes.open)).to.include({ result: 'throttled', banned, retryAfterMs });
      expect(stub.requests).to.have.length(1);
    });
  }
});
