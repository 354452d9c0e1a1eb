/** One WebSocket of a client: what it subscribes to and in which dress it is served; broken frames get an error, floods are cut off. */
import type { WebSocket } from 'ws';
import type { Clock } from '../../supervision/clock.ts';
import { BadRequest, readRequest, type StreamRequest } from './requests.ts';
import type { StreamFaults } from './stream-faults.ts';
import type { StreamRoute, Subscriber, Topics } from './topics.ts';

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

/** What a client asked for with the path of its connection. */
export interface Address {
  readonly route: StreamRoute;
  readonly combined: boolean;
  readonly streams: readonly string[];
  /** Only these user events, or all. */
  readonly events: ReadonlySet<string> | null;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly topics: Topics;
  readonly faults: StreamFaults;
}

export class Connection implements Subscriber {
  readonly route: StreamRoute;
  readonly events: ReadonlySet<string> | null;
  readonly openedAt: number;
  readonly #socket: WebSocket;
  readonly #around: Surroundings;
  /** By normalised name, as the client wrote it. */
  readonly #streams = new Map<string, string>();
  readonly #send: (text: string) => void;
  #combined: boolean;
  #second = 0;
  #messages = 0;
  lastPongAt: number;

  constructor(socket: WebSocket, { route, combined, streams, events }: Address, around: Surroundings) {
    this.#socket = socket;
    this.route = route;
    this.events = events;
    this.#combined = combined;
    this.#around = around;
    this.openedAt = around.clock.monotonic();
    this.lastPongAt = this.openedAt;
    this.#send = (text) => this.#write(text);
    this.#subscribe(streams);
    socket.on('message', (data, isBinary) => this.#onMessage(isBinary ? '' : String(data as Buffer)));
    socket.on('ping', () => this.#count());
    socket.on('pong', () => {
      this.#count();
      this.lastPongAt = around.clock.monotonic();
    });
    socket.on('close', () => this.#gone());
    if (this.#streams.size > MAX_STREAMS) socket.close(POLICY_VIOLATION, 'Too many streams');
  }

  /** Sends an event of `stream` (normalised name); serialised once for all by the caller. */
  publish(stream: string, payload: string): void {
    const given = this.#streams.get(stream);
    if (given === undefined) return;
    const text = this.#combined ? `{"stream":${JSON.stringify(given)},"data":${payload}}` : payload;
    this.#around.faults.deliver(this.route, this.#send, text);
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #gone(): void {
    for (const stream of this.#streams.keys()) this.#around.topics.remove(this, stream);
    this.#streams.clear();
    this.#around.faults.forget(this.#send);
  }

  #subscribe(streams: readonly string[]): void {
    for (const given of streams) {
      const name = streamName(given);
      this.#streams.set(name, given);
      this.#around.topics.add(this, name);
    }
  }

  #unsubscribe(streams: readonly string[]): void {
    for (const name of streams.map(streamName)) {
      this.#streams.delete(name);
      this.#around.topics.remove(this, name);
    }
  }

  #write(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.terminate();
    else this.#socket.send(text);
  }

  /** False once the client has sent too much in this second; it is then disconnected. */
  #count(): boolean {
    const second = Math.floor(this.#around.clock.monotonic() / 1_000);
    this.#messages = second === this.#second ? this.#messages + 1 : 1;
    this.#second = second;
    if (this.#messages <= MAX_MESSAGES_A_SECOND) return true;
    this.#socket.close(POLICY_VIOLATION, 'Too many requests');
    return false;
  }

  #onMessage(data: string): void {
    if (!this.#count()) return;
    try {
      const { id, request } = readRequest(data);
      const overfull = request.method === 'SUBSCRIBE' && new Set([...this.#streams.keys(), ...request.streams.map(streamName)]).size > MAX_STREAMS;
      if (overfull) throw new BadRequest(2, `Invalid request: more than ${MAX_STREAMS} streams`, id);
      this.#write(JSON.stringify({ result: this.#perform(request), id }));
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      this.#write(JSON.stringify({ error: { code: error.code, msg: error.message }, id: error.id }));
    }
  }

  /** The `result` of the answer. */
  #perform(request: StreamRequest): unknown {
    switch (request.method) {
      case 'SUBSCRIBE':
        this.#subscribe(request.streams);
        return null;
      case 'UNSUBSCRIBE':
        this.#unsubscribe(request.streams);
        return null;
      case 'LIST_SUBSCRIPTIONS':
        return [...this.#streams.values()];
      case 'SET_PROPERTY':
        this.#combined = request.combined;
        return null;
      case 'GET_PROPERTY':
        return this.#combined;
    }
  }
}
