/** One WebSocket of a client: what it subscribes to and in which dress it is served; broken frames get an error, floods are cut off. */
import type { WebSocket } from 'ws';
import type { Clock } from '../../supervision/clock.ts';

/** Unrouted connections count as public. */
export type StreamRoute = 'public' | 'market' | 'private';

/** Limits of the venue. */
const MAX_MESSAGES_A_SECOND = 10;
const MAX_STREAMS = 1_024;
/** A reader this far behind is cut off: it would not catch up, and what it missed it can ask for by REST. */
const MAX_BUFFERED_BYTES = 8_388_608;

const POLICY_VIOLATION = 1008;

/** One name for a stream however it was written: raw or percent-encoded. */
function streamName(given: string): string {
  try {
    return decodeURIComponent(given);
  } catch {
    return given;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export class Connection {
  readonly route: StreamRoute;
  /** Only these user events, or all. */
  readonly events: ReadonlySet<string> | null;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  /** By normalised name, as the client wrote it. */
  readonly #streams = new Map<string, string>();
  #combined: boolean;
  #second = 0;
  #messages = 0;
  lastPongAt: number;

  constructor(socket: WebSocket, route: StreamRoute, combined: boolean, streams: readonly string[], events: ReadonlySet<string> | null, clock: Clock) {
    this.#socket = socket;
    this.route = route;
    this.#combined = combined;
    this.events = events;
    this.#clock = clock;
    this.lastPongAt = clock.monotonic();
    for (const given of streams) this.#streams.set(streamName(given), given);
    socket.on('message', (data, isBinary) => this.#onMessage(isBinary ? '' : String(data as Buffer)));
    socket.on('ping', () => this.#count());
    socket.on('pong', () => {
      this.lastPongAt = clock.monotonic();
    });
  }

  /** Sends `payload` if this connection subscribes to `stream`; serialised once for all by the caller. */
  publish(stream: string, payload: string): void {
    const given = this.#streams.get(stream);
    if (given === undefined) return;
    this.#send(this.#combined ? `{"stream":${JSON.stringify(given)},"data":${payload}}` : payload);
  }

  subscribes(stream: string): boolean {
    return this.#streams.has(stream);
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.terminate();
    else this.#socket.send(text);
  }

  /** False once the client has sent too much in this second; it is then disconnected. */
  #count(): boolean {
    const second = Math.floor(this.#clock.monotonic() / 1_000);
    this.#messages = second === this.#second ? this.#messages + 1 : 1;
    this.#second = second;
    if (this.#messages <= MAX_MESSAGES_A_SECOND) return true;
    this.#socket.close(POLICY_VIOLATION, 'Too many requests');
    return false;
  }

  #onMessage(data: string): void {
    if (!this.#count()) return;
    let request: unknown;
    try {
      request = JSON.parse(data);
    } catch {
      this.#fail(undefined, 3, 'Invalid JSON: expected value at line 1 column 1');
      return;
    }
    if (!isRecord(request)) return this.#fail(undefined, 2, 'Invalid request: request must be an object');
    const { id, method, params } = request;
    if (id !== undefined && id !== null && typeof id !== 'string' && !Number.isSafeInteger(id)) return this.#fail(undefined, 2, 'Invalid request: request ID must be an unsigned integer or a string');
    this.#request(id ?? null, method, params);
  }

  #request(id: unknown, method: unknown, params: unknown): void {
    const names = Array.isArray(params) ? params.filter((name): name is string => typeof name === 'string') : [];
    const wellFormed = Array.isArray(params) && names.length === params.length;
    switch (method) {
      case 'SUBSCRIBE':
      case 'UNSUBSCRIBE':
        if (!wellFormed) return this.#fail(id, 2, 'Invalid request: params must be an array of stream names');
        if (method === 'SUBSCRIBE' && this.#streams.size + names.length > MAX_STREAMS) return this.#fail(id, 2, `Invalid request: more than ${MAX_STREAMS} streams`);
        for (const given of names) {
          if (method === 'SUBSCRIBE') this.#streams.set(streamName(given), given);
          else this.#streams.delete(streamName(given));
        }
        return this.#reply(id, null);
      case 'LIST_SUBSCRIPTIONS':
        return this.#reply(id, [...this.#streams.values()]);
      case 'SET_PROPERTY':
        if (!Array.isArray(params) || params[0] !== 'combined' || typeof params[1] !== 'boolean') return this.#fail(id, 2, 'Invalid request: expected ["combined", true|false]');
        this.#combined = params[1];
        return this.#reply(id, null);
      case 'GET_PROPERTY':
        if (!Array.isArray(params) || params[0] !== 'combined') return this.#fail(id, 2, 'Invalid request: expected ["combined"]');
        return this.#reply(id, this.#combined);
      default:
        return this.#fail(id, 2, `Invalid request: unknown method ${JSON.stringify(method) ?? 'none'}`);
    }
  }

  #reply(id: unknown, result: unknown): void {
    this.#send(JSON.stringify({ result, id }));
  }

  #fail(id: unknown, code: number, msg: string): void {
    this.#send(JSON.stringify({ error: { code, msg }, ...(id === undefined ? {} : { id }) }));
  }
}
