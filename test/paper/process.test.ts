/** The child process and its disk: what was acknowledged survives kill -9, the parent's end is its end, and a directory has one owner. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { StartRefused, type startPaperExchange } from '../../src/paper/exchange.ts';
import { Client, startForTest, temporaryDirectory, type Json } from './kit.ts';

const ENTRY = new URL('../../src/paper/process.ts', import.meta.url);

interface Child {
  readonly process: ChildProcess;
  readonly messages: Json[];
  /** Of type ready or refused. */
  readonly first: Promise<Json>;
}

function start(options: Json): Child {
  const child = fork(ENTRY, [JSON.stringify(options)], { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const messages: Json[] = [];
  const first = new Promise<Json>((resolve) => {
    child.on('message', (message) => {
      messages.push(message as Json);
      if ((message as Json)['type'] !== 'log') resolve(message as Json);
    });
  });
  return { process: child, messages, first };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

/** Of two symbols: what is tested is not the market's history. */
function smallMarket(dir: string): string {
  const file = join(dir, 'symbols.json');
  const all = JSON.parse(readFileSync(new URL('../../config/paper-symbols.json', import.meta.url), 'utf8')) as Json[];
  writeFileSync(file, JSON.stringify(all.filter(({ symbol }) => symbol === 'GPSUSDT' || symbol === '币安人生USDT')));
  return file;
}

describe('paper exchange: process and disk', function () {
  // Every start is a process of its own.
  this.timeout(120_000);
  let dir: string;
  let symbolsFile: string;
  let remove: () => void;
  let forget: () => void;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    ({ dir, remove } = temporaryDirectory());
    const aside = temporaryDirectory();
    forget = aside.remove;
    symbolsFile = smallMarket(aside.dir);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    remove();
    forget();
  });

  function child(options: Json): Child {
    const started = start({ symbolsFile, ...options });
    children.push(started.process);
    return started;
  }

  /** What must not be lost: all but what the market changes by itself. */
  function essence(truth: Json): unknown {
    const account = (truth['accounts'] as Json[])[0]!;
    const positions = (account['positions'] as Json[]).map(({ symbol, positionAmt, entryPrice, breakEvenPrice, isolatedWallet, leverage, marginType }) => ({ symbol, positionAmt, entryPrice, breakEvenPrice, isolatedWallet, leverage, marginType }));
    return { ...account, positions };
  }

  it('keeps after kill -9 the account, positions, settings, orders, conditional orders and trades that it acknowledged, and goes on with the market', async () => {
    const first = child({ stateDir: dir });
    const client = new Client(String((await first.first)['url']));
    const symbol = '币安人生USDT';
    await client.signed('POST', '/fapi/v1/leverage', { symbol, leverage: 5 });
    await client.signed('POST', '/fapi/v1/marginType', { symbol, marginType: 'ISOLATED' });
    await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'MARKET', quantity: '2000' });
    await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '100', price: '0.135', newClientOrderId: 'rests' });
    const mark = await client.get('/fapi/v1/premiumIndex', { symbol });
    const triggerPrice = (Number(mark.json['markPrice']) * 0.9).toFixed(5);
    await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol, side: 'SELL', type: 'STOP_MARKET', quantity: '2000', triggerPrice, reduceOnly: 'true', clientAlgoId: 'stop' });
    const { listenKey } = (await client.raw('POST', '/fapi/v1/listenKey')).json;
    const candles = async (of: Client) => (await of.get<unknown[][]>('/fapi/v1/klines', { symbol, interval: '1m', limit: 1_500 })).json;
    const [before, candlesBefore] = [await client.control('GET', 'truth'), await candles(client)];
    first.process.kill('SIGKILL');
    await exitOf(first.process);

    const second = child({ stateDir: dir });
    const again = new Client(String((await second.first)['url']));
    const after = await again.control('GET', 'truth');
    expect(essence(after.json)).to.deep.equal(essence(before.json));
    expect(second.messages.map((message) => message['msg'])).to.include('resumed: the market goes on where it stopped');
    expect((await again.raw('POST', '/fapi/v1/listenKey')).json['listenKey']).to.equal(listenKey);
    const candlesAfter = await candles(again);
    const old = candlesBefore.slice(10, -1);
    const known = new Map(candlesAfter.map((row) => [row[0], row]));
    for (const row of old.slice(5)) expect(known.get(row[0])).to.deep.equal(row);
    const markAfter = await again.get('/fapi/v1/premiumIndex', { symbol });
    expect(Number(markAfter.json['markPrice'])).to.be.closeTo(Number(mark.json['markPrice']), Number(mark.json['markPrice']) * 0.005);
    const sold = await again.signed('POST', '/fapi/v1/order', { symbol, side: 'SELL', type: 'MARKET', quantity: '2000', reduceOnly: 'true', newOrderRespType: 'RESULT' });
    expect(sold.json).to.include({ status: 'FILLED' });
    const ids = (((await again.control('GET', 'truth')).json['accounts'] as Json[])[0]!['orders'] as Json[]).map((order) => order['orderId']);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('loses nothing acknowledged, however often it is killed in the middle of trading', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const one = child({ stateDir: dir });
      const client = new Client(String((await one.first)['url']));
      let answered = 0;
      const orders = Array.from({ length: 40 }, async (_, index) => {
        const id = `r${round}-${index}`;
        const { status } = await client.signed('POST', '/fapi/v1/order', { symbol: 'GPSUSDT', side: index % 2 ? 'BUY' : 'SELL', type: 'MARKET', quantity: '1000', newClientOrderId: id });
        if (status === 200) acknowledged.push(id);
        answered += 1;
        if (answered === 15) one.process.kill('SIGKILL');
      });
      await Promise.allSettled(orders);
      one.process.kill('SIGKILL');
      await exitOf(one.process);
    }
    expect(acknowledged).to.have.length.of.at.least(45);
    const last = child({ stateDir: dir });
    const client = new Client(String((await last.first)['url']));
    const account = ((await client.control('GET', 'truth')).json['accounts'] as Json[])[0]!;
    const kept = new Set((account['orders'] as Json[]).map((order) => order['clientOrderId']));
    expect(acknowledged.filter((id) => !kept.has(id))).to.deep.equal([]);
    const trades = account['trades'] as Json[];
    const change = trades.reduce((total, trade) => total + Number(trade['realizedPnl']) - Number(trade['commission']), 0);
    expect(Number(account['walletBalance'])).to.be.closeTo(10_000 + change, 1e-6);
  });

  it('ignores SIGINT and SIGTERM, and ends cleanly when its parent lets go', async () => {
    const one = child({ stateDir: dir });
    const client = new Client(String((await one.first)['url']));
    one.process.kill('SIGTERM');
    one.process.kill('SIGINT');
    expect((await client.get('/fapi/v1/ping')).status).to.equal(200);
    one.process.disconnect();
    expect(await exitOf(one.process)).to.equal(0);
    const next = child({ stateDir: dir });
    expect((await next.first)['type']).to.equal('ready');
  });

  it('ends when its parent is killed with -9', async () => {
    const script = `
      const { fork } = require('node:child_process');
      const child = fork(${JSON.stringify(ENTRY.pathname)}, [${JSON.stringify(JSON.stringify({ stateDir: dir, symbolsFile }))}], { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      child.on('message', (message) => { if (message.type === 'ready') console.log(message.url); });
    `;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(parent);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const client = new Client(String(line).trim());
    expect((await client.get('/fapi/v1/ping')).status).to.equal(200);
    parent.kill('SIGKILL');
    // The state directory becomes free with the child's end; until then a second one is refused.
    for (;;) {
      const next = child({ stateDir: dir });
      if ((await next.first)['type'] === 'ready') break;
      await exitOf(next.process);
    }
    expect(await client.get('/fapi/v1/ping').then(() => 'alive', () => 'gone')).to.equal('gone');
  });

  it('refuses a directory in use, saying so, and exits 2', async () => {
    const one = child({ stateDir: dir });
    await one.first;
    const two = child({ stateDir: dir });
    const refusal = await two.first;
    expect(refusal).to.include({ type: 'refused' });
    expect(refusal['message']).to.include('another paper exchange is running').and.include(dir);
    expect(await exitOf(two.process)).to.equal(2);
  });

  it('explains options that are wrong, and exits 2', async () => {
    const one = child({ port: 'x', speed: 1 });
    expect((await one.first)['message']).to.include('port').and.include('"x"');
    expect(await exitOf(one.process)).to.equal(2);
  });

  async function refusal(options: Partial<Parameters<typeof startPaperExchange>[0]>): Promise<string> {
    try {
      const exchange = await startForTest({ stateDir: dir, ...(options.replay ? {} : { symbolsFile }), ...options });
      await exchange.close();
      return '';
    } catch (error) {
      expect(error).to.be.instanceOf(StartRefused);
      return (error as Error).message;
    }
  }

  it('refuses to go on with another seed or with recordings, naming the remedy, and goes on with the same', async () => {
    expect(await refusal({ seed: 3 })).to.equal('');
    expect(await refusal({ seed: 4 })).to.include('seed 3').and.include('seed 4').and.include('another place for the state');
    const recordings = temporaryDirectory();
    writeFileSync(join(recordings.dir, 'AUSDT.csv'), 'open_time,open,high,low,close,volume\n1764000000000,1,1,1,1,1\n1764000060000,1,1,1,1,1\n');
    expect(await refusal({ seed: 3, replay: { dir: recordings.dir, speed: 60, history: 360, align: 'start' } })).to.include(recordings.dir);
    recordings.remove();
    expect(await refusal({ seed: 3 })).to.equal('');
  });

  it('leaves a foreign file, a foreign database and a damaged state untouched, and names them', async () => {
    const file = join(dir, 'exchange.db');
    const untouched = async (expected: RegExp) => {
      const before = readFileSync(file);
      expect(await refusal({})).to.match(expected).and.include(file);
      expect(readFileSync(file).equals(before)).to.equal(true);
    };
    writeFileSync(file, 'my diary');
    await untouched(/not a paper exchange's state/);
    writeFileSync(file, '');
    const foreign = new DatabaseSync(file);
    foreign.exec('CREATE TABLE diary (day TEXT); INSERT INTO diary VALUES (1)');
    foreign.close();
    await untouched(/not a paper exchange's state/);
    writeFileSync(file, '');
    expect(await refusal({})).to.equal('');
    const whole = readFileSync(file);
    whole.fill(0x55, 8_192);
    writeFileSync(file, whole);
    await untouched(/damaged/);
  });
});
