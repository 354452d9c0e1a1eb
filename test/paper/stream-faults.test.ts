/** The faults of the streams, each through a real socket: what was asked for happens to the streams it named, for as long as it said, and is logged. */
import { expect } from 'chai';
import { USDMClient, WebsocketClient } from 'binance';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, closeSdk, type Listener, Listeners, startForTest, type Json, type LogLine } from './kit.ts';

describe('paper exchange: stream faults', () => {
  let exchange: PaperExchange & { readonly logs: LogLine[] };
  let client: Client;
  const listeners = new Listeners();
  let price = 400;

  const listen = (path: string) => listeners.open(exchange, path);

  const begin = async (spec: Json) => String((await client.control('POST', 'streams', spec)).json['id']);
  const listenKey = async () => String((await client.raw('POST', '/fapi/v1/listenKey')).json['listenKey']);
  const configure = (leverage: number) => client.signed('POST', '/fapi/v1/leverage', { symbol: 'GPSUSDT', leverage });
  /** Moves HYPEUSDT `count` times; each is one bookTicker. Returns its ask or bid as the last one shows it. */
  async function move(count: number): Promise<string> {
    for (let i = 0; i < count; i++) await client.control('POST', 'price', { symbol: 'HYPEUSDT', price: `40.${++price}` });
    return `40.${price}`;
  }
  /** The prices that `move` set, in the order in which they were told. */
  const told = ({ messages }: Listener) =>
    messages.flatMap((message) => [String(message['b']), String(message['a'])].filter((value) => /^40\.\d{3}$/.test(value) && Number(value.slice(3)) <= price && Number(value.slice(3)) > 400));

  before(async () => {
    exchange = await startForTest();
    client = new Client(exchange.url);
  });
  afterEach(async () => {
    await client.control('DELETE', 'streams');
    listeners.closeAll();
  });
  after(() => exchange.close());

  it('cuts the user streams and refuses new ones until it ends; market streams live on', async () => {
    const user = await listen('/private/ws');
    const market = await listen('/public/ws/hypeusdt@bookTicker');
    const gone = user.closed();
    const id = await begin({ stream: 'user', action: 'disconnect', forMs: 60_000 });
    await gone;
    expect(await listen('/private/ws').then(() => 'opened', () => 'refused')).to.equal('refused');
    await market.until((message) => message['e'] === 'bookTicker');
    expect((await client.control('GET', 'streams')).json['streams']).to.deep.equal([{ stream: 'user', action: 'disconnect', forMs: 60_000, id, used: 2 }]);
    expect((await client.control('DELETE', `streams/${id}`)).status).to.equal(200);
    await listen('/private/ws');
    expect((await client.control('DELETE', `streams/${id}`)).status).to.equal(404);
    const uses = exchange.logs.filter((line) => line.fields['fault'] === id).map((line) => line.message);
    expect(uses).to.deep.equal(['a stream fault begins', 'a stream fault was injected: a private connection was cut', 'a stream fault was injected: a private connection was refused', 'a stream fault ends']);
  });

  it('cuts once when no time is given', async () => {
    const market = await listen('/market/ws');
    const gone = market.closed();
    await begin({ stream: 'market', action: 'disconnect' });
    await gone;
    while (((await client.control('GET', 'streams')).json['streams'] as Json[]).length > 0);
    await listen('/market/ws');
  });

  it('silences: what happens meanwhile is lost, questions are still answered, and afterwards it speaks again', async () => {
    const user = await listen(`/private/ws/${await listenKey()}`);
    const id = await begin({ stream: 'all', action: 'silence', forMs: 60_000 });
    await configure(7);
    expect(await user.ask({ method: 'LIST_SUBSCRIPTIONS', id: 1 })).to.have.property('result');
    await client.control('DELETE', `streams/${id}`);
    await configure(8);
    await user.until((message) => message['e'] === 'ACCOUNT_CONFIG_UPDATE');
    expect(user.messages.filter((message) => message['e'] !== undefined).map((message) => (message['ac'] as Json)['l'])).to.deep.equal([8]);
  });

  it('ends by itself after its time', async () => {
    const user = await listen(`/private/ws/${await listenKey()}`);
    await begin({ stream: 'user', action: 'silence', forMs: 30 });
    await configure(3);
    while (((await client.control('GET', 'streams')).json['streams'] as Json[]).length > 0);
    await configure(4);
    await user.until((message) => message['e'] === 'ACCOUNT_CONFIG_UPDATE' && (message['ac'] as Json)['l'] === 4);
    expect(user.messages).to.have.length(1);
  });

  it('sends each message twice', async () => {
    const user = await listen(`/private/ws/${await listenKey()}`);
    await begin({ stream: 'user', action: 'duplicate', forMs: 60_000 });
    await configure(5);
    await configure(6);
    await user.until((message) => (message['ac'] as Json)['l'] === 6);
    await user.ask({ method: 'LIST_SUBSCRIPTIONS', id: 1 });
    expect(user.messages.filter((message) => message['e'] !== undefined).map((message) => (message['ac'] as Json)['l'])).to.deep.equal([5, 5, 6, 6]);
  });

  it('swaps each two messages of a connection, and sends what it held back when it ends', async () => {
    const market = await listen('/public/ws/hypeusdt@bookTicker');
    const user = await listen(`/private/ws/${await listenKey()}`);
    const id = await begin({ stream: 'user', action: 'reorder', forMs: 60_000 });
    for (const leverage of [11, 12, 13, 14, 15]) await configure(leverage);
    await user.until((message) => (message['ac'] as Json)['l'] === 13);
    await client.control('DELETE', `streams/${id}`);
    await user.until((message) => (message['ac'] as Json)['l'] === 15);
    expect(user.messages.map((message) => (message['ac'] as Json)['l'])).to.deep.equal([12, 11, 14, 13, 15]);
    const last = await move(4);
    await market.until((message) => [message['a'], message['b']].includes(last));
    expect(told(market)).to.deep.equal(told(market).toSorted());
  });

  it('expires the listen keys: one last event, then nothing on the open socket, and a new key serves', async () => {
    const key = await listenKey();
    const user = await listen(`/private/stream?listenKey=${key}`);
    await begin({ stream: 'user', action: 'expire-listen-key' });
    const message = await user.until(() => true);
    expect(message['data']).to.include({ e: 'listenKeyExpired', listenKey: key });
    expect((await client.raw('PUT', '/fapi/v1/listenKey')).json['code']).to.equal(-1125);
    const again = await listenKey();
    expect(again).not.to.equal(key);
    const fresh = await listen(`/private/ws/${again}`);
    await configure(9);
    await fresh.until((event) => event['e'] === 'ACCOUNT_CONFIG_UPDATE');
    expect(user.messages).to.have.length(1);
  });

  it('names field, value and remedy of what it does not take', async () => {
    const bad: readonly (readonly [Json, RegExp])[] = [
      [{ stream: 'users', action: 'silence', forMs: 1 }, /stream: .*"user".*got "users"/],
      [{ stream: 'user', action: 'mute', forMs: 1 }, /action: .*"silence".*got "mute"/],
      [{ stream: 'user', action: 'silence' }, /forMs: .*say how long/],
      [{ stream: 'user', action: 'silence', forMs: 0.5 }, /forMs: .*got 0.5/],
      [{ stream: 'user', action: 'silence', forMs: -1 }, /forMs: .*got -1/],
      [{ stream: 'user', action: 'silence', forMs: 1e9 }, /forMs: .*600000.*got 1000000000/],
      [{ stream: 'market', action: 'expire-listen-key' }, /stream: .*no listen key/],
      [{ stream: 'user', action: 'silence', forMs: 1, times: 1 }, /times/],
    ];
    for (const [spec, expected] of bad) {
      const { status, json } = await client.control('POST', 'streams', spec);
      expect(status).to.equal(400);
      expect((json['error'] as Json)['message']).to.match(expected);
    }
    expect((await client.control('GET', 'streams')).json).to.deep.equal({ streams: [] });
    expect((await client.control('PUT', 'streams')).status).to.equal(404);
  });

  it('through the SDK: after a disconnect its user stream comes back by itself and tells what follows', async () => {
    const quiet = { trace() {}, info() {}, error() {} };
    const keys = { api_key: 'paper', api_secret: 'paper' };
    const rest = new USDMClient({ ...keys, baseUrl: exchange.url, disableTimeSync: true, filterUndefinedParams: true }, { timeout: 8_000 });
    const socket = new WebsocketClient({ ...keys, beautify: false, wsUrl: exchange.url.replace('http', 'ws'), restOptions: { baseUrl: exchange.url }, reconnectTimeout: 100 }, quiet);
    const seen: Json[] = [];
    let heard: () => void = () => {};
    socket.on('message', (data) => {
      seen.push(((data as unknown as Json)['data'] ?? data) as Json);
      heard();
    });
    const happened = (event: 'open' | 'reconnected') => new Promise<void>((resolve) => socket.on(event, ({ wsKey }) => wsKey.includes('usdmPrivate') && resolve()));
    try {
      const opened = happened('open');
      await socket.subscribeUsdFuturesUserDataStream();
      await opened;
      const back = happened('reconnected');
      await begin({ stream: 'user', action: 'disconnect' });
      await back;
      const next = new Promise<void>((resolve) => {
        heard = resolve;
      });
      await rest.setLeverage({ symbol: 'GPSUSDT', leverage: 2 });
      await next;
      expect(seen.at(-1)).to.deep.include({ e: 'ACCOUNT_CONFIG_UPDATE', ac: { s: 'GPSUSDT', l: 2 } });
    } finally {
      closeSdk(socket);
    }
  });
});
