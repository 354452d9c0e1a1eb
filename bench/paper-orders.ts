/**
 * How many signed orders a second the paper exchange takes over HTTP, limits lifted, with its state in memory and on disk.
 * Client and exchange are processes of their own; the floor is a bare `node:http` server that answers the same bytes, asked by the
 * same client in the same run, so that the ratio says what the exchange costs. Run: `node bench/paper-orders.ts [seconds]`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CONNECTIONS = 8;
const SYMBOL = 'GPSUSDT';
const KEY = 'paper';
/** Rests far below the market, within the filters. */
const RESTING = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.0080' };

interface Answer {
  readonly status: number;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function send(port: number, method: string, path: string, params: Record<string, string>): Promise<Answer> {
  const text = new URLSearchParams({ ...params, timestamp: String(Date.now()) }).toString();
  const signature = createHmac('sha256', KEY).update(text).digest('hex');
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, method, path: `${path}?${text}&signature=${signature}`, headers: { 'X-MBX-APIKEY': KEY } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

type Mix = (port: number, turn: number) => Promise<Answer>;

const market: Mix = (port, turn) => send(port, 'POST', '/fapi/v1/order', { symbol: SYMBOL, side: turn % 2 === 0 ? 'BUY' : 'SELL', type: 'MARKET', quantity: '1000' });

/** A limit order and its cancellation by turns; each counts as one. */
function limitAndCancel(): Mix {
  let number = 0;
  const placed: string[] = [];
  return (port) => {
    const name = placed.shift();
    if (name !== undefined) return send(port, 'DELETE', '/fapi/v1/order', { symbol: SYMBOL, origClientOrderId: name });
    const newClientOrderId = `bench-${process.pid}-${number++}`;
    return send(port, 'POST', '/fapi/v1/order', { ...RESTING, newClientOrderId }).then((answer) => {
      placed.push(newClientOrderId);
      return answer;
    });
  };
}

/** Answers a second over all connections, each sending its next when the last is answered. */
async function load(port: number, seconds: number, mix: Mix): Promise<number> {
  let turn = 0;
  const until = performance.now() + seconds * 1_000;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() < until) {
        const { status, body } = await mix(port, turn++);
        if (status !== 200) throw new Error(`refused with ${status}: ${body}`);
      }
    }),
  );
  return turn / ((performance.now() - begun) / 1_000);
}

/** The child of this file: a server that answers everything with what it was given. */
function serveFloor(body: string): void {
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json;charset=UTF-8', 'Content-Length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ type: 'ready', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
  process.once('disconnect', () => process.exit(0));
}

function ready(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: { type: string; url?: string }) => {
      if (message.type === 'ready') resolve(Number(new URL(message.url!).port));
      else if (message.type === 'refused') reject(new Error(JSON.stringify(message)));
    });
    child.once('error', reject);
  });
}

async function measured(child: ChildProcess, run: (port: number) => Promise<void>): Promise<void> {
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  try {
    await run(await ready(child));
  } finally {
    if (child.connected) child.disconnect();
    await gone;
  }
}

const exchange = (options: Record<string, unknown>): ChildProcess => fork(join(import.meta.dirname, '../src/paper/process.ts'), [JSON.stringify({ limits: 'none', balance: '1000000', ...options })]);

async function compare(seconds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
  const rates: { name: string; rate: number }[] = [];
  let answer = '{}';
  try {
    for (const [where, options] of [['in memory', {}], ['on disk', { stateDir: dir }]] as const) {
      await measured(exchange(options), async (port) => {
        await load(port, 1, market);
        rates.push({ name: `MARKET, ${where}`, rate: await load(port, seconds, market) });
        rates.push({ name: `LIMIT and cancel, ${where}`, rate: await load(port, seconds, limitAndCancel()) });
        answer = (await market(port, 0)).body;
      });
    }
    await measured(fork(import.meta.filename, ['floor', answer]), async (port) => {
      await load(port, 1, market);
      rates.push({ name: 'floor: node:http with the same bytes', rate: await load(port, seconds, market) });
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const floor = rates.at(-1)!.rate;
  for (const { name, rate } of rates) console.log(`${name.padEnd(38)} ${rate.toFixed(0).padStart(6)} a second  ${(rate / floor).toFixed(2)} of the floor`);
  agent.destroy();
}

if (process.argv[2] === 'floor') serveFloor(process.argv[3] ?? '{}');
else await compare(Number(process.argv[2] ?? 10));
