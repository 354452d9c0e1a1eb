/** A stand-in for the venue's servers, for what neither the real one nor the paper exchange can be asked to do: it answers what the test scripts, and keeps what it was sent. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { resolveEndpoint } from '../../src/venue/endpoint.ts';
import type { VenueEndpoint } from '../../src/venue/endpoint.ts';

export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
}

/** `reset` breaks the connection, `hang` never answers, `trickle` sends headers and the beginning of a body. */
export type StubAnswer = { readonly status?: number; readonly body: unknown; readonly headers?: Record<string, string> } | 'reset' | 'hang' | 'trickle';

/** Things that come one after another; `next` waits for the first not yet taken. */
export class Arrivals<Item> {
  readonly all: Item[] = [];
  #taken = 0;
  #waiting: ((item: Item) => void)[] = [];

  push(item: Item): void {
    this.all.push(item);
    const waiter = this.#waiting.shift();
    if (waiter === undefined) return;
    this.#taken += 1;
    waiter(item);
  }

  next(): Promise<Item> {
    const ready = this.all[this.#taken];
    if (ready !== undefined) {
      this.#taken += 1;
      return Promise.resolve(ready);
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

/** One accepted WebSocket; `texts` are the frames it sent us. */
export interface StubSocket {
  readonly address: string;
  readonly socket: WebSocket;
  readonly texts: Arrivals<unknown>;
  readonly closed: Promise<void>;
  say(message: unknown): void;
}

export interface StubVenue {
  readonly endpoint: VenueEndpoint;
  readonly requests: StubRequest[];
  readonly sockets: Arrivals<StubSocket>;
  /** Answers of `METHOD /path`, one for each request, the last for ever. */
  script(route: string, ...answers: StubAnswer[]): void;
  /** While true, WebSocket handshakes are refused with 502. */
  refuseSockets: boolean;
  /** When each of them was, ms of an arbitrary beginning. */
  readonly refusedAt: number[];
  close(): Promise<void>;
}

export async function startStubVenue(): Promise<StubVenue> {
  const scripts = new Map<string, StubAnswer[]>();
  const connections = new Set<Socket>();
  const requests: StubRequest[] = [];
  const sockets = new Arrivals<StubSocket>();
  const webSockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    const [path = '', rawQuery = ''] = (request.url ?? '').split('?');
    requests.push({ method: request.method ?? '', path, rawQuery, query: Object.fromEntries(new URLSearchParams(rawQuery)), headers: request.headers });
    const queue = scripts.get(`${request.method} ${path}`) ?? [{ status: 404, body: { code: -5000, msg: `Path ${path} is not scripted` } }];
    give(response, (queue.length > 1 ? queue.shift() : queue[0])!);
  });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    if (stub.refuseSockets) stub.refusedAt.push(performance.now());
    if (stub.refuseSockets) return void socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    webSockets.handleUpgrade(request, socket, head, (webSocket) => sockets.push(stubSocket(request.url ?? '', webSocket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stub: StubVenue = {
    endpoint: resolveEndpoint({ mode: 'paper', armed: undefined, paperUrl: `http://127.0.0.1:${port}` }),
    requests,
    sockets,
    refuseSockets: false,
    refusedAt: [],
    script(route, ...answers) {
      scripts.set(route, answers);
    },
    async close() {
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return stub;
}

function give(response: ServerResponse, answer: StubAnswer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  if (answer === 'trickle') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"serverTime":');
    return;
  }
  const isText = typeof answer.body === 'string';
  response.writeHead(answer.status ?? 200, { 'content-type': isText ? 'text/html' : 'application/json', ...answer.headers });
  response.end(isText ? answer.body : JSON.stringify(answer.body));
}

function stubSocket(address: string, socket: WebSocket): StubSocket {
  const texts = new Arrivals<unknown>();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.on('close', () => resolve());
  socket.on('message', (data) => {
    const message: unknown = JSON.parse((data as Buffer).toString());
    texts.push(message);
    if (typeof message === 'object' && message !== null && 'id' in message) socket.send(JSON.stringify({ result: null, id: message.id }));
  });
  return { address, socket, texts, closed, say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)) };
}
