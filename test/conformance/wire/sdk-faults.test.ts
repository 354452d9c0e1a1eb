/** Each fault of REST as the `binance` SDK meets it: what it throws, and what the truth says happened. The page on the paper exchange has a row for each. */
import { expect } from 'chai';
import { documentedFaults, outcomeOf, SdkOnPaper, SHORT_TIMEOUT_MS, type Outcome, type Row } from './sdk-kit.ts';

const SYMBOL = 'GPSUSDT';
const ORDER = { method: 'POST', path: '/fapi/v1/order' };
/** What the SDK makes of an answer from status 400 on. */
const PLAIN_KEYS = ['code', 'message', 'body', 'headers', 'requestUrl', 'requestBody', 'requestOptions'];
const UNKNOWN_TEXT = 'Unknown error, please check your request or try again later.';

interface Case {
  /** The row of the page. */
  readonly name: string;
  readonly spec: Row;
  /** A client that gives up soon; otherwise it waits. */
  readonly impatient?: true;
  readonly thrown: (thrown: Row) => void;
  /** Whether the order was carried out by the time the client knew what it threw. */
  readonly processed: boolean;
}

/** @param body as it came; JSON or text. */
function plain(code: number | undefined, message: string | undefined, body: unknown, headers: Row = {}): Case['thrown'] {
  return (thrown) => {
    expect(thrown).not.to.be.instanceOf(Error);
    expect(thrown).to.have.all.keys(PLAIN_KEYS);
    expect([thrown['code'], thrown['message'], thrown['body']]).to.deep.equal([code, message, body]);
    expect({ ...(thrown['headers'] as object) }).to.include(headers);
    if (headers['retry-after'] === undefined) expect(thrown['headers']).not.to.have.property('retry-after');
    expect(thrown).not.to.have.property('status');
    expect(JSON.stringify(thrown['requestOptions'])).not.to.include('paper"');
    expect(thrown['requestUrl']).to.include('signature=');
  };
}

function refusal(code: number, msg: string, headers: Row = {}): Case['thrown'] {
  return plain(code, msg, { code, msg }, { 'content-type': 'application/json;charset=UTF-8', ...headers });
}

/** No answer: the raw error of its HTTP client, which carries the key. */
function noAnswer(code: string, message: RegExp): Case['thrown'] {
  return (thrown) => {
    expect(thrown).to.be.instanceOf(Error).and.include({ isAxiosError: true, code });
    expect(thrown['message']).to.match(message);
    expect(thrown['response']).to.equal(undefined);
    expect(JSON.stringify((thrown['config'] as Row)['headers'])).to.include('"X-MBX-APIKEY":"paper"');
  };
}

const timedOut = noAnswer('ECONNABORTED', /^timeout of 250ms exceeded$/);
const THROTTLED = 'Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again.';

