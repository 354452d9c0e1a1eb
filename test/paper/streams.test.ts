/** The streams: routes, dresses, the SUBSCRIBE family, listen keys and their end. */
import { expect } from 'chai';
import type { Clock } from '../../src/supervision/clock.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, Listener, startForTest, type Json } from './kit.ts';
import { SYNTHETIC_SYMBOLS } from '../../src/paper/market/synthetic-symbols.ts';

describe('paper exchange: streams', () => {
  let exchange: PaperExchange;
  let client: Client;
  const open: Listener[] = [];

  async function listen(path: string): Promise<Listener> {
    const listener = new Listener(exchange.url.replace('http', 'ws') + path);
    open.push(listener);
    await listener.opened();
    return listener;
  }

  before(async () => {
    exchange = await startForTest();
    client = new Client(exchange.url);
  });
  after(async () => {
    for (const listener of open) listener.close();
    await exchange.close();
  });

  const listenKey = async () => String((await client.raw('POST', '/fapi/v1/listenKey')).json['listenKey']);

  it('serves bare and wrapped, by path and by SUBSCRIBE, raw and percent-encoded', async () => {
    const encoded = encodeURIComponent('币安人生usdt');
    const bare = await listen(`/market/ws/${encoded}@markPrice@1s`);
    expect((await bare.until((message) => message['e'] === 'markPriceUpdate'))['s']).to.equal('币安人生USDT');
    const wrapped = await listen('/market/stream');
    expect(await wrapped.ask({ method: 'SUBSCRIBE', params: [`${encoded}@markPrice@1s`, '!markPrice@arr@1s'], id: 'text' })).to.deep.equal({ result: null, id: 'text' });
    const one = await wrapped.until((message) => message['stream'] === `${encoded}@markPrice@1s`);
    expect((one['data'] as Json)['s']).to.equal('币安人生USDT');
    const all = await wrapped.until((message) => message['stream'] === '!markPrice@arr@1s');
    expect(all['data']).to.have.length(SYNTHETIC_SYMBOLS.length);
    expect((await wrapped.ask({ method: 'LIST_SUBSCRIPTIONS', id: 5 }))['result']).to.have.length(2);
    await wrapped.ask({ method: 'UNSUBSCRIBE', params: ['!markPrice@arr@1s'], id: 6 });
    expect((await wrapped.ask({ method: 'LIST_SUBSCRIPTIONS', id: 7 }))['result']).to.deep.equal([`${encoded}@markPrice@1s`]);
  });

  it('is silent on the wrong route and for upper-case names', async () => {
    const wrong = await listen('/public/ws/gpsusdt@markPrice@1s/GPSUSDT@bookTicker');
    const right = await listen('/market/ws/gpsusdt@markPrice@1s');
    const book = await listen('/public/stream?streams=gpsusdt@bookTicker');
    await right.until((message) => message['e'] === 'markPriceUpdate');
    await book.until((message) => message['stream'] === 'gpsusdt@bookTicker');
    expect(wrong.messages).to.deep.equal([]);
  });

  it('answers broken frames and unknown methods with an error and lives on', async () => {
    const listener = await listen('/public/ws');
    listener.socket.send('{');
    expect(((await listener.until((message) => 'error' in message))['error'] as Json)['code']).to.equal(3);
    expect(await listener.ask({ method: 'DANCE', id: 1 })).to.have.property('error');
    expect(await listener.ask({ method: 'SUBSCRIBE', params: 'x', id: 2 })).to.have.property('error');
    expect(await listener.ask({ method: 'LIST_SUBSCRIPTIONS', id: 3 })).to.deep.equal({ result: [], id: 3 });
  });

  it('cuts off a client that sends more than ten messages a second', async () => {
    const listener = await listen('/public/ws');
    const closed = new Promise<number>((resolve) => {
      listener.socket.on('close', resolve);
    });
    for (let i = 0; i < 40; i++) listener.socket.send(JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id: i }));
    expect(await closed).to.equal(1008);
  });

  it('answers pings', async () => {
    const listener = await listen('/public/ws');
    const pong = new Promise<void>((resolve) => {
      listener.socket.on('pong', () => resolve());
    });
    listener.socket.ping();
    await pong;
  });

  it('tells user events on every way to the key, NEW before TRADE, TRADE_LITE and ACCOUNT_UPDATE with every fill', async () => {
    const key = await listenKey();
    expect(key).to.match(/^[A-Za-z0-9]{64}$/);
    expect(await listenKey()).to.equal(key);
    const byPath = await listen(`/private/ws/${key}`);
    const byQuery = await listen(`/private/stream?listenKey=${key}`);
    const filtered = await listen(`/private/ws?listenKey=${key}&events=ACCOUNT_UPDATE`);
    const lite = await listen(`/private/ws?listenKey=${key}&events=TRADE_LITE/MARGIN_CALL`);
    const bySubscription = await listen('/private/ws');
    await bySubscription.ask({ method: 'SUBSCRIBE', params: [key], id: 1 });
    await client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side: 'BUY', type: 'MARKET', quantity: '300000' });
    const isLast = (message: Json) => (message['o'] as Json | undefined)?.['X'] === 'FILLED';
    await byPath.until(isLast);
    await bySubscription.until(isLast);
    await byQuery.until((message) => message['stream'] === key && isLast(message['data'] as Json));
    const types = byPath.messages.map((message) => message['e'] === 'ORDER_TRADE_UPDATE' ? (message['o'] as Json)['x'] : message['e']);
    const fills = types.filter((type) => type === 'TRADE').length;
    expect(fills).to.be.greaterThan(0);
    expect(types).to.deep.equal(['NEW', ...Array.from({ length: fills }, () => ['TRADE_LITE', 'ACCOUNT_UPDATE', 'TRADE']).flat()]);
    await filtered.until((message) => message['e'] === 'ACCOUNT_UPDATE');
    expect(new Set(filtered.messages.map((message) => message['e']))).to.deep.equal(new Set(['ACCOUNT_UPDATE']));
    const trades = byPath.messages.flatMap((message) => (message['e'] === 'ORDER_TRADE_UPDATE' && (message['o'] as Json)['x'] === 'TRADE' ? [message] : []));
    await lite.until((message) => message['t'] === (trades.at(-1)!['o'] as Json)['t']);
    expect(lite.messages).to.deep.equal(trades.map((message) => {
      const { s, q, p, m, c, S, L, l, t, i } = message['o'] as Json;
      return { e: 'TRADE_LITE', E: message['E'], T: message['T'], s, q, p, m, c, S, L, l, t, i };
    }));
    const update = byPath.messages.findLast((message) => message['e'] === 'ACCOUNT_UPDATE')!['a'] as { B: Json[]; P: Json[] };
    const { json } = await client.control('GET', 'truth');
    const account = (json['accounts'] as Json[])[0]!;
    expect(update.B[0]!['wb']).to.equal(account['walletBalance']);
    expect(update.P[0]).to.include({ s: 'GPSUSDT', pa: '300000', ps: 'BOTH' });
  });

  it('says that a listen key has run out after an hour, extended by PUT, and refuses to extend a dead one (−1125)', async () => {
    let ahead = 0;
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
    const other = await startForTest({ clock });
    const its = new Client(other.url);
    const key = String((await its.raw('POST', '/fapi/v1/listenKey')).json['listenKey']);
    const listener = new Listener(`${other.url.replace('http', 'ws')}/private/ws/${key}`);
    try {
      await listener.opened();
      ahead = 3_500_000;
      expect((await its.raw('PUT', '/fapi/v1/listenKey')).json['listenKey']).to.equal(key);
      ahead = 3_700_000;
      expect((await its.raw('PUT', '/fapi/v1/listenKey')).status).to.equal(200);
      ahead = 7_400_000;
      const told = await listener.until((message) => message['e'] === 'listenKeyExpired');
      expect(told['listenKey']).to.equal(key);
      expect((await its.raw('PUT', '/fapi/v1/listenKey')).json['code']).to.equal(-1125);
      expect((await its.raw('POST', '/fapi/v1/listenKey')).json['listenKey']).not.to.equal(key);
    } finally {
      listener.close();
      await other.close();
    }
  });
});
