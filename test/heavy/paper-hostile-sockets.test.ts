/** Clients that mean harm, over raw sockets: each gets the answer or the end of its own connection; the exchange lives on, serves others meanwhile, and holds no more than it says. */
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { NO_LIMITS } from '../../src/paper/wire/rate-limits.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Client, startForTest, type LogLine } from '../paper/kit.ts';

const GET_PING = 'GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n';

function post(headers: string): string {
  return `POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`;
}

function handshake(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;
}

/** A WebSocket frame as the standard has it, unless told otherwise. */
function frame(opcode: number, payload: Buffer | string, { fin = true, masked = true, reserved = 0 } = {}): Buffer {
  const body = Buffer.from(payload);
  const length = body.length < 126 ? [body.length] : body.length < 65_536 ? [126, body.length >> 8, body.length & 255] : [127, 0, 0, 0, 0, body.length >> 24, (body.length >> 16) & 255, (body.length >> 8) & 255, body.length & 255];
  const head = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode, length[0]! | (masked ? 0x80 : 0), ...length.slice(1)]);
  // A key of zeros leaves the payload as it is.
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), body]);
}

describe('paper exchange: hostile sockets', function () {
  // Megabytes through the kernel's buffers, several times.
  this.timeout(120_000);
  let exchange: PaperExchange & { readonly logs: LogLine[] };
  let client: Client;
  let clock: VirtualClock;
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    clock = new VirtualClock();
    exchange = await startForTest({ limits: NO_LIMITS, clock });
    client = new Client(exchange.url);
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    expect(exchange.logs.filter(({ level }) => level === 'error')).to.deep.equal([]);
    await exchange.close();
  });

  /** One that never closes by itself: what ends it is the exchange. */
  function open(): Socket {
    const socket = connect({ port: Number(new URL(exchange.url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => socket.destroy());
    sockets.add(socket);
    return socket;
  }

  /** All that comes until the exchange ends the connection. */
  function ended(socket: Socket): Promise<string> {
    return new Promise((resolve) => {
      const parts: Buffer[] = [];
      socket.on('data', (part: Buffer) => parts.push(part));
      for (const event of ['end', 'close']) socket.once(event, () => resolve(Buffer.concat(parts).toString('latin1')));
    });
  }

  async function said(...parts: readonly (string | Buffer)[]): Promise<string> {
    const socket = open();
    const all = ended(socket);
    for (const part of parts) socket.write(part);
    return all;
  }

  const serves = async () => (await client.get('/fapi/v1/ping')).status === 200;

  it('answers what is no request with 400, headers that are too large with 431, and ends the connection', async () => {
    for (const text of ['\u0016\u0003\u0001 hello\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET / HTTP/1.1\r\nHost x\r\n\r\n', `${post('Content-Length: 4\r\nTransfer-Encoding: chunked')}0\r\n\r\n`, `${post('Transfer-Encoding: chunked')}zz\r\n`, `${post('Transfer-Encoding: chunked')}1;${'a'.repeat(40_000)}\r\n`]) {
      expect(await said(text), JSON.stringify(text.slice(0, 60))).to.match(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close/);
    }
    for (const text of [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`, `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, `GET / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(10_000)}\r\n`]) {
      expect(await said(text)).to.match(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
    }
    expect(await serves()).to.equal(true);
  });

  it('answers a body beyond a mebibyte with 413 at once, throws away what comes of it, and serves the next request', async () => {
    const large = Buffer.alloc(3_000_000, 'a');
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'a'), Buffer.from('\r\n')]);
    for (const [first, ...rest] of [[post(`Content-Length: ${large.length}`), large], [post('Transfer-Encoding: chunked'), ...Array.from({ length: 40 }, () => chunk), '0\r\n\r\n']]) {
      const all = await said(first!, ...rest, GET_PING.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      expect(all).to.match(/^HTTP\/1\.1 413 Payload Too Large\r\n/).and.include('"code":-1101').and.match(/HTTP\/1\.1 200 OK[^]*\{\}$/);
    }
    // Whoever only says that it is large is answered before it is sent.
    const socket = open();
    const answer = new Promise<string>((resolve) => {
      socket.once('data', (part: Buffer) => resolve(String(part)));
    });
    socket.write(post('Content-Length: 99000000'));
    expect(await answer).to.match(/^HTTP\/1\.1 413 /);
    expect(await serves()).to.equal(true);
  });

  it('answers 10,000 pipelined requests in their order, and others in between', async () => {
    const socket = open();
    let text = '';
    const done = new Promise<void>((resolve) => {
      socket.on('data', (part: Buffer) => {
        text += part.toString('latin1');
        if (text.includes('"code":-5000')) resolve();
      });
    });
    socket.write(GET_PING.repeat(10_000) + GET_PING.replace('ping', 'nothing'));
    expect(await serves()).to.equal(true);
    await done;
    expect(text.split('HTTP/1.1 200 OK').length - 1).to.equal(10_000);
    expect(text.lastIndexOf('200 OK')).to.be.lessThan(text.indexOf('-5000'));
  });

  it('makes no answer before the one ahead of it is read: who pipelines and never reads is cut off after a minute', async () => {
    const socket = open();
    socket.pause();
    socket.write('GET /fapi/v1/exchangeInfo HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20_000));
    const gone = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    const heap = process.memoryUsage().heapUsed;
    // The kernel takes some megabytes; as soon as it takes no more, the exchange waits, and gives up in its own time.
    while (!socket.destroyed) {
      await client.get('/fapi/v1/ping');
      expect(process.memoryUsage().heapUsed - heap).to.be.lessThan(400_000_000);
      clock.advance(10_000);
      socket.write('\r\n');
    }
    await gone;
    expect(await serves()).to.equal(true);
  });

  it('reads no further on a connection whose requests wait, and carries nothing out for a client that is gone', async () => {
    await client.control('POST', 'faults', { match: { path: '/fapi/v1/time' }, action: 'delay', delayMs: 60_000, times: 1 });
    const socket = open();
    socket.write(`${GET_PING.replace('ping', 'time')}${'POST /paper/v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 44\r\n\r\n{"apiKey":"k","apiSecret":"s","balance":"1"}'.repeat(3)}${GET_PING.repeat(3_000)}`);
    while (((await client.control('GET', 'faults')).json['faults'] as unknown[]).length > 0);
    socket.destroy();
    await client.get('/fapi/v1/ping');
    clock.advance(60_000);
    expect(await serves()).to.equal(true);
    expect((await client.control<{ accounts: unknown[] }>('GET', 'truth')).json.accounts).to.have.length(1);
  });

  for (const path of ['/market/ws', '/ws-fapi/v1']) {
    it(`ends a connection of ${path} at a broken frame, with the code for it where one can be said`, async () => {
      const broken: readonly (readonly [string, Buffer, number | null])[] = [
        ['unmasked', frame(1, '{}', { masked: false }), 1002],
        ['reserved bits', frame(1, '{}', { reserved: 4 }), 1002],
        ['unknown opcode', frame(5, '{}'), 1002],
        ['fragmented control', frame(9, 'a', { fin: false }), 1002],
        ['control too long', frame(9, Buffer.alloc(126)), 1002],
        ['continuation of nothing', frame(0, 'a'), 1002],
        ['bad UTF-8', frame(1, Buffer.from([0xff])), 1007],
        ['length of 2^62', Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0]), 1009],
        ['too large', frame(1, Buffer.alloc(70_000, 'a')), null],
        ['too large by fragments', Buffer.concat(Array.from({ length: 20 }, (_, part) => frame(part === 0 ? 1 : 0, Buffer.alloc(5_000, 'a'), { fin: false }))), null],
        ['endless empty fragments', Buffer.concat(Array.from({ length: 40_000 }, (_, part) => frame(part === 0 ? 1 : 0, '', { fin: false }))), null],
      ];
      for (const [name, bytes, code] of broken) {
        const answer = Buffer.from(await said(handshake(path), bytes), 'latin1');
        expect(answer.toString('latin1'), name).to.match(/^HTTP\/1\.1 101 /);
        if (code !== null) expect(answer.readUInt16BE(answer.length - 2), name).to.equal(code);
      }
      expect(await serves()).to.equal(true);
    });

    it(`cuts off who sends to ${path} without end and reads nothing`, async () => {
      const socket = open();
      socket.pause();
      socket.write(handshake(path));
      const flood = Buffer.concat(Array.from({ length: 500 }, () => frame(1, '{"id":1,"method":"exchangeInfo"}')));
      while (!socket.destroyed) {
        await new Promise((resolve) => {
          socket.write(flood, resolve);
        });
        expect(await serves()).to.equal(true);
      }
    });
  }

  it('cuts off who subscribes to everything and reads nothing', async () => {
    const socket = open();
    socket.pause();
    const symbols = ['gpsusdt', 'hypeusdt', 'ankrusdt', 'arcusdt', 'chessusdt', 'fheusdt', 'riverusdt', 'stableusdt'];
    socket.write(handshake(`/public/stream?streams=${symbols.flatMap((symbol) => ['@depth20@100ms', '@depth10@100ms', '@depth@100ms', '@depth20', '@bookTicker'].map((stream) => symbol + stream)).join('/')}`));
    while (!socket.destroyed) {
      clock.advance(5_000);
      await client.get('/fapi/v1/ping');
      // Only who writes learns that the other side is gone.
      socket.write(frame(10, ''));
    }
    expect(await serves()).to.equal(true);
  });

  it('forgets five thousand connections that came and went', async () => {
    for (let round = 0; round < 20; round++) {
      const all = Array.from({ length: 250 }, () => open());
      await Promise.all(all.map((socket, index) => new Promise<void>((resolve) => {
        socket.once('connect', () => {
          if (index % 3 > 0) socket.write(index % 3 === 1 ? handshake('/public/ws/!bookTicker') : 'POST /fapi/v1/order HTTP/1.1\r\nContent-Le');
          resolve();
        });
      })));
      for (const socket of all) socket.resetAndDestroy();
      sockets.clear();
    }
    expect(await serves()).to.equal(true);
  });
});