const cases: readonly Case[] = [
  { name: '`error` with `status`, `code`, `message`', spec: { action: 'error', status: 400, code: -2019, message: 'Margin is insufficient.' }, thrown: refusal(-2019, 'Margin is insufficient.'), processed: false },
  { name: '`error` alone', spec: { action: 'error' }, thrown: refusal(-1000, 'An unknown error occured while processing the request.'), processed: false },
  { name: '`error` −1008 with status 503', spec: { action: 'error', status: 503, code: -1008, message: THROTTLED }, thrown: refusal(-1008, THROTTLED), processed: false },
  { name: '`error` with `processed: true`', spec: { action: 'error', status: 503, code: -1007, message: 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.', processed: true }, thrown: refusal(-1007, 'Timeout waiting for response from backend server. Send status unknown; execution status unknown.'), processed: true },
  { name: '`error` with `text`', spec: { action: 'error', text: 'Service Unavailable.' }, thrown: plain(undefined, undefined, 'Service Unavailable.', { 'content-type': 'text/html;charset=UTF-8' }), processed: false },
  { name: '`error` with `text` and `processed: true`', spec: { action: 'error', text: UNKNOWN_TEXT, processed: true }, thrown: plain(undefined, undefined, UNKNOWN_TEXT), processed: true },
  { name: '`drop-request`', spec: { action: 'drop-request' }, impatient: true, thrown: timedOut, processed: false },
  { name: '`drop-response`', spec: { action: 'drop-response' }, impatient: true, thrown: timedOut, processed: true },
  { name: '`reset`', spec: { action: 'reset' }, thrown: noAnswer('ECONNRESET', /ECONNRESET|socket hang up/), processed: false },
  { name: '`rate-limit`', spec: { action: 'rate-limit' }, thrown: refusal(-1003, 'Too many requests; current limit of IP(127.0.0.1) is 2400 requests per minute. Please use the websocket for live updates to avoid polling the API.', { 'retry-after': '5' }), processed: false },
];

describe('wire: faults of REST through the SDK', () => {
  let paper: SdkOnPaper;
  before(async () => {
    paper = await SdkOnPaper.start();
    await paper.control('POST', 'price', { symbol: SYMBOL, price: '0.00900' });
  });
  after(() => paper.close());
  afterEach(async () => {
    await paper.control('DELETE', 'faults');
    await paper.control('POST', 'clock', { offsetMs: 0 });
  });

  const tested: string[] = [];
  let lastId = 0;
  function fault(name: string, run: () => Promise<void>): void {
    tested.push(name);
    it(name, run);
  }
  const nextId = () => `x-15PC4ZJyfault${++lastId}`;
  const buy = (id: string, client = paper.rest) => outcomeOf(client.submitNewOrder({ symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '1000', newClientOrderId: id } as never));
  const inject = (spec: Row) => paper.control('POST', 'faults', { match: ORDER, times: 1, ...spec });
  function thrownBy(outcome: Outcome): Row {
    if (!('thrown' in outcome)) throw new Error(`it was answered: ${JSON.stringify(outcome.answer)}`);
    return outcome.thrown;
  }

  for (const { name, spec, impatient, thrown, processed } of cases) {
    fault(name, async () => {
      await inject(spec);
      const id = nextId();
      thrown(thrownBy(await buy(id, impatient ? paper.client(SHORT_TIMEOUT_MS) : paper.rest)));
      expect(await paper.knows(id)).to.equal(processed);
      // Used up: the next is served, and an id that was carried out is not taken twice only while its order is open.
      expect(await buy(nextId())).to.have.property('answer');
    });
  }

  fault('`rate-limit` with `status: 418`', async () => {
    await inject({ action: 'rate-limit', status: 418 });
    const id = nextId();
    const thrown = thrownBy(await buy(id));
    expect(thrown).to.have.all.keys(PLAIN_KEYS);
    expect(thrown['code']).to.equal(-1003);
    expect(thrown['message']).to.match(/^Way too many requests; IP\(127\.0\.0\.1\) banned until \d{13}\. Please use the websocket for live updates to avoid bans\.$/);
    expect(thrown['headers']).to.have.property('retry-after', '120');
    expect(await paper.knows(id)).to.equal(false);
  });

  fault('`delay`, shorter than the timeout', async () => {
    await inject({ action: 'delay', delayMs: 60_000 });
    const id = nextId();
    const order: string[] = [];
    const outcome = buy(id).then((value) => {
      order.push('the order');
      return value;
    });
    await paper.used();
    await paper.rest.getServerTime();
    order.push('what was asked after it');
    expect(await paper.knows(id)).to.equal(false);
    paper.advance(60_000);
    expect(await outcome).to.have.nested.property('answer.clientOrderId', id);
    expect(order).to.deep.equal(['what was asked after it', 'the order']);
    expect(await paper.knows(id)).to.equal(true);
  });

  fault('`delay`, longer than the timeout', async () => {
    await inject({ action: 'delay', delayMs: 60_000 });
    const id = nextId();
    timedOut(thrownBy(await buy(id, paper.client(SHORT_TIMEOUT_MS))));
    expect(await paper.knows(id)).to.equal(false);
    // The venue does not know that its client went away.
    paper.advance(60_000);
    expect(await paper.knows(id)).to.equal(true);
  });

  fault('a `delay` and another', async () => {
    await inject({ action: 'delay', delayMs: 60_000 });
    await inject({ action: 'error', status: 400, code: -4192, message: 'Trade forbidden due to Cooling-off Period.' });
    const id = nextId();
    const outcome = buy(id);
    await paper.used();
    paper.advance(60_000);
    refusal(-4192, 'Trade forbidden due to Cooling-off Period.')(thrownBy(await outcome));
    expect(await paper.knows(id)).to.equal(false);
  });

  fault('`POST clock`, ahead of the client', async () => {
    await paper.control('POST', 'clock', { offsetMs: 60_000 });
    const id = nextId();
    refusal(-1021, 'Timestamp for this request is outside of the recvWindow.')(thrownBy(await buy(id)));
    expect(await paper.knows(id)).to.equal(false);
    expect(await paper.rest.getServerTime()).to.be.greaterThan(Date.now() + 30_000);
  });

  fault('`POST clock`, behind the client', async () => {
    await paper.control('POST', 'clock', { offsetMs: -60_000 });
    const id = nextId();
    refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")(thrownBy(await buy(id)));
    expect(await paper.knows(id)).to.equal(false);
  });

  fault('`POST accounts`', async () => {
    await paper.control('POST', 'accounts', { apiKey: 'other', apiSecret: 'secret', balance: '50' });
    const [own, other] = [paper.rest, paper.client(8_000, { api_key: 'other', api_secret: 'secret' })];
    expect(await own.getPositionsV3()).to.have.length(1);
    expect(await other.getPositionsV3()).to.have.length(0);
    expect((await other.getBalanceV3())[0]).to.include({ balance: '50.00000000' });
    refusal(-1022, 'Signature for this request is not valid.')(thrownBy(await buy(nextId(), paper.client(8_000, { api_key: 'other', api_secret: 'of the first' }))));
  });

  it('is what the page tells, row by row', () => {
    expect(tested.toSorted()).to.deep.equal(documentedFaults('Faults of REST').toSorted());
  });
});
