/** HTTP to requests and back: bodies raw and bounded, injected faults on the way, and no client able to bring it down. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../supervision/clock.ts';
import { Control, CONTROL_PREFIX } from '../control/control.ts';
import { serveWithFaults, type Faults } from '../control/faults.ts';
import { VenueError } from '../core/venue-error.ts';
import type { StreamFaults } from '../streams/stream-faults.ts';
import type { Log, PaperVenue } from '../venue.ts';
import { Params } from './params.ts';
import { Pipelines } from './pipelines.ts';
import { refusalAnswer, type Dispatcher, type WireAnswer, type WireRequest } from './dispatch.ts';

/** Far above any request of the venue. */
const MAX_BODY_BYTES = 1_048_576;
/** An answer that its client has not read by then is not waited for. */
const READ_WITHIN_MS = 60_000;
/** Half a request is waited for this long, then its connection ends with 408. */
const REQUEST_WITHIN_MS = 30_000;
const HEADERS_WITHIN_MS = 10_000;
const CHECK_EVERY_MS = 5_000;
/** Longer than clients keep idle connections in their pools: one closed under a request would leave its outcome unknown. */
const IDLE_CONNECTION_MS = 75_000;

/** Strict: what is not UTF-8 is refused rather than signed in another spelling. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface HttpServerOptions {
  readonly venue: PaperVenue;
  readonly faults: Faults;
  readonly streamFaults: StreamFaults;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws VenueError −1100 when the bytes are not UTF-8 */
function textOf(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new VenueError('ILLEGAL_CHARS', 'body');
  }
}

/** The body, or null when it is too large: the rest is thrown away as it comes, as a client that is cut off while it sends may not see the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return null;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Of a GET only the query counts, as on the venue. @throws VenueError −1100 */
function wireRequest(request: IncomingMessage, body: Buffer): WireRequest {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  const key = request.headers['x-mbx-apikey'];
  const method = request.method ?? 'GET';
  return {
    method,
    path: at < 0 ? url : url.slice(0, at),
    query: at < 0 ? '' : url.slice(at + 1),
    body: method === 'GET' ? '' : textOf(body),
    apiKey: Array.isArray(key) ? key[0] : key,
    address: request.socket.remoteAddress ?? '',
  };
}

function send(response: ServerResponse, answer: WireAnswer): void {
  if (response.destroyed || response.writableEnded) return;
  const text = answer.text ?? JSON.stringify(answer.json);
  const type = answer.text === undefined ? 'application/json' : 'text/html';
  response.writeHead(answer.status, { ...answer.headers, 'Content-Type': `${type};charset=UTF-8`, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** The answer of what is no request; the connection ends, whether or not its client ends it too. */
function refuse(error: Error & { code?: string }, socket: Socket): void {
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
}

export function createHttpServer(options: HttpServerOptions): Server {
  const { venue, dispatcher, faults, clock, log } = options;
  const control = new Control(options);
  const pipelines = new Pipelines();

  /** Ends a connection whose client does not read what it asked for. */
  function watch(response: ServerResponse, socket: Socket): void {
    if (socket.writableLength === 0) return;
    const timer = clock.after(READ_WITHIN_MS, () => socket.destroy());
    response.once('close', () => timer.cancel());
  }

  /** Null: no answer, and the socket is left as it is. */
  async function serve(request: WireRequest, socket: Socket): Promise<WireAnswer | null> {
    if (request.path.startsWith(CONTROL_PREFIX)) return control.answer(request);
    const outcome = await serveWithFaults(faults, clock, { ...request, params: () => Params.ofRequest(request.query, request.body), now: () => venue.now(), serve: () => dispatcher.answer(request) });
    if (outcome === 'reset') socket.resetAndDestroy();
    return typeof outcome === 'string' ? null : outcome;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === null) {
      request.resume();
      send(response, refusalAnswer(new VenueError('BODY_TOO_LARGE')));
      return;
    }
    let wire: WireRequest;
    try {
      wire = wireRequest(request, body);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      send(response, refusalAnswer(error));
      return;
    }
    const answer = await serve(wire, request.socket);
    if (!answer) return;
    send(response, answer);
    watch(response, request.socket);
  }

  const server = createServer({
    requestTimeout: REQUEST_WITHIN_MS,
    headersTimeout: HEADERS_WITHIN_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    // Java's own client offers HTTP/2 with every first request; whoever cannot switch answers in HTTP/1.1.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  }, (request, response) => {
    pipelines.enter(request.socket, response, () => {
      handle(request, response).catch((error: unknown) => {
        // A client that went away in the middle of its body is no event; anything else is ours.
        if (request.destroyed) return;
        log('error', { err: error, url: request.url }, 'the paper exchange failed on a request');
        send(response, refusalAnswer(new VenueError('UNKNOWN')));
      });
    });
  });
  server.on('clientError', (error: Error & { code?: string }, socket) => refuse(error, socket as Socket));
  return server;
}
