/** `vigil paper --state FILE`: all in one file, and whatever was acknowledged is in it, at whatever moment the process is killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { decimal, ZERO, type Decimal } from '../../src/protocol/decimal.ts';
import { SeededRandom } from '../../src/supervision/random.ts';
import { Client, temporaryDirectory, type Json } from './kit.ts';

const VIGIL = new URL('../../bin/vigil', import.meta.url).pathname;
const SYMBOLS = new URL('../../config/paper-symbols.json', import.meta.url);
const MOMENTS = 10;
const BURST = 60;
const SYMBOL = 'GPSUSDT';
/** Rests far below the market. */
const LOW = '0.0001';

describe('paper exchange: --state FILE', function () {
  // Every start is a process of its own.
  this.timeout(180_000);
  let dir: string;
  /** Of one symbol: what is tested is not the market's history. */
  let symbols: string;
  let remove: () => void;
  const running = new Set<ChildProcess>();
  beforeEach(() => {
    ({ dir, remove } = temporaryDirectory());
    symbols = join(dir, 'symbols.json');
    writeFileSync(symbols, JSON.stringify((JSON.parse(readFileSync(SYMBOLS, 'utf8')) as Json[]).filter((one) => one['symbol'] === SYMBOL)));
  });
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
    remove();
  });

  /** Its client, or the text with which it refused. */
  async function start(state: string): Promise<{ child: ChildProcess; client: Client; refused: string }> {
    const child = spawn(VIGIL, ['paper', '--listen', '127.0.0.1:0', '--no-limits', '--symbols', symbols, '--state', state], { stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(child);
    child.once('exit', () => running.delete(child));
    let told = '';
    for await (const part of child.stderr) {
      told += String(part as Buffer);
      const url = /Paper exchange on (\S+)/.exec(told)?.[1];
      if (url !== undefined) return { child, client: new Client(url), refused: '' };
    }
    return { child, client: new Client(''), refused: told };
  }

  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  const account = async (client: Client) => ((await client.control('GET', 'truth')).json['accounts'] as Json[])[0]!;
  const place = (client: Client, id: string, params: Json) => client.signed('POST', '/fapi/v1/order', { symbol: SYMBOL, newClientOrderId: id, newOrderRespType: 'RESULT', recvWindow: 60_000, ...params });

  it('keeps every acknowledged order, the position, the wallet, and the listen key over kill -9 at ten moments', async () => {
    const file = join(dir, 'paper.db');
    const random = new SeededRandom(4);
    const acknowledged = new Map<string, unknown>();
    let listenKey: unknown;
    for (let moment = 0; moment < MOMENTS; moment++) {
      const { child, client } = await start(file);
      const asked = (await client.raw('POST', '/fapi/v1/listenKey')).json['listenKey'];
      expect(asked).to.equal(listenKey ?? asked);
      listenKey = asked;
      const killAfter = 1 + Math.floor(random.next() * (BURST - 1));
      let answered = 0;
      const orders = Array.from({ length: BURST }, async (_, index) => {
        const id = `m${moment}-${index}`;
        const side = random.next() < 0.5 ? 'BUY' : 'SELL';
        const params = index % 4 === 0 ? { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '60000', price: LOW } : { side, type: 'MARKET', quantity: '1000' };
        const { status, json } = await place(client, id, params);
        if (status === 200) acknowledged.set(id, json['executedQty']);
        answered += 1;
        if (answered === killAfter) child.kill('SIGKILL');
      });
      await Promise.allSettled(orders);
      await end(child, 'SIGKILL');
    }
    const { child, client } = await start(file);
    const own = await account(client);
    const kept = new Map((own['orders'] as Json[]).map((order) => [String(order['clientOrderId']), order['executedQty']]));
    expect(acknowledged.size).to.be.at.least(MOMENTS);
    for (const [id, executed] of acknowledged) expect(kept.get(id), id).to.equal(executed);
    const sum = (values: readonly Decimal[]) => values.reduce((total, value) => total.plus(value), ZERO);
    const trades = own['trades'] as Json[];
    const of = (trade: Json, name: string) => decimal(String(trade[name]));
    expect(own['walletBalance']).to.equal(decimal('10000').plus(sum(trades.map((trade) => of(trade, 'realizedPnl').minus(of(trade, 'commission'))))).toFixed());
    const net = sum(trades.map((trade) => (trade['side'] === 'BUY' ? of(trade, 'qty') : of(trade, 'qty').negated())));
    expect((own['positions'] as Json[])[0]?.['positionAmt'] ?? '0').to.equal(net.toFixed());
    expect(new Set(trades.map((trade) => trade['id'])).size).to.equal(trades.length);
    expect((await client.raw('PUT', '/fapi/v1/listenKey')).json['listenKey']).to.equal(listenKey);
    await end(child, 'SIGTERM');
    // Closed well, it is one file: SQLite's own are gone, and the lock holds nothing.
    expect(readdirSync(dir).toSorted()).to.deep.equal(['paper.db', 'paper.db.lock', 'symbols.json']);
  });

  it('runs a countdown down over kill -9', async () => {
    const first = await start(join(dir, 'paper.db'));
    await place(first.client, 'rests', { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '60000', price: LOW });
    expect((await first.client.signed('POST', '/fapi/v1/countdownCancelAll', { symbol: SYMBOL, countdownTime: 3_000 })).status).to.equal(200);
    await end(first.child, 'SIGKILL');
    const { client } = await start(join(dir, 'paper.db'));
    while ((await client.signed<Json[]>('GET', '/fapi/v1/openOrders', { symbol: SYMBOL })).json.length > 0);
    expect((await client.signed('GET', '/fapi/v1/order', { symbol: SYMBOL, origClientOrderId: 'rests' })).json).to.include({ status: 'CANCELED' });
  });

  it('takes an existing directory, or a path that ends in a slash, as a directory', async () => {
    mkdirSync(join(dir, 'there'));
    for (const state of ['there', 'new/']) {
      const { child } = await start(join(dir, state.replace('/', '')) + (state.endsWith('/') ? '/' : ''));
      await end(child, 'SIGTERM');
    }
    expect(readdirSync(join(dir, 'there')).toSorted()).to.deep.equal(['exchange.db', 'lock.db']);
    expect(readdirSync(join(dir, 'new')).toSorted()).to.deep.equal(['exchange.db', 'lock.db']);
  });

  it('has one exchange a file, makes the directories above it, and says what it cannot use', async () => {
    const file = join(dir, 'deep/er/paper.db');
    await start(file);
    const { child, refused } = await start(file);
    expect(refused).to.include('another paper exchange is running').and.include(file);
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).to.equal(2);
    const beyond = await start(join(file, 'no/directory.db'));
    expect(beyond.refused).to.include('cannot keep its state in').and.include('ENOTDIR');
  });
});
