/** The market streams against what REST says of the same moment: tickers, touches, and a local book kept by the venue's own procedure. */
import { expect } from 'chai';
import { startForTest, Client, type Listener, Listeners, type Json } from './kit.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { SYNTHETIC_SYMBOLS } from '../../src/paper/market/synthetic-symbols.ts';

type Row = [price: string, quantity: string];
interface Depth extends Json {
  readonly lastUpdateId: number;
  readonly bids: Row[];
  readonly asks: Row[];
}

/** One side of a local book. */
class Side {
  readonly levels = new Map<string, string>();

  apply(rows: readonly Row[]): void {
    for (const [price, quantity] of rows) {
      if (Number(quantity) === 0) this.levels.delete(price);
      else this.levels.set(price, quantity);
    }
  }

  sorted(descending: boolean): Row[] {
    return [...this.levels].toSorted(([a], [b]) => (descending ? Number(b) - Number(a) : Number(a) - Number(b)));
  }
}

/** A book kept as the venue's documentation says. */
class LocalBook {
  readonly bids = new Side();
  readonly asks = new Side();
  #last: number;
  #joined = false;

  constructor({ lastUpdateId, bids, asks }: Depth) {
    this.#last = lastUpdateId;
    this.bids.apply(bids);
    this.asks.apply(asks);
  }

  get lastUpdateId(): number {
    return this.#last;
  }

