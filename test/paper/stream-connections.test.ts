/** The life of a connection: the SUBSCRIBE family with its errors, its limits, pings, and its end after a day. */
import { expect } from 'chai';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { type Listener, Listeners, startForTest, type Json } from './kit.ts';

const MINUTE = 60_000;

describe('paper exchange: connections', () => {
  let clock: VirtualClock;
  let exchange: PaperExchange;
  const listeners = new Listeners();

  beforeEach(async () => {
    clock = new VirtualClock(Date.now());
    exchange = await startForTest({ clock });
  });
  afterEach(async () => {
    listeners.closeAll();
    await exchange.close();
  });

  const listen = (path: string) => listeners.open(exchange, path);

  /** Sends one frame, in a second of its own, and returns what comes back. */
  async function say(listener: Listener, frame: string | Buffer): Promise<Json> {
    clock.advance(1_000);
    const seen = listener.messages.length;
    listener.socket.send(frame);
    return listener.until((message) => listener.messages.indexOf(message) >= seen);
  }

  it('repeats ids that are numbers or strings, null for none, and shows subscriptions as they were written', async () => {
    const listener = await listen('/public/ws');
    const encoded = encodeURIComponent('币安人生usdt');
    for (const id of [0, 312, 'a', '']) expect(await say(listener, JSON.stringify({ method: 'SUBSCRIBE', params: [`${encoded}@aggTrade`], id }))).to.deep.equal({ result: null, id });
    expect(await say(listener, JSON.stringify({ method: 'LIST_SUBSCRIPTIONS' }))).to.deep.equal({ result: [`${encoded}@aggTrade`], id: null });
    expect(await say(listener, JSON.stringify({ method: 'UNSUBSCRIBE', params: ['币安人生usdt@aggTrade', 'never@aggTrade'], id: 5 }))).to.deep.equal({ result: null, id: 5 });
    expect(await say(listener, JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id: 6 }))).to.deep.equal({ result: [], id: 6 });
  });

  it('says and changes whether events are wrapped', async () => {
    const listener = await listen('/public/ws/gpsusdt@bookTicker');
    expect(await say(listener, JSON.stringify({ method: 'GET_PROPERTY', params: ['combined'], id: 1 }))).to.have.property('e');
    expect(await listener.until((message) => message['id'] === 1)).to.deep.equal({ result: false, id: 1 });
    expect(await listener.ask({ method: 'SET_PROPERTY', params: ['combined', true], id: 2 })).to.deep.equal({ result: null, id: 2 });
    expect(await listener.ask({ method: 'GET_PROPERTY', params: ['combined'], id: 3 })).to.deep.equal({ result: true, id: 3 });
    clock.advance(1_000);
    expect((await listener.until((message) => 'stream' in message))['stream']).to.equal('gpsusdt@bookTicker');
  });

  it('answers what it cannot read with the venue\'s codes, and lives on', async () => {
    const listener = await listen('/market/ws');
    const bad: readonly (readonly [string | Buffer, number, RegExp, unknown?])[] = [
      ['{', 3, /^Invalid JSON/],
      [Buffer.from([1, 2, 3]), 3, /^Invalid JSON/],
      ['[]', 2, /must be an object/],
      ['"SUBSCRIBE"', 2, /must be an object/],
      ['{"id":1}', 2, /missing field `method`/, 1],
      ['{"method":"subscribe","params":["a"],"id":2}', 2, /unknown variant `subscribe`, expected one of `SUBSCRIBE`/, 2],
      ['{"method":"SUBSCRIBE","id":3}', 2, /missing field `params`/, 3],
      ['{"method":"SUBSCRIBE","params":"a","id":4}', 2, /array of stream names/, 4],
      ['{"method":"SUBSCRIBE","params":[1],"id":5}', 2, /array of stream names/, 5],
      ['{"method":"SUBSCRIBE","params":[],"id":6}', 2, /array of stream names/, 6],
      ['{"method":"SUBSCRIBE","params":["a"],"id":-1}', 2, /unsigned integer/],
      ['{"method":"SUBSCRIBE","params":["a"],"id":1.5}', 2, /unsigned integer/],
      ['{"method":"SUBSCRIBE","params":["a"],"id":{}}', 2, /unsigned integer/],
      ['{"method":"SET_PROPERTY","params":["wrapped",true],"id":7}', 0, /^Unknown property$/, 7],
      ['{"method":"GET_PROPERTY","params":["wrapped"],"id":8}', 0, /^Unknown property$/, 8],
      ['{"method":"SET_PROPERTY","params":["combined","yes"],"id":9}', 1, /expected Boolean/, 9],
      ['{"method":"SET_PROPERTY","params":["combined",true,1],"id":10}', 2, /too many parameters/, 10],
      ['{"method":"SET_PROPERTY","params":[true],"id":11}', 2, /property name must be a string/, 11],
      ['{"method":"GET_PROPERTY","id":"x"}', 2, /property name must be a string/, 'x'],
    ];
    for (const [frame, code, text, id = null] of bad) {
      const { error, id: repeated } = await say(listener, frame);
      expect((error as Json)['code'], String(frame)).to.equal(code);
      expect((error as Json)['msg']).to.match(text);
      expect(repeated).to.equal(id);
    }
    expect(await say(listener, '{"method":"LIST_SUBSCRIPTIONS","id":99}')).to.deep.equal({ result: [], id: 99 });
  });

  it('is silent about streams of another route, of no symbol and in upper case', async () => {
    const wrong = await listen('/public/ws/gpsusdt@aggTrade/gpsusdt@kline_1m/!markPrice@arr/GPSUSDT@bookTicker/nosuchusdt@bookTicker/gpsusdt@depth7/gpsusdt@depth@1s/gpsusdt@rpiDepth');
    const other = await listen('/market/ws/gpsusdt@bookTicker/gpsusdt@trade/gpsusdt@depth/!bookTicker');
    const unrouted = await listen('/ws/gpsusdt@bookTicker/gpsusdt@markPrice@1s');
    clock.advance(10_000);
    await unrouted.until((message) => message['e'] === 'bookTicker');
    for (const listener of [wrong, other]) {
      await listener.ask({ method: 'LIST_SUBSCRIPTIONS', id: 1 });
      expect(listener.messages).to.have.length(1);
    }
    expect(new Set(unrouted.messages.map((message) => message['e']))).to.deep.equal(new Set(['bookTicker']));
  });

  it('takes 1,024 streams and not one more, by request and by path', async () => {
    const listener = await listen('/market/ws');
    const names = Array.from({ length: 1_024 }, (_, index) => `s${index}@aggTrade`);
    expect(await say(listener, JSON.stringify({ method: 'SUBSCRIBE', params: names, id: 1 }))).to.deep.equal({ result: null, id: 1 });
    expect(await say(listener, JSON.stringify({ method: 'SUBSCRIBE', params: names, id: 2 }))).to.deep.equal({ result: null, id: 2 });
    const refused = await say(listener, JSON.stringify({ method: 'SUBSCRIBE', params: ['one@more'], id: 3 }));
    expect(refused).to.deep.include({ id: 3 }).and.have.nested.property('error.code', 2);
    expect((await say(listener, '{"method":"LIST_SUBSCRIPTIONS","id":4}'))['result']).to.have.length(1_024);
    const tooMany = listeners.begin(exchange, `/market/stream?streams=${[...names, 'x@y'].join('/')}`);
    expect(await tooMany.closed()).to.equal(1008);
  });

  it('counts messages and pings together: ten a second pass, the eleventh ends it', async () => {
    const listener = await listen('/public/ws');
    for (let round = 0; round < 2; round++) {
      clock.advance(1_000);
      for (let i = 0; i < 5; i++) listener.socket.ping();
      for (let i = 0; i < 5; i++) await listener.ask({ method: 'LIST_SUBSCRIPTIONS', id: round * 10 + i });
    }
    const end = listener.closed();
    listener.socket.ping();
    expect(await end).to.equal(1008);
  });

  it('pings every three minutes, keeps who answers, and drops who has not answered for ten', async () => {
    const answering = await listen('/public/ws');
    const mute = await listen('/public/ws');
    let pings = 0;
    answering.socket.on('ping', () => pings++);
    // A client that reads nothing answers nothing.
    mute.socket.pause();
    for (let minute = 0; minute < 12; minute++) {
      clock.advance(MINUTE);
      await answering.ask({ method: 'LIST_SUBSCRIPTIONS', id: minute });
    }
    expect(pings).to.equal(4);
    const end = mute.closed();
    mute.socket.resume();
    expect(await end).to.equal(1006);
    expect(await answering.ask({ method: 'LIST_SUBSCRIPTIONS', id: 'alive' })).to.have.property('result');
  });

  it('ends after a day', async () => {
    const listener = await listen('/public/ws');
    let ended = false;
    const end = listener.closed().then(() => {
      ended = true;
    });
    // Minutes are jumped over: what matters is the second at the end.
    for (let hour = 0; hour < 24 && !ended; hour++) {
      for (let third = 0; third < 20 && !ended; third++) {
        clock.moveTo(clock.now() + 3 * MINUTE - 2_000);
        clock.advance(1_000);
        if (third < 19 || hour < 23) await listener.ask({ method: 'LIST_SUBSCRIPTIONS', id: `${hour} ${third}` });
        clock.advance(999);
      }
    }
    expect(ended).to.equal(false);
    clock.advance(2_000);
    await end;
  });
});