  /** @throws Error when the chain is broken. */
  apply(event: Json): void {
    const [first, final, previous] = [event['U'], event['u'], event['pu']] as [number, number, number];
    if (!this.#joined && final < this.#last) return;
    if (this.#joined ? previous !== this.#last : first > this.#last) throw new Error(`gap: U ${first}, u ${final}, pu ${previous} after ${this.#last}`);
    this.#joined = true;
    this.#last = final;
    this.bids.apply(event['b'] as Row[]);
    this.asks.apply(event['a'] as Row[]);
  }
}

describe('paper exchange: market streams', () => {
  let clock: VirtualClock;
  let exchange: PaperExchange;
  let client: Client;
  const listeners = new Listeners();

  beforeEach(async () => {
    clock = new VirtualClock(Date.now());
    exchange = await startForTest({ clock, limits: NO_LIMITS });
    client = new Client(exchange.url);
  });
  afterEach(async () => {
    listeners.closeAll();
    await exchange.close();
  });

  const listen = (path: string) => listeners.open(exchange, path);

  /** Everything that was sent before is here once the answer to a ping is. */
  const settled = (listener: Listener) =>
    new Promise<void>((resolve) => {
      listener.socket.once('pong', () => resolve());
      listener.socket.ping();
    });
  /** The exchange's clock runs ahead of the one that signs. */
  async function take(side: string): Promise<void> {
    await client.control('POST', 'clock', { offsetMs: Math.round(Date.now() - clock.now()) });
    expect((await client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side, type: 'MARKET', quantity: '400000' })).status).to.equal(200);
  }
  const depth = async (limit: number) => (await client.get<Depth>('/fapi/v1/depth', { symbol: 'GPSUSDT', limit })).json;

  for (const stream of ['gpsusdt@depth@100ms', 'gpsusdt@depth', 'gpsusdt@depth@500ms']) {
    it(`${stream} keeps a local book equal to REST over minutes, also when takers eat into it`, async () => {
      const listener = await listen(`/public/ws/${stream}`);
      clock.advance(1_000);
      const book = new LocalBook(await depth(1_000));
      let seen = 0;
      for (let second = 0; second < 180; second++) {
        if (second % 20 === 7) await take(second % 40 === 7 ? 'BUY' : 'SELL');
        if (second === 60) await client.control('POST', 'price', { symbol: 'GPSUSDT', price: '0.009' });
        // The market ticks at each whole second; before that the quick stream has told all, and the others do it just then.
        clock.advance(second === 0 ? 999 : 998);
        const { lastUpdateId, bids, asks } = await depth(1_000);
        if (!stream.endsWith('@100ms')) clock.advance(1);
        await settled(listener);
        for (const message of listener.messages.slice(seen)) book.apply(message);
        seen = listener.messages.length;
        expect({ lastUpdateId: book.lastUpdateId, bids: book.bids.sorted(true), asks: book.asks.sorted(false) }).to.deep.equal({ lastUpdateId, bids, asks });
        clock.advance(stream.endsWith('@100ms') ? 2 : 1);
      }
      expect(listener.messages.length).to.be.greaterThan(300);
    });
  }

  it('partial books are the best levels of the same book, at their own speed', async () => {
    const listener = await listen('/public/stream?streams=gpsusdt@depth5/gpsusdt@depth10@100ms/gpsusdt@depth20@500ms');
    clock.advance(9_999);
    const now = await depth(20);
    clock.advance(1);
    await settled(listener);
    const of = (stream: string) => listener.messages.filter((message) => message['stream'] === stream).map((message) => message['data'] as Json);
    expect([of('gpsusdt@depth5').length, of('gpsusdt@depth10@100ms').length, of('gpsusdt@depth20@500ms').length]).to.satisfy(([quick, quickest, slow]: number[]) => quick! >= 38 && quickest! >= 38 && slow! >= 19 && slow! <= 20);
    for (const [stream, levels] of [['gpsusdt@depth5', 5], ['gpsusdt@depth10@100ms', 10], ['gpsusdt@depth20@500ms', 20]] as const) {
      const last = of(stream).find((message) => message['u'] === now.lastUpdateId)!;
      expect(last['b']).to.have.length(levels);
      expect(last['a']).to.have.length(levels);
      expect([last['b'], last['a']]).to.deep.equal([now.bids.slice(0, levels), now.asks.slice(0, levels)]);
    }
  });

  it('the touch follows each move and each taker, and is the best level of REST', async () => {
    const listener = await listen('/public/ws/gpsusdt@bookTicker');
    const all = await listen('/public/ws/!bookTicker');
    clock.advance(1_000);
    await take('BUY');
    await settled(listener);
    expect(listener.messages).to.have.length(5);
    const [book, ticker] = [await depth(5), (await client.get('/fapi/v1/ticker/bookTicker', { symbol: 'GPSUSDT' })).json];
    expect(listener.messages.at(-1)).to.include({ u: book.lastUpdateId, b: book.bids[0]![0], B: book.bids[0]![1], a: book.asks[0]![0], A: book.asks[0]![1] });
    expect(ticker).to.include({ lastUpdateId: book.lastUpdateId, bidPrice: book.bids[0]![0], bidQty: book.bids[0]![1], askPrice: book.asks[0]![0], askQty: book.asks[0]![1] });
    clock.advance(9_000);
    await settled(all);
    expect(all.messages.map((message) => message['s'])).to.have.length(2 * SYNTHETIC_SYMBOLS.length).and.include('币安人生USDT');
  });

  it('tickers of one and of all say what REST says, every other and every second', async () => {
    const listener = await listen('/market/stream?streams=gpsusdt@ticker/gpsusdt@miniTicker/!ticker@arr/!miniTicker@arr/!markPrice@arr/!markPrice@arr@1s');
    clock.advance(11_999);
    const { json: day } = await client.get('/fapi/v1/ticker/24hr', { symbol: 'GPSUSDT' });
    clock.advance(1);
    await settled(listener);
    const of = (stream: string) => listener.messages.filter((message) => message['stream'] === stream).map((message) => message['data']);
    const counts = ['gpsusdt@ticker', 'gpsusdt@miniTicker', '!ticker@arr', '!miniTicker@arr', '!markPrice@arr', '!markPrice@arr@1s'].map((stream) => of(stream).length);
    expect(counts).to.deep.equal([6, 6, 12, 12, 4, 12]);
    const inAll = (stream: string) => (of(stream).at(-1) as Json[]).find((row) => row['s'] === 'GPSUSDT')!;
    const expected = {
      e: '24hrTicker', s: 'GPSUSDT', p: day['priceChange'], P: day['priceChangePercent'], w: day['weightedAvgPrice'], c: day['lastPrice'], Q: day['lastQty'], o: day['openPrice'], h: day['highPrice'], l: day['lowPrice'],
      v: day['volume'], q: day['quoteVolume'], O: day['openTime'], C: day['closeTime'], F: day['firstId'], L: day['lastId'], n: day['count'],
    };
    expect(of('gpsusdt@ticker').at(-1)).to.include(expected);
    expect(inAll('!ticker@arr')).to.include(expected);
    const { c, o, h, l, v, q } = expected;
    for (const mini of [of('gpsusdt@miniTicker').at(-1), inAll('!miniTicker@arr')]) expect(mini).to.include({ e: '24hrMiniTicker', s: 'GPSUSDT', c, o, h, l, v, q });
    expect(inAll('!miniTicker@arr')).to.include({ e: '24hrMiniTicker', s: 'GPSUSDT' }).and.have.keys('e', 'E', 's', 'c', 'o', 'h', 'l', 'v', 'q', 'st');
  });
});
